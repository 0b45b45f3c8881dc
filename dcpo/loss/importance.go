package loss

import (
	"fmt"
	"math"
)

// Truncation says how rollouts of another distribution are weighed.
type Truncation string

const (
	// ByToken weighs each token by its own ratio.
	ByToken Truncation = "token"
	// BySequence weighs all tokens of a response by the product of their ratios.
	BySequence Truncation = "sequence"
)

// defaultMost bounds importance weights, as in verl.
const defaultMost = 2

// ImportanceWeights returns truncated importance weights, min(scored/sampled, most), of one response's tokens. scored are the trainer's
// log-probs, sampled the rollout engine's; 0 stands for a bound of 2. [tokens]
func ImportanceWeights(mode Truncation, scored, sampled []float32, most float64) ([]float32, error) {
	if mode != ByToken && mode != BySequence {
		return nil, fmt.Errorf("importance weights %q are unknown: want %q or %q", string(mode), string(ByToken), string(BySequence))
	}
	if !(most >= 0) {
		return nil, fmt.Errorf("importance weights are bounded by %g: want more than 0", most)
	}
	if len(scored) != len(sampled) {
		return nil, fmt.Errorf("importance weights: %d scored log-probs but %d sampled ones", len(scored), len(sampled))
	}
	if most == 0 {
		most = defaultMost
	}
	out := make([]float32, len(scored))
	var sum float64
	for t := range out {
		d := float64(scored[t]) - float64(sampled[t])
		if sum += d; math.IsNaN(sum) {
			return nil, fmt.Errorf("importance weights: token %d has log-probs %g (scored) and %g (sampled), want finite ones", t, scored[t], sampled[t])
		}
		out[t] = float32(min(math.Exp(d), most))
	}
	if mode == BySequence {
		for t := range out {
			out[t] = float32(min(math.Exp(sum), most))
		}
	}
	return out, nil
}

// MaskBelow sets importance weights below least to 0: what the trainer finds that much less likely than its rollout engine did is not
// learned from. weights is changed in place.
func MaskBelow(weights []float32, least float64) {
	for t, w := range weights {
		if float64(w) < least {
			weights[t] = 0
		}
	}
}
