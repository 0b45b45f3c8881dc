package advantage

import "math"

// ccgspg is C²GSPG (arXiv 2509.23129): the centred reward over the doubt of the
// policy, where C is the geometric mean of the probabilities of the response's
// tokens. A group of one gets 0.
//
//	A_i = (R_i − mean R) / (1 − C_i + ε)        C_i = exp(mean_t log p(token t))
//
// A response that is all but certain is divided by nearly 0: one whose tokens have
// probability 0.999 counts a thousandfold. StdFloor bounds that; NoStd does not
// apply.
func ccgspg(o Options, rollouts []Rollout) []Advantage {
	values, groups := scores(rollouts)
	out := centre(values, groups)
	zeroAlone(out, groups)
	doubt := o.Scaling
	doubt.NoStd = false
	for i, r := range rollouts {
		if r.Length == 0 { // no token to credit, and no probability of one
			out[i] = 0
			continue
		}
		out[i] /= doubt.divisor(1 - math.Exp(min(r.MeanLogProb, 0)))
	}
	return uniform(rollouts, out)
}
