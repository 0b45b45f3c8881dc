package main

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/learner"
)

// batch is rows of one sequence each, without padding, of which all tokens but the first are scored.
func (b *bed) batch() *learner.Batch {
	rows, seq := b.spec.Rows, b.spec.Seq
	return newBatch(rows, seq, seq-1, tokenIDs(rows*seq, b.cfg.VocabSize))
}

func newBatch(rows, seq, window int, ids []int32) *learner.Batch {
	out := &learner.Batch{Rows: rows, Seq: seq, Window: window, IDs: ids, Positions: make([]int32, len(ids)), Segments: make([]int32, len(ids))}
	for i := range ids {
		out.Positions[i], out.Segments[i] = int32(i%seq), 1
	}
	return out
}

func (b *bed) learner() (*learner.Learner, error) {
	return learner.New(b.mesh, b.cfg, b.weights, learner.Options{MicroRows: b.microRows, Remat: b.remat,
		AdamW: learner.AdamW{WeightDecay: b.spec.WeightDecay, ClipNorm: b.spec.ClipNorm}})
}

// train is a step of plain training: forward and backward pass, clipping, AdamW. Its check is the loss.
func train(_ context.Context, b *bed) (*work, error) {
	l, err := b.learner()
	if err != nil {
		return nil, err
	}
	batch := b.batch()
	scored := float64(batch.Rows * batch.Window)
	crossEntropy := learner.Objective{Name: "cross-entropy", Build: func(in learner.Inputs) (*Node, []*Node) {
		return Neg(DivScalar(ReduceAllSum(in.LogProbs), scored)), nil
	}}
	w := &work{release: l.Release}
	w.about.Tokens = batch.Rows * batch.Seq
	w.about.Operations = 3 * forwardOperations(b.cfg, float64(w.about.Tokens), float64(batch.Seq)/2, scored)
	w.step = func(ctx context.Context) (float64, error) {
		r, err := l.Update(ctx, batch, crossEntropy, 1, b.spec.LR)
		return r.Loss, err
	}
	return w, nil
}

// score is the log-probs and entropies of given tokens. Its check is their mean log-prob.
func score(_ context.Context, b *bed) (*work, error) {
	s := learner.NewScorer(b.mesh, b.cfg)
	batch := b.batch()
	scored := float64(batch.Rows * batch.Window)
	w := &work{}
	w.about.Tokens = batch.Rows * batch.Seq
	w.about.Operations = forwardOperations(b.cfg, float64(w.about.Tokens), float64(batch.Seq)/2, scored)
	w.step = func(ctx context.Context) (float64, error) {
		got, err := s.Score(ctx, b.weights, batch, 1, b.microRows)
		if err != nil {
			return 0, err
		}
		sum := 0.0
		for _, x := range got.LogProbs {
			sum += float64(x)
		}
		return sum / scored, nil
	}
	return w, nil
}
