package dcpo

import (
	"context"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Step makes one training step: ask, grade, credit, score, update.
func (t *Trainer) Step(ctx context.Context) (StepReport, error) {
	cfg, clock := t.cfg, newClock()
	problems, err := t.task.Batch(cfg.Train.Seed, t.step, cfg.Train.Prompts)
	if err != nil {
		return StepReport{}, err
	}
	rollouts, err := sample(ctx, t.model, t.task, problems, cfg.Train.GroupSize, backend.Sampling{
		Temperature: cfg.Rollout.Temperature, MaxNewTokens: cfg.Rollout.MaxNewTokens, MaxRows: cfg.Rollout.Rows,
		Seed: mix(cfg.Train.Seed, uint64(t.step)+1<<40)})
	if err != nil {
		return StepReport{}, err
	}
	clock.lap(&clock.Rollout)

	judge(t.task, cfg.Confidence, rollouts)
	if err := credit(rollouts, cfg.rewardOptions(), t.estimator); err != nil {
		return StepReport{}, err
	}
	clock.lap(&clock.Grade)

	miniRows := cfg.Train.MiniBatch * cfg.Train.GroupSize
	batch, err := packRollouts(rollouts, cfg.Rollout.MaxNewTokens, miniRows, cfg.Loss.Aggregation)
	if err != nil {
		return StepReport{}, err
	}
	scores, err := t.score(ctx, batch)
	if err != nil {
		return StepReport{}, err
	}
	clock.lap(&clock.Score)

	updates, err := t.update(ctx, batch, miniRows)
	if err != nil {
		return StepReport{}, err
	}
	clock.lap(&clock.Update)

	t.step++
	t.last = rollouts
	return report(t.step, rollouts, batch, scores, updates, clock.Timing), nil
}

// score adds the old and the reference policy's log-probs to the batch. The old ones are computed anew by the learner's own
// program rather than taken from the rollouts, so that ratios start at 1; the difference is reported.
func (t *Trainer) score(ctx context.Context, b *learner.Batch) (learner.Scores, error) {
	micro := t.cfg.Optimizer.MicroRows
	scores, err := t.model.Score(ctx, b, t.cfg.Rollout.Temperature, micro)
	if err != nil {
		return scores, err
	}
	b.Fields[loss.OldLogProbs] = scores.LogProbs
	if t.reference != nil {
		ref, err := t.reference.Score(ctx, b, t.cfg.Rollout.Temperature, micro)
		if err != nil {
			return scores, err
		}
		b.Fields[loss.RefLogProbs] = ref.LogProbs
	}
	return scores, nil
}

// update makes one optimizer step for each mini-batch.
func (t *Trainer) update(ctx context.Context, b *learner.Batch, miniRows int) ([]learner.Report, error) {
	var reports []learner.Report
	for from := 0; from < b.Rows; from += miniRows {
		r, err := t.learner.Update(ctx, b.Slice(from, min(from+miniRows, b.Rows)), t.objective, t.cfg.Rollout.Temperature, t.rate())
		if err != nil {
			return reports, err
		}
		reports = append(reports, r)
	}
	return reports, nil
}

// clock measures the phases of a step.
type clock struct {
	Timing
	last time.Time
}

func newClock() *clock { return &clock{last: time.Now()} }

func (c *clock) lap(phase *time.Duration) {
	now := time.Now()
	*phase = now.Sub(c.last)
	c.last = now
}
