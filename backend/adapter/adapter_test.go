package adapter_test

import (
	"bytes"
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/adapter"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// peft's own output, by decoder/testdata/make_models.py.
var (
	reference = filepath.Join("..", "decoder", "testdata", "lora")
	base      = filepath.Join("..", "decoder", "testdata", "llama_llama3")
)

func open(t *testing.T, path string) *safetensors.File {
	t.Helper()
	f, err := safetensors.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// score returns the log-probs of two unpadded rows.
func score(t *testing.T, m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, ids []int64) []float32 {
	t.Helper()
	const rows = 2
	seq := len(ids) / rows
	b := &learner.Batch{Rows: rows, Seq: seq, Window: seq - 1}
	for i, id := range ids {
		b.IDs, b.Positions, b.Segments = append(b.IDs, int32(id)), append(b.Positions, int32(i%seq)), append(b.Segments, 1)
	}
	scores, err := learner.NewScorer(m, cfg).Score(context.Background(), weights, b, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return scores.LogProbs
}

func compare(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= 1e-4) {
			t.Fatalf("%s: log-prob %d is %g, want %g", what, i, got[i], want[i])
		}
	}
}

// TestEqualsPEFT loads peft's adapters, computes with them beside the model and merged into it, and writes them back.
func TestEqualsPEFT(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Load(t, m, base)
	oracle := open(t, filepath.Join(reference, "oracle.safetensors"))
	ids, err := oracle.Int64("input_ids")
	if err != nil {
		t.Fatal(err)
	}
	want := func(name string) []float32 {
		x, err := oracle.Float32(name)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	cfg, weights, err := adapter.Load(m, f.Config, f.Weights, reference)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "adapters", score(t, m, cfg, weights, ids), want("logprobs"))

	dir := filepath.Join(t.TempDir(), "adapter")
	if err := adapter.Save(dir, cfg, weights, base); err != nil {
		t.Fatal(err)
	}
	saved, original := open(t, filepath.Join(dir, "adapter_model.safetensors")), open(t, filepath.Join(reference, "adapter_model.safetensors"))
	if got, want := strings.Join(saved.Names(), "\n"), strings.Join(original.Names(), "\n"); got != want {
		t.Errorf("saved tensors\n%s\nwant\n%s", got, want)
	}
	for _, name := range original.Names() {
		a, err := saved.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := original.Bytes(name); !bytes.Equal(a, b) {
			t.Errorf("%s changed", name)
		}
	}
	t.Run("peft reads it", func(t *testing.T) {
		python := fixture.Python(t, "peft", "transformers", "torch")
		out, err := exec.Command(python, filepath.Join("testdata", "check_adapter.py"), base, dir, filepath.Join(reference, "oracle.safetensors")).CombinedOutput()
		if err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})

	plain, merged, err := adapter.Merge(context.Background(), m, cfg, weights)
	if err != nil {
		t.Fatal(err)
	}
	if plain != f.Config || len(merged) != len(f.Config.Params()) {
		t.Errorf("merged: %d weights of %+v", len(merged), plain)
	}
	compare(t, "merged", score(t, m, plain, merged, ids), want("merged_logprobs"))
}

// TestFreshAdaptersChangeNothing, whatever they stand beside.
func TestFreshAdaptersChangeNothing(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Load(t, m, base)
	cfg, weights, err := adapter.Add(m, f.Config, f.Weights, decoder.LoRA{Rank: 3, Targets: []string{"v_proj", "up_proj"}}, 7)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(weights)-len(f.Weights), 2*2*f.Config.Layers; got != want {
		t.Errorf("%d adapter tensors, want %d", got, want)
	}
	var ids []int64
	for _, id := range f.Int32(t, "input_ids") {
		ids = append(ids, int64(id))
	}
	compare(t, "fresh adapters", score(t, m, cfg, weights, ids), f.Float32(t, "logprobs"))
	a, err := weights[len(f.Weights)].ToFloat32()
	if err != nil {
		t.Fatal(err)
	}
	bound, largest := 1/math.Sqrt(float64(f.Config.HiddenSize)), 0.0
	for _, x := range a {
		largest = max(largest, math.Abs(float64(x)))
	}
	if largest > bound || largest < bound/2 {
		t.Errorf("A reaches %g, want values uniform within ± %g", largest, bound)
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct{ json, want string }{
		"not JSON":     {`[`, "adapter_config.json"},
		"other method": {`{"peft_type": "IA3"}`, `peft_type "IA3"`},
		"rslora":       {`{"peft_type": "LORA", "use_rslora": true, "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}`, "use_rslora"},
		"dora":         {`{"peft_type": "LORA", "use_dora": true, "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}`, "use_dora"},
		"per-layer":    {`{"peft_type": "LORA", "rank_pattern": {"q_proj": 2}, "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}`, "rank_pattern"},
		"bias":         {`{"peft_type": "LORA", "bias": "all", "r": 4, "lora_alpha": 8, "target_modules": ["q_proj"]}`, `bias "all"`},
		"pattern":      {`{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ".*q_proj"}`, "target_modules"},
		"embeddings":   {`{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["embed_tokens"]}`, `"embed_tokens"`},
		"no rank":      {`{"peft_type": "LORA", "lora_alpha": 8, "target_modules": ["q_proj"]}`, "positive r"},
	} {
		if _, err := adapter.ParseConfig([]byte(c.json)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, c.want)
		}
	}
	m := fixture.Mesh(t, 1)
	f := fixture.Load(t, m, base)
	dir := t.TempDir()
	config := `{"peft_type": "LORA", "r": 8, "lora_alpha": 8, "target_modules": ["q_proj"]}`
	if err := os.WriteFile(filepath.Join(dir, "adapter_config.json"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(reference, "adapter_model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "adapter_model.safetensors"), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err = adapter.Load(m, f.Config, f.Weights, dir)
	for _, want := range []string{"q_proj.lora_A.weight has shape [4 24], expected [8 24]", "has no place"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("rank and targets that are not the file's: error is %v, want one with %q", err, want)
		}
	}
}

// FuzzParseConfig reads anything without a panic; what it accepts can be trained.
func FuzzParseConfig(f *testing.F) {
	raw, err := os.ReadFile(filepath.Join(reference, "adapter_config.json"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte(`{"peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": "all-linear"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := adapter.ParseConfig(data)
		if err != nil {
			return
		}
		cfg := decoder.Tiny(8)
		cfg.LoRA = &l
		if err := cfg.Validate(); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
	})
}
