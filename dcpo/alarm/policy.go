package alarm

import (
	"fmt"
	"math"
	"slices"
)

// fewSteps is how many earlier steps a comparison with them needs.
const fewSteps = 5

// policyRules look at how the policy moves.
var policyRules = []rule{
	{
		name: "entropy_collapse",
		why:  "A policy without choice gives the same response to a problem each time: groups become equal and there is nothing left to learn from",
		try:  "a larger loss.clip_high, a small loss.entropy_coef, a larger loss.kl_coef, a lower optimizer.lr, a higher rollout.temperature",
		see: func(o Options, past []Figures, f Figures) string {
			if f.Tokens == 0 {
				return ""
			}
			if o.Entropy >= 0 && f.Entropy < o.Entropy {
				return fmt.Sprintf("the entropy is %.3g nats a token, less than %g", f.Entropy, o.Entropy)
			}
			var before []float64
			for _, p := range past {
				if p.Tokens > 0 && !math.IsNaN(p.Entropy) {
					before = append(before, p.Entropy)
				}
			}
			if usual := median(before); o.EntropyDrop >= 0 && len(before) >= fewSteps && f.Entropy < o.EntropyDrop*usual {
				return fmt.Sprintf("the entropy is %.3g nats a token, less than %s of the %.3g that it was in the median of %d steps", f.Entropy, percent(o.EntropyDrop), usual, len(before))
			}
			return ""
		},
	},
	{
		name: "kl_runaway",
		why:  "The policy leaves the model it came from; what that one knew is lost before the rewards show it",
		try:  "a larger loss.kl_coef, loss.kl_target, a lower optimizer.lr",
		see: func(o Options, _ []Figures, f Figures) string {
			if !above(f.ReferenceKL, o.ReferenceKL) {
				return ""
			}
			return fmt.Sprintf("the divergence from the reference policy is %.4g nats a token, more than %g", f.ReferenceKL, o.ReferenceKL)
		},
	},
	{
		name: "clipped",
		why:  "The updates of a step move the policy so far that the later ones are mostly cut off, so much of the step is wasted",
		try:  "a lower optimizer.lr, fewer updates a step (a larger train.mini_batch)",
		see: func(o Options, _ []Figures, f Figures) string {
			if !above(f.ClipFraction, o.ClipFraction) {
				return ""
			}
			return fmt.Sprintf("the ratio of %s of the tokens is clipped, the limit is %s", percent(f.ClipFraction), percent(o.ClipFraction))
		},
	},
}

// median of values, the mean of the middle two where their number is even; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	n := len(values)
	return (values[(n-1)/2] + values[n/2]) / 2
}
