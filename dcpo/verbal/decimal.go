package verbal

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// scanDecimal reads the plain ASCII decimal at the start of s and returns its
// length in bytes, or a reason why the text there is not one.
//
// A full stop after whole digits belongs to the sentence ("0.8.", "1."), so it
// is left out; everything else that touches the number must be a closing mark
// or white space, and what follows on the line must not continue it.
func scanDecimal(s string) (end int, reason string) {
	run := 0
	for run < len(s) && (s[run] == '.' || isASCIIDigit(s[run])) {
		run++
	}
	number := strings.TrimSuffix(s[:run], ".")
	if strings.Count(number, ".") > 1 || strings.HasSuffix(number, ".") {
		return 0, "it has more than one decimal point"
	}
	if !strings.ContainsFunc(number, unicode.IsDigit) {
		return 0, "it has a sign or no ASCII digit"
	}
	rest := s[run:]
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && !closes(r) {
		return 0, "the number runs into other characters"
	}
	if rest = strings.TrimLeft(rest, " \t\u00a0*`_$"); continues.MatchString(rest) {
		return 0, "what follows changes the number"
	}
	return len(number), ""
}

func isASCIIDigit(b byte) bool { return '0' <= b && b <= '9' }

// closes reports whether r may touch the end of a number: white space, emphasis
// and code marks, brackets, quotes, sentence marks, and the "<" of a tag such as
// </think> or a special token. A comma is closing too; continues refuses "0,85".
func closes(r rune) bool {
	return unicode.IsSpace(r) || strings.ContainsRune("*`_$)]}>\"'”’»」』】）,;:!?<|\\。，；！？、", r)
}

// continues matches a rest of the line that makes the digits before it part of
// another number: a percentage, a fraction ("1/2", "8 out of 10"), a decimal
// comma, a range, a sum, a power, or a second number ("0 .5").
var continues = regexp.MustCompile(`(?i)^(?:` +
	`\\*[%％‰]|percent|per cent|/|÷|\\(?:frac|times|cdot|div|pm|sim)|` +
	`out\s+of|of\s+\d|` +
	`[,，]\d|\.?\d|` +
	`(?:[-+*×x^±~–—−]|to|or|e)\s*[-+]?\.?\d` +
	`)`)
