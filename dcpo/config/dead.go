package config

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// condition says when a key has an effect.
type condition struct {
	keys []string
	live func(c Config, m Method) bool
	// because completes "… has no effect: ".
	because string
}

// conditions lists the keys that not every configuration reads. All others always have an effect.
var conditions = []condition{
	{[]string{"model.lora_alpha"}, func(c Config, _ Method) bool { return c.Model.LoRARank > 0 }, "model.lora_rank is 0"},
	{[]string{"curriculum.target", "curriculum.step_size", "curriculum.sensitivity", "curriculum.want_reward", "curriculum.least", "curriculum.most"},
		func(c Config, _ Method) bool { return c.Curriculum.Kind == "adarft" }, "curriculum.kind is not \"adarft\""},
	{[]string{"warmup.lessons", "warmup.habits"}, func(c Config, _ Method) bool { return c.Warmup.Data == "arithmetic" }, "warmup.data is not \"arithmetic\""},
	{[]string{"warmup.steps", "warmup.lr"}, func(c Config, _ Method) bool { return c.Warmup.Data != "" && c.Warmup.Data != "arithmetic" },
		"warmup.data names no examples other than \"arithmetic\""},
	{[]string{"warmup.rows"}, func(c Config, _ Method) bool { return c.Warmup.Data != "" }, "warmup.data is empty"},
	{[]string{"train.max_refills"}, func(c Config, m Method) bool { return c.Train.Dynamic || m.Dynamic }, "train.dynamic is off"},
	{[]string{"train.keep"}, func(c Config, _ Method) bool { return c.Output.Dir != "" }, "output.dir is empty, so nothing is saved"},
	{[]string{"data.eval_rows", "data.eval_samples"}, func(c Config, _ Method) bool { return c.Data.Eval != "" }, "data.eval is empty"},
	{[]string{"rollout.endpoints", "rollout.served_model", "rollout.sync_dir"}, func(c Config, _ Method) bool { return c.Rollout.Engine == "vllm" }, "rollout.engine is not \"vllm\""},
	{[]string{"rollout.importance_cap"}, func(c Config, _ Method) bool { return c.importance() != "none" }, "rollout.importance is \"none\""},
	{[]string{"reward.overlong_penalty"}, func(c Config, m Method) bool { return c.Reward.OverlongBuffer > 0 || m.Overlong }, "reward.overlong_buffer is 0"},
	{[]string{"reward.gamma"}, func(_ Config, m Method) bool { return m.Calibration != Reported && m.Target == "hybrid" },
		"the method's calibration target does not mix the own answer and the group's"},
	{[]string{"reward.weight"}, func(_ Config, m Method) bool { return m.Calibration != Reported && !m.LogScore }, "the method does not train on the squared calibration gap"},
	{[]string{"advantage.placement"}, func(c Config, m Method) bool { return c.estimator(m) == "dcpo" }, "only the dcpo estimator places two advantages"},
	{[]string{"advantage.no_std"}, func(c Config, m Method) bool { return scales(c.estimator(m)) }, "the estimator divides by no group's standard deviation"},
	{[]string{"advantage.std_floor"}, func(c Config, m Method) bool { return scales(c.estimator(m)) && !c.Advantage.NoStd }, "nothing is divided by a group's standard deviation"},
	{[]string{"advantage.discount"}, func(c Config, m Method) bool { return c.estimator(m) == "gae" || c.estimator(m) == "reinforce++" }, "the estimator does not discount"},
	{[]string{"advantage.lambda", "loss.value_coef", "loss.value_clip"}, func(c Config, m Method) bool { return c.estimator(m) == "gae" }, "only the gae estimator has a value head"},
	{[]string{"loss.clip_low", "loss.clip_high"}, func(c Config, m Method) bool { clip, _, _ := loss.Reads(c.kind(m)); return clip }, "the loss has no ratio to cut"},
	{[]string{"loss.dual_clip"}, func(c Config, m Method) bool { _, dual, _ := loss.Reads(c.kind(m)); return dual }, "the loss has no dual clip"},
	{[]string{"loss.beta"}, func(c Config, m Method) bool { _, _, beta := loss.Reads(c.kind(m)); return beta }, "the loss has no second term to weigh"},
	{[]string{"loss.kl", "loss.kl_in", "loss.reference"}, func(c Config, _ Method) bool { return c.Loss.KLCoef != 0 }, "loss.kl_coef is 0"},
	{[]string{"loss.kl_target"}, func(c Config, _ Method) bool { return c.Loss.KLCoef != 0 && c.Loss.KLIn == "reward" }, "the KL term is not in the reward"},
	{[]string{"loss.kl_horizon"}, func(c Config, _ Method) bool { return c.Loss.KLTarget > 0 }, "loss.kl_target is 0, so the coefficient stays"},
}

// scales tells whether an estimator divides by the standard deviation of groups.
func scales(estimator string) bool {
	switch estimator {
	case "dcpo", "grpo", "bae_ocb", "gdpo":
		return true
	}
	return false
}

// dead reports keys that were changed from their defaults and have no effect. A setting that is silently ignored is a run that
// is not what its configuration says.
func (c Config) dead() (found []error) {
	for key, because := range c.Dead() {
		if !same(reflect.ValueOf(c.value(key)), reflect.ValueOf(Default().value(key))) {
			found = append(found, fmt.Errorf("configuration: %s is set but has no effect: %s", key, because))
		}
	}
	return found
}

// Dead lists the keys that have no effect in this configuration, each with the reason.
func (c Config) Dead() map[string]string {
	found := map[string]string{}
	m, err := FindMethod(c.Train.Method)
	if err != nil {
		return found
	}
	for _, cond := range conditions {
		if cond.live(c, m) {
			continue
		}
		for _, key := range cond.keys {
			found[key] = cond.because
		}
	}
	return found
}

// value reads a key such as train.steps; nil if there is none of that name.
func (c Config) value(key string) any {
	v := reflect.ValueOf(c)
	for name := range strings.SplitSeq(key, ".") {
		if v.Kind() != reflect.Struct {
			return nil
		}
		i := 0
		for i < v.NumField() && v.Type().Field(i).Tag.Get("toml") != name {
			i++
		}
		if i == v.NumField() {
			return nil
		}
		v = v.Field(i)
	}
	return v.Interface()
}
