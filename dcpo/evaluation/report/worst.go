package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/dcpo/evaluation"
)

// longestText bounds a text on the page, in bytes; the whole one is in the journal.
const longestText = 24 << 10

// worst is a wrong answer with a high confidence.
type worst struct {
	Title, Confidence              string
	Question, Response             string
	Answer, Gold, Reason           string
	Truncated                      bool
	Stated, Probability, VoteShare string
}

// worstOf are a method's wrong answers with the highest confidence, one a problem.
func worstOf(r *evaluation.Result, m *evaluation.Method, most int) ([]worst, error) {
	all := &m.Sets[len(m.Sets)-1]
	type candidate struct {
		answer     *evaluation.Answer
		confidence float64
	}
	var wrong []candidate
	for i := range all.Answers {
		c := all.Rows[0].Answers[i]
		if !c.Correct && c.HasConfidence {
			wrong = append(wrong, candidate{&all.Answers[i], c.Confidence})
		}
	}
	slices.SortStableFunc(wrong, func(a, b candidate) int { return cmp.Compare(b.confidence, a.confidence) })
	var out []worst
	seen := map[string]bool{}
	for _, w := range wrong {
		a := w.answer
		if key := a.Benchmark + "\x00" + a.Problem; len(out) < most && !seen[key] {
			seen[key] = true
			text, err := r.Text(a)
			if err != nil {
				return nil, err
			}
			p := r.Problem(a)
			shown := worst{Title: fmt.Sprintf("%s, %s, %s, sample %d", r.Name, m.Confidence, a.Problem, a.Sample+1), Confidence: number(w.confidence, true), Question: clip(p.Question),
				Response: clip(text), Answer: clip(a.Answer), Gold: clip(p.Answer), Reason: a.Reason, Truncated: a.Truncated,
				Stated: number(a.Stated, a.HasStated), Probability: number(a.Probability, a.HasProbability), VoteShare: number(a.VoteShare, true)}
			out = append(out, shown)
		}
	}
	return out, nil
}

func number(x float64, known bool) string {
	if !known {
		return "none"
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// clip shortens a text, between characters.
func clip(s string) string {
	if len(s) <= longestText {
		return s
	}
	at := longestText
	for at > 0 && !utf8.RuneStart(s[at]) {
		at--
	}
	return fmt.Sprintf("%s… [%d bytes more]", s[:at], len(s)-at)
}
