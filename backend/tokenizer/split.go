package tokenizer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dlclark/regexp2"
)

// span is a half-open byte range of a text.
type span struct{ start, end int }

// splitter cuts one piece of text into smaller ones: it appends to out the spans of the pieces, as offsets in text, each moved by base.
type splitter func(out []span, text string, base int) []span

// buildSplitters reads the pre_tokenizer of tokenizer.json. It must end in ByteLevel, whose mapping of bytes to characters is implied here.
func buildSplitters(text json.RawMessage) ([]splitter, error) {
	if isNull(text) {
		return nil, fmt.Errorf("pre_tokenizer is null, expected one that ends in ByteLevel")
	}
	var out []splitter
	byteLevel := false
	err := eachStep(text, "pretokenizers", func(kind string, step json.RawMessage) error {
		if byteLevel {
			return fmt.Errorf("pre_tokenizer has a %s after ByteLevel, which must come last", kind)
		}
		s, err := buildSplitter(kind, step)
		if err != nil {
			return fmt.Errorf("pre_tokenizer %s: %w", kind, err)
		}
		byteLevel = kind == "ByteLevel"
		if s != nil {
			out = append(out, s)
		}
		return nil
	})
	if err == nil && !byteLevel {
		err = fmt.Errorf("pre_tokenizer does not end in ByteLevel: only byte-level tokenizers are supported")
	}
	return out, err
}

// eachStep calls f for a component, or for every one of a Sequence, whose steps stand in the named field.
func eachStep(text json.RawMessage, field string, f func(kind string, step json.RawMessage) error) error {
	kind, err := typeOf(text)
	if err != nil {
		return err
	}
	if kind != "Sequence" {
		return f(kind, text)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return err
	}
	var steps []json.RawMessage
	if err := json.Unmarshal(all[field], &steps); err != nil {
		return fmt.Errorf("sequence of %s: %w", field, err)
	}
	for _, step := range steps {
		if err := eachStep(step, field, f); err != nil {
			return err
		}
	}
	return nil
}

// buildSplitter makes one step of the pre-tokenizer; nil when it splits nothing.
func buildSplitter(kind string, text json.RawMessage) (splitter, error) {
	switch kind {
	case "Split":
		return buildSplit(text)
	case "Digits":
		var d struct {
			Type       string `json:"type"`
			Individual bool   `json:"individual_digits"`
		}
		if err := strict(text, &d); err != nil {
			return nil, err
		}
		return splitDigits(d.Individual), nil
	case "ByteLevel":
		var b byteLevelSpec
		if err := strict(text, &b); err != nil {
			return nil, err
		}
		if b.AddPrefixSpace {
			return nil, fmt.Errorf("add_prefix_space = true is not supported")
		}
		if b.UseRegex == nil || *b.UseRegex { // the field is younger than the format: absent means true
			return splitBy(scanGPT2), nil
		}
		return nil, nil
	}
	return nil, fmt.Errorf("is not supported (known: Split, Digits, ByteLevel and a Sequence of them)")
}

// byteLevelSpec is ByteLevel in its three roles: pre-tokenizer, post-processor and decoder.
type byteLevelSpec struct {
	Type           string `json:"type"`
	AddPrefixSpace bool   `json:"add_prefix_space"`
	TrimOffsets    *bool  `json:"trim_offsets"`
	UseRegex       *bool  `json:"use_regex"`
}

// buildSplit makes a Split step: by a published pattern with its scanner, by any other with a backtracking regular expression.
func buildSplit(text json.RawMessage) (splitter, error) {
	var s struct {
		Type    string `json:"type"`
		Pattern struct {
			String *string `json:"String"`
			Regex  *string `json:"Regex"`
		} `json:"pattern"`
		Behavior string `json:"behavior"`
		Invert   bool   `json:"invert"`
	}
	if err := strict(text, &s); err != nil {
		return nil, err
	}
	arrange, ok := behaviours[s.Behavior]
	if !ok {
		return nil, fmt.Errorf("behavior %q is not supported (known: Isolated, Removed, Contiguous, MergedWithPrevious, MergedWithNext)", s.Behavior)
	}
	var find matcher
	switch {
	case s.Pattern.Regex != nil:
		if scan := knownPattern(*s.Pattern.Regex); scan != nil && s.Behavior == "Isolated" {
			return splitBy(scan), nil // the matches leave no gaps, so inverting changes nothing
		}
		re, err := compilePattern(*s.Pattern.Regex)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", *s.Pattern.Regex, err)
		}
		find = regexMatches(re)
	case s.Pattern.String != nil:
		find = stringMatches(*s.Pattern.String)
	default:
		return nil, fmt.Errorf("pattern has neither String nor Regex")
	}
	return func(out []span, text string, base int) []span {
		return arrange(out, pieces(text, find(text), s.Invert), base)
	}, nil
}

// splitBy cuts a text into the matches of a scanner.
func splitBy(scan scanner) splitter {
	return func(out []span, text string, base int) []span {
		r := reader{text: text}
		for i := 0; i < len(text); {
			end := scan(&r, i)
			out = append(out, span{base + i, base + end})
			i = end
		}
		return out
	}
}

// splitDigits cuts numeric characters from the rest, one by one or run by run.
func splitDigits(individual bool) splitter {
	return func(out []span, text string, base int) []span {
		start, inNumber := 0, false
		for i, r := range text {
			digit := isNumber(r)
			if i > start && (digit != inNumber || digit && individual) {
				out = append(out, span{base + start, base + i})
				start = i
			}
			inNumber = digit
		}
		if start < len(text) {
			out = append(out, span{base + start, base + len(text)})
		}
		return out
	}
}

// matcher finds the matches of a pattern, in order and without overlap.
type matcher func(text string) []span

// stringMatches finds a literal string.
func stringMatches(literal string) matcher {
	return func(text string) (out []span) {
		for at := 0; literal != ""; {
			i := strings.Index(text[at:], literal)
			if i < 0 {
				break
			}
			out = append(out, span{at + i, at + i + len(literal)})
			at += i + len(literal)
		}
		return out
	}
}

// unlikeOniguruma matches what regexp2 reads differently from Oniguruma, the engine that defines the format: which characters make a word
// (½ is one there), and the escapes it alone has.
var unlikeOniguruma = regexp.MustCompile(`\\[bBwWhHRXKG]|\[\[:`)

// compilePattern compiles a pattern that has no scanner.
func compilePattern(pattern string) (*regexp2.Regexp, error) {
	if found := unlikeOniguruma.FindString(pattern); found != "" {
		return nil, fmt.Errorf("%s is not supported", found)
	}
	// Ignoring case, s also matches ſ there; in the one place where the published patterns can meet it, it is spelled out.
	return regexp2.Compile(strings.ReplaceAll(pattern, "(?i:'s|", "(?i:'s|'ſ|"), regexp2.None)
}

// regexMatches finds a regular expression. regexp2 counts in code points, so its positions are turned back into bytes.
func regexMatches(re *regexp2.Regexp) matcher {
	return func(text string) (out []span) {
		bytesAt := make([]int, 0, utf8.RuneCountInString(text)+1)
		for i := range text {
			bytesAt = append(bytesAt, i)
		}
		bytesAt = append(bytesAt, len(text))
		m, err := re.FindStringMatch(text) // an error means a time-out, and none is set
		for ; err == nil && m != nil; m, err = re.FindNextMatch(m) {
			out = append(out, span{bytesAt[m.Index], bytesAt[m.Index+m.Length]})
		}
		return out
	}
}
