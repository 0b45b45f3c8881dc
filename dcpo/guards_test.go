package dcpo

import (
	"context"
	"errors"
	"math"
	"os"
	"strings"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/config"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reward"
	"gonum.org/v1/gonum/stat"
)

// smallTrainer trains a small model on few problems.
func smallTrainer(t *testing.T, change func(*Config)) *Trainer {
	t.Helper()
	if testing.Short() {
		t.Skip("programs compile slowly")
	}
	model, err := backend.NewTiny(context.Background(), ArithmeticTokenizer(), backend.Options{Device: "cpu", Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(model.Release)
	cfg := DefaultConfig()
	cfg.Train.Steps, cfg.Train.Prompts, cfg.Train.MiniBatch, cfg.Train.GroupSize, cfg.Loss.KLCoef = 3, 4, 4, 4, 0
	if change != nil {
		change(&cfg)
	}
	trainer, err := NewTrainer(cfg, model, Arithmetic(arithmetic.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(trainer.Release)
	return trainer
}

// TestFailingGraderCostsItsAnswersOnly: a grader that panics makes that answer wrong, and is counted.
func TestFailingGraderCostsItsAnswersOnly(t *testing.T) {
	task := &Task{Grade: func(response string, p datasets.Problem) grade.Verdict {
		if response == "bad" {
			panic("no")
		}
		return grade.Verdict{Correct: true, Answer: response, Found: true}
	}}
	rollouts := []Rollout{{Response: backend.Response{Text: "good"}}, {Response: backend.Response{Text: "bad"}}, {Response: backend.Response{Text: "good"}}}
	lost := judge(task, config.Confidence{Policy: "last"}, rollouts)
	if lost[reward.Panicked] != 1 || !rollouts[0].Verdict.Correct || rollouts[1].Verdict.Correct || !rollouts[2].Verdict.Correct {
		t.Errorf("lost %v, verdicts %v", lost, rollouts)
	}
}

// otherPolicy is an engine whose log-probs are not those of the policy that is trained.
type otherPolicy struct{ embedded }

func (o otherPolicy) sample(ctx context.Context, prompts [][]int32, s backend.Sampling) ([]backend.Response, error) {
	responses, err := o.embedded.sample(ctx, prompts, s)
	for i := range responses {
		for t := range responses[i].LogProbs {
			responses[i].LogProbs[t] -= 0.25
		}
	}
	return responses, err
}

// TestStaleEngineStopsTheRun: an engine that samples from another policy is noticed before the update, and importance weights tell how far off it is.
func TestStaleEngineStopsTheRun(t *testing.T) {
	trainer := smallTrainer(t, func(c *Config) { c.Rollout.StopGap = 0.1 })
	trainer.engine = otherPolicy{embedded{trainer.model}}
	if err := trainer.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "stop_gap") || trainer.Steps() != 0 || trainer.learner.Steps() != 0 {
		t.Errorf("error %v after %d steps and %d updates, want one of stop_gap before any", err, trainer.Steps(), trainer.learner.Steps())
	}
	trainer = smallTrainer(t, func(c *Config) { c.Rollout.Importance = "token"; c.Train.Steps = 1 })
	trainer.engine = otherPolicy{embedded{trainer.model}}
	trainer.OnStep = func(r StepReport) {
		if math.Abs(r.Mismatch.MeanGap-0.25) > 1e-3 || math.Abs(r.Mismatch.MaxRatio-math.Exp(0.25)) > 1e-3 {
			t.Errorf("mismatch %+v, want a gap of 0.25", r.Mismatch)
		}
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestUpdatesThatAreNotFiniteAreSkippedAndKept: the weights stay, the batch is kept, and the run stops after the set number in a row.
func TestUpdatesThatAreNotFiniteAreSkippedAndKept(t *testing.T) {
	trainer := smallTrainer(t, func(c *Config) { c.Train.MiniBatch, c.Train.MaxBadUpdates = 2, 3 })
	trainer.BadBatches = t.TempDir()
	good := trainer.objective
	trainer.objective = learner.Objective{Name: "spoiled", Fields: good.Fields, Metrics: good.Metrics, Build: func(in learner.Inputs) (*Node, []*Node) {
		value, metrics := good.Build(in)
		return Mul(value, Scalar(value.Graph(), value.DType(), math.NaN())), metrics
	}}
	var before []float32
	for _, w := range trainer.model.Weights() {
		v, err := w.ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		before = append(before, v...)
	}
	first, err := trainer.Step(context.Background())
	if err != nil || first.Skipped != 2 || first.Updates != 0 {
		t.Fatalf("%v: %d updates, %d skipped; want 2 skipped", err, first.Updates, first.Skipped)
	}
	_, err = trainer.Step(context.Background())
	if err == nil || !errors.Is(err, learner.ErrNotFinite) || !strings.Contains(err.Error(), "3 updates in a row") {
		t.Errorf("error %v, want one after three updates", err)
	}
	var after []float32
	for _, w := range trainer.model.Weights() {
		v, err := w.ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		after = append(after, v...)
	}
	for i := range before {
		if before[i] != after[i] {
			t.Fatal("weights have moved")
		}
	}
	kept, err := os.ReadDir(trainer.BadBatches)
	if err != nil || len(kept) != 3 {
		t.Fatalf("%d batches are kept, want 3: %v", len(kept), err)
	}
	f, err := safetensors.Open(trainer.BadBatches + "/" + kept[0].Name())
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"ids", "positions", "segments", loss.Advantages, loss.OldLogProbs, loss.TokenWeight} {
		if _, ok := f.Info(name); !ok {
			t.Errorf("the kept batch lacks %s", name)
		}
	}
}

// TestIncompleteGroupsAreRefused: a group that lost a rollout would be compared with a mean that is not its own.
func TestIncompleteGroupsAreRefused(t *testing.T) {
	trainer := smallTrainer(t, nil)
	s := trainer.newStep()
	if err := trainer.collect(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	s.rollouts = s.rollouts[:len(s.rollouts)-1]
	if err := trainer.score(context.Background(), s); err != nil {
		t.Fatal(err)
	}
	if err := trainer.credit(s); err == nil || !strings.Contains(err.Error(), "group 3 has 3 rollouts, want 4") {
		t.Errorf("error %v", err)
	}
}

// TestRewardsOfOnesOwn: a function of the user's is part of what is trained on, and reported by itself.
func TestRewardsOfOnesOwn(t *testing.T) {
	trainer := smallTrainer(t, func(c *Config) { c.Train.Steps = 1 })
	trainer.Rewards = []reward.Component{{Name: "short", Weight: 0.1, Func: func(s reward.Sample) float64 { return -float64(s.Length) }}}
	trainer.OnStep = func(r StepReport) {
		if math.Abs(r.Rewards["short"]+r.MeanLength) > 1e-9 {
			t.Errorf("mean reward %g, mean length %g", r.Rewards["short"], r.MeanLength)
		}
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	one := trainer.Rollouts()[0]
	if want := one.Reward.Accuracy - 0.1*float64(len(one.Response.Tokens)); math.Abs(one.Reward.Answer-want) > 1e-9 {
		t.Errorf("the answer earned %g, want %g", one.Reward.Answer, want)
	}
}

// TestRolloutsTellTheirAdvantages: what Rollouts shows, and samples.jsonl keeps, is what was trained on; with dynamic sampling, groups left out have none.
func TestRolloutsTellTheirAdvantages(t *testing.T) {
	for _, dynamic := range []bool{false, true} {
		trainer := smallTrainer(t, func(c *Config) {
			c.Train.Method, c.Train.Dynamic = "grpo", dynamic
			if dynamic {
				c.Train.MaxRefills = 1
			}
		})
		trainer.Rewards = []reward.Component{{Name: "length", Weight: 1, Func: func(s reward.Sample) float64 { return float64(s.Length) }}}
		s := trainer.newStep()
		if err := trainer.collect(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		for _, phase := range []func() error{func() error { return trainer.score(context.Background(), s) }, func() error { return trainer.credit(s) }} {
			if err := phase(); err != nil {
				t.Fatal(err)
			}
		}
		trained := map[int]bool{}
		for _, r := range s.rollouts {
			trained[r.Group] = true
		}
		rewards := map[int][]float64{}
		for _, r := range s.asked {
			rewards[r.Group] = append(rewards[r.Group], r.Reward.Answer)
		}
		moved := 0
		for i, r := range s.asked {
			mean, std := stat.MeanStdDev(rewards[r.Group], nil)
			want := 0.0
			if trained[r.Group] && std > 0 {
				want = (r.Reward.Answer - mean) / std
				moved++
			}
			if math.Abs(r.Advantage.Answer-want) > 1e-3 {
				t.Errorf("dynamic %t: rollout %d of group %d has advantage %g, want %g", dynamic, i, r.Group, r.Advantage.Answer, want)
			}
		}
		if moved == 0 {
			t.Errorf("dynamic %t: no rollout has an advantage", dynamic)
		}
		trainer.Release()
	}
}
