package dcpo_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo"
)

// TestTrainsOnRolloutsOfARealVLLM makes two steps on rollouts of a running vLLM, whose URL GODCPO_TEST_VLLM gives and whose model's directory
// GODCPO_TEST_VLLM_MODEL: it gets the weights before the first step and after each, and proves that it took them. The server must run with
// VLLM_SERVER_DEV_MODE=1 and serve the model by its directory's name.
func TestTrainsOnRolloutsOfARealVLLM(t *testing.T) {
	url, dir := os.Getenv("GODCPO_TEST_VLLM"), os.Getenv("GODCPO_TEST_VLLM_MODEL")
	if url == "" || dir == "" {
		t.Skip("GODCPO_TEST_VLLM and GODCPO_TEST_VLLM_MODEL do not name a running vLLM and its model's directory")
	}
	data, err := filepath.Abs(filepath.Join("..", "..", "shared", "data"))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := dcpo.LoadConfig("smollm2-135m", "model.path="+dir, "model.device=cpu", "data.dir="+data, "data.eval=", "data.max_prompt=160", "train.steps=2",
		"train.prompts=2", "train.mini_batch=2", "train.group_size=2", "optimizer.micro_rows=2", "rollout.max_new_tokens=24", "rollout.engine=vllm",
		"rollout.served_model="+filepath.Base(dir), "rollout.sync_dir="+t.TempDir(), `rollout.endpoints=["`+url+`"]`, "output.dir="+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	out, err := dcpo.Run(context.Background(), cfg, dcpo.RunOptions{Step: func(r dcpo.StepReport) {
		steps++
		t.Log(r, r.Mismatch)
		// The server computes in bfloat16, the trainer in float32.
		if r.Mismatch.Tokens != r.Tokens || !(r.Mismatch.MeanGap < 0.15) {
			t.Errorf("step %d: sampled and scored log-probs differ by %g nats over %d of %d tokens", r.Step, r.Mismatch.MeanGap, r.Mismatch.Tokens, r.Tokens)
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Model.Release()
	if steps != 2 {
		t.Errorf("%d steps, want 2", steps)
	}
}
