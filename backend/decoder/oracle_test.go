package decoder_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// The models that testdata/make_models.py writes, and what each is there for.
var families = []string{
	"llama_llama3",      // llama3 rotary scaling, tied
	"llama_biases",      // attention and feed-forward biases, linear rotary scaling, untied
	"qwen3_yarn",        // yarn with its defaults
	"qwen3_yarn_mscale", // yarn with every option, attention biases, untied
	"qwen2_plain",       // transformers' defaults for Qwen2, untied
	"qwen3_sharded",     // three safetensors files
}

// wholeRows is a batch of unpadded rows, all of them scored.
func wholeRows(ids []int32, rows int) *learner.Batch {
	seq := len(ids) / rows
	b := &learner.Batch{Rows: rows, Seq: seq, Window: seq - 1, IDs: ids, Positions: make([]int32, len(ids)), Segments: make([]int32, len(ids)), Fields: map[string][]float32{}}
	for i := range ids {
		b.Positions[i], b.Segments[i] = int32(i%seq), 1
	}
	return b
}

func compare(t *testing.T, what string, got, want []float32, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(float64(got[i]-want[i])) <= tolerance) { // so that NaN fails
			t.Fatalf("%s: value %d is %g, want %g ± %g", what, i, got[i], want[i], tolerance)
		}
	}
}

func TestFamiliesEqualTransformers(t *testing.T) {
	m := fixture.Mesh(t, 1)
	for _, name := range families {
		f := fixture.Load(t, m, filepath.Join("testdata", name))
		ids := f.Int32(t, "input_ids")
		got, err := learner.NewScorer(m, f.Config).Score(context.Background(), f.Weights, wholeRows(ids, 2), 1, 0)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, name+" log-probs", got.LogProbs, f.Float32(t, "logprobs"), 1e-4)
		compare(t, name+" last logits", lastLogits(t, m, f, ids), f.Float32(t, "logits_last"), 1e-4)
	}
}

// lastLogits computes the logits after the last token of two whole rows. → [2, vocab]
func lastLogits(t *testing.T, m *mesh.Mesh, f *fixture.Model, ids []int32) []float32 {
	t.Helper()
	n := len(f.Weights)
	var in []mesh.Port
	for _, w := range f.Weights {
		in = append(in, mesh.Port{Rank: len(w.Dims())})
	}
	in = append(in, mesh.Port{Rank: 2}, mesh.Port{Rank: 2}, mesh.Port{Rank: 2})
	prog, err := m.Program("logits", func(nodes []*graph.Node) []*graph.Node {
		w := f.Config.Bind(nodes[:n])
		hidden, _ := f.Config.Forward(w, decoder.Tokens{IDs: nodes[n], Positions: nodes[n+1], Segments: nodes[n+2]}, false)
		seq := hidden.Shape().Dimensions[1]
		return []*graph.Node{f.Config.Logits(w, graph.Slice(hidden, graph.AxisRange(), graph.AxisElem(seq-1), graph.AxisRange()))}
	}, in, []mesh.Port{{Rank: 3}})
	if err != nil {
		t.Fatal(err)
	}
	b := wholeRows(ids, 2)
	args := f.Weights
	for _, values := range [][]int32{b.IDs, b.Positions, b.Segments} {
		a, err := m.FromInt32(values, mesh.Replicated, b.Rows, b.Seq)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args[:len(args):len(args)], a)
	}
	out, err := prog.Run(context.Background(), args...)
	if err != nil {
		t.Fatal(err)
	}
	values, err := out[0].ToFloat32()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// TestBFloat16Weights loads a bfloat16 checkpoint and computes in float32.
func TestBFloat16Weights(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny_bf16")
	b := &learner.Batch{Rows: 3, Seq: 40, Window: 39, IDs: f.Int32(t, "input_ids_right"), Positions: f.Int32(t, "position_ids_right"),
		Segments: f.Int32(t, "attention_mask_right"), Fields: map[string][]float32{}}
	got, err := learner.NewScorer(m, f.Config).Score(context.Background(), f.Weights, b, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	want := f.Float32(t, "logprobs_right_weights_bf16_compute_fp32") // 0 at padding, as ours
	compare(t, "log-probs", got.LogProbs, want, 1e-4)
}

// TestTransformersReadsConfig writes each configuration back and lets transformers compute the same log-probs from it.
func TestTransformersReadsConfig(t *testing.T) {
	python := fixture.Python(t, "transformers", "torch")
	args := []string{filepath.Join("testdata", "check_models.py")}
	for _, name := range families {
		from, to := filepath.Join("testdata", name), filepath.Join(t.TempDir(), name)
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(from, "config.json"))
		if err != nil {
			t.Fatal(err)
		}
		c, err := decoder.ParseConfig(raw)
		if err != nil {
			t.Fatal(err)
		}
		written, err := c.MarshalHF("float32", []int32{2}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, "config.json"), written, 0o644); err != nil {
			t.Fatal(err)
		}
		args = append(args, to)
	}
	out, err := exec.Command(python, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// ExampleParseConfig reads the shape of a model.
func ExampleParseConfig() {
	c, err := decoder.ParseConfig([]byte(`{"model_type": "llama", "hidden_size": 64, "num_attention_heads": 4,
		"rope_theta": 500000, "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4,
		"original_max_position_embeddings": 8192}}`))
	fmt.Println(c.HeadDim, c.RopeTheta, c.Rope.Type, c.Rope.Factor, err)
	// Output: 16 500000 llama3 8 <nil>
}
