package dcpo

import (
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/alarm"
	"github.com/dcpo-go/godcpo/dcpo/config"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reward"
)

// figures are what the alarms look at.
func (s *step) figures(r StepReport) alarm.Figures {
	f := alarm.Figures{Step: r.Step, Rollouts: r.Rollouts, Loss: r.Loss, GradNorm: r.GradNorm, Updates: r.Updates + r.Skipped, NotFinite: r.Skipped,
		Tokens: r.Tokens, Gap: r.Mismatch.MeanGap, MismatchKL: r.Mismatch.KL, Entropy: r.Entropy, ReferenceKL: r.Metrics[loss.MetricRefKL],
		ClipFraction: r.Metrics[loss.MetricClipped], Times: r.Timing, Residue: s.residue, Panics: r.Failures[reward.Panicked], TimeOuts: r.Failures[reward.TimedOut]}
	f.Answer = s.advantages(func(o *Rollout) float64 { return o.Reward.Answer }, r.Answer)
	if s.t.recipe.Method.Calibration == config.Decoupled {
		f.Confidence = s.advantages(func(o *Rollout) float64 { return o.Reward.Confidence }, r.Confidence)
	}
	for i := range s.asked {
		one := &s.asked[i]
		switch {
		case one.Stated.HasConfidence:
			f.Confidences = append(f.Confidences, one.Stated.Confidence)
		default:
			f.Missing++
		}
		if one.Response.Truncated {
			f.Truncated++
		}
		if one.Verdict.Reason == grade.ReasonNotFound || one.Verdict.Reason == grade.ReasonUnreadable || one.Verdict.Reason == grade.ReasonNotNumber {
			f.Unreadable++
		}
	}
	return f
}

// advantages counts the groups of one stream, over all rollouts that were asked for.
func (s *step) advantages(reward func(*Rollout) float64, m Moments) alarm.Advantages {
	first, varies := map[int]float64{}, map[int]bool{}
	for i := range s.asked {
		one := &s.asked[i]
		value, known := first[one.Group]
		if !known {
			first[one.Group] = reward(one)
			continue
		}
		varies[one.Group] = varies[one.Group] || reward(one) != value
	}
	a := alarm.Advantages{Groups: len(first), Mean: m.Mean, Std: m.Std}
	for g := range first {
		if !varies[g] {
			a.Equal++
		}
	}
	return a
}
