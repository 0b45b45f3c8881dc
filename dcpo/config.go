package dcpo

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reward"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Config is a training run. Start from DefaultConfig; LoadConfig reads one from TOML.
type Config struct {
	Model      ModelConfig      `toml:"model"`
	Data       DataConfig       `toml:"data"`
	Train      TrainConfig      `toml:"train"`
	Rollout    RolloutConfig    `toml:"rollout"`
	Reward     RewardConfig     `toml:"reward"`
	Confidence ConfidenceConfig `toml:"confidence"`
	Advantage  AdvantageConfig  `toml:"advantage"`
	Loss       LossConfig       `toml:"loss"`
	Optimizer  OptimizerConfig  `toml:"optimizer"`
	Output     OutputConfig     `toml:"output"`
}

// ModelConfig says what is trained and where.
type ModelConfig struct {
	Path    string `toml:"path"`    // a model directory or its name below $GODCPO_MODELS; "tiny" makes a small one from scratch
	Device  string `toml:"device"`  // "cpu", "cuda", or empty for the best there is
	Devices int    `toml:"devices"` // 0: every GPU, or one CPU device
	DType   string `toml:"dtype"`   // "float32", "bfloat16", or empty for the checkpoint's on GPUs and float32 on CPU
}

// DataConfig names the problems.
type DataConfig struct {
	Train     string `toml:"train"`      // registry name, JSON Lines file, or "arithmetic"
	Eval      string `toml:"eval"`       // likewise; empty: no validation
	EvalRows  int    `toml:"eval_rows"`  // first so many problems of Eval; 0: all
	Dir       string `toml:"dir"`        // folder of the registered sets; empty: $GODCPO_DATA
	MaxPrompt int    `toml:"max_prompt"` // problems whose prompt has more tokens are left out, with a warning
	// Lessons and Habits are the steps of the supervised warm-up before reinforcement learning, of WarmupRows examples each; both
	// 0: none. "arithmetic" only.
	Lessons    int `toml:"lessons"`
	Habits     int `toml:"habits"`
	WarmupRows int `toml:"warmup_rows"`
}

// TrainConfig is the shape of the loop.
type TrainConfig struct {
	Method    string `toml:"method"`     // "dcpo", "dcpo-i", "dcpo-g" or "grpo"
	Steps     int    `toml:"steps"`      // optimizer sees Steps × Prompts / MiniBatch updates
	Prompts   int    `toml:"prompts"`    // problems a step
	GroupSize int    `toml:"group_size"` // rollouts a problem
	MiniBatch int    `toml:"mini_batch"` // problems an update; divides Prompts
	EvalEvery int    `toml:"eval_every"` // validate after so many steps; 0: only at the ends
	Seed      uint64 `toml:"seed"`
}

// RolloutConfig says how responses are sampled.
type RolloutConfig struct {
	Temperature  float64 `toml:"temperature"`
	MaxNewTokens int     `toml:"max_new_tokens"`
	Rows         int     `toml:"rows"` // responses decoded at once; less needs less memory
}

// RewardConfig weighs the calibration reward; see package reward.
type RewardConfig struct {
	Gamma  float64 `toml:"gamma"`  // share of the own answer in the target; 0 takes 0.5
	Weight float64 `toml:"weight"` // w; 0 takes the paper's
}

// ConfidenceConfig says how the stated confidence is asked for and read; see package verbal.
type ConfidenceConfig struct {
	Instruct bool            `toml:"instruct"` // append the instruction to each question
	Policy   verbal.Policy   `toml:"policy"`
	Span     verbal.SpanMode `toml:"span"`
}

// AdvantageConfig scales advantages; see package advantage.
type AdvantageConfig struct {
	Placement advantage.Placement `toml:"placement"`
	NoStd     bool                `toml:"no_std"`
	StdFloor  float64             `toml:"std_floor"`
}

// LossConfig is the policy loss; see package loss.
type LossConfig struct {
	ClipLow     float64          `toml:"clip_low"`
	ClipHigh    float64          `toml:"clip_high"`
	DualClip    float64          `toml:"dual_clip"`
	KLCoef      float64          `toml:"kl_coef"` // 0: no reference policy is kept
	EntropyCoef float64          `toml:"entropy_coef"`
	Aggregation loss.Aggregation `toml:"aggregation"`
}

// OptimizerConfig is AdamW and how a backward pass is cut up.
type OptimizerConfig struct {
	LR          float64 `toml:"lr"`
	LRWarmup    int     `toml:"lr_warmup"` // steps of linear increase; then constant
	Beta1       float64 `toml:"beta1"`
	Beta2       float64 `toml:"beta2"`
	WeightDecay float64 `toml:"weight_decay"`
	ClipNorm    float64 `toml:"clip_norm"`
	MicroRows   int     `toml:"micro_rows"` // rollouts a backward pass; 0: a whole mini-batch. Changes memory, not results
	Checkpoint  bool    `toml:"gradient_checkpointing"`
}

// OutputConfig says what a run leaves behind.
type OutputConfig struct {
	Dir  string `toml:"dir"`  // metrics.jsonl, config.toml and the trained model go here; empty: nothing is written
	Save bool   `toml:"save"` // write the trained model at the end
}

// DefaultConfig is a DCPO run on synthetic arithmetic with the paper's method settings at a laptop's scale.
func DefaultConfig() Config {
	return Config{
		Model:      ModelConfig{Path: "tiny"},
		Data:       DataConfig{Train: "arithmetic", MaxPrompt: 1024},
		Train:      TrainConfig{Method: "dcpo", Steps: 120, Prompts: 32, GroupSize: 8, MiniBatch: 16, Seed: 1},
		Rollout:    RolloutConfig{Temperature: 1, MaxNewTokens: 10, Rows: 256},
		Confidence: ConfidenceConfig{Policy: verbal.Last, Span: verbal.SpanLine},
		Loss:       LossConfig{ClipLow: 0.2, ClipHigh: 0.28, DualClip: 3, KLCoef: 0.001, Aggregation: loss.TokenMean},
		Optimizer:  OptimizerConfig{LR: 4e-4, Beta1: 0.9, Beta2: 0.999, WeightDecay: 0.01, ClipNorm: 1},
	}
}

// method is what a method name stands for.
type method struct {
	estimator string
	target    reward.Target
}

var methods = map[string]method{
	"grpo":   {"grpo", reward.Hybrid}, // its calibration reward is reported, and not used
	"dcpo":   {"dcpo", reward.Hybrid},
	"dcpo-i": {"dcpo", reward.Instance},
	"dcpo-g": {"dcpo", reward.GroupMean},
}

// Methods lists the training methods.
func Methods() []string {
	names := make([]string, 0, len(methods))
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Validate reports every fault of the configuration at once, before anything is loaded.
func (c Config) Validate() error {
	var faults []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf("configuration: "+format, args...))
		}
	}
	_, known := methods[c.Train.Method]
	want(known, "train.method %q is unknown: want one of %v", c.Train.Method, Methods())
	want(c.Model.Path != "", "model.path is empty: name a model directory, or \"tiny\"")
	want(c.Data.Eval != c.Data.Train || c.Data.Train == "arithmetic" || c.Data.EvalRows > 0,
		"data.eval is data.train, but data.eval_rows does not say how many problems to hold out of it")
	want(c.Data.Train != "", "data.train is empty: name a data set")
	want(c.Train.Steps >= 0, "train.steps is %d, want 0 or more", c.Train.Steps)
	want(c.Train.Prompts > 0, "train.prompts is %d, want at least 1", c.Train.Prompts)
	want(c.Train.GroupSize > 0, "train.group_size is %d, want at least 1 (2 or more to learn anything)", c.Train.GroupSize)
	want(c.Train.MiniBatch > 0 && c.Train.Prompts%max(1, c.Train.MiniBatch) == 0,
		"train.mini_batch %d does not divide train.prompts %d", c.Train.MiniBatch, c.Train.Prompts)
	want(c.Rollout.Temperature > 0, "rollout.temperature is %g, want more than 0 (greedy rollouts of a group are all alike)", c.Rollout.Temperature)
	want(c.Rollout.MaxNewTokens > 0, "rollout.max_new_tokens is %d, want at least 1", c.Rollout.MaxNewTokens)
	want(c.Data.MaxPrompt > 0, "data.max_prompt is %d, want at least 1", c.Data.MaxPrompt)
	want(c.Optimizer.LR >= 0, "optimizer.lr is %g, want 0 or more", c.Optimizer.LR)
	want(c.Data.Lessons+c.Data.Habits == 0 || c.Data.Train == "arithmetic", "data.lessons and data.habits are set, but only \"arithmetic\" has a warm-up corpus")
	want(c.Model.Path != "tiny" || c.Data.Train == "arithmetic", "model.path \"tiny\" knows the characters of data.train \"arithmetic\" only, not of %q", c.Data.Train)
	faults = append(faults, c.Confidence.Policy.Validate(), c.Confidence.Span.Validate(), c.Loss.Aggregation.Validate(),
		c.lossOptions().Validate(), c.advantageOptions().Validate(), c.rewardOptions().Validate())
	return errors.Join(faults...)
}

func (c Config) lossOptions() loss.Options {
	return loss.Options{ClipLow: c.Loss.ClipLow, ClipHigh: c.Loss.ClipHigh, DualClip: c.Loss.DualClip, KLCoef: c.Loss.KLCoef, EntropyCoef: c.Loss.EntropyCoef}
}

func (c Config) advantageOptions() advantage.Options {
	return advantage.Options{Placement: c.Advantage.Placement, Scaling: advantage.Scaling{NoStd: c.Advantage.NoStd, StdFloor: c.Advantage.StdFloor}}
}

func (c Config) rewardOptions() reward.Options {
	return reward.Options{Target: methods[c.Train.Method].target, Gamma: c.Reward.Gamma, Weight: c.Reward.Weight}
}
