package learner

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/adapter"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// weightedSum is Σ w·logp.
var weightedSum = Objective{
	Name: "weighted_sum", Fields: []string{"weights"},
	Build: func(in Inputs) (*Node, []*Node) { return ReduceAllSum(Mul(in.Fields["weights"], in.LogProbs)), nil },
}

// peftModel loads the reference adapters beside their model, and the batch its oracle was computed on.
func peftModel(t *testing.T, m *mesh.Mesh) (decoder.Config, []*mesh.Array, *Batch, *safetensors.File) {
	t.Helper()
	models := filepath.Join("..", "decoder", "testdata")
	f := fixture.Load(t, m, filepath.Join(models, "llama_llama3"))
	cfg, weights, err := adapter.Load(m, f.Config, f.Weights, filepath.Join(models, "lora"))
	if err != nil {
		t.Fatal(err)
	}
	oracle, err := safetensors.Open(filepath.Join(models, "lora", "oracle.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { oracle.Close() })
	ids, err := oracle.Int64("input_ids")
	if err != nil {
		t.Fatal(err)
	}
	w, err := oracle.Float32("weights")
	if err != nil {
		t.Fatal(err)
	}
	b := &Batch{Rows: 2, Seq: 48, Window: 47, Fields: map[string][]float32{"weights": w}}
	for i, id := range ids {
		b.IDs, b.Positions, b.Segments = append(b.IDs, int32(id)), append(b.Positions, int32(i%48)), append(b.Segments, 1)
	}
	return cfg, weights, b, oracle
}

// TestLoRATrainsAdaptersOnly compares gradients with peft's, and checks that nothing but adapters has gradients or state, or
// changes.
func TestLoRATrainsAdaptersOnly(t *testing.T) {
	m := fixture.Mesh(t, 1)
	cfg, weights, b, oracle := peftModel(t, m)
	l, err := New(m, cfg, weights, Options{Remat: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	grads, err := l.gradients(context.Background(), b, weightedSum, 1, &Report{Metrics: map[string]float64{}})
	if err != nil {
		t.Fatal(err)
	}
	adapters := cfg.Params()[len(cfg.Plain().Params()):]
	if len(grads) != len(adapters) || len(l.optimizer.state) != 2*len(adapters) {
		t.Fatalf("%d gradients and %d arrays of state for %d adapter tensors", len(grads), len(l.optimizer.state), len(adapters))
	}
	compared := 0
	for i, p := range adapters {
		name := "grad/" + p.Name
		if !slices.Contains(oracle.Names(), name) {
			continue
		}
		compared++
		got, err := grads[i].ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		want, err := oracle.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		for j := range want {
			if !(math.Abs(float64(got[j]-want[j])) <= 1e-4*(1+math.Abs(float64(want[j])))) {
				t.Fatalf("%s[%d] is %g, want %g", name, j, got[j], want[j])
			}
		}
	}
	if compared != 4 {
		t.Errorf("%d gradients compared, want 4", compared)
	}
	release(grads)

	before := valuesOf(t, weights)
	if _, err := l.Update(context.Background(), b, weightedSum, 1, 1e-3); err != nil {
		t.Fatal(err)
	}
	for i, after := range valuesOf(t, weights) {
		p := cfg.Params()[i]
		if isAdapter := strings.Contains(p.Name, "lora_"); slices.Equal(after, before[i]) == isAdapter {
			t.Errorf("%s: changed %v, want %v", p.Name, !isAdapter, isAdapter)
		}
	}
}

func valuesOf(t *testing.T, arrays []*mesh.Array) [][]float32 {
	t.Helper()
	out := make([][]float32, len(arrays))
	for i, a := range arrays {
		var err error
		if out[i], err = a.ToFloat32(); err != nil {
			t.Fatal(err)
		}
	}
	return out
}
