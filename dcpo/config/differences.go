package config

import (
	"reflect"
	"slices"
)

// free lists the keys that may change when a run is continued: how long it is, how it is validated, saved, logged and laid on
// the machine. None of them changes what a step computes.
var free = []string{
	"train.steps", "train.eval_every", "train.save_every", "train.keep", "train.parts_every", "train.max_bad_updates",
	"data.eval_rows", "data.eval_samples", "data.dir",
	"model.device", "rollout.endpoints", "rollout.sync_dir", "rollout.stop_gap", "loss.reference", "reward.timeout_seconds",
	"output.dir", "output.save", "output.samples", "output.tensorboard", "output.wandb", "output.mlflow",
}

// Differences lists the keys in which two configurations differ, but those that may change when a run is continued.
func (c Config) Differences(other Config) []string {
	var changed []string
	a, b := reflect.ValueOf(c), reflect.ValueOf(other)
	for i := range a.NumField() {
		section := a.Type().Field(i)
		for j := range a.Field(i).NumField() {
			key := section.Tag.Get("toml") + "." + section.Type.Field(j).Tag.Get("toml")
			x, y := a.Field(i).Field(j), b.Field(i).Field(j)
			may := slices.Contains(free, key) && !(key == "data.eval_rows" && c.holdsOut())
			if !same(x, y) && !may {
				changed = append(changed, key)
			}
		}
	}
	return changed
}

// holdsOut tells whether validation problems are taken out of the training set, so that their number changes what is trained on.
func (c Config) holdsOut() bool { return c.Data.Eval == c.Data.Train && !c.makesProblems() }

// makesProblems tells whether training problems are made anew at each step.
func (c Config) makesProblems() bool { return c.Data.Train == "arithmetic" || c.Data.Train == "logic" }

// same compares two values of a key; an empty list is no list.
func same(a, b reflect.Value) bool {
	if a.Kind() == reflect.Slice && a.Len() == 0 && b.Len() == 0 {
		return true
	}
	return reflect.DeepEqual(a.Interface(), b.Interface())
}
