package reward

import (
	"fmt"
	"math"
)

// missing is the confidence whose reward a rollout without one receives. It
// never leaves this package as a confidence.
const missing = -1

// Answer is what is known of one graded rollout.
type Answer struct {
	// Group identifies the rollouts of one prompt in this batch. Two draws of
	// the same problem in one batch need two ids if they are to be two groups.
	Group string
	// Correct is the grader's verdict.
	Correct bool
	// Confidence is the stated confidence; ignored unless HasConfidence.
	Confidence    float64
	HasConfidence bool
}

// Reward is what one rollout earned.
type Reward struct {
	// Accuracy is 1 for a right answer and 0 for a wrong one.
	Accuracy float64
	// Calibration is −w·(Target − confidence)², at most 0.
	Calibration float64
	// Target is what the stated confidence should have been, in [0, 1].
	Target float64
	// GroupAccuracy is the mean Accuracy of the rollout's group, in [0, 1].
	GroupAccuracy float64
}

// Score rewards a batch of rollouts; result i belongs to answers[i]. The order
// of the answers changes nothing else. It fails on invalid options and on a
// stated confidence that is not a finite number.
func Score(answers []Answer, opt Options) ([]Reward, error) {
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("score rollouts: %w", err)
	}
	opt = opt.withDefaults()
	accuracy := groupAccuracy(answers)
	rewards := make([]Reward, len(answers))
	for i, a := range answers {
		confidence := float64(missing)
		if a.HasConfidence {
			if confidence = a.Confidence; math.IsNaN(confidence) || math.IsInf(confidence, 0) {
				return nil, fmt.Errorf("score rollout %d of group %q: its confidence is %v; mark it HasConfidence = false", i, a.Group, confidence)
			}
		}
		r := Reward{Accuracy: indicator(a.Correct), GroupAccuracy: accuracy[a.Group]}
		r.Target = opt.target(r.Accuracy, r.GroupAccuracy)
		gap := r.Target - confidence
		r.Calibration = 0 - opt.Weight*gap*gap // 0 − 0 is 0, where −w·0 would be the float −0
		rewards[i] = r
	}
	return rewards, nil
}

// target mixes own and group accuracy; o has its defaults filled in.
func (o Options) target(own, group float64) float64 {
	switch o.Target {
	case Instance:
		return own
	case GroupMean:
		return group
	}
	return o.Gamma*own + (1-o.Gamma)*group
}

// groupAccuracy is the share of right answers in each group. Counts are whole
// numbers, so equal rollouts get bit-identical targets in any order.
func groupAccuracy(answers []Answer) map[string]float64 {
	right, all := map[string]int{}, map[string]int{}
	for _, a := range answers {
		all[a.Group]++
		if a.Correct {
			right[a.Group]++
		}
	}
	accuracy := make(map[string]float64, len(all))
	for group, n := range all {
		accuracy[group] = float64(right[group]) / float64(n)
	}
	return accuracy
}

func indicator(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
