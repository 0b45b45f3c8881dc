// Package verl grades as verl's rule for MATH does, which the reference trains
// with: the last \boxed{…} of the completion and the reference answer are both
// rewritten by a handful of string rules and must then be the same string.
//
// It exists for comparison with published runs. It calls many right answers
// wrong (1/2 for 0.50, 2,1 for 1,2) and knows nothing of values; package grade
// is the grader to use. Its oddities are reproduced on purpose, each noted
// where it is.
package verl

import (
	"errors"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Grade tells whether the last box holds the reference answer, and what it
// holds; found is false where there is no box that closes.
func Grade(completion, gold string) (correct bool, answer string, found bool) {
	answer, found = lastBox(completion)
	return found && same(answer, gold), answer, found
}

// lastBox returns the content of the last box. A text with "\boxed " anywhere
// is cut behind the last of these, up to a dollar sign, whatever other boxes it
// has. An \fbox is looked for but, as in the original, never taken.
func lastBox(text string) (string, bool) {
	const spaced, braced = `\boxed `, `\boxed{`
	if i := strings.LastIndex(text, spaced); i >= 0 {
		answer, _, _ := strings.Cut(text[i+len(spaced):], "$")
		return answer, true
	}
	start := strings.LastIndex(text, `\boxed`)
	if start < 0 || !strings.HasPrefix(text[start:], braced) {
		return "", false
	}
	depth := 0
	for i := start; i < len(text); i++ {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return text[start+len(braced) : i], true
			}
		}
	}
	return "", false
}

// same compares two answers after rewriting; where a rule fails on either, as
// they are.
func same(answer, gold string) bool {
	a, errA := rewritten(answer)
	g, errG := rewritten(gold)
	if errA != nil || errG != nil {
		return answer == gold
	}
	return a == g
}

// errRule stands for the cases in which the original raises an exception.
var errRule = errors.New("a rewriting rule does not apply")

var (
	plain = strings.NewReplacer("\n", "")
	thin  = strings.NewReplacer(`\!`, "")
	// Each of these passes over the text once, so that what one pass makes the
	// next one sees.
	passes = []*strings.Replacer{
		strings.NewReplacer(`\\`, `\`), strings.NewReplacer("tfrac", "frac"), strings.NewReplacer("dfrac", "frac"),
		strings.NewReplacer(`\left`, ""), strings.NewReplacer(`\right`, ""),
		strings.NewReplacer(`^{\circ}`, ""), strings.NewReplacer(`^\circ`, ""), strings.NewReplacer(`\$`, ""),
	}
	late = []*strings.Replacer{
		strings.NewReplacer(`\\%`, ""), strings.NewReplacer(`\%`, ""),
		strings.NewReplacer(" .", " 0."), strings.NewReplacer("{.", "{0."),
	}
)

// rewritten applies the rules in their order.
func rewritten(s string) (string, error) {
	s = thin.Replace(plain.Replace(s))
	for _, pass := range passes {
		s = pass.Replace(s)
	}
	switch parts := strings.Split(s, `\text{ `); len(parts) { // a unit on the right
	case 1:
	case 2:
		s = parts[0]
	default:
		return "", errRule
	}
	for _, pass := range late {
		s = pass.Replace(s)
	}
	if s == "" {
		return "", nil
	}
	if s[0] == '.' {
		s = "0" + s
	}
	if left, right, ok := strings.Cut(s, "="); ok && !strings.Contains(right, "=") && utf8.RuneCountInString(left) <= 2 {
		s = right // k=5
	}
	s, err := rootsInBraces(s)
	if err != nil {
		return "", err
	}
	s, err = fractionsInBraces(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		return "", err
	}
	if s == "0.5" {
		s = `\frac{1}{2}`
	}
	return slashAsFraction(s)
}

// rootsInBraces makes \sqrt{3} of \sqrt3.
func rootsInBraces(s string) (string, error) {
	parts := strings.Split(s, `\sqrt`)
	var b strings.Builder
	b.WriteString(parts[0])
	for _, part := range parts[1:] {
		b.WriteString(`\sqrt`)
		first, size := utf8.DecodeRuneInString(part)
		switch {
		case part == "":
			return "", errRule
		case first == '{':
			b.WriteString(part)
		default:
			b.WriteString("{" + part[:size] + "}" + part[size:])
		}
	}
	return b.String(), nil
}

// fractionsInBraces makes \frac{1}{2} of \frac12 and \frac1{2}. A \frac with
// one character behind it leaves the whole text as it was.
func fractionsInBraces(s string) (string, error) {
	parts := strings.Split(s, `\frac`)
	var b strings.Builder
	b.WriteString(parts[0])
	for _, part := range parts[1:] {
		b.WriteString(`\frac`)
		if part == "" {
			return "", errRule
		}
		if part[0] == '{' {
			b.WriteString(part)
			continue
		}
		_, first := utf8.DecodeRuneInString(part)
		if first == len(part) {
			return s, nil
		}
		b.WriteString("{" + part[:first] + "}")
		rest := part[first:]
		if rest[0] != '{' {
			_, second := utf8.DecodeRuneInString(rest)
			rest = "{" + rest[:second] + "}" + rest[second:]
		}
		b.WriteString(rest)
	}
	return b.String(), nil
}

// slashAsFraction makes \frac{1}{2} of 1/2, for two integers in their usual
// spelling. Anything else with one slash is not an answer the rules can treat.
func slashAsFraction(s string) (string, error) {
	a, b, ok := strings.Cut(s, "/")
	if !ok || strings.Contains(b, "/") {
		return s, nil
	}
	if !isInteger(a) || !isInteger(b) {
		return "", errRule
	}
	if !usual.MatchString(a) || !usual.MatchString(b) {
		return s, nil
	}
	return `\frac{` + a + "}{" + b + "}", nil
}

var (
	// usual is an integer as Python prints it.
	usual = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
	// readable is an integer as Python reads it.
	readable = regexp.MustCompile(`^[-+]?\p{Nd}+(_\p{Nd}+)*$`)
)

// maxDigits is the longest number that Python turns into an integer.
const maxDigits = 4300

func isInteger(s string) bool {
	s = strings.TrimSpace(s)
	digits := strings.ReplaceAll(strings.TrimLeft(s, "-+"), "_", "")
	return readable.MatchString(s) && utf8.RuneCountInString(digits) <= maxDigits
}
