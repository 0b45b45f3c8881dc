package advantage

// dcpo is Decoupled Calibration Policy Optimization (arXiv 2603.09117): two
// standardised rewards, each on its own tokens.
//
//	A^acc_i = (r_i − mean r) / (std r + ε)      on tokens before the confidence
//	A^cal_i = (s_i − mean s) / (std s + ε)      on the confidence
func dcpo(o Options, rollouts []Rollout) []Advantage {
	if o.Placement == Released {
		return released(o, rollouts)
	}
	answer, confidence := streams(rollouts)
	groups := groupsOf(rollouts)
	return split(rollouts, o.standardize(answer, groups), o.standardize(confidence, groups))
}
