package dcpo_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/dcpo-go/godcpo/dcpo/config"
)

// TestEveryMethodTrains makes two steps by each method, on a model that has been taught a little: all figures are finite, rollouts
// are scored as they were sampled, and weights move.
func TestEveryMethodTrains(t *testing.T) {
	base := tiny(t, 1)
	if _, err := dcpo.Warmup(context.Background(), base, dcpo.WarmupOptions{Lessons: 150, Habits: 150, Seed: 2}); err != nil {
		t.Fatal(err)
	}
	before := weightsOf(t, base)
	type change = func(*dcpo.Config)
	variants := map[string]change{}
	for _, m := range dcpo.Methods() {
		variants[m.Name] = func(c *dcpo.Config) { c.Train.Method = m.Name }
	}
	for name, more := range map[string]change{
		"dcpo, released":         func(c *dcpo.Config) { c.Advantage.Placement = "released" },
		"dcpo, gspo":             func(c *dcpo.Config) { c.Loss.Kind = "gspo" },
		"dcpo, spans apart":      func(c *dcpo.Config) { c.Loss.ConfidenceWeight = 1 },
		"dcpo, AR-Lopti":         func(c *dcpo.Config) { c.Advantage.Reweight, c.Advantage.Isolate = 0.3, 0.5 },
		"dcpo, KL in the reward": func(c *dcpo.Config) { c.Loss.KLIn, c.Loss.KLTarget, c.Loss.KL = "reward", 0.1, "k1" },
		"dcpo, no reference":     func(c *dcpo.Config) { c.Loss.KLCoef = 0 },
		"dcpo, entropy":          func(c *dcpo.Config) { c.Loss.EntropyCoef = 0.01 },
		"dcpo, importance":       func(c *dcpo.Config) { c.Rollout.Importance = "sequence" },
		"dcpo, shorter at first": func(c *dcpo.Config) {
			c.Curriculum.Stages = []config.Stage{{FromStep: 0, MaxNewTokens: 8}, {FromStep: 1, MaxNewTokens: 10}}
		},
		"dcpo, reference on host": func(c *dcpo.Config) { c.Loss.Reference = "host" },
	} {
		variants[name] = more
	}
	for name, change := range variants {
		t.Run(name, func(t *testing.T) {
			cfg := dcpo.DefaultConfig()
			cfg.Train.Steps, cfg.Train.Prompts, cfg.Train.MiniBatch, cfg.Train.GroupSize, cfg.Train.PartsEvery = 2, 16, 8, 4, 2
			change(&cfg)
			model, err := base.Clone()
			if err != nil {
				t.Fatal(err)
			}
			defer model.Release()
			trainer, err := dcpo.NewTrainer(cfg, model, mustTask(t))
			if err != nil {
				t.Fatal(err)
			}
			defer trainer.Release()
			trainer.OnStep = func(r dcpo.StepReport) {
				values := r.Values()
				for figure, v := range values {
					undefined := figure == "auroc" || figure == "brier" || (figure == "confidence" && values["confidence_missing"] == 1)
					if math.IsInf(v, 0) || math.IsNaN(v) && !undefined {
						t.Errorf("step %d: %s is %g", r.Step, figure, v)
					}
				}
				if r.Mismatch.MaxGap > 1e-4 || r.Mismatch.Tokens == 0 {
					t.Errorf("step %d: %d sampled log-probs differ from the scored by up to %g", r.Step, r.Mismatch.Tokens, r.Mismatch.MaxGap)
				}
				if r.Updates == 0 || r.Skipped > 0 {
					t.Errorf("step %d: %d updates, %d skipped", r.Step, r.Updates, r.Skipped)
				}
			}
			if err := trainer.Run(context.Background()); err != nil {
				t.Fatal(err)
			}
			if slices.Equal(before, weightsOf(t, model)) {
				t.Error("no weight has moved")
			}
		})
	}
}
