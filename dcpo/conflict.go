package dcpo

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Conflict tells how the gradient of the accuracy reward and that of the calibration reward lie to each other, on the same rollouts: the paper's argument for
// decoupling them. Both are gradients of the policy loss alone, without a KL term, with advantages standardised in their groups, each reward by itself.
//
// Cosines are 1 where the two want the same of the weights, 0 where they do not touch each other and −1 where one undoes the other; 0 too where a gradient is zero.
type Conflict struct {
	// Rollouts is the number of responses measured, Spans how many of them state a confidence.
	Rollouts, Spans int
	// Shared is the cosine where both rewards are given to every token, as where they are added up. Separated is that where each is given to its own
	// tokens, as in DCPO: accuracy to the reasoning, calibration to the confidence (to the last token where none is stated).
	Shared, Separated float64
	// Reasoning and Confidence are the cosines where both rewards are given to the reasoning's tokens alone, and to the confidence's alone.
	Reasoning, Confidence float64
	// Correlation is that of the two advantages over the rollouts, with their group means taken off: where an answer that is right also earns more for its
	// confidence than the others of its group, the gradients on shared tokens tend to agree. NaN where one of the two is the same for all.
	Correlation float64
	// Lengths of the gradients of each reward on each kind of token: before any clipping, over all trainable parameters, each token weighed as the
	// configuration's loss weighs it.
	AccuracyNorms, CalibrationNorms TokenNorms
}

// TokenNorms are lengths of a reward's gradient by the tokens that it is given to.
type TokenNorms struct{ Reasoning, Confidence, All float64 }

// MeasureConflict measures the rollouts of so many problems, with the weights as they are; 0 problems stands for train.prompts, which are those that the next
// step will learn from. Nothing changes: the next step samples the same problems with the same seeds as without. It takes a step's time, with seven backward
// passes in place of its updates.
func (t *Trainer) MeasureConflict(ctx context.Context, problems int) (Conflict, error) {
	if problems < 0 {
		return Conflict{}, fmt.Errorf("measure the gradients' conflict on %d problems: want a number above 0, or 0 for train.prompts", problems)
	}
	at, err := t.source.state()
	if err != nil {
		return Conflict{}, err
	}
	c, err := t.measureConflict(ctx, problems)
	if err = errors.Join(err, t.source.restore(at)); err != nil {
		return Conflict{}, fmt.Errorf("measure the gradients' conflict after step %d: %w", t.Steps(), err)
	}
	return c, nil
}

func (t *Trainer) measureConflict(ctx context.Context, problems int) (Conflict, error) {
	s := t.newStep()
	if problems > 0 {
		s.prompts = problems
	}
	if err := t.collect(ctx, s); err != nil {
		return Conflict{}, err
	}
	if len(s.rollouts) == 0 {
		return Conflict{}, errors.New("no group was left to learn from: all answers of each earned the same")
	}
	if err := t.score(ctx, s); err != nil {
		return Conflict{}, err
	}
	advantages, err := t.conflictingAdvantages(s)
	if err != nil {
		return Conflict{}, err
	}
	batches, err := t.conflictingBatches(s, advantages)
	if err != nil {
		return Conflict{}, err
	}
	compared, err := t.learner.CompareGradients(ctx, batches, loss.Policy(loss.Options{}), t.cfg.Rollout.Temperature)
	if err != nil {
		return Conflict{}, err
	}
	c := conflictOf(compared)
	c.Rollouts, c.Correlation = len(s.rollouts), correlation(advantages)
	for i := range s.rollouts {
		if s.rollouts[i].Span.Len() > 0 {
			c.Spans++
		}
	}
	return c, nil
}

// The batches of a conflict, in order: accuracy and calibration on the tokens of the reasoning, and on those of the confidence.
const (
	accuracyOnReasoning = iota
	accuracyOnConfidence
	calibrationOnReasoning
	calibrationOnConfidence
	conflictBatches
)

// conflictingAdvantages standardises the accuracy and the calibration reward of each rollout in its group, whatever the method rewards.
func (t *Trainer) conflictingAdvantages(s *step) ([]advantage.Advantage, error) {
	credited := make([]advantage.Rollout, len(s.rollouts))
	for i := range credited {
		r := &s.rollouts[i]
		credited[i] = r.credited(s.scores, i*s.window)
		credited[i].Answer, credited[i].Calibration = r.Reward.Accuracy, r.Reward.Calibration
	}
	streams, err := advantage.New("dcpo", advantage.Options{Scaling: t.recipe.Advantage.Scaling})
	if err != nil {
		return nil, err
	}
	return streams.Estimate(credited)
}

// conflictingBatches lays the step's rollouts out four times: each reward's advantages on each kind of token, 0 elsewhere.
func (t *Trainer) conflictingBatches(s *step, advantages []advantage.Advantage) ([]*learner.Batch, error) {
	weights, err := loss.TokenWeights(t.recipe.Aggregation, t.rows(s), s.window, t.recipe.Spans)
	if err != nil {
		return nil, err
	}
	batches := make([]*learner.Batch, conflictBatches)
	for b := range batches {
		batches[b] = s.batch.Slice(0, s.batch.Rows)
		batches[b].Fields[loss.TokenWeight] = weights
		batches[b].Fields[loss.Advantages] = make([]float32, len(weights))
	}
	for i, a := range advantages {
		span := s.rollouts[i].credited(s.scores, i*s.window).Credited()
		for k := range s.rollouts[i].Response.Tokens {
			accuracy, calibration := accuracyOnReasoning, calibrationOnReasoning
			if span.Start <= k && k < span.End {
				accuracy, calibration = accuracyOnConfidence, calibrationOnConfidence
			}
			batches[accuracy].Fields[loss.Advantages][i*s.window+k] = float32(a.Answer)
			batches[calibration].Fields[loss.Advantages][i*s.window+k] = float32(a.Confidence)
		}
	}
	return batches, nil
}

// correlation of the advantages for accuracy and calibration, whose means are 0.
func correlation(advantages []advantage.Advantage) float64 {
	var aa, ac, cc float64
	for _, a := range advantages {
		aa, ac, cc = aa+a.Answer*a.Answer, ac+a.Answer*a.Confidence, cc+a.Confidence*a.Confidence
	}
	return ac / math.Sqrt(aa*cc)
}

// conflictOf adds the parts up: a gradient is linear in its advantages, so that on all tokens is the sum of those on the two kinds.
func conflictOf(g learner.Comparison) Conflict {
	dot := func(i, j int) float64 { return g.Norms[i] * g.Norms[j] * g.Cosines[i][j] }
	norms := func(reasoning, confidence int) TokenNorms {
		r, c := g.Norms[reasoning], g.Norms[confidence]
		return TokenNorms{r, c, math.Sqrt(max(0, r*r+c*c+2*dot(reasoning, confidence)))}
	}
	out := Conflict{Separated: g.Cosines[accuracyOnReasoning][calibrationOnConfidence], Reasoning: g.Cosines[accuracyOnReasoning][calibrationOnReasoning],
		Confidence: g.Cosines[accuracyOnConfidence][calibrationOnConfidence], AccuracyNorms: norms(accuracyOnReasoning, accuracyOnConfidence),
		CalibrationNorms: norms(calibrationOnReasoning, calibrationOnConfidence)}
	for _, a := range []int{accuracyOnReasoning, accuracyOnConfidence} {
		for _, c := range []int{calibrationOnReasoning, calibrationOnConfidence} {
			out.Shared += dot(a, c)
		}
	}
	if product := out.AccuracyNorms.All * out.CalibrationNorms.All; product > 0 {
		out.Shared = max(-1, min(1, out.Shared/product))
	}
	return out
}
