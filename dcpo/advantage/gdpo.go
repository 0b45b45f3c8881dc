package advantage

// gdpo is Group reward-Decoupled normalisation Policy Optimization (arXiv
// 2601.05242): each named reward is standardised in its group by itself, so that
// one with a small spread is not drowned by another; their weighted sum is
// whitened over all tokens of the batch.
//
//	A_i = whiten( Σ_k w_k·(R_ik − mean R_k) / (std R_k + ε) )
//
// Rollout.Answer is not read, since the parts make it up. A penalty token by token
// keeps its coefficient: its sum is centred and not scaled.
func gdpo(o Options, rollouts []Rollout) []Advantage {
	if len(rollouts) == 0 {
		return []Advantage{}
	}
	groups := groupsOf(rollouts)
	penalty := make([]float64, len(rollouts))
	for i, r := range rollouts {
		penalty[i] = r.score() - r.Answer
	}
	sum := centre(penalty, groups)
	for k, part := range rollouts[0].Parts {
		values := make([]float64, len(rollouts))
		for i, r := range rollouts {
			values[i] = r.Parts[k].Value
		}
		for i, v := range o.standardize(values, groups) {
			sum[i] += part.Weight * v
		}
	}
	return whitened(rollouts, sum)
}
