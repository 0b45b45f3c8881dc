package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// faults collects what is wrong with a configuration.
type faults []error

func (f *faults) want(ok bool, format string, args ...any) {
	if !ok {
		*f = append(*f, fmt.Errorf("configuration: "+format, args...))
	}
}

// oneOf wants a value among the allowed ones.
func (f *faults) oneOf(key, value string, allowed ...string) {
	f.want(slices.Contains(allowed, value), "%s is %q, want one of %q", key, value, allowed)
}

// Validate reports every fault of the configuration at once, before anything is loaded: values out of range, values that
// contradict each other, and settings that would have no effect.
func (c Config) Validate() error {
	var f faults
	method, err := FindMethod(c.Train.Method)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	c.checkModel(&f)
	c.checkData(&f)
	c.checkTrain(&f, method)
	c.checkRollout(&f)
	c.checkOutput(&f)
	f = append(f, c.dead()...)
	r, err := c.Recipe()
	f = append(f, err, c.Confidence.Policy.Validate(), c.Confidence.Prompt.Validate(), c.Confidence.Span.Validate(), c.Loss.Aggregation.Validate())
	if err == nil {
		f = append(f, r.Validate())
	}
	return errors.Join(f...)
}

func (c Config) checkModel(f *faults) {
	m := c.Model
	f.want(m.Path != "", "model.path is empty: name a model directory, or \"tiny\"")
	f.want(m.Path != "tiny" || c.Data.Train == "arithmetic", "model.path \"tiny\" knows the characters of data.train \"arithmetic\" only, not of %q", c.Data.Train)
	f.oneOf("model.device", m.Device, "", "cpu", "cuda")
	f.oneOf("model.dtype", m.DType, "", "float32", "bfloat16")
	f.oneOf("model.sharding", m.Sharding, "zero1", "fsdp")
	f.want(m.Devices >= 0, "model.devices is %d, want 0 or more", m.Devices)
	f.want(m.LoRARank >= 0 && m.LoRAAlpha >= 0, "model.lora_rank is %d and lora_alpha %g, want 0 or more", m.LoRARank, m.LoRAAlpha)
	o := c.Optimizer
	f.want(o.LR >= 0, "optimizer.lr is %g, want 0 or more", o.LR)
	f.want(o.LRWarmup >= 0, "optimizer.lr_warmup is %d, want 0 or more", o.LRWarmup)
	f.want(o.MicroRows >= 0, "optimizer.micro_rows is %d, want 0 (all) or more", o.MicroRows)
	f.want(o.Beta1 >= 0 && o.Beta1 < 1 && o.Beta2 >= 0 && o.Beta2 < 1, "optimizer.beta1 and beta2 are %g and %g, want them in [0, 1)", o.Beta1, o.Beta2)
	f.want(o.WeightDecay >= 0 && o.ClipNorm >= 0, "optimizer.weight_decay and clip_norm are %g and %g, want 0 or more", o.WeightDecay, o.ClipNorm)
}

func (c Config) checkData(f *faults) {
	d, w := c.Data, c.Warmup
	f.want(d.Train != "", "data.train is empty: name a data set")
	fresh := c.makesProblems()
	f.want(!c.holdsOut() || d.EvalRows > 0, "data.eval is data.train, but data.eval_rows does not say how many problems to hold out of it")
	f.want(d.EvalRows >= 0 && d.EvalSamples > 0, "data.eval_rows is %d and data.eval_samples %d, want 0 or more, and 1 or more", d.EvalRows, d.EvalSamples)
	f.want(d.MaxPrompt > 0, "data.max_prompt is %d, want at least 1", d.MaxPrompt)
	f.oneOf("curriculum.kind", c.Curriculum.Kind, "uniform", "sequential", "adarft")
	f.want(!fresh || c.Curriculum.Kind == "uniform", "curriculum.kind %q needs a fixed set of problems, and data.train %q makes fresh ones", c.Curriculum.Kind, d.Train)
	last := -1
	for _, s := range c.Curriculum.Stages {
		f.want(s.FromStep > last && s.MaxNewTokens > 0, "curriculum.stages: from_step %d and max_new_tokens %d: want rising steps, and at least one token", s.FromStep, s.MaxNewTokens)
		f.want(s.MaxNewTokens <= c.Rollout.MaxNewTokens, "curriculum.stages: max_new_tokens %d is above rollout.max_new_tokens %d, which is what memory is planned for", s.MaxNewTokens, c.Rollout.MaxNewTokens)
		last = s.FromStep
	}
	f.want(w.Data != "arithmetic" || w.Lessons+w.Habits > 0, "warmup.data is \"arithmetic\", but neither warmup.lessons nor warmup.habits says for how many steps")
	f.want(w.Data == "" || w.Data == "arithmetic" || w.Steps > 0, "warmup.data is %q, but warmup.steps does not say for how many steps", w.Data)
	f.want(w.Data != "arithmetic" || c.Model.Path == "tiny", "warmup.data \"arithmetic\" is written for model.path \"tiny\", not for %q", c.Model.Path)
	f.want(w.Lessons >= 0 && w.Habits >= 0 && w.Steps >= 0 && w.Rows > 0, "warmup: lessons %d, habits %d, steps %d and rows %d: want none below 0, and at least one row", w.Lessons, w.Habits, w.Steps, w.Rows)
}

func (c Config) checkTrain(f *faults, m Method) {
	t := c.Train
	f.want(t.Steps >= 0, "train.steps is %d, want 0 or more", t.Steps)
	f.want(t.Prompts > 0, "train.prompts is %d, want at least 1", t.Prompts)
	f.want(t.GroupSize > 0, "train.group_size is %d, want at least 1", t.GroupSize)
	f.want(t.GroupSize != 1 || !m.comparesGroups(c), "train.group_size is 1, but %s compares the rollouts of a group: want at least 2", t.Method)
	f.want(t.MiniBatch > 0 && t.Prompts%max(1, t.MiniBatch) == 0, "train.mini_batch %d does not divide train.prompts %d", t.MiniBatch, t.Prompts)
	f.want(c.Optimizer.MicroRows <= t.MiniBatch*t.GroupSize, "optimizer.micro_rows %d is more than a mini-batch has: %d problems × %d rollouts",
		c.Optimizer.MicroRows, t.MiniBatch, t.GroupSize)
	f.want(t.MaxRefills >= 0, "train.max_refills is %d, want 0 or more", t.MaxRefills)
	f.want(t.EvalEvery >= 0 && t.SaveEvery >= 0 && t.Keep >= 0 && t.PartsEvery >= 0, "train.eval_every %d, save_every %d, keep %d and parts_every %d: want none below 0",
		t.EvalEvery, t.SaveEvery, t.Keep, t.PartsEvery)
	f.want(t.MaxBadUpdates > 0, "train.max_bad_updates is %d, want at least 1", t.MaxBadUpdates)
	f.want(t.EvalEvery == 0 || c.Data.Eval != "", "train.eval_every is %d, but data.eval names no problems to validate on", t.EvalEvery)
	f.want(t.SaveEvery == 0 || c.Output.Dir != "", "train.save_every is %d, but output.dir does not say where to save", t.SaveEvery)
	f.oneOf("reward.grader", c.Reward.Grader, "", "math", "verl")
	f.want(c.Reward.Grader == "" || !c.makesProblems(), "reward.grader is %q, but data.train %q is graded in its own way", c.Reward.Grader, c.Data.Train)
	f.want(m.Calibration != Decoupled || loss.Decoupled(c.kind(m)), "loss.kind %q mixes the tokens of a response, and %s needs the two spans apart", c.kind(m), t.Method)
	f.oneOf("loss.kl_in", c.Loss.KLIn, "loss", "reward")
	f.oneOf("loss.reference", c.Loss.Reference, "", "resident", "sharded", "host")
	f.want(c.Advantage.Reweight >= 0 && c.Advantage.Reweight <= 1, "advantage.reweight is %g, want it in [0, 1]", c.Advantage.Reweight)
	f.want(c.Advantage.Isolate >= 0 && c.Advantage.Isolate < 1, "advantage.isolate is %g, want it in [0, 1)", c.Advantage.Isolate)
	f.want(c.Loss.ConfidenceWeight >= 0, "loss.confidence_weight is %g, want 0 or more", c.Loss.ConfidenceWeight)
}

// comparesGroups tells whether the method learns nothing from groups of one.
func (m Method) comparesGroups(c Config) bool {
	estimator := m.Estimator
	if c.Advantage.Estimator != "" {
		estimator = c.Advantage.Estimator
	}
	return !slices.Contains([]string{"gae", "remax", "reinforce++"}, estimator)
}

func (c Config) checkRollout(f *faults) {
	r := c.Rollout
	f.oneOf("rollout.engine", r.Engine, "embedded", "vllm")
	f.want(r.Temperature > 0, "rollout.temperature is %g, want more than 0 (greedy rollouts of a group are all alike)", r.Temperature)
	f.want(r.MaxNewTokens > 0, "rollout.max_new_tokens is %d, want at least 1", r.MaxNewTokens)
	f.want(r.TopK >= 0 && r.TopP >= 0 && r.TopP <= 1, "rollout.top_k is %d and top_p %g, want 0 or more, and in [0, 1]", r.TopK, r.TopP)
	f.want(r.Rows > 0, "rollout.rows is %d, want at least 1", r.Rows)
	f.oneOf("rollout.importance", r.Importance, "", "none", "token", "sequence")
	f.want(r.ImportanceCap >= 0 && r.StopGap >= 0, "rollout.importance_cap and stop_gap are %g and %g, want 0 or more", r.ImportanceCap, r.StopGap)
	if r.Engine == "vllm" {
		f.want(len(r.Endpoints) > 0, "rollout.engine is \"vllm\", but rollout.endpoints names no server")
		f.want(r.ServedModel != "", "rollout.engine is \"vllm\", but rollout.served_model does not say what the model is called there")
		f.want(r.SyncDir != "", "rollout.engine is \"vllm\", but rollout.sync_dir names no folder for the weights")
		f.want(c.Model.LoRARank == 0, "rollout.engine \"vllm\" takes whole weights, and model.lora_rank %d trains adapters beside them", c.Model.LoRARank)
		f.want(c.Model.Path != "tiny", "rollout.engine \"vllm\" cannot serve model.path \"tiny\", whose tokenizer is no Hugging Face one")
		for _, e := range r.Endpoints {
			f.want(strings.HasPrefix(e, "http://") || strings.HasPrefix(e, "https://"), "rollout.endpoints: %q is no URL: want http://host:port", e)
		}
	}
}

func (c Config) checkOutput(f *faults) {
	o := c.Output
	f.want(o.Samples >= 0, "output.samples is %d, want 0 or more", o.Samples)
	f.want(!o.Save || o.Dir != "", "output.save is set, but output.dir does not say where")
	f.want(o.WandB == "" || o.Dir != "", "output.wandb writes files below output.dir, which is empty")
}
