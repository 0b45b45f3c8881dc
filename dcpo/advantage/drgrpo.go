package advantage

// drGRPO is the advantage of Dr. GRPO (arXiv 2503.20783): the reward, centred in
// its group and not scaled, so that easy and hard problems, whose rewards hardly
// differ, get no more weight than others. The other half of that method is a loss
// without a response's length in its denominator.
//
//	A_i = R_i − mean R
//
// RLCR (arXiv 2507.16806) has the same advantage of another reward, correctness
// minus the squared gap of confidence and correctness.
func drGRPO(_ Options, rollouts []Rollout) []Advantage {
	return uniform(rollouts, centre(scores(rollouts)))
}
