package logic

import (
	"regexp"
	"strings"

	"github.com/dcpo-go/godcpo/datasets/grade"
)

// Reasons of verdicts, besides those of the package grade.
const (
	// ReasonContradiction: somebody is called both a knight and a knave.
	ReasonContradiction = "the answer contradicts itself"
	// ReasonIncomplete: somebody of the reference answer is left out.
	ReasonIncomplete = "the answer leaves somebody out"
)

// Grade compares the answer of a response with the reference answer gold, which
// has the form of [Puzzle.Answer]. The answer is right if it says of everybody
// whether they are a knight or a knave, and says it rightly.
//
// The answer is what stands after the reasoning (after </think>, where there
// is one) in the last <answer>…</answer> or, without these tags, in the last
// lines that say nothing but who is a knight or a knave. "Zoey is a knight" and
// "Zoey: knight" are understood, in any case, order, numbering and decoration. A
// CONFIDENCE line is no part of it.
//
// An answer that is unclear, contradicts itself, leaves somebody out or adds
// somebody, or of more than 4,096 bytes, counts as not found; the reason tells.
// In the verdict, Answer is written as gold is, so that equal answers are equal
// texts.
func Grade(response, gold string) grade.Verdict {
	if len(gold) > maxAnswer {
		return grade.Verdict{Reason: grade.ReasonTooCostly}
	}
	names, want, reason := identities(gold)
	if reason != "" {
		return grade.Verdict{Reason: grade.ReasonUnreadable}
	}
	text, ok := answerOf(response, names)
	if !ok {
		return grade.Verdict{Reason: grade.ReasonNotFound}
	}
	if len(text) > maxAnswer {
		return grade.Verdict{Reason: grade.ReasonTooCostly}
	}
	_, got, reason := identities(text)
	if reason != "" {
		return grade.Verdict{Reason: reason}
	}
	knights, correct := make([]bool, len(names)), true
	for i, name := range names {
		knight, told := got[strings.ToLower(name)]
		if !told {
			return grade.Verdict{Reason: ReasonIncomplete}
		}
		knights[i] = knight
		correct = correct && knight == want[strings.ToLower(name)]
	}
	if len(got) > len(want) {
		return grade.Verdict{Reason: grade.ReasonUnreadable} // somebody who is not in the puzzle
	}
	v := grade.Verdict{Correct: correct, Answer: answerText(names, knights), Found: true, Reason: grade.ReasonWrong}
	switch {
	case strings.TrimSpace(text) == strings.TrimSpace(gold):
		v.Reason = grade.ReasonSameText
	case correct:
		v.Reason = grade.ReasonEquivalent
	}
	return v
}

var (
	// identity says what somebody is.
	identity = regexp.MustCompile(`(?i)(\pL+(?:['’-]\pL+)*)(?:\s+is\s+|\s*[:=–—-]\s*)(?:a\s+)?(knight|knave)\b`)
	// decoration is what Markdown puts around words.
	decoration = strings.NewReplacer("*", "", "_", "", "`", "")
	word       = regexp.MustCompile(`\pL+|\?`)
)

// harmless are the words that may stand beside identities. Any other, such as
// "or", "if", "not" and "perhaps", or a question mark, would hedge the answer.
var harmless = map[string]bool{
	"and": true, "answer": true, "are": true, "as": true, "conclusion": true, "final": true, "follows": true, "hence": true,
	"in": true, "is": true, "so": true, "solution": true, "the": true, "therefore": true, "thus": true,
}

// identities reads a text that must say nothing but who is a knight or a knave:
// the names as first written and, by name in lower case, who is a knight. The
// reason is "" where that succeeds.
func identities(text string) (names []string, knights map[string]bool, reason string) {
	text = decoration.Replace(text)
	knights = map[string]bool{}
	for _, m := range identity.FindAllStringSubmatch(text, -1) {
		key, knight := strings.ToLower(m[1]), strings.EqualFold(m[2], "knight")
		before, repeated := knights[key]
		if repeated && before != knight {
			reason = ReasonContradiction
		}
		if !repeated {
			names = append(names, m[1])
		}
		knights[key] = knight
	}
	for _, w := range word.FindAllString(identity.ReplaceAllString(text, " "), -1) {
		if !harmless[strings.ToLower(w)] {
			return names, knights, grade.ReasonUnreadable
		}
	}
	if len(names) == 0 && reason == "" {
		reason = grade.ReasonNotFound
	}
	return names, knights, reason
}
