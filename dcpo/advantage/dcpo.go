package advantage

import "fmt"

// dcpo is Decoupled Calibration Policy Optimization (arXiv 2603.09117): two
// standardised rewards, each on its own tokens.
type dcpo struct{ opt Options }

// Estimate implements Estimator.
func (d dcpo) Estimate(rollouts []Rollout) ([]Advantage, error) {
	if err := check(rollouts); err != nil {
		return nil, fmt.Errorf("dcpo advantages: %w", err)
	}
	if d.opt.Placement == Released {
		return d.released(rollouts), nil
	}
	answer := d.opt.standardizeBy(rollouts, func(r Rollout) float64 { return r.Accuracy })
	confidence := d.opt.standardizeBy(rollouts, func(r Rollout) float64 { return r.Calibration })
	out := make([]Advantage, len(rollouts))
	for i, r := range rollouts {
		out[i] = Advantage{Answer: answer[i], Confidence: confidence[i], Tokens: perToken(answer[i], confidence[i], r.Length, r.credited())}
	}
	return out, nil
}
