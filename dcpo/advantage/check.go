package advantage

import (
	"errors"
	"fmt"
	"math"
)

// check refuses rollouts that would put NaN or a shifted token into a loss.
func check(rollouts []Rollout, needs Needs) error {
	for i, r := range rollouts {
		err := r.check(needs)
		if err == nil && needs.Parts {
			err = checkParts(r.Parts, rollouts[0].Parts)
		}
		if err != nil {
			return fmt.Errorf("rollout %d of group %q: %w", i, r.Group, err)
		}
	}
	return nil
}

func (r Rollout) check(needs Needs) error {
	if !finite(r.Answer, r.Calibration) {
		return fmt.Errorf("answer reward %v and calibration reward %v must both be finite", r.Answer, r.Calibration)
	}
	if r.Length < 0 {
		return fmt.Errorf("it has %d response tokens", r.Length)
	}
	if r.HasConfidence && (r.Span.Start < 0 || r.Span.Empty() || r.Span.End > r.Length) {
		return fmt.Errorf("it states a confidence, but its span [%d, %d) is not inside its %d response tokens; take it from verbal.TokenSpan",
			r.Span.Start, r.Span.End, r.Length)
	}
	if r.TokenRewards != nil {
		if err := checkTokens("token reward", r.TokenRewards, r.Length); err != nil {
			return err
		}
	}
	if needs.Values {
		if err := checkTokens("value", r.Values, r.Length); err != nil {
			return err
		}
	}
	if needs.Baseline && !finite(r.Baseline) {
		return fmt.Errorf("the greedy answer's reward is %v, want a finite number", r.Baseline)
	}
	if needs.LogProbs && (!finite(r.MeanLogProb) || r.MeanLogProb > logProbSlack) {
		return fmt.Errorf("its mean log-prob is %v, want a finite number of at most 0", r.MeanLogProb)
	}
	return nil
}

// logProbSlack is how far above 0 float32 rounding may carry a log-prob.
const logProbSlack = 1e-3

func checkTokens(what string, values []float64, length int) error {
	if len(values) != length {
		return fmt.Errorf("it has %d response tokens but %d of %ss; want one a token", length, len(values), what)
	}
	for t, v := range values {
		if !finite(v) {
			return fmt.Errorf("%s %d is %v, want a finite number", what, t, v)
		}
	}
	return nil
}

// checkParts compares the named rewards of a rollout with those of the first.
func checkParts(parts, first []Part) error {
	if len(parts) == 0 {
		return errors.New("it has no named rewards; fill Rollout.Parts")
	}
	if len(parts) != len(first) {
		return fmt.Errorf("it has %d named rewards, the first rollout of the batch %d", len(parts), len(first))
	}
	seen := map[string]bool{}
	for k, p := range parts {
		switch {
		case !finite(p.Value, p.Weight):
			return fmt.Errorf("reward %q is %v with weight %v, want finite numbers", p.Name, p.Value, p.Weight)
		case p.Name != first[k].Name || p.Weight != first[k].Weight:
			return fmt.Errorf("reward %d is %q with weight %v, in the first rollout of the batch %q with weight %v", k, p.Name, p.Weight, first[k].Name, first[k].Weight)
		case seen[p.Name]:
			return fmt.Errorf("reward %q is there twice", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

func finite(values ...float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	return true
}
