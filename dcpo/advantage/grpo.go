package advantage

import "fmt"

// grpo is Group Relative Policy Optimization: the standardised accuracy reward
// on every response token (arXiv 2402.03300). It trains no confidence.
type grpo struct{ scaling Scaling }

// Estimate implements Estimator.
func (g grpo) Estimate(rollouts []Rollout) ([]Advantage, error) {
	if err := check(rollouts); err != nil {
		return nil, fmt.Errorf("grpo advantages: %w", err)
	}
	answer := g.scaling.standardizeBy(rollouts, func(r Rollout) float64 { return r.Accuracy })
	out := make([]Advantage, len(rollouts))
	for i, r := range rollouts {
		out[i] = Advantage{Answer: answer[i], Confidence: answer[i], Tokens: fill(r.Length, answer[i])}
	}
	return out, nil
}
