package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/presets"
)

func TestPresetsLoad(t *testing.T) {
	for _, name := range presets.Names() {
		if _, err := Load("presets/" + name + ".toml"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOverrides(t *testing.T) {
	cfg, err := Load("tiny", "train.steps=2", "model.path=tiny", "output.dir=some dir/x", "optimizer.lr=1e-3", "train.method = grpo")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Train.Steps != 2 || cfg.Output.Dir != "some dir/x" || cfg.Optimizer.LR != 1e-3 || cfg.Train.Method != "grpo" {
		t.Errorf("overrides were not taken: %+v", cfg)
	}
}

func TestBadConfigurationsAreNamed(t *testing.T) {
	cases := []struct {
		name, text, override, want string
	}{
		{"unknown key", "[train]\nstepz = 3\n", "", "stepz"},
		{"unknown section", "[trian]\nsteps = 3\n", "", "trian"},
		{"wrong type", "[train]\nsteps = \"three\"\n", "", "steps"},
		{"not TOML", "[train\n", "", "line 1"},
		{"unknown override", "", "train.stepz=3", "stepz"},
		{"override without a section", "", "steps=3", "section.key=value"},
		{"wrong type of override", "", "train.steps=three", "steps"},
		{"mini-batch", "", "train.mini_batch=5", "does not divide"},
		{"method", "", "train.method=ppo2", "ppo2"},
		{"temperature", "", "rollout.temperature=0", "temperature"},
		{"aggregation", "", "loss.aggregation=mean", "aggregation"},
		{"warm-up without a corpus", "[warmup]\nhabits = 3\n", "", "warmup.habits is set but has no effect"},
		{"corpus for another model", "[data]\ntrain = \"gsm8k\"\n[warmup]\ndata = \"arithmetic\"\nhabits = 3\n[model]\npath=\"x\"\n", "", "written for model.path"},
		{"policy", "", "confidence.policy=second", "second"},
		{"dual clip", "", "loss.dual_clip=0.5", "dual_clip"},
	}
	for _, c := range cases {
		path := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		var overrides []string
		if c.override != "" {
			overrides = append(overrides, c.override)
		}
		_, err := Load(path, overrides...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one that names %q", c.name, err, c.want)
		}
	}
	if _, err := Load("no-such-preset.toml"); err == nil || !strings.Contains(err.Error(), "smollm2-135m") {
		t.Errorf("a missing file: got %v, want the built-in presets named", err)
	}
}

// TestEncodedConfigurationsReadBack: what a run's folder keeps is the configuration, explains every key, and says which have no
// effect.
func TestEncodedConfigurationsReadBack(t *testing.T) {
	for _, name := range presets.Names() {
		cfg, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		text, err := cfg.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v in\n%s", name, err, text)
		}
		if err := again.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if changed := cfg.Differences(again); len(changed) > 0 {
			t.Errorf("%s: %v differ after reading back", name, changed)
		}
		for key := range cfg.Dead() {
			if _, field, _ := strings.Cut(key, "."); cfg.value(key) == nil || !strings.Contains(string(text), field+" =") {
				t.Errorf("%s: dead key %s is none of the configuration", name, key)
			}
		}
		if len(cfg.Dead()) > 0 && !strings.Contains(string(text), "# no effect: ") {
			t.Errorf("%s: keys without an effect are not marked", name)
		}
	}
}

// TestEveryKeyIsExplained: each key has a comment.
func TestEveryKeyIsExplained(t *testing.T) {
	v := reflect.TypeOf(Config{})
	for i := range v.NumField() {
		section := v.Field(i)
		for j := range section.Type.NumField() {
			if f := section.Type.Field(j); f.Tag.Get("comment") == "" {
				t.Errorf("%s.%s has no comment", section.Tag.Get("toml"), f.Tag.Get("toml"))
			}
		}
	}
}

// TestSettingsWithoutEffectAreRefused names a key that each configuration would ignore.
func TestSettingsWithoutEffectAreRefused(t *testing.T) {
	for override, key := range map[string]string{
		"reward.gamma=0.3;train.method=grpo":                            "reward.gamma",
		"advantage.placement=released;train.method=rlcr":                "advantage.placement",
		"loss.dual_clip=4;train.method=gspo":                            "loss.dual_clip",
		"loss.kl=k2;loss.kl_coef=0":                                     "loss.kl ",
		"advantage.lambda=0.9":                                          "advantage.lambda",
		"rollout.served_model=x":                                        "rollout.served_model",
		"loss.beta=0.5":                                                 "loss.beta",
		"advantage.std_floor=0.1;train.method=dr_grpo":                  "advantage.std_floor",
		"loss.kl_horizon=5;loss.kl_in=reward":                           "loss.kl_horizon",
		"output.dir=;output.save=false;train.keep=5;train.save_every=0": "train.keep",
	} {
		_, err := Load("tiny", strings.Split(override, ";")...)
		if err == nil || !strings.Contains(err.Error(), key) || !strings.Contains(err.Error(), "no effect") {
			t.Errorf("%s: error %v, want %s to have no effect", override, err, key)
		}
	}
}

// TestDifferences: a run may be made longer and laid elsewhere, and nothing else.
func TestDifferences(t *testing.T) {
	a, b := Default(), Default()
	b.Train.Steps, b.Output.Dir, b.Train.SaveEvery = 500, "elsewhere", 7
	if changed := a.Differences(b); len(changed) > 0 {
		t.Errorf("%v may change", changed)
	}
	b.Optimizer.LR, b.Train.Seed, b.Curriculum.Stages = 1, 2, []Stage{{0, 5}}
	if got, want := strings.Join(a.Differences(b), " "), "curriculum.stages train.seed optimizer.lr"; got != want {
		t.Errorf("differences %q, want %q", got, want)
	}
	a.Data.Train, a.Data.Eval, a.Data.EvalRows = "math500", "math500", 10
	b = a
	b.Data.EvalRows = 20
	if got := a.Differences(b); len(got) != 1 || got[0] != "data.eval_rows" {
		t.Errorf("differences %v: held-out problems are not trained on", got)
	}
}
