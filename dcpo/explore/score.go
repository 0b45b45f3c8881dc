package explore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/learner"
)

// scoreTokens fills in the log-probs, entropies, ranks and alternatives of a view's tokens.
func (v *View) scoreTokens(ctx context.Context, m *backend.Model, opt Options) error {
	ids := make([]int32, len(v.Tokens))
	for i, t := range v.Tokens {
		ids[i] = t.ID
	}
	if len(ids) == 0 {
		return nil
	}
	all := slices.Concat(v.Prompt, ids)
	window := bucket(len(ids))
	b := alignRight([][]int32{all}, 1, len(all)-len(ids)+window+1, window)
	scores, err := m.Score(ctx, b, 1, 1)
	if err != nil {
		return err
	}
	from := window - len(ids)
	loop, err := m.Start(engine.Options{Slots: 1})
	if err != nil {
		return err
	}
	defer loop.Close()
	scored, err := loop.Score(ctx, all, opt.Top)
	if err != nil {
		return err
	}
	for i := range v.Tokens {
		t, s := &v.Tokens[i], scored[len(v.Prompt)+i]
		t.LogProb, t.Entropy, t.Rank = float64(scores.LogProbs[from+i]), float64(scores.Entropy[from+i]), s.Rank
		if math.IsNaN(t.LogProb) || math.IsInf(t.LogProb, 0) {
			return fmt.Errorf("the log-prob of token %d is %v: the weights hold values that are no numbers, or overflow", i, t.LogProb)
		}
		for _, a := range s.Top {
			text, _ := spell(m.Tokenizer, a.ID)
			t.Top = append(t.Top, Alternative{ID: a.ID, Text: text, LogProb: float64(a.LogProb)})
		}
	}
	return nil
}

// lastTokens returns a probability over a model.
func lastTokens(m *backend.Model, batchTokens int) probability {
	return func(ctx context.Context, sequences [][]int32) ([]float64, error) {
		seq := bucket(len(sequences[0]))
		micro := max(1, min(32, batchTokens/seq)) * m.Devices()
		rows := (len(sequences) + micro - 1) / micro * micro // few shapes are compiled
		scores, err := m.Score(ctx, alignRight(sequences, rows, seq, 1), 1, micro)
		if err != nil {
			return nil, err
		}
		out := make([]float64, len(sequences))
		for i := range out {
			out[i] = float64(scores.LogProbs[i])
		}
		return out, nil
	}
}

// alignRight lays sequences out so that all end in the last column. Padding has segment 0.
func alignRight(sequences [][]int32, rows, seq, window int) *learner.Batch {
	n := rows * seq
	b := &learner.Batch{Rows: rows, Seq: seq, Window: window, IDs: make([]int32, n), Positions: make([]int32, n), Segments: make([]int32, n)}
	for i, ids := range sequences {
		at := (i+1)*seq - len(ids)
		for t, id := range ids {
			b.IDs[at+t], b.Positions[at+t], b.Segments[at+t] = id, int32(t), 1
		}
	}
	return b
}

// bucket rounds a length up to 16, 24, 32, 48, 64, … so that few shapes are compiled.
func bucket(n int) int {
	for size := 16; ; size *= 2 {
		if n <= size {
			return size
		}
		if n <= size+size/2 {
			return size + size/2
		}
	}
}

// fits reports what a model cannot look at.
func fits(m *backend.Model, prompt, response []int32) error {
	if m.Tokenizer == nil {
		return errors.New("the model has no tokenizer, so the text of its tokens is not known")
	}
	if len(prompt) == 0 {
		return errors.New("the prompt is empty: the first token of an answer needs something before it")
	}
	for i, id := range slices.Concat(prompt, response) {
		if id < 0 || int(id) >= m.Config.VocabSize {
			return fmt.Errorf("token %d is %d, the vocabulary has %d: is it another model's answer?", i, id, m.Config.VocabSize)
		}
	}
	return roomFor(m, len(prompt)+len(response))
}

// roomFor reports a sequence that is longer than the model's positions.
func roomFor(m *backend.Model, n int) error {
	if most := m.Config.MaxPositions; most > 0 && n > most {
		return fmt.Errorf("%d tokens are more than the model's %d positions", n, most)
	}
	return nil
}
