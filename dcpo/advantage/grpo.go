package advantage

// grpo is Group Relative Policy Optimization (arXiv 2402.03300): the reward,
// standardised in its group, on every response token. It trains no confidence
// but through the answer's reward.
//
//	A_i = (R_i − mean R) / (std R + ε)
func grpo(o Options, rollouts []Rollout) []Advantage {
	return uniform(rollouts, o.standardize(scores(rollouts)))
}
