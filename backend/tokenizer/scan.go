package tokenizer

import "strings"

// The published pre-tokenizer patterns. They end in \s+(?!\S), a look-ahead, which RE2 does not have, so each has a scanner here, chosen by
// the exact pattern string.
const (
	gpt2Pattern   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	llama3Pattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	qwen2Pattern  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// scanner gives the end of the pattern's match that starts at byte i, which is before the end of the text. The patterns match every text
// without gaps.
type scanner func(r *reader, i int) int

// knownPattern gives the scanner of a published pattern, nil for any other.
func knownPattern(pattern string) scanner {
	switch pattern {
	case gpt2Pattern:
		return scanGPT2
	case llama3Pattern:
		return func(r *reader, i int) int { return scanLlama3(r, i, 3) }
	case qwen2Pattern:
		return func(r *reader, i int) int { return scanLlama3(r, i, 1) }
	}
	return nil
}

// scanGPT2 follows the pattern of GPT-2.
func scanGPT2(r *reader, i int) int {
	if end := contraction(r.text, i, false); end > 0 {
		return end
	}
	first, size := r.at(i)
	start, run := i, first
	if r.text[i] == ' ' { // the optional space before each of the three kinds of words
		if next, n := r.at(i + 1); next != space && next != newline && next != ended {
			start, run, size = i+1, next, n
		}
	}
	switch run {
	case letter, number:
		return r.while(start+size, run)
	case space, newline:
		return r.spaces(i)
	}
	return r.symbols(start + size)
}

// scanLlama3 follows the patterns of Llama 3 and Qwen, which differ in how many digits make a piece.
func scanLlama3(r *reader, i, digits int) int {
	if end := contraction(r.text, i, true); end > 0 {
		return end
	}
	first, size := r.at(i)
	if first == letter {
		return r.while(i+size, letter)
	}
	next, nextSize := r.at(i + size)
	if next == letter && first != newline && first != number { // one character of another kind before the letters
		return r.while(i+size+nextSize, letter)
	}
	switch first {
	case number:
		end := i + size
		for n := 1; n < digits && next == number; n++ {
			end += nextSize
			next, nextSize = r.at(end)
		}
		return end
	case space, newline:
		if r.text[i] == ' ' && (next == other || next == mark) {
			return r.newlines(r.symbols(i + size + nextSize))
		}
		if end := r.lastNewline(i); end > 0 {
			return end
		}
		return r.spaces(i)
	}
	return r.newlines(r.symbols(i + size))
}

// while gives the end of the run of one class from byte i.
func (r *reader) while(i int, run class) int {
	for {
		c, size := r.at(i)
		if c != run {
			return i
		}
		i += size
	}
}

// symbols gives the end of the run of characters that are neither white space, letters nor numbers.
func (r *reader) symbols(i int) int {
	for {
		c, size := r.at(i)
		if c != other && c != mark {
			return i
		}
		i += size
	}
}

// newlines gives the end of the run of \r and \n from byte i.
func (r *reader) newlines(i int) int {
	for i < len(r.text) && (r.text[i] == '\n' || r.text[i] == '\r') {
		i++
	}
	return i
}

// lastNewline is \s*[\r\n]+: the end of the last line break in the run of white space at i, 0 when it has none.
func (r *reader) lastNewline(i int) (end int) {
	for {
		c, size := r.at(i)
		switch c {
		case newline:
			end = i + size
		case space:
		default:
			return end
		}
		i += size
	}
}

// spaces is \s+(?!\S)|\s+: the run of white space at i, without its last character when a word follows and something is left, since
// that character belongs to the word.
func (r *reader) spaces(i int) int {
	last := i
	for at := i; ; {
		c, size := r.at(at)
		switch c {
		case space, newline:
			last = at
			at += size
			continue
		case ended:
			return at
		}
		if last > i {
			return last
		}
		return at
	}
}

// contraction matches 's, 't, 're, 've, 'm, 'll, 'd at byte i and gives its end, 0 for none. Ignoring case, ſ (U+017F) counts as an s.
func contraction(text string, i int, anyCase bool) int {
	if text[i] != '\'' || i+1 >= len(text) {
		return 0
	}
	rest := text[i+1:]
	if anyCase && strings.HasPrefix(rest, "ſ") {
		return i + 1 + len("ſ")
	}
	lower := func(k int) byte {
		if k >= len(rest) {
			return 0
		}
		b := rest[k]
		if anyCase && b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		return b
	}
	switch first, second := lower(0), lower(1); {
	case first == 's' || first == 't' || first == 'm' || first == 'd':
		return i + 2
	case (first == 'r' || first == 'v') && second == 'e', first == 'l' && second == 'l':
		return i + 3
	}
	return 0
}
