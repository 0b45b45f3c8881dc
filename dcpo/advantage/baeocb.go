package advantage

// baeOCB is Blockwise Advantage Estimation with the Outcome-Conditioned Baseline
// (arXiv 2602.10231). The answer's tokens get the standardised answer reward as
// in DCPO. The confidence's tokens get the calibration reward compared with
// rollouts of the same group and the same outcome only: how well a confidence can
// do depends on whether the answer it speaks of is right, which is settled when
// the confidence begins, and is not its merit or fault.
//
//	A^conf_i = (s_i − mean{s_j : r_j = r_i}) / (std{s_j : r_j = r_i} + ε)
//
// The only right (or only wrong) rollout of its group has nothing to be compared
// with, and its confidence gets 0.
func baeOCB(o Options, rollouts []Rollout) []Advantage {
	answer, confidence := streams(rollouts)
	groups := groupsOf(rollouts)
	outcomes := make([]string, len(rollouts))
	for i, r := range rollouts {
		outcomes[i] = groups[i] + " wrong"
		if r.Correct {
			outcomes[i] = groups[i] + " right"
		}
	}
	confidence = o.standardize(confidence, outcomes)
	zeroAlone(confidence, outcomes)
	return split(rollouts, o.standardize(answer, groups), confidence)
}
