package engine

import (
	"context"
	"math"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
)

// TestScore compares log-probs with the learner's scorer, and ranks with the alternatives, over more than one block.
func TestScore(t *testing.T) {
	for _, devices := range []int{1, 8} {
		m := fixture.Mesh(t, devices)
		f := fixture.Open(t, m, "qwen3_tiny")
		ids := prompt(scoreBlock+40, 3)
		l, err := New(m, f.Config).Start(f.Weights, Options{Slots: devices})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		got, err := l.Score(context.Background(), ids, 5)
		if err != nil {
			t.Fatal(err)
		}
		n := len(ids)
		b := &learner.Batch{Rows: 1, Seq: n, Window: n - 1, IDs: ids, Positions: make([]int32, n), Segments: make([]int32, n)}
		for i := range ids {
			b.Positions[i], b.Segments[i] = int32(i), 1
		}
		want, err := learner.NewScorer(m, f.Config).Score(context.Background(), f.Weights, b, 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != n || got[0].Top != nil {
			t.Fatalf("%d entries, the first %+v; want %d and an empty first", len(got), got[0], n)
		}
		for i := 1; i < n; i++ {
			s := got[i]
			if math.Abs(float64(s.LogProb-want.LogProbs[i-1])) > 5e-5 {
				t.Errorf("%d devices, token %d: log-prob %g, want %g", devices, i, s.LogProb, want.LogProbs[i-1])
			}
			at := -1
			for k, a := range s.Top {
				if a.ID == ids[i] {
					at = k
				}
			}
			if (s.Rank <= 5) != (at >= 0) || (at >= 0 && s.Rank != at+1) {
				t.Errorf("%d devices, token %d: rank %d, place %d among %v", devices, i, s.Rank, at+1, s.Top)
			}
		}
	}
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	l, err := New(m, f.Config).Start(f.Weights, Options{Slots: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := l.Score(context.Background(), []int32{5}, 1); err != nil {
		t.Errorf("a single token: %v", err)
	}
	if _, err := l.Score(context.Background(), nil, 1); err == nil {
		t.Error("no tokens: no error")
	}
}
