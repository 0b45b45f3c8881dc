package datasets

import (
	"fmt"
	"strings"
	"unicode"
)

// Overlap looks for evaluation problems that also occur in training and
// returns one warning for each, in the order of eval. Two problems are the
// same if their questions agree once lower-cased and reduced to letters, digits
// and operators, so spacing, punctuation and LaTeX delimiters do not hide a
// copy; a reworded problem is not found.
func Overlap(train, eval []Problem) []string {
	trained := make(map[string]string, len(train))
	for _, p := range train {
		key := matchKey(p.Question)
		if _, ok := trained[key]; !ok {
			trained[key] = p.ID
		}
	}
	var warnings []string
	warned := make(map[string]bool)
	for _, p := range eval {
		key := matchKey(p.Question)
		id, ok := trained[key]
		if !ok || key == "" || warned[key] {
			continue
		}
		warned[key] = true
		warnings = append(warnings, fmt.Sprintf("evaluation problem %s is also training problem %s", p.ID, id))
	}
	return warnings
}

// matchKey drops what copies of a problem often differ in. Operators stay,
// since 3+4 and 3-4 are two problems.
func matchKey(question string) string {
	var b strings.Builder
	b.Grow(len(question))
	for _, r := range question {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(unicode.ToLower(r))
		case strings.ContainsRune("+-*/^=<>%", r):
			b.WriteRune(r)
		}
	}
	return b.String()
}
