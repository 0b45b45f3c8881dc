package track

import (
	"cmp"
	"math/rand/v2"
	"slices"
)

// Sample is a rollout as a reader wants to see it.
type Sample struct {
	Step     int    `json:"step"`
	Problem  string `json:"problem"` // its id
	Group    int    `json:"group"`   // the rollouts of one problem in the step share it
	Chosen   string `json:"chosen,omitempty"`
	Question string `json:"question"`
	Response string `json:"response"` // text
	Gold     string `json:"gold"`
	Answer   string `json:"answer"` // as read from the response
	Correct  bool   `json:"correct"`
	Verdict  string `json:"verdict,omitempty"` // why the grader found so
	// Confidence is the stated one, null where none is readable.
	Confidence *float64 `json:"confidence"`
	// Rewards are the parts of the reward by name.
	Rewards map[string]float64 `json:"rewards,omitempty"`
	// AnswerAdvantage and ConfidenceAdvantage are the credit of the reasoning and of the confidence tokens.
	AnswerAdvantage     float64 `json:"answer_advantage"`
	ConfidenceAdvantage float64 `json:"confidence_advantage"`
	Truncated           bool    `json:"truncated"` // cut off by the length limit
}

// Why a sample was chosen, in the order in which Choose fills its places.
const (
	chosenBest          = "best"
	chosenWorst         = "worst"
	chosenOverConfident = "over-confident"
	chosenRandom        = "random"
)

// Choose picks n different rollouts of a step: the one with the highest sum of reward parts, the one with the lowest, the one whose
// confidence exceeds its correctness most, and others at random. The same rollouts, seed and step give the same choice; of equals
// the first is taken. The result, in that order, says in Chosen why each is there and holds their Step; the rollouts stay as they are.
func Choose(rollouts []Sample, n int, step int, seed uint64) []Sample {
	left := make([]int, len(rollouts))
	for i := range left {
		left[i] = i
	}
	var out []Sample
	take := func(at int, why string) {
		one := rollouts[left[at]]
		one.Chosen, one.Step = why, step
		out = append(out, one)
		left = slices.Delete(left, at, at+1)
	}
	first := func(value func(Sample) float64) int {
		at := 0
		for i := range left {
			if cmp.Compare(value(rollouts[left[i]]), value(rollouts[left[at]])) > 0 {
				at = i
			}
		}
		return at
	}
	n = min(n, len(rollouts))
	if len(out) < n {
		take(first(Sample.reward), chosenBest)
	}
	if len(out) < n {
		take(first(func(s Sample) float64 { return -s.reward() }), chosenWorst)
	}
	if len(out) < n {
		if at := first(Sample.excess); rollouts[left[at]].excess() > 0 {
			take(at, chosenOverConfident)
		}
	}
	random := rand.New(rand.NewPCG(seed, uint64(step)))
	for len(out) < n {
		take(random.IntN(len(left)), chosenRandom)
	}
	return out
}

// reward is the sum of the parts, added in the order of their names so that equal rollouts have equal sums.
func (s Sample) reward() float64 {
	names := make([]string, 0, len(s.Rewards))
	for name := range s.Rewards {
		names = append(names, name)
	}
	slices.Sort(names)
	sum := 0.
	for _, name := range names {
		sum += s.Rewards[name]
	}
	return sum
}

// excess is by how much the stated confidence is more than the answer deserved; 0 where none was stated.
func (s Sample) excess() float64 {
	switch {
	case s.Confidence == nil:
		return 0
	case s.Correct:
		return *s.Confidence - 1
	}
	return *s.Confidence
}
