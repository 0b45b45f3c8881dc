package verbal

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// Stated is what Parse found in one response. All offsets are bytes of the
// parsed text.
type Stated struct {
	// Confidence is the stated number; 0 and meaningless unless HasConfidence.
	// Under Last it lies in [0, 1]; under Reference it can be any finite number.
	Confidence float64
	// HasConfidence is false where no number could be read.
	HasConfidence bool
	// Start and End are the confidence part [Start, End): from the first byte
	// of "CONFIDENCE:" to the end of the text. Without a readable confidence the
	// part is empty: both are len(text), so text[:Start] is the reasoning always.
	Start, End int
	// NumberStart and NumberEnd are the number itself, inside [Start, End);
	// both are len(text) without a readable confidence.
	NumberStart, NumberEnd int
	// Problem says, for people, why there is no confidence; empty otherwise.
	Problem string
}

// SpanStart returns the byte at which the confidence span starts under mode:
// Start for SpanLine and the zero value, NumberStart for SpanNumber.
func (s Stated) SpanStart(mode SpanMode) int {
	if mode == SpanNumber {
		return s.NumberStart
	}
	return s.Start
}

// pythonSpace is what \s matches in a Python str pattern. The models write in
// many languages, so the wider class matters; Go's \s is ASCII only.
const pythonSpace = `[\t-\r\x1c-\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}]`

var (
	// referencePattern is CONFIDENCE:\s*([01]?\.\d+|\d+) with Python's classes.
	referencePattern = regexp.MustCompile(`CONFIDENCE:` + pythonSpace + `*([01]?\.\p{Nd}+|\p{Nd}+)`)
	// numberAhead finds a marker followed by anything that begins like a number,
	// so that "-0.5" or "..5" after an earlier line is seen, and refused, rather
	// than skipped in favour of that line.
	numberAhead = regexp.MustCompile(`CONFIDENCE:` + pythonSpace + `*([-+−±~≈]?\.*\p{Nd})`)
)

// Parse reads the confidence stated in a response. text is the raw bytes of the
// sampled tokens and need not be valid UTF-8. It never fails: a response without
// a readable confidence, and an unknown policy, give HasConfidence == false and
// say why in Problem.
//
// What Last accepts after "CONFIDENCE:" is a plain decimal ("0.83", ".83", "1",
// "1.0", "1.") in [0, 1] with nothing after it that would make it another number:
// "83%", "1%", "0,85", "0.8.3", "1e-3", "1/2", "1 out of 10" and "0.8-0.9" are
// unreadable, since reading their first digits would be silently wrong, and
// "1.7" is out of range, neither 1 nor .7.
func Parse(text string, policy Policy) Stated {
	switch policy {
	case "", Last:
		return parseLast(text)
	case Reference:
		return parseReference(text)
	}
	return unreadable(text, policy.Validate().Error())
}

// unreadable is the result for a text without confidence.
func unreadable(text, problem string) Stated {
	n := len(text)
	return Stated{Start: n, End: n, NumberStart: n, NumberEnd: n, Problem: problem}
}

func parseLast(text string) Stated {
	m := lastMatch(text)
	if m == nil {
		return unreadable(text, `no "CONFIDENCE: <number>" in the response`)
	}
	start, number := m[0], m[2]
	end, reason := scanDecimal(text[number:])
	if reason != "" {
		return unreadable(text, fmt.Sprintf("%q is not a plain decimal: %s", excerpt(text[start:]), reason))
	}
	end += number
	value, err := strconv.ParseFloat(text[number:end], 64)
	if err != nil || value > 1 {
		return unreadable(text, fmt.Sprintf("%q is outside [0, 1]", excerpt(text[start:])))
	}
	return Stated{Confidence: value, HasConfidence: true, Start: start, End: len(text), NumberStart: number, NumberEnd: end}
}

// lastMatch returns the submatch indices of the last match of numberAhead.
// Matches cannot overlap, as each starts at its own "CONFIDENCE:".
func lastMatch(text string) []int {
	all := numberAhead.FindAllStringSubmatchIndex(text, -1)
	if len(all) == 0 {
		return nil
	}
	return all[len(all)-1]
}

func parseReference(text string) Stated {
	m := referencePattern.FindStringSubmatchIndex(text)
	if m == nil {
		return unreadable(text, `no "CONFIDENCE: <number>" in the response`)
	}
	value, err := strconv.ParseFloat(asciiDigits(text[m[2]:m[3]]), 64)
	if err != nil || math.IsInf(value, 0) {
		// The reference would go on with infinity, and every mean with it.
		return unreadable(text, fmt.Sprintf("%q is too large for a float64", excerpt(text[m[0]:])))
	}
	return Stated{Confidence: value, HasConfidence: true, Start: m[0], End: len(text), NumberStart: m[2], NumberEnd: m[3]}
}

// asciiDigits writes decimal digits of any script as 0-9, as Python's float does.
// Unicode lays the ten digits of each script out in a row that starts at zero,
// and unicode.Nd holds whole rows only.
func asciiDigits(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, asciiDigit(r))
	}
	return string(out)
}

func asciiDigit(r rune) byte {
	if r < utf8.RuneSelf {
		return byte(r)
	}
	for _, row := range unicode.Nd.R16 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return byte('0' + (r-rune(row.Lo))%10)
		}
	}
	for _, row := range unicode.Nd.R32 {
		if rune(row.Lo) <= r && r <= rune(row.Hi) {
			return byte('0' + (r-rune(row.Lo))%10)
		}
	}
	return '0'
}

// excerpt shortens a line for a message.
func excerpt(s string) string {
	const most = 40
	runes := 0
	for i, r := range s {
		if runes++; r == '\n' && i > len("CONFIDENCE:")+1 || runes > most {
			return s[:i] + "…"
		}
	}
	return s
}
