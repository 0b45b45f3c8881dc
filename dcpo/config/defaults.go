package config

import "github.com/dcpo-go/godcpo/dcpo/verbal"

// Default is a DCPO run on synthetic arithmetic with the paper's method settings at a laptop's scale.
func Default() Config {
	return Config{
		Model:      Model{Path: "tiny", Sharding: "zero1"},
		Data:       Data{Train: "arithmetic", MaxPrompt: 1024, EvalSamples: 4},
		Curriculum: Curriculum{Kind: "uniform"},
		Warmup:     Warmup{Rows: 64, LR: 1e-5},
		Train:      Train{Method: "dcpo", Steps: 120, Prompts: 32, GroupSize: 8, MiniBatch: 16, MaxRefills: 9, Keep: 2, MaxBadUpdates: 3, Seed: 1},
		Rollout:    Rollout{Engine: "embedded", Temperature: 1, MaxNewTokens: 10, Rows: 256},
		Reward:     Reward{Accuracy: 1},
		Confidence: Confidence{Policy: verbal.Last, Span: verbal.SpanLine},
		Loss:       Loss{KL: "k3", KLCoef: 0.001, KLIn: "loss"},
		Optimizer:  Optimizer{LR: 4e-4, Beta1: 0.9, Beta2: 0.999, WeightDecay: 0.01, ClipNorm: 1},
		Output:     Output{Samples: 8, TensorBoard: true},
	}
}
