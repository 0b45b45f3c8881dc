package advantage

// rloo is REINFORCE Leave-One-Out (arXiv 2402.14740): the reward less the mean
// of the group's other rollouts. A group of one has no others, and its baseline
// is 0.
//
//	A_i = R_i − (Σ R − R_i) / (n − 1) = (R_i − mean R)·n / (n − 1)
func rloo(_ Options, rollouts []Rollout) []Advantage {
	values, groups := scores(rollouts)
	out := centre(values, groups)
	for _, indices := range members(groups) {
		if n := float64(len(indices)); n > 1 {
			for _, i := range indices {
				out[i] *= n / (n - 1)
			}
		}
	}
	return uniform(rollouts, out)
}
