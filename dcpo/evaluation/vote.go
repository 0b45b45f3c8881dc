package evaluation

import (
	"slices"

	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Votes tells what the samples of each problem are worth together.
type Votes struct {
	// Majority is the share of problems whose commonest answer is right; several equally common ones count in the mean.
	Majority float64
	// Weighted is the same with each sample's vote weighed by its confidence; a missing confidence weighs nothing.
	Weighted float64
}

// ballot holds the samples of one problem under one prompt.
type ballot []*Answer

// vote sorts each problem's answers into classes of equal ones, and fills in their shares of the votes.
func vote(answers []Answer, problem func(journal.Key) *journal.Problem) {
	for _, b := range ballots(answers) {
		b.sort(equality(problem(b[0].Key), b[0].Prompt))
		size := make([]int, len(b))
		for _, a := range b {
			if a.class >= 0 {
				size[a.class]++
			}
		}
		for _, a := range b {
			if a.class >= 0 {
				a.VoteShare = float64(size[a.class]) / float64(len(b))
			}
		}
	}
}

// ballots are those of the answers, in the order of their first ones.
func ballots(answers []Answer) []ballot {
	var out []ballot
	at := map[journal.Key]int{}
	for i := range answers {
		k := answers[i].Key
		k.Sample = 0
		n, ok := at[k]
		if !ok {
			n = len(out)
			at[k], out = n, append(out, nil)
		}
		out[n] = append(out[n], &answers[i])
	}
	return out
}

// sort numbers the classes of equal answers.
func (b ballot) sort(equal func(a, b string) bool) {
	var first []string // answer of each class
	for _, a := range b {
		a.class = -1
		if a.Answer == "" {
			continue
		}
		for c, text := range first {
			if a.Answer == text || equal(a.Answer, text) {
				a.class = c
				break
			}
		}
		if a.class < 0 {
			a.class, first = len(first), append(first, a.Answer)
		}
	}
}

// equality is how two answers to a problem are compared: by value where they are mathematics, else by their words.
func equality(p *journal.Problem, prompt verbal.Prompt) func(a, b string) bool {
	switch {
	case prompt == verbal.PromptLogic || p == nil || len(p.Choices) > 0:
		return func(a, b string) bool { return a == b }
	case p.Fact || len(p.Aliases) > 0:
		return func(a, b string) bool { return grade.Text(a, b).Correct }
	}
	return func(a, b string) bool {
		same, _ := grade.Equal(a, b)
		return same
	}
}

// votesOf counts the votes under a confidence.
func votesOf(answers []Answer, c Confidence) (v Votes) {
	all := ballots(answers)
	for _, b := range all {
		plain, weighted := make([]float64, len(b)), make([]float64, len(b))
		for _, a := range b {
			if a.class < 0 {
				continue
			}
			plain[a.class]++
			if s := a.confident(c); s.HasConfidence && s.Confidence > 0 {
				weighted[a.class] += min(1, s.Confidence)
			}
		}
		v.Majority += b.elected(plain) / float64(len(all))
		v.Weighted += b.elected(weighted) / float64(len(all))
	}
	return v
}

// elected is the share of right ones among the classes with most votes; 0 where there are no votes.
func (b ballot) elected(votes []float64) float64 {
	most := slices.Max(votes)
	var right, all float64
	for class, n := range votes {
		if most == 0 || n < most {
			continue
		}
		all++
		first := slices.IndexFunc(b, func(a *Answer) bool { return a.class == class }) // equal answers are right together
		if b[first].Correct {
			right++
		}
	}
	return right / max(1, all)
}
