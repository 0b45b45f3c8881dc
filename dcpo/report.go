package dcpo

import (
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Timing is how long the phases of a step took.
type Timing struct {
	Rollout, Grade, Score, Update time.Duration
}

// Total is the whole step's time.
func (t Timing) Total() time.Duration { return t.Rollout + t.Grade + t.Score + t.Update }

// StepReport is what one step did. Figures about answers and confidences are over the step's rollouts.
type StepReport struct {
	Step     int
	Rollouts int
	Tokens   int // sampled response tokens
	// Summary holds accuracy, stated confidence and calibration of the rollouts (20 bins).
	Summary calibration.Summary
	// MeanTarget is the mean calibration target, MeanCalibration the mean calibration reward.
	MeanTarget, MeanCalibration float64
	// EqualGroups is the share of groups whose answers are all right or all wrong, which teach the answer nothing.
	EqualGroups float64
	// Truncated is the share of responses cut off by the length limit.
	Truncated float64
	// MeanLength is the mean number of response tokens.
	MeanLength float64
	// Entropy is the mean entropy of the response tokens' distributions, in nats.
	Entropy float64
	// Gap is the mean |sampled − scored| log-prob: rollout and training should agree. GapMax is the largest.
	Gap, GapMax float64
	// Loss, GradNorm and Metrics (see package loss) are means over the step's updates.
	Loss, GradNorm float64
	Metrics        map[string]float64
	Timing         Timing
}

func report(step int, rollouts []Rollout, b *learner.Batch, scores learner.Scores, updates []learner.Report, timing Timing) StepReport {
	r := StepReport{Step: step, Rollouts: len(rollouts), Metrics: map[string]float64{}, Timing: timing}
	n := float64(len(rollouts))
	answers := make([]calibration.Answer, len(rollouts))
	right, asked := map[int]int{}, map[int]int{}
	for i := range rollouts {
		one := &rollouts[i]
		answers[i] = one.answer()
		asked[one.Group]++
		if one.Verdict.Correct {
			right[one.Group]++
		}
		if one.Response.Truncated {
			r.Truncated += 1 / n
		}
		r.Tokens += len(one.Response.Tokens)
		r.MeanTarget += one.Reward.Target / n
		r.MeanCalibration += one.Reward.Calibration / n
		r.addTokens(one, scores, i*b.Window)
	}
	r.Entropy /= float64(max(1, r.Tokens))
	r.Gap /= float64(max(1, r.Tokens))
	r.MeanLength = float64(r.Tokens) / n
	r.Summary = calibration.Summarize(answers, calibration.DefaultBins)
	for g, k := range asked {
		if right[g] == 0 || right[g] == k {
			r.EqualGroups += 1 / float64(len(asked))
		}
	}
	for _, u := range updates {
		share := 1 / float64(len(updates))
		r.Loss += u.Loss * share
		r.GradNorm += u.GradNorm * share
		for name, v := range u.Metrics {
			r.Metrics[name] += v * share
		}
	}
	return r
}

// addTokens sums entropy and the gap between sampled and scored log-probs over one response.
func (r *StepReport) addTokens(one *Rollout, scores learner.Scores, at int) {
	for t, sampled := range one.Response.LogProbs {
		gap := math.Abs(float64(sampled - scores.LogProbs[at+t]))
		r.Gap += gap
		r.GapMax = max(r.GapMax, gap)
		r.Entropy += float64(scores.Entropy[at+t])
	}
}

// TokensPerSecond is the rate of response tokens over the whole step.
func (r StepReport) TokensPerSecond() float64 {
	return float64(r.Tokens) / r.Timing.Total().Seconds()
}

// String is one line for a log.
func (r StepReport) String() string {
	return fmt.Sprintf("step %d: accuracy %.3f, confidence %.3f, ECE %.3f, PCE %.3f, AUROC %s, missing %.1f %%, KL %.4f, |grad| %.2f, %.0f tokens/s, %.1f s",
		r.Step, r.Summary.Accuracy, r.Summary.MeanStated, r.Summary.ECE, r.Summary.PCE, calibration.Format(r.Summary.AUROC),
		100*r.Summary.ShareMissing, r.Metrics[loss.MetricRefKL], r.GradNorm, r.TokensPerSecond(), r.Timing.Total().Seconds())
}

// LogValue groups the figures for structured logs.
func (r StepReport) LogValue() slog.Value { return slog.StringValue(r.String()) }

// Values are all scalar figures by name, as written to metrics.jsonl. Undefined ones are NaN.
func (r StepReport) Values() map[string]float64 {
	v := map[string]float64{
		"accuracy": r.Summary.Accuracy, "confidence": r.Summary.MeanStated, "confidence_missing": r.Summary.ShareMissing,
		"ece": r.Summary.ECE, "pce": r.Summary.PCE, "brier": r.Summary.Brier, "auroc": r.Summary.AUROC,
		"calibration_target": r.MeanTarget, "calibration_reward": r.MeanCalibration, "equal_groups": r.EqualGroups,
		"truncated": r.Truncated, "response_tokens": r.MeanLength, "entropy": r.Entropy,
		"logprob_gap": r.Gap, "logprob_gap_max": r.GapMax, "loss": r.Loss, "grad_norm": r.GradNorm,
		"seconds_rollout": r.Timing.Rollout.Seconds(), "seconds_grade": r.Timing.Grade.Seconds(),
		"seconds_score": r.Timing.Score.Seconds(), "seconds_update": r.Timing.Update.Seconds(),
		"tokens_per_second": r.TokensPerSecond(),
	}
	for name, x := range r.Metrics {
		v["loss/"+name] = x
	}
	return v
}
