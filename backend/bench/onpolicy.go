package main

import (
	"context"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/learner"
)

// onPolicy is a whole step of reinforcement learning without its rewards: responses are drawn, scored and trained on. Its check is the tokens
// of a row.
func onPolicy(_ context.Context, b *bed) (*work, error) {
	l, err := b.learner()
	if err != nil {
		return nil, err
	}
	s := b.spec
	e, scorer := engine.New(b.mesh, b.cfg), learner.NewScorer(b.mesh, b.cfg)
	requests := b.requests(s.Rows, s.Group, s.Prompt, s.New)
	objective := clipped(float64(s.Rows * s.New))
	w := &work{release: l.Release}
	w.about.Tokens = s.Rows * (s.Prompt + s.New)
	w.step = func(ctx context.Context) (float64, error) {
		drawn, err := e.Generate(ctx, b.weights, requests, engine.Options{Slots: len(requests)})
		if err != nil {
			return 0, err
		}
		batch := responses(requests, drawn, s.New)
		scores, err := scorer.Score(ctx, b.weights, batch, 1, b.microRows)
		if err != nil {
			return 0, err
		}
		batch.Fields["old"] = scores.LogProbs
		_, err = l.Update(ctx, batch, objective, 1, b.spec.LR)
		return float64(batch.Seq), err
	}
	return w, nil
}

// responses packs drawn tokens behind their prompts. Rows are rewarded and punished in turn.
func responses(requests []engine.Request, drawn []engine.Generation, window int) *learner.Batch {
	var ids []int32
	advantages := make([]float32, 0, len(requests)*window)
	for i, r := range requests {
		ids = append(append(ids, r.Prompt...), drawn[i].Tokens...)
		for range window {
			advantages = append(advantages, float32(1-2*(i%2)))
		}
	}
	out := newBatch(len(requests), len(ids)/len(requests), window, ids)
	out.Fields = map[string][]float32{"advantage": advantages}
	return out
}

// clipped is the clipped policy-gradient objective, averaged over the tokens.
func clipped(tokens float64) learner.Objective {
	return learner.Objective{Name: "clipped", Fields: []string{"old", "advantage"}, Build: func(in learner.Inputs) (*Node, []*Node) {
		advantage := in.Fields["advantage"]              // [rows, window]
		ratio := Exp(Sub(in.LogProbs, in.Fields["old"])) // [rows, window]
		gain := Min(Mul(ratio, advantage), Mul(ClipScalar(ratio, 0.8, 1.2), advantage))
		return Neg(DivScalar(ReduceAllSum(gain), tokens)), nil
	}}
}
