package tokenizer

import (
	"sort"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// charRange is a half-open range of code points of the text before normalisation.
type charRange struct{ start, end int }

// nfc normalises a text to Unicode's composed form and gives, for every code point of the result, where it comes from; the ranges are nil
// when nothing changed. x/text cannot tell where a character came from, and it breaks long runs of marks (Stream-Safe Text), which the
// reference does not, so only its tables are used. The ranges follow the reference: a composed character is aligned with the first of the
// characters it replaces, and one that a decomposition adds with the character before it.
func nfc(text string) (string, []charRange) {
	if norm.NFC.IsNormalString(text) {
		return text, nil
	}
	n := normaliser{out: make([]byte, 0, len(text))}
	for i := 0; i < len(text); {
		end := segmentEnd(text, i)
		n.segment(text[i:end])
		i = end
	}
	return string(n.out), n.ranges
}

// segmentEnd gives the next byte at which nothing before can combine with anything after.
func segmentEnd(text string, i int) int {
	_, size := utf8.DecodeRuneInString(text[i:])
	for i += size; i < len(text); i += size {
		p := norm.NFC.PropertiesString(text[i:])
		if size = p.Size(); p.BoundaryBefore() {
			break
		}
	}
	return i
}

// normaliser collects the normalised text.
type normaliser struct {
	out    []byte
	ranges []charRange
	next   int          // the first code point of the original text that is not used up
	chars  []decomposed // of the segment at hand
}

// decomposed is one character of the canonical decomposition.
type decomposed struct {
	r      rune
	class  uint8 // canonical combining class
	change int   // characters it adds to (1) or removes from (−n) the original
}

// segment normalises text between two boundaries.
func (n *normaliser) segment(text string) {
	n.chars = n.chars[:0]
	for _, r := range text {
		n.decompose(r)
	}
	n.reorder()
	n.compose()
	for _, c := range n.chars {
		n.out = utf8.AppendRune(n.out, c.r)
		if c.change > 0 {
			previous := max(n.next-1, 0)
			n.ranges = append(n.ranges, charRange{previous, min(n.next, previous+1)})
			continue
		}
		n.ranges = append(n.ranges, charRange{n.next, n.next + 1})
		n.next += 1 - c.change
	}
}

// The algorithmic decomposition of Hangul syllables (Unicode 3.12).
const (
	hangulBase, hangulCount         = 0xac00, 11172
	leadBase, vowelBase, trailBase  = 0x1100, 0x1161, 0x11a7
	vowelCount, trailCount, hangulN = 21, 28, 21 * 28
)

// decompose appends the canonical decomposition of a character.
func (n *normaliser) decompose(r rune) {
	if s := r - hangulBase; s >= 0 && s < hangulCount {
		n.chars = append(n.chars, decomposed{leadBase + s/hangulN, 0, 0}, decomposed{vowelBase + s%hangulN/trailCount, 0, 1})
		if trail := s % trailCount; trail > 0 {
			n.chars = append(n.chars, decomposed{trailBase + trail, 0, 1})
		}
		return
	}
	p := norm.NFC.PropertiesString(string(r))
	d := p.Decomposition()
	if d == nil {
		n.chars = append(n.chars, decomposed{r, p.CCC(), 0})
		return
	}
	change := 0
	for _, part := range string(d) {
		n.chars = append(n.chars, decomposed{part, norm.NFC.PropertiesString(string(part)).CCC(), change})
		change = 1
	}
}

// reorder puts runs of combining marks into canonical order.
func (n *normaliser) reorder() {
	for i := 0; i < len(n.chars); {
		j := i
		for j < len(n.chars) && n.chars[j].class != 0 {
			j++
		}
		run := n.chars[i:j]
		sort.SliceStable(run, func(a, b int) bool { return run[a].class < run[b].class })
		i = j + 1
	}
}

// compose joins each starter with the following characters that are not blocked from it (Unicode 3.11, D117).
func (n *normaliser) compose() {
	out, starter, lastClass := n.chars[:0], -1, uint8(0)
	for _, c := range n.chars {
		adjacent := starter >= 0 && len(out) == starter+1
		if starter >= 0 && (adjacent || lastClass != 0 && lastClass < c.class) {
			if r, ok := composite(out[starter].r, c.r); ok {
				out[starter].r = r
				out[starter].change += c.change - 1
				continue
			}
		}
		if c.class == 0 {
			starter = len(out)
		}
		lastClass = c.class
		out = append(out, c)
	}
	n.chars = out
}

// composite gives the single character that canonically equals a followed by b.
func composite(a, b rune) (rune, bool) {
	joined := norm.NFC.String(string(a) + string(b))
	r, size := utf8.DecodeRuneInString(joined)
	return r, size == len(joined)
}
