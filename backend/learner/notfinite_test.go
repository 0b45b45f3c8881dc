package learner

import (
	"bytes"
	"context"
	"errors"
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

// stateOf is every bit of the weights and the optimizer's state.
func stateOf(t *testing.T, f *fixture.Model, l *Learner) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, w := range f.Weights {
		if _, err := w.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range l.State() {
		out.Write(s.Data)
		if s.Source != nil {
			if _, err := s.Source.WriteTo(&out); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out.Bytes()
}

// TestNotFiniteChangesNothing: after a batch with a NaN everything is as it was, the report says what happened, and the next update is the
// one that would have been made without.
func TestNotFiniteChangesNothing(t *testing.T) {
	ctx := context.Background()
	m := fixture.Mesh(t, 1)
	obj := weightedSum
	obj.Name, obj.Metrics = "weighted_sum_and_metric", []string{"sum"}
	obj.Build = func(in Inputs) (loss *Node, metrics []*Node) {
		loss, _ = weightedSum.Build(in)
		return loss, []*Node{ReduceAllSum(in.LogProbs)}
	}
	programs := NewPrograms()
	var ends [2][]byte
	for i, spoiled := range []bool{false, true} {
		f := fixture.Open(t, m, "qwen3_tiny")
		b := fixtureBatch(t, f)
		l, err := New(m, f.Config, f.Weights, Options{MicroRows: 2, AdamW: AdamW{ClipNorm: 1, WeightDecay: 0.01}, Programs: programs})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Release()
		update := func() (Report, error) { return l.Update(ctx, b, obj, 1, 1e-3) }
		if _, err := update(); err != nil {
			t.Fatal(err)
		}
		for _, bad := range []float64{math.NaN(), math.Inf(1)} {
			if !spoiled {
				continue
			}
			good, before := b.Fields["weights"][3], stateOf(t, f, l)
			b.Fields["weights"][3] = float32(bad)
			r, err := update()
			if !errors.Is(err, ErrNotFinite) {
				t.Errorf("a weight of %g: %v, want ErrNotFinite", bad, err)
			}
			if finite(r.Loss) || finite(r.GradNorm) || !finite(r.Metrics["sum"]) || r.Metrics["sum"] == 0 {
				t.Errorf("a weight of %g: report %+v, want a loss and a norm that are not finite, and the metric", bad, r)
			}
			if !bytes.Equal(stateOf(t, f, l), before) || l.Steps() != 1 {
				t.Errorf("a weight of %g changed weights or state, or counted as step %d", bad, l.Steps())
			}
			b.Fields["weights"][3] = good
		}
		if r, err := update(); err != nil || l.Steps() != 2 || !finite(r.GradNorm) {
			t.Errorf("the good update afterwards: %+v, %v", r, err)
		}
		ends[i] = stateOf(t, f, l)
	}
	if !bytes.Equal(ends[0], ends[1]) {
		t.Error("bad updates in between change what good ones lead to")
	}
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }
