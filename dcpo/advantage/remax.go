package advantage

// remax is ReMax (arXiv 2310.10505): the rewards from each token on, less the
// reward of the greedy answer to the same prompt. Groups play no part.
//
//	A_t = Σ_{u ≥ t} r_u − R_greedy
func remax(_ Options, rollouts []Rollout) []Advantage {
	tokens := make([][]float64, len(rollouts))
	for i, r := range rollouts {
		tokens[i] = discounted(r.tokenRewards(), 1)
		for t := range tokens[i] {
			tokens[i][t] -= r.Baseline
		}
	}
	return varying(rollouts, tokens)
}
