package advantage

// gpg is Group Policy Gradient (arXiv 2504.02546): the centred reward, scaled by
// α, the number of rollouts of the batch over those whose reward is not 0, which
// makes up for rollouts that have nothing to teach.
//
//	A_i = α·(R_i − mean R)
func gpg(_ Options, rollouts []Rollout) []Advantage {
	values, groups := scores(rollouts)
	rewarded := 0
	for _, v := range values {
		if v != 0 {
			rewarded++
		}
	}
	alpha := float64(len(values)) / float64(max(rewarded, 1))
	out := centre(values, groups)
	for i := range out {
		out[i] *= alpha
	}
	return uniform(rollouts, out)
}
