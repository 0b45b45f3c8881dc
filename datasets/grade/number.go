package grade

import (
	"math/big"
	"regexp"
	"strings"
)

var numberLiteral = regexp.MustCompile(`^[-+]?(\d{1,64}(\.\d{0,64})?|\.\d{1,64})$`)

// Number grades a completion whose last non-empty line, after the CONFIDENCE
// line is removed, must be a written decimal number and nothing else. An
// expression is not accepted, so a question echoed back earns nothing. gold
// must be a decimal number too; otherwise the verdict is ReasonUnreadable.
func Number(completion, gold string) Verdict {
	line := lastLine(withoutConfidence(ending(completion, longest)))
	if line == "" {
		return Verdict{Reason: ReasonNotFound}
	}
	if !numberLiteral.MatchString(line) {
		return Verdict{Answer: line, Found: true, Reason: ReasonNotNumber}
	}
	v := Verdict{Answer: line, Found: true, Reason: ReasonWrong}
	answer, ok1 := new(big.Rat).SetString(line)
	want, ok2 := new(big.Rat), false
	if trimmed := strings.TrimSpace(gold); numberLiteral.MatchString(trimmed) {
		want, ok2 = want.SetString(trimmed)
	}
	switch {
	case !ok1 || !ok2:
		v.Reason = ReasonUnreadable
	case answer.Cmp(want) == 0:
		v.Correct, v.Reason = true, ReasonSameNumber
	}
	return v
}

// lastLine is the last line that is not blank, trimmed.
func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return strings.TrimSpace(text[strings.LastIndexByte(text, '\n')+1:])
}
