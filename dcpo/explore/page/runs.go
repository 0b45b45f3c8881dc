package page

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Run is a stretch of a text as it can be shown.
type Run struct {
	Text string // for a reader
	Mark bool   // Text names what cannot be shown: a byte, a control character
	Line bool   // a line ends after it
}

// controls are the names of characters that would be invisible or would move what is around them.
var controls = map[rune]string{
	0: "NUL", '\a': "BEL", '\b': "BS", '\t': "⇥", '\n': "⏎", '\v': "VT", '\f': "FF", '\r': "CR", 0x1b: "ESC", 0x7f: "DEL", 0xa0: "NBSP", 0xad: "SHY",
	0x200b: "ZWSP", 0x200c: "ZWNJ", 0x200d: "ZWJ", 0x200e: "LRM", 0x200f: "RLM", 0x061c: "ALM", 0x2028: "LS", 0x2029: "PS", 0x202a: "LRE",
	0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2066: "LRI", 0x2067: "RLI", 0x2068: "FSI", 0x2069: "PDI", 0xfeff: "BOM",
}

// Runs cuts text, which need not be valid UTF-8, into what can be shown as it is and what is named.
func Runs(text string) []Run {
	var out []Run
	var plain strings.Builder
	flush := func() {
		if plain.Len() > 0 {
			out = append(out, Run{Text: plain.String()})
			plain.Reset()
		}
	}
	mark := func(name string, line bool) {
		flush()
		out = append(out, Run{Text: name, Mark: true, Line: line})
	}
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		name, named := controls[r]
		switch {
		case r == utf8.RuneError && size == 1:
			mark(fmt.Sprintf("%02X", text[i]), false)
		case named:
			mark(name, r == '\n')
		case r != ' ' && !unicode.IsGraphic(r):
			mark(fmt.Sprintf("U+%04X", r), false)
		default:
			plain.WriteString(text[i : i+size])
		}
		i += size
	}
	flush()
	return out
}

// Plain writes text on one line, with what cannot be shown in angle brackets.
func Plain(text string) string {
	var b strings.Builder
	for _, r := range Runs(text) {
		switch {
		case !r.Mark:
			b.WriteString(r.Text)
		case r.Text == "⏎" || r.Text == "⇥":
			b.WriteString(r.Text)
		default:
			b.WriteString("⟨" + r.Text + "⟩")
		}
	}
	return b.String()
}
