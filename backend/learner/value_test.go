package learner

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// squaredValues is Σ |w|·(value − 1)² − Σ w·logp: the head and the trunk are trained together.
var squaredValues = Objective{
	Name: "squared_values", Fields: []string{"weights"}, Values: true,
	Build: func(in Inputs) (*Node, []*Node) {
		w := in.Fields["weights"]
		return Sub(ReduceAllSum(Mul(Abs(w), Square(AddScalar(in.Values, -1.0)))), ReduceAllSum(Mul(w, in.LogProbs))), nil
	},
}

// withValueHead adds a random head to a model.
func withValueHead(t *testing.T, m *mesh.Mesh, f *fixture.Model) {
	t.Helper()
	f.Config.ValueHead = true
	for _, p := range f.Config.ValueParams() {
		values := f.Config.Random(p, 5)
		for i := range values {
			values[i] = values[i]*8 + 0.3 // not small, and a bias
		}
		a, err := m.FromFloat32(values, mesh.Replicated, p.Dims...)
		if err != nil {
			t.Fatal(err)
		}
		f.Weights = append(f.Weights, a)
	}
}

// everyColumn is row 1 of the fixtures, 17 tokens, once for each of its tokens.
func everyColumn(t *testing.T, f *fixture.Model) (*Batch, []int) {
	row, at := fixtureBatch(t, f).Slice(1, 2), make([]int, 17)
	b := &Batch{Seq: row.Seq, Window: row.Window}
	for i := range at {
		at[i] = i
		b.IDs, b.Positions, b.Segments = append(b.IDs, row.IDs...), append(b.Positions, row.Positions...), append(b.Segments, row.Segments...)
		b.Rows++
	}
	return b, at
}

func TestHiddenEqualsTransformers(t *testing.T) {
	for _, c := range []struct {
		model          string
		devices, micro int
	}{{"qwen3_tiny", 1, 0}, {"qwen2_tiny", 1, 5}, {"qwen3_tiny", 8, 0}} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			m := fixture.Mesh(t, c.devices)
			f := fixture.Open(t, m, c.model)
			b, at := everyColumn(t, f)
			s := NewScorer(m, f.Config)
			got, err := s.Hidden(context.Background(), f.Weights, b, at, c.micro)
			if err != nil {
				t.Fatal(err)
			}
			want := f.Float32(t, "hidden_2_row1") // [17, hidden]
			if len(got) != len(want) {
				t.Fatalf("%d values, want %d", len(got), len(want))
			}
			for i := range want {
				if !(math.Abs(float64(got[i]-want[i])) <= 1e-4) {
					t.Fatalf("value %d of token %d is %g, want %g", i%f.Config.HiddenSize, i/f.Config.HiddenSize, got[i], want[i])
				}
			}
			for _, wrong := range [][]int{at[1:], append(slices.Clone(at[1:]), b.Seq), append(slices.Clone(at[1:]), -1)} {
				if _, err := s.Hidden(context.Background(), f.Weights, b, wrong, 0); err == nil {
					t.Errorf("columns %v were accepted", wrong)
				}
			}
		})
	}
}

// TestValuesAreOfTheStateBefore: the value at a token is linear in the hidden state of the token before, and 0 where nothing is sampled.
func TestValuesAreOfTheStateBefore(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	plain, err := NewScorer(m, f.Config).Score(context.Background(), f.Weights, fixtureBatch(t, f), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	withValueHead(t, m, f)
	got, err := NewScorer(m, f.Config).Score(context.Background(), f.Weights, fixtureBatch(t, f), 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	if plain.Values != nil || len(got.Values) != len(plain.LogProbs) {
		t.Fatalf("%d values without a head, %d with one for %d tokens", len(plain.Values), len(got.Values), len(plain.LogProbs))
	}
	for i := range plain.LogProbs {
		if math.Abs(float64(plain.LogProbs[i]-got.LogProbs[i])) > 1e-5 {
			t.Fatalf("the head changes log-prob %d from %g to %g", i, plain.LogProbs[i], got.LogProbs[i])
		}
	}
	head := valuesOf(t, f.Weights[len(f.Weights)-2:])
	hidden, n := f.Float32(t, "hidden_2_row1"), f.Config.HiddenSize
	for column, value := range got.Values[39 : 2*39] { // of row 1: column holds token column+1
		want := 0.0
		if column+1 < 17 {
			want = float64(head[1][0])
			for i := range n {
				want += float64(hidden[column*n+i]) * float64(head[0][i])
			}
		}
		if !(math.Abs(float64(value)-want) <= 1e-4) {
			t.Fatalf("value of token %d is %g, want %g", column+1, value, want)
		}
	}
}

// TestValueGradients holds the gradient of each kind of parameter against differences of the loss along it, and checks that it does not depend
// on how the work is cut.
func TestValueGradients(t *testing.T) {
	ctx := context.Background()
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	withValueHead(t, m, f)
	b := fixtureBatch(t, f)
	_, grads := gradientsOf(t, ctx, m, f.Config, f.Weights, b, squaredValues, Options{})
	l, err := New(m, f.Config, f.Weights, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	lossAt := func(param int, step float64) float64 { // with one parameter moved along its gradient's direction
		norm := math.Sqrt(square(grads[param]))
		values := slices.Clone(valuesOf(t, f.Weights)[param])
		for i, g := range grads[param] {
			values[i] += float32(step * float64(g) / norm)
		}
		moved, err := m.FromFloat32(values, mesh.Replicated, f.Config.Params()[param].Dims...)
		if err != nil {
			t.Fatal(err)
		}
		kept := l.weights[param]
		l.weights[param] = moved
		defer func() { l.weights[param] = kept; moved.Release() }()
		r := Report{Metrics: map[string]float64{}}
		g, err := l.gradients(ctx, b, squaredValues, 0.7, &r)
		if err != nil {
			t.Fatal(err)
		}
		release(g)
		return r.Loss
	}
	for i, p := range f.Config.Params() {
		norm := math.Sqrt(square(grads[i]))
		if norm == 0 {
			t.Errorf("%s has no gradient", p.Name)
			continue
		}
		const step = 4e-3
		slope := (8*(lossAt(i, step)-lossAt(i, -step)) - (lossAt(i, 2*step) - lossAt(i, -2*step))) / (12 * step)
		if !(math.Abs(slope-norm) <= 3e-3*norm+1e-3) {
			t.Errorf("%s: the loss rises by %g along the gradient, its norm is %g", p.Name, slope, norm)
		}
	}
	for _, c := range []struct {
		devices int
		opt     Options
	}{{1, Options{LogitTokens: 15, Remat: true, MicroRows: 2}}, {8, Options{Sharding: FSDP, Remat: true}}} {
		t.Run(fmt.Sprint(c.devices, " devices"), func(t *testing.T) {
			m := fixture.Mesh(t, c.devices)
			f := fixture.Open(t, m, "qwen3_tiny")
			withValueHead(t, m, f)
			_, got := gradientsOf(t, ctx, m, f.Config, f.Weights, b, squaredValues, c.opt)
			sameGradients(t, "gradients", got, grads)
		})
	}
}

func square(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return sum
}

// TestValuesWithoutAHead: an objective that reads values wants a head; one that does not leaves the head alone.
func TestValuesWithoutAHead(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	b := fixtureBatch(t, f)
	l, err := New(m, f.Config, f.Weights, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	if _, err := l.Update(context.Background(), b, squaredValues, 1, 1e-3); err == nil {
		t.Error("an objective read values of a model without a value head")
	}
	withValueHead(t, m, f)
	with, err := New(m, f.Config, f.Weights, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer with.Release()
	before := valuesOf(t, f.Weights)
	if _, err := with.Update(context.Background(), b, weightedSum, 1, 1e-3); err != nil {
		t.Fatal(err)
	}
	for i, after := range valuesOf(t, f.Weights) {
		isHead := i >= len(f.Config.Policy().Params())
		if p := f.Config.Params()[i]; slices.Equal(after, before[i]) != isHead {
			t.Errorf("%s: changed %v", p.Name, isHead)
		}
	}
}

// TestValueHeadBesideAdapters: both are trained, the model is not, and their parameters come in the order of Params.
func TestValueHeadBesideAdapters(t *testing.T) {
	cfg := decoder.Tiny(20)
	cfg.LoRA, cfg.ValueHead = &decoder.LoRA{Rank: 2}, true
	params := cfg.Params()
	n := len(cfg.Policy().Plain().Params())
	for i, p := range params {
		if got, want := cfg.Trainable(p), i >= n; got != want {
			t.Errorf("%s: trainable %v, want %v", p.Name, got, want)
		}
	}
	if params[n].Name != cfg.ValueParams()[0].Name || !slices.EqualFunc(params[:n], cfg.Plain().Params()[:n], func(a, b decoder.Param) bool { return a.Name == b.Name }) {
		t.Errorf("the value head is not between the model and the adapters: %v", params[n:])
	}
}
