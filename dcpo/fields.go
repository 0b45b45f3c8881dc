package dcpo

import (
	"context"

	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// compare measures how far the rollouts' log-probs are from the trainer's.
func (s *step) compare() (err error) {
	var sampled, scored [][]float32
	for i := range s.rollouts {
		at, n := i*s.window, len(s.rollouts[i].Response.Tokens)
		sampled, scored = append(sampled, s.rollouts[i].Response.LogProbs), append(scored, s.alike[at:at+n])
	}
	s.mismatch, err = loss.Compare(sampled, scored)
	return err
}

// importance is the field of truncated importance weights, [rows × window]; nil where there are none.
func (t *Trainer) importance(s *step) ([]float32, error) {
	if t.recipe.Importance == "" {
		return nil, nil
	}
	out := make([]float32, len(s.scores.LogProbs))
	for i := range s.rollouts {
		at, n := i*s.window, len(s.rollouts[i].Response.Tokens)
		w, err := loss.ImportanceWeights(t.recipe.Importance, s.alike[at:at+n], s.rollouts[i].Response.LogProbs, t.recipe.ImportanceCap)
		if err != nil {
			return nil, err
		}
		copy(out[at:], w)
	}
	return out, nil
}

// correctness is 1 on all tokens of right responses and 0 elsewhere, [rows × window].
func (s *step) correctness() []float32 {
	out := make([]float32, len(s.rollouts)*s.window)
	for i := range s.rollouts {
		if s.rollouts[i].Verdict.Correct {
			for t := range s.rollouts[i].Response.Tokens {
				out[i*s.window+t] = 1
			}
		}
	}
	return out
}

// compareParts measures the gradients of reasoning and of confidence tokens apart, on the step's first mini-batch.
func (t *Trainer) compareParts(ctx context.Context, s *step) error {
	rows := min(t.miniRows(), len(s.rollouts))
	parts := [2]*learner.Batch{s.batch.Slice(0, rows), s.batch.Slice(0, rows)}
	for p, part := range parts {
		weights := make([]float32, rows*s.window)
		for i := range rows {
			span := s.rollouts[i].Span
			for k := range s.rollouts[i].Response.Tokens {
				if inside := span.Start <= k && k < span.End; inside == (p == 1) {
					weights[i*s.window+k] = part.Fields[loss.TokenWeight][i*s.window+k]
				}
			}
		}
		part.Fields[loss.TokenWeight] = weights
	}
	c, err := t.learner.CompareGradients(ctx, parts[:], t.objective, t.cfg.Rollout.Temperature)
	if err != nil {
		return err
	}
	s.parts = &GradientParts{Reasoning: c.Norms[0], Confidence: c.Norms[1], Cosine: c.Cosines[0][1]}
	return nil
}
