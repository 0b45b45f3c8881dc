package alarm

import (
	"fmt"
	"math"
)

// fewConfidences is how many say something about their spread.
const fewConfidences = 8

// confidenceRules look at what confidences are stated.
var confidenceRules = []rule{
	{
		name: "missing_confidence",
		why:  "Such responses get the calibration reward of the worst confidence and teach the confidence tokens little",
		try:  "a few responses in samples.html, confidence.prompt, or a warm-up that teaches stating one",
		see: func(o Options, _ []Figures, f Figures) string {
			if !exceeds(f.Missing, f.Rollouts, o.MissingConfidence) {
				return ""
			}
			return fmt.Sprintf("%s of the responses state no readable confidence, the limit is %s", share(f.Missing, f.Rollouts), percent(o.MissingConfidence))
		},
	},
	{
		name: "constant_confidence",
		why:  "A confidence that is always the same can match the mean accuracy, so ECE may look good, but tells right answers from wrong ones no better than chance",
		try:  "problems of more varied difficulty, a higher rollout.temperature, DCPO rather than a reward that mixes accuracy and confidence, a larger loss.confidence_weight",
		see: func(o Options, _ []Figures, f Figures) string {
			if o.ConfidenceStd < 0 || len(f.Confidences) < fewConfidences {
				return ""
			}
			mean, std := meanStd(f.Confidences)
			if !(std < o.ConfidenceStd) {
				return ""
			}
			return fmt.Sprintf("the %d stated confidences have a standard deviation of %.2g around %.3g, less than %g", len(f.Confidences), std, mean, o.ConfidenceStd)
		},
	},
	{
		name: "extreme_confidence",
		why:  "The confidence has become a verdict: where it is wrong it is wrong by as much as can be, and there are no shades left to learn from",
		try:  "the group's accuracy in the target (DCPO or DCPO-G, reward.gamma), a lower optimizer.lr, a KL penalty",
		see: func(o Options, _ []Figures, f Figures) string {
			ends := 0
			for _, c := range f.Confidences {
				if c == 0 || c == 1 {
					ends++
				}
			}
			if len(f.Confidences) < fewConfidences || !exceeds(ends, len(f.Confidences), o.ConfidenceEnds) {
				return ""
			}
			return fmt.Sprintf("%s of the stated confidences are exactly 0 or 1, the limit is %s", share(ends, len(f.Confidences)), percent(o.ConfidenceEnds))
		},
	},
}

// meanStd are the mean and the standard deviation (by n) of the values.
func meanStd(values []float64) (mean, std float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		std += (v - mean) * (v - mean) / n
	}
	return mean, math.Sqrt(std)
}
