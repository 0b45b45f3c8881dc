package advantage

import (
	"fmt"
	"math"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Rollout is what an estimator may know of one sampled response. An estimator
// uses the fields its formula names and ignores the rest.
type Rollout struct {
	// Group identifies the rollouts that are compared with one another.
	Group string
	// Accuracy is the reward of the answer, usually 0 or 1.
	Accuracy float64
	// Calibration is the reward of the stated confidence, usually at most 0.
	Calibration float64
	// Confidence is the stated confidence; meaningless unless HasConfidence.
	Confidence float64
	// HasConfidence is false where the response states no readable confidence.
	HasConfidence bool
	// Length is the number of sampled response tokens, the end token included.
	Length int
	// Span holds the tokens of the stated confidence, [Start, End) within
	// [0, Length); ignored unless HasConfidence.
	Span verbal.Span
}

// Advantage is what one rollout is credited with.
type Advantage struct {
	// Answer is the advantage of the tokens before the confidence span, and
	// Confidence that of the tokens inside it. Estimators that do not tell the
	// two apart set both to the same value.
	Answer, Confidence float64
	// Tokens is the advantage of each response token, [Rollout.Length].
	Tokens []float64
}

// Estimator computes the advantages of one batch. Result i belongs to
// rollouts[i], and the order of the rollouts changes nothing else. It fails on
// rewards that are not finite numbers and on spans outside the response.
type Estimator interface {
	Estimate(rollouts []Rollout) ([]Advantage, error)
}

// check refuses rollouts that would put NaN or a shifted span into a loss.
func check(rollouts []Rollout) error {
	for i, r := range rollouts {
		for _, reward := range []float64{r.Accuracy, r.Calibration} {
			if math.IsNaN(reward) || math.IsInf(reward, 0) {
				return fmt.Errorf("rollout %d of group %q: accuracy reward %v and calibration reward %v must both be finite", i, r.Group, r.Accuracy, r.Calibration)
			}
		}
		if r.Length < 0 {
			return fmt.Errorf("rollout %d of group %q has %d response tokens", i, r.Group, r.Length)
		}
		if r.HasConfidence && (r.Span.Start < 0 || r.Span.Empty() || r.Span.End > r.Length) {
			return fmt.Errorf("rollout %d of group %q states a confidence, but its span [%d, %d) is not inside its %d response tokens; take it from verbal.TokenSpan",
				i, r.Group, r.Span.Start, r.Span.End, r.Length)
		}
	}
	return nil
}
