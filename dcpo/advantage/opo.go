package advantage

// opo is On-Policy RL with Optimal reward baseline (arXiv 2505.23585): the
// baseline of least variance, if a response's gradient grows with its length, is
// the group's mean reward weighed by length. A group of one has baseline 0.
//
//	A_i = R_i − Σ_j L_j·R_j / Σ_j L_j
func opo(_ Options, rollouts []Rollout) []Advantage {
	values, groups := scores(rollouts)
	for _, indices := range members(groups) {
		if _, _, equal := moments(values, indices); equal {
			for _, i := range indices {
				values[i] = 0
			}
			continue
		}
		baseline := lengthWeighted(rollouts, values, indices)
		for _, i := range indices {
			values[i] -= baseline
		}
	}
	return uniform(rollouts, values)
}

func lengthWeighted(rollouts []Rollout, values []float64, indices []int) float64 {
	sum, tokens := 0., 0.
	for _, i := range indices {
		length := float64(rollouts[i].Length)
		sum, tokens = sum+length*values[i], tokens+length
	}
	if len(indices) == 1 || tokens == 0 {
		return 0
	}
	return sum / tokens
}
