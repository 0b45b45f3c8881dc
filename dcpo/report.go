package dcpo

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Phases of a step, as Timing and memory are reported by.
var phases = []string{"rollout", "grade", "score", "credit", "update", "publish", "save"}

// Timing is how long each phase of a step took.
type Timing map[string]time.Duration

// Total is the whole step's time.
func (t Timing) Total() (sum time.Duration) {
	for _, d := range t {
		sum += d
	}
	return sum
}

// StepReport is what one step did. Figures about answers and confidences are over all of the step's rollouts, those left out by
// dynamic sampling included.
type StepReport struct {
	Step     int
	Rollouts int // sampled
	Trained  int // learned from: fewer with dynamic sampling
	Tokens   int // sampled response tokens
	// Summary holds accuracy, stated confidence and calibration of the rollouts (20 bins).
	Summary calibration.Summary
	// ConfidenceStd is the standard deviation of the stated confidences, ConfidenceEnds the share of them that is exactly 0 or 1.
	ConfidenceStd, ConfidenceEnds float64
	// MeanTarget is the mean calibration target, MeanCalibration the mean calibration reward.
	MeanTarget, MeanCalibration float64
	// Rewards are the means of the parts of the reward, by name, unweighted.
	Rewards map[string]float64
	// Failures counts rewards that were lost and answers that could not be read, by cause.
	Failures map[string]int
	// EqualGroups is the share of groups whose answers earned the same, which teach the answer nothing.
	EqualGroups float64
	// Answer and Confidence describe the advantages of the two streams over the rollouts trained on.
	Answer, Confidence Moments
	// Truncated is the share of responses cut off by the length limit.
	Truncated float64
	// MeanLength is the mean number of response tokens, MaxLength the largest.
	MeanLength float64
	MaxLength  int
	// Entropy is the mean entropy of the response tokens' distributions, in nats.
	Entropy float64
	// Mismatch compares sampled with scored log-probs: rollout and training should agree.
	Mismatch loss.Mismatch
	// Loss, GradNorm and Metrics (see package loss) are means over the step's updates; Skipped counts those that were not finite.
	Loss, GradNorm float64
	Metrics        map[string]float64
	Updates        int
	Skipped        int
	// Parts compares the gradients of reasoning and of confidence tokens; nil in steps that do not measure it.
	Parts *GradientParts
	// LR is the learning rate, KLCoef the coefficient of the KL term, Difficulty the curriculum's target (NaN without one).
	LR, KLCoef, Difficulty float64
	Timing                 Timing
	// Memory is the computed peak of each device in each phase, in bytes; see mesh.Peak.
	Memory map[string]int64
}

// Moments are mean and standard deviation of advantages.
type Moments struct{ Mean, Std float64 }

// GradientParts are the gradients of one batch's reasoning and confidence tokens: their norms, and the cosine between them.
type GradientParts struct{ Reasoning, Confidence, Cosine float64 }

// TokensPerSecond is the rate of response tokens over the whole step.
func (r StepReport) TokensPerSecond() float64 {
	return float64(r.Tokens) / max(1e-9, r.Timing.Total().Seconds())
}

// String is one line for a log.
func (r StepReport) String() string {
	return fmt.Sprintf("step %d: accuracy %.3f, confidence %s, ECE %.3f, PCE %.3f, AUROC %s, missing %.1f %%, KL %.4f, |grad| %.2f, %.0f tokens/s, %.1f s",
		r.Step, r.Summary.Accuracy, calibration.Format(r.Summary.MeanStated), r.Summary.ECE, r.Summary.PCE, calibration.Format(r.Summary.AUROC),
		100*r.Summary.ShareMissing, r.Metrics[loss.MetricRefKL], r.GradNorm, r.TokensPerSecond(), r.Timing.Total().Seconds())
}

// LogValue groups the figures for structured logs.
func (r StepReport) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Values are all scalar figures by name, as written to metrics.jsonl. Undefined ones are NaN.
func (r StepReport) Values() map[string]float64 {
	v := map[string]float64{
		"accuracy": r.Summary.Accuracy, "confidence": r.Summary.MeanStated, "confidence_missing": r.Summary.ShareMissing,
		"confidence_std": r.ConfidenceStd, "confidence_ends": r.ConfidenceEnds,
		"ece": r.Summary.ECE, "pce": r.Summary.PCE, "brier": r.Summary.Brier, "auroc": r.Summary.AUROC,
		"calibration_target": r.MeanTarget, "calibration_reward": r.MeanCalibration, "equal_groups": r.EqualGroups,
		"advantage_answer_mean": r.Answer.Mean, "advantage_answer_std": r.Answer.Std,
		"advantage_confidence_mean": r.Confidence.Mean, "advantage_confidence_std": r.Confidence.Std,
		"rollouts": float64(r.Rollouts), "trained": float64(r.Trained), "tokens": float64(r.Tokens),
		"truncated": r.Truncated, "response_tokens": r.MeanLength, "response_tokens_max": float64(r.MaxLength), "entropy": r.Entropy,
		"logprob_gap": r.Mismatch.MeanGap, "logprob_gap_max": r.Mismatch.MaxGap, "logprob_kl": r.Mismatch.KL,
		"loss": r.Loss, "grad_norm": r.GradNorm, "updates_skipped": float64(r.Skipped), "lr": r.LR, "kl_coef": r.KLCoef,
		"tokens_per_second": r.TokensPerSecond(), "seconds": r.Timing.Total().Seconds(),
	}
	for _, phase := range phases {
		if d, ok := r.Timing[phase]; ok {
			v["seconds_"+phase] = d.Seconds()
		}
		if bytes := r.Memory[phase]; bytes > 0 {
			v["device_bytes_"+phase] = float64(bytes)
		}
	}
	add := func(prefix string, more map[string]float64) {
		for name, x := range more {
			v[prefix+name] = x
		}
	}
	add("loss/", r.Metrics)
	add("reward/", r.Rewards)
	for name, n := range r.Failures {
		v["failed/"+name] = float64(n)
	}
	if r.Parts != nil {
		add("gradient/", map[string]float64{"reasoning": r.Parts.Reasoning, "confidence": r.Parts.Confidence, "cosine": r.Parts.Cosine})
	}
	if r.Difficulty == r.Difficulty {
		v["difficulty"] = r.Difficulty
	}
	return v
}

// report sums the step up.
func (s *step) report() StepReport {
	t := s.t
	r := StepReport{Step: s.number + 1, Rollouts: len(s.asked), Trained: len(s.rollouts), Rewards: map[string]float64{}, Failures: s.failed, Metrics: map[string]float64{},
		Mismatch: s.mismatch, Updates: len(s.updates), Skipped: s.skipped, Parts: s.parts, LR: t.rateAt(s.number), KLCoef: t.cfg.Loss.KLCoef, Difficulty: math.NaN(),
		Timing: s.timing, Memory: s.peaks}
	if t.recipe.Reference && t.cfg.Loss.KLIn == "reward" {
		r.KLCoef = t.KL.Coefficient
	}
	if t.source.order != nil {
		r.Difficulty = t.source.order.Difficulty()
	}
	r.describe(s.asked)
	r.measureAdvantages(s.rollouts)
	tokens := 0
	for i := range s.rollouts {
		n := len(s.rollouts[i].Response.Tokens)
		for _, e := range s.scores.Entropy[i*s.window : i*s.window+n] {
			r.Entropy += float64(e)
		}
		tokens += n
	}
	r.Entropy /= float64(max(1, tokens))
	for _, u := range s.updates {
		share := 1 / float64(len(s.updates))
		r.Loss += u.Loss * share
		r.GradNorm += u.GradNorm * share
		for name, v := range u.Metrics {
			r.Metrics[name] += v * share
		}
	}
	return r
}

// describe measures all rollouts of a step.
func (r *StepReport) describe(rollouts []Rollout) {
	n := float64(len(rollouts))
	answers := make([]calibration.Answer, len(rollouts))
	groups := map[int][]float64{}
	var stated []float64
	for i := range rollouts {
		one := &rollouts[i]
		answers[i] = one.answer()
		groups[one.Group] = append(groups[one.Group], one.Reward.Answer)
		if one.Stated.HasConfidence {
			stated = append(stated, one.Stated.Confidence)
		}
		if one.Response.Truncated {
			r.Truncated += 1 / n
		}
		length := len(one.Response.Tokens)
		r.Tokens, r.MaxLength = r.Tokens+length, max(r.MaxLength, length)
		r.MeanTarget += one.Reward.Target / n
		r.MeanCalibration += one.Reward.Calibration / n
		for _, p := range one.Reward.Parts {
			r.Rewards[p.Name] += p.Value / n
		}
	}
	r.MeanLength = float64(r.Tokens) / n
	r.Summary = calibration.Summarize(answers, calibration.DefaultBins)
	r.ConfidenceStd = momentsOf(stated).Std
	for _, c := range stated {
		if c == 0 || c == 1 {
			r.ConfidenceEnds += 1 / float64(len(stated))
		}
	}
	for _, rewards := range groups {
		if slices.Min(rewards) == slices.Max(rewards) {
			r.EqualGroups += 1 / float64(len(groups))
		}
	}
}

// measureAdvantages describes both streams of the rollouts that were trained on.
func (r *StepReport) measureAdvantages(rollouts []Rollout) {
	answer, confidence := make([]float64, len(rollouts)), make([]float64, len(rollouts))
	for i := range rollouts {
		answer[i], confidence[i] = rollouts[i].Advantage.Answer, rollouts[i].Advantage.Confidence
	}
	r.Answer, r.Confidence = momentsOf(answer), momentsOf(confidence)
}

// momentsOf are the mean and the standard deviation of values; 0 of none.
func momentsOf(values []float64) (m Moments) {
	n := float64(len(values))
	for _, v := range values {
		m.Mean += v / n
	}
	for _, v := range values {
		m.Std += (v - m.Mean) * (v - m.Mean) / n
	}
	m.Std = math.Sqrt(m.Std)
	return m
}
