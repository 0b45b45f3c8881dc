package main

import (
	"context"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// requests ask for one response of exactly drawn tokens to each of rows prompts, the same prompt group times in a row.
func (b *bed) requests(rows, group, prompt, drawn int) []engine.Request {
	ids := tokenIDs(rows*prompt, b.cfg.VocabSize)
	out := make([]engine.Request, rows)
	for i := range out {
		at := i / group * prompt
		out[i] = engine.Request{Prompt: ids[at : at+prompt],
			Sampling: engine.Sampling{Seed: uint64(i), Temperature: 1, MaxNewTokens: drawn, MinNewTokens: drawn}}
	}
	return out
}

// generate is generation for requests of which each row has the same length. Its check is the tokens drawn for a row.
func (b *bed) generate(requests []engine.Request) *work {
	e := engine.New(b.mesh, b.cfg)
	return &work{step: func(ctx context.Context) (float64, error) {
		got, err := e.Generate(ctx, b.weights, requests, engine.Options{Slots: len(requests)})
		if err != nil {
			return 0, err
		}
		drawn := 0
		for _, g := range got {
			drawn += len(g.Tokens)
		}
		return float64(drawn) / float64(len(got)), nil
	}}
}

// decode draws tokens after short prompts, whose own pass is part of the time.
func decode(_ context.Context, b *bed) (*work, error) {
	s := b.spec
	w := b.generate(b.requests(s.Rows, 1, s.Prompt, s.New))
	w.about.Tokens = s.Rows * s.New
	w.about.Bytes = decodeBytes(b.cfg, float64(s.Rows), float64(s.Prompt), float64(s.New), float64(b.dtype.Size()))
	return w, nil
}

// prefill runs prompts as long as a row through the model, and draws a single token after each.
func prefill(_ context.Context, b *bed) (*work, error) {
	s := b.spec
	w := b.generate(b.requests(s.Rows, 1, s.Seq, 1))
	w.about.Tokens = s.Rows * s.Seq
	w.about.Operations = forwardOperations(b.cfg, float64(w.about.Tokens), float64(s.Seq)/2, float64(s.Rows))
	return w, nil
}
