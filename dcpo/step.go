package dcpo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Step makes one training step: ask, grade and reward, score, credit, update, publish. An error leaves the step unmade: the next
// call asks the same problems again, though some of the failed step's updates may have been applied.
func (t *Trainer) Step(ctx context.Context) (StepReport, error) {
	s := t.newStep()
	at, err := t.source.state()
	if err != nil {
		return StepReport{}, err
	}
	if err := t.makeStep(s.memory.Watch(ctx), s); err != nil {
		err = fmt.Errorf("step %d of %d, %s: %w", t.Steps()+1, t.cfg.Train.Steps, s.phase, err)
		return StepReport{}, errors.Join(err, t.source.restore(at))
	}
	r := s.report()
	return r, t.warn(s, r)
}

func (t *Trainer) makeStep(ctx context.Context, s *step) error {
	if err := t.collect(ctx, s); err != nil { // rollouts, graded and rewarded; dynamic sampling asks again
		return err
	}
	s.begin("score")
	if err := t.score(ctx, s); err != nil { // log-probs under the policy and its reference, values
		return err
	}
	s.begin("credit")
	if err := t.credit(s); err != nil { // advantages, token weights and what else the loss reads
		return err
	}
	s.begin("update")
	if err := t.update(ctx, s); err != nil { // mini-batches × micro-batches
		return err
	}
	s.begin("publish")
	if err := t.publish(ctx, s); err != nil { // new weights to other engines; curriculum and KL coefficient follow
		return err
	}
	s.begin("")
	return nil
}

// step is what one training step gathers.
type step struct {
	t        *Trainer
	number   int // from 0
	prompts  int // problems to ask
	window   int // longest response allowed
	phase    string
	began    time.Time
	timing   Timing
	memory   mesh.Peak
	peaks    map[string]int64 // by phase: bytes of each device's memory at the highest
	residue  map[string]int64 // by phase: bytes that arrays take of each device after it
	asked    []Rollout        // all rollouts
	rollouts []Rollout        // those that are learned from
	failed   map[string]int   // rewards lost, by cause
	batch    *learner.Batch
	scores   learner.Scores
	alike    []float32 // the trainer's log-probs of what the engine's are of, to compare them with; [rows × window]
	mismatch loss.Mismatch
	updates  []learner.Report
	skipped  int // updates whose gradient was not finite
	parts    *GradientParts

	divergence float64 // from the reference policy, of a KL term in the reward; nats a token
}

func (t *Trainer) newStep() *step {
	return &step{t: t, number: t.progress.Step, prompts: t.cfg.Train.Prompts, window: t.window(), timing: Timing{}, peaks: map[string]int64{}, residue: map[string]int64{}, failed: map[string]int{}}
}

// begin ends the phase at hand and starts the next one; "" starts none.
func (s *step) begin(phase string) {
	now := time.Now()
	if s.phase != "" {
		s.timing[s.phase] += now.Sub(s.began)
		_, bytes := s.memory.Take()
		s.peaks[s.phase] = max(s.peaks[s.phase], bytes)
		s.residue[s.phase] = s.t.model.HeldBytes()
	}
	s.phase, s.began = phase, now
	if s.t.OnPhase != nil && phase != "" {
		s.t.OnPhase(phase)
	}
}

// score computes the policy's and the reference's log-probs, and the value head's predictions. The policy's are computed anew by
// the learner's own program rather than taken from the rollouts, so that ratios start at 1; how far the two differ is reported,
// and ends the run where that was asked for.
func (t *Trainer) score(ctx context.Context, s *step) error {
	if len(s.rollouts) == 0 {
		return nil
	}
	s.batch = packTokens(s.rollouts, s.window)
	micro, temperature := t.cfg.Optimizer.MicroRows, t.cfg.Rollout.Temperature
	var err error
	if s.scores, err = t.model.Score(ctx, s.batch, temperature, micro); err != nil {
		return err
	}
	s.batch.Fields[loss.OldLogProbs], s.alike = s.scores.LogProbs, s.scores.LogProbs
	if t.engine.raw() && temperature != 1 {
		plain, err := t.model.Score(ctx, s.batch, 1, micro)
		if err != nil {
			return err
		}
		s.alike = plain.LogProbs
	}
	if err := s.compare(); err != nil {
		return err
	}
	if limit := t.cfg.Rollout.StopGap; limit > 0 && s.mismatch.MeanGap > limit {
		return fmt.Errorf("sampled and scored log-probs differ by %.4g nats on average, more than rollout.stop_gap %g: the engine samples from another policy than the one that is trained",
			s.mismatch.MeanGap, limit)
	}
	if t.reference == nil {
		return nil
	}
	ref, err := t.reference.Score(ctx, s.batch, temperature, micro)
	if err != nil {
		return fmt.Errorf("reference policy: %w", err)
	}
	s.batch.Fields[loss.RefLogProbs] = ref.LogProbs
	return nil
}

// update makes one optimizer step for each mini-batch, or two where rare and likely tokens are isolated.
func (t *Trainer) update(ctx context.Context, s *step) error {
	if len(s.rollouts) == 0 {
		return nil
	}
	if every := t.cfg.Train.PartsEvery; every > 0 && s.number%every == 0 {
		if err := t.compareParts(ctx, s); err != nil {
			return err
		}
	}
	t.moved = true
	minis, err := t.miniBatches(s)
	if err != nil {
		return err
	}
	for _, mini := range minis {
		r, err := t.learner.Update(ctx, mini, t.objective, t.cfg.Rollout.Temperature, t.rateAt(s.number))
		switch {
		case errors.Is(err, learner.ErrNotFinite):
			s.skipped++
			if err := t.spoiled(mini, s.number+1, err); err != nil {
				return err
			}
			continue
		case err != nil:
			return err
		}
		t.BadUpdates = 0
		s.updates = append(s.updates, r)
	}
	return nil
}

// publish ends the step: other engines get the new weights, curriculum and KL coefficient follow what was seen.
func (t *Trainer) publish(ctx context.Context, s *step) error {
	if err := t.engine.publish(ctx, s.number+1); err != nil {
		return err
	}
	if err := t.learn(s); err != nil {
		return err
	}
	t.progress.Step++
	t.moved, t.last = false, s.asked
	return nil
}

// rateAt is the learning rate of a step, from 0.
func (t *Trainer) rateAt(step int) float64 {
	lr := t.cfg.Optimizer.LR
	if w := t.cfg.Optimizer.LRWarmup; step < w {
		lr *= float64(step+1) / float64(w)
	}
	return lr
}
