package advantage

// reinforcePlusPlus is REINFORCE++ (arXiv 2501.03262): the discounted rewards
// from each token on, whitened over all tokens of the batch. It compares a
// rollout with the whole batch, so a group of equal rewards gets no 0.
//
//	G_t = r_t + γ·G_t+1        A_t = (G_t − mean G) / √(var G + 1e-8)
func reinforcePlusPlus(o Options, rollouts []Rollout) []Advantage {
	tokens := make([][]float64, len(rollouts))
	for i, r := range rollouts {
		tokens[i] = discounted(r.tokenRewards(), orOne(o.Discount))
	}
	whiten(tokens)
	return varying(rollouts, tokens)
}

// reinforcePlusPlusBaseline is the same paper's variant for groups: the reward,
// centred in its group, then whitened over all tokens of the batch. Whitening
// moves a group of equal rewards off 0 by the batch's mean over tokens, which is
// not 0 where right and wrong responses differ in length.
func reinforcePlusPlusBaseline(_ Options, rollouts []Rollout) []Advantage {
	return whitened(rollouts, centre(scores(rollouts)))
}
