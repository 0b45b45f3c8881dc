package dcpo_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/dcpo"
)

// narrowQwen writes a model of Qwen3-8B's 36 layers, its vocabulary and its tokenizer, but narrow, with random weights.
func narrowQwen(t *testing.T, shared string) string {
	t.Helper()
	shape, ok := plan.Shape("Qwen3-8B")
	if !ok {
		t.Fatal("the shape of Qwen3-8B is not known")
	}
	shape.HiddenSize, shape.IntermediateSize, shape.Heads, shape.KVHeads, shape.HeadDim = 64, 192, 8, 2, 8
	model, err := backend.New(context.Background(), shape, dcpo.ArithmeticTokenizer(), backend.Options{Device: "cpu", DType: "bfloat16", Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer model.Release()
	dir := filepath.Join(t.TempDir(), "narrow-qwen3-8b")
	if err := model.Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tokenizer.json", "tokenizer_config.json"} {
		raw, err := os.ReadFile(filepath.Join(shared, "tokenizers", "qwen3", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestPaperStepOnEightDevices makes a whole step of the paper's run, as the preset says it, on eight virtual devices: 256 real problems
// with the reference's prompt and the real tokenizer, 2,048 rollouts, the reference's grader, four updates in micro-batches of eight,
// bfloat16 with masters and moments in float32 cut over the devices, and a reference policy that is cut as well. Scaled down to the
// machine's memory are the model's widths, the lengths, and with them how many responses are decoded at once; its 36 layers and its
// vocabulary are Qwen3-8B's.
func TestPaperStepOnEightDevices(t *testing.T) {
	shared := filepath.Join("..", "..", "shared")
	if _, err := os.Stat(filepath.Join(shared, "data")); err != nil {
		t.Skip("../shared is absent: the problems and the tokenizer are not at hand")
	}
	if testing.Short() || os.Getenv("GODCPO_TEST_PAPER") == "" {
		t.Skip("GODCPO_TEST_PAPER is not set: a step of 2,048 rollouts through 36 layers takes a quarter of an hour")
	}
	data, err := filepath.Abs(filepath.Join(shared, "data"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := dcpo.LoadConfig("qwen3-8b", "model.path="+narrowQwen(t, shared), "model.device=cpu", "data.dir="+data, "data.max_prompt=256",
		"rollout.max_new_tokens=12", "rollout.rows=64", "train.steps=1", "output.dir="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	out, err := dcpo.Run(context.Background(), cfg, dcpo.RunOptions{
		Phase: func(name string, _, _ int) { t.Logf("%6.0f s  %s", time.Since(began).Seconds(), name) },
		Step: func(r dcpo.StepReport) {
			t.Log(r)
			for phase, bytes := range r.Memory {
				t.Logf("%s: %v, %.2f GB a device", phase, r.Timing[phase].Round(time.Second), float64(bytes)/1e9)
			}
			if r.Rollouts != 2048 || r.Updates != 4 || r.Skipped != 0 {
				t.Errorf("%d rollouts and %d updates, %d skipped; want 2048 and 4", r.Rollouts, r.Updates, r.Skipped)
			}
			// The bound that the design sets for rollouts against training in bfloat16.
			if !(r.Mismatch.KL < 2e-3) || r.Mismatch.Tokens != r.Tokens {
				t.Errorf("sampled and scored policies differ by a KL of %g over %d of %d tokens", r.Mismatch.KL, r.Mismatch.Tokens, r.Tokens)
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Model.Release()
	if n := out.Model.Devices(); n != 8 {
		t.Errorf("the model lies on %d devices, want 8", n)
	}
	if out.After == nil || len(out.After.Answers) != 120 {
		t.Error("AIME24's 30 problems were not answered four times each after the step")
	}
}
