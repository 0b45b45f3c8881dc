// Package grade decides whether a completion gives the reference answer.
//
// It works in three steps, each in files of its own. Extraction finds the
// answer in the completion: the last \boxed{…}, "#### x", "the final answer is
// …", and, where there is none of these, the last formula, number or line. A
// CONFIDENCE line is never part of an answer. Parsing reads LaTeX or plain
// text into a small expression tree. Comparison tries the text, then exact
// rationals, then the values at several points, and treats lists, sets,
// tuples, intervals, matrices and equations by their parts.
//
// All work is bounded: a hostile answer is found unreadable or too costly,
// quickly; it neither panics nor hangs.
package grade

import "strings"

// Verdict is the outcome of grading one completion.
type Verdict struct {
	// Correct tells whether the answer equals the reference answer.
	Correct bool
	// Answer is the extracted text, "" if Found is false.
	Answer string
	// Found tells whether the completion gives an answer at all.
	Found bool
	// Reason is one of the Reason constants, so that verdicts can be counted
	// by it.
	Reason string
}

// The reasons of a verdict. The first three go with Correct, the next two with
// Found == false; the others are answers that do not count as right.
const (
	ReasonSameText   = "same text"
	ReasonSameNumber = "same number"
	ReasonEquivalent = "equivalent"

	ReasonNotFound = "no answer found"
	ReasonOpenBox  = "the last \\boxed{ is not closed"

	// ReasonUnreadable: the answer, or the reference, is no expression this
	// package can read, and their texts differ.
	ReasonUnreadable = "answer not understood"
	// ReasonTooCostly: comparing would exceed the bound on work.
	ReasonTooCostly = "answer too costly to compare"
	// ReasonNotNumber is given by [Number] only.
	ReasonNotNumber = "the last line is not a number"
	// ReasonWrong: both were understood and they differ.
	ReasonWrong = "wrong"
)

// Grade extracts the answer of a completion and compares it with the reference
// answer gold, which may be bare, between $ signs, or boxed.
//
// An unevaluated expression counts as its value, so where the question itself
// is an expression ("47+85="), use [Number].
func Grade(completion, gold string) Verdict {
	answers, reason := extract(completion)
	if reason == ReasonOpenBox && isUnbalanced(gold) {
		answers, reason = verbatim(completion, gold)
	}
	if reason != "" {
		return Verdict{Reason: reason}
	}
	var v Verdict
	for _, answer := range answers {
		correct, why := Equal(answer, gold)
		v = Verdict{Correct: correct, Answer: answer, Found: true, Reason: why}
		if correct {
			break
		}
	}
	return v
}

// isUnbalanced tells whether a reference itself lacks a brace, as one in ten
// thousand does; no box around it can close then.
func isUnbalanced(gold string) bool {
	group := "{" + gold + "}"
	return closingBrace(group, 0) != len(group)-1
}

// verbatim accepts such a reference where it stands in the box as it is.
func verbatim(completion, gold string) (answers []string, reason string) {
	for _, box := range []string{`\boxed{`, `\fbox{`} {
		if i := strings.LastIndex(completion, box); i >= 0 && strings.HasPrefix(completion[i+len(box):], gold) {
			return []string{gold}, ""
		}
	}
	return nil, ReasonOpenBox
}

// Equal compares an answer, already extracted, with the reference answer; the
// string is the reason. It is not symmetric: a reference that is a bare value
// accepts an answer such as "x = 5" or "5 cm", which say more.
func Equal(answer, gold string) (bool, string) {
	answer, gold = strings.TrimSpace(answer), strings.TrimSpace(gold)
	if answer == gold {
		return true, ReasonSameText
	}
	gold = unwrapGold(gold)
	if len(answer) > maxAnswer || len(gold) > maxAnswer {
		return false, ReasonTooCostly
	}
	return compareReadings(answer, gold)
}

// maxAnswer bounds, in bytes, what is parsed. The longest reference answer of
// the registered benchmarks has some hundred bytes.
const maxAnswer = 4096

// unwrapGold takes a reference out of its boxes, or out of a worked solution
// that stands in its place.
func unwrapGold(gold string) string {
	gold = ending(gold, longest)
	if !strings.Contains(gold, `\boxed`) {
		if end := ending(gold, tail); len(gold) > shortest && hasProse(end) {
			if rest, ok := afterAnswerPhrase(end); ok {
				return strings.TrimSpace(fromSentence(rest))
			}
		}
		return gold
	}
	found, state := lastBoxes(gold)
	switch {
	case state == boxOpen:
		_, inner, _ := strings.Cut(gold[strings.LastIndex(gold, `\boxed`):], "{")
		return inner
	case state == boxFound && found.sentence != "":
		return found.sentence
	case state == boxFound:
		return found.content
	}
	return gold
}

// shortest is the length in bytes from which a reference can be a solution.
const shortest = 60
