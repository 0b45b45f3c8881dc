package engine

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// TestFiltersEqualTransformers compares what is left of a distribution after temperature, top-k, top-p and min-p.
func TestFiltersEqualTransformers(t *testing.T) {
	m := fixture.Mesh(t, 1)
	oracle, err := safetensors.Open(filepath.Join(fixture.Dir(t), "..", "sampling", "filters.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer oracle.Close()
	logits, err := oracle.Float32("logits")
	if err != nil {
		t.Fatal(err)
	}
	info, _ := oracle.Info("logits")
	rows, vocab := info.Shape[0], info.Shape[1]
	row := mesh.Port{Rank: 2}
	prog, err := m.Program("filters", func(in []*Node) []*Node {
		d := distribution{logits: in[0], ints: in[1], floats: in[2]}
		temperature := InsertAxes(column(d.floats, floatTemperature), -1)
		x := Div(Sub(in[0], ReduceAndKeep(in[0], ReduceMax, -1)), temperature)
		weights := Exp(d.truncate(x))
		return []*Node{Div(weights, ReduceAndKeep(weights, ReduceSum, -1))}
	}, []mesh.Port{row, row, row}, []mesh.Port{row})
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]Sampling{
		"t0.7":           {Temperature: 0.7},
		"t1_k5":          {Temperature: 1, TopK: 5},
		"t1_p0.8":        {Temperature: 1, TopP: 0.8},
		"t1_minp0.1":     {Temperature: 1, MinP: 0.1},
		"t0.7_k20_p0.8":  {Temperature: 0.7, TopK: 20, TopP: 0.8},
		"t0.6_k20_p0.95": {Temperature: 0.6, TopK: 20, TopP: 0.95},
	} {
		want, err := oracle.Float32("probs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		j := &job{request: Request{Sampling: s}}
		var ints []int32
		var floats []float32
		for range rows {
			a, b := make([]int32, intStops+1), make([]float32, floatUniforms+1)
			j.integers(a)
			j.reals(b, 1)
			ints, floats = append(ints, a...), append(floats, b...)
		}
		got := runOnce(t, m, prog,
			must(m.FromFloat32(logits, mesh.Replicated, rows, vocab)),
			must(m.FromInt32(ints, mesh.Replicated, rows, intStops+1)),
			must(m.FromFloat32(floats, mesh.Replicated, rows, floatUniforms+1)))
		for i, w := range want {
			if (got[i] == 0) != (w == 0) || math.Abs(float64(got[i]-w)) > 1e-6 {
				t.Errorf("%s, row %d, token %d: probability %g, want %g", name, i/vocab, i%vocab, got[i], w)
				break
			}
		}
	}
}

// TestAdjust checks penalties, bias and bans against their definition, on a vocabulary of six.
func TestAdjust(t *testing.T) {
	m := fixture.Mesh(t, 1)
	r := Request{Prompt: []int32{0, 1}, Sampling: Sampling{PresencePenalty: 0.5, FrequencyPenalty: 0.25, RepetitionPenalty: 2,
		LogitBias: map[int32]float64{4: 3}, MinNewTokens: 4, Stop: []int32{5}}}
	j := &job{request: r, limit: 9, out: Generation{Tokens: []int32{1, 2, 2}}}
	logits := []float32{1, -1, 2, 3, -2, 4}
	// Repetition first: 0 (prompt), 1 (both) and 2 (response) are halved or doubled. Then what the response holds is charged.
	want := []float32{0.5, -2 - 0.25 - 0.5, 1 - 0.5 - 0.5, 3, 1, banned}

	b := &batcher{engine: &Engine{mesh: m}, slots: []*job{j}}
	b.engine.cfg.VocabSize = len(logits)
	history, bias := b.adjustments()
	ints, floats := make([]int32, intStops+1), make([]float32, floatUniforms+1)
	j.integers(ints)
	j.reals(floats, 1)
	row := mesh.Port{Rank: 2}
	for made, stopBanned := range []bool{true, false} {
		prog, err := m.Program("adjust", func(in []*Node) []*Node {
			d := distribution{logits: in[0], ints: in[1], floats: in[2], made: Const(in[0].Graph(), int32(made))}
			d.adjust(in[3], in[4])
			return []*Node{d.adjusted}
		}, []mesh.Port{row, row, row, row, row}, []mesh.Port{row})
		if err != nil {
			t.Fatal(err)
		}
		if !stopBanned {
			want[5] = 4
		}
		got := runOnce(t, m, prog, must(m.FromFloat32(logits, mesh.Replicated, 1, 6)), must(m.FromInt32(ints, mesh.Replicated, 1, len(ints))),
			must(m.FromFloat32(floats, mesh.Replicated, 1, len(floats))), must(m.FromInt32(history, mesh.Replicated, 1, 6)),
			must(m.FromFloat32(bias, mesh.Replicated, 1, 6)))
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-5 {
				t.Errorf("step %d, token %d: logit %g, want %g", made, i, got[i], want[i])
			}
		}
	}
}

func runOnce(t *testing.T, m *mesh.Mesh, prog *mesh.Program, in ...*mesh.Array) []float32 {
	t.Helper()
	out, err := prog.Run(context.Background(), in...)
	if err != nil {
		t.Fatal(err)
	}
	release(in)
	defer release(out)
	got, err := out[0].ToFloat32()
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func must(a *mesh.Array, err error) *mesh.Array {
	if err != nil {
		panic(err)
	}
	return a
}

func TestUniformsAreUniform(t *testing.T) {
	const n = 100_000
	sum, square := 0.0, 0.0
	for seed := range n / 10 {
		j := &job{request: Request{Sampling: Sampling{Seed: uint64(seed)}}}
		for i := range 10 {
			u := float64(j.uniform(i))
			if u < 0 || u >= 1 {
				t.Fatalf("seed %d, token %d: %g", seed, i, u)
			}
			sum, square = sum+u, square+u*u
		}
	}
	if mean, variance := sum/n, square/n-(sum/n)*(sum/n); math.Abs(mean-0.5) > 0.005 || math.Abs(variance-1.0/12) > 0.002 {
		t.Errorf("mean %g and variance %g, want 0.5 and 0.0833", mean, variance)
	}
}
