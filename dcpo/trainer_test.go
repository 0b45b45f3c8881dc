package dcpo_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/dcpo"
)

// TestRunLeavesAModelThatLoads makes a whole small run and reads back what it leaves behind.
func TestRunLeavesAModelThatLoads(t *testing.T) {
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	dir := t.TempDir()
	cfg, err := dcpo.LoadConfig("tiny", "train.steps=2", "train.prompts=4", "train.mini_batch=2", "warmup.lessons=2", "warmup.habits=2", "warmup.rows=16",
		"data.eval_rows=4", "model.device=cpu", "output.dir="+dir)
	if err != nil {
		t.Fatal(err)
	}
	var phases []string
	stepsSeen := 0
	var reports []dcpo.StepReport
	out, err := dcpo.Run(context.Background(), cfg, dcpo.RunOptions{
		Phase: func(name string, _, _ int) { phases = append(phases, name) },
		Step: func(r dcpo.StepReport) {
			stepsSeen++
			reports = append(reports, r)
			if r.Mismatch.MaxGap > 1e-4 {
				t.Errorf("step %d: sampled and scored log-probs differ by %g", r.Step, r.Mismatch.MaxGap)
			}
			values := r.Values()
			for name, v := range values {
				// A model that has hardly been warmed up may state no confidence at all, which has no mean.
				undefined := name == "auroc" || name == "brier" || (name == "confidence" && values["confidence_missing"] == 1)
				if math.IsInf(v, 0) || (math.IsNaN(v) && !undefined) {
					t.Errorf("step %d: %s is %g", r.Step, name, v)
				}
			}
		}})
	if err != nil {
		t.Fatal(err)
	}
	if want := "open model,warm-up,evaluate base,train,save,evaluate"; strings.Join(phases, ",") != want || stepsSeen != 2 {
		t.Errorf("phases %v with %d steps, want %s with 2", phases, stepsSeen, want)
	}
	for _, name := range []string{"config.toml", "run.json", "metrics.jsonl", "samples.jsonl", "results.json", "curves.png", "reliability.png",
		"evaluations/step-000000.jsonl", "evaluations/step-000002.jsonl", "checkpoints/step-000002/MANIFEST"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() == 0 {
			t.Errorf("%s is missing or empty: %v", name, err)
		}
	}
	curves := dcpo.NewCurves()
	if err := curves.Read("again", dir); err != nil || len(curves.Reports("again")) != 2 {
		t.Fatalf("%d steps are read from the run's record, %v", len(curves.Reports("again")), err)
	}
	for i, r := range curves.Reports("again") {
		if w := reports[i]; r.Step != w.Step || r.Summary.PCE != w.Summary.PCE || r.Summary.Accuracy != w.Summary.Accuracy || r.ConfidenceStd != w.ConfidenceStd || r.Loss != w.Loss {
			t.Errorf("step %d is read as %+v, was %+v", w.Step, r.Summary, w.Summary)
		}
	}
	if err := curves.Read("none", t.TempDir()); err == nil {
		t.Error("a folder without a record is read")
	}
	loaded, err := backend.Open(context.Background(), filepath.Join(dir, "model"), backend.Options{Device: "cpu"})
	if err != nil {
		t.Fatal(err)
	}
	defer loaded.Release()
	prompt, err := out.Model.Prompt("12+34=")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*backend.Model{out.Model, loaded} {
		got, err := m.Generate(context.Background(), [][]int32{prompt}, backend.Sampling{Seed: 9, MaxNewTokens: 8})
		if err != nil {
			t.Fatal(err)
		}
		if m == loaded {
			continue
		}
		again, err := loaded.Generate(context.Background(), [][]int32{prompt}, backend.Sampling{Seed: 9, MaxNewTokens: 8})
		if err != nil {
			t.Fatal(err)
		}
		if got[0].Text != again[0].Text {
			t.Errorf("the saved model says %q, the trained one %q", again[0].Text, got[0].Text)
		}
	}
	out.Model.Release()
}

// TestRunStopsWithItsContext interrupts after the first step: the error is the context's, and Run goes on from there.
func TestRunStopsWithItsContext(t *testing.T) {
	cfg := dcpo.DefaultConfig()
	cfg.Train.Steps, cfg.Train.Prompts, cfg.Train.MiniBatch, cfg.Train.GroupSize = 3, 4, 4, 2
	trainer, err := dcpo.NewTrainer(cfg, tiny(t, 1), mustTask(t))
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Release()
	ctx, cancel := context.WithCancel(context.Background())
	var seen []int
	trainer.OnStep = func(r dcpo.StepReport) {
		seen = append(seen, r.Step)
		cancel()
	}
	if err := trainer.Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Error(err)
	}
	if len(seen) != 3 || seen[2] != 3 {
		t.Errorf("steps %v, want 1 2 3", seen)
	}
}

func mustTask(t *testing.T) *dcpo.Task {
	t.Helper()
	task, err := dcpo.OpenTask(context.Background(), "arithmetic", "")
	if err != nil {
		t.Fatal(err)
	}
	return task
}
