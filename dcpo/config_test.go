package dcpo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/presets"
)

func TestPresetsLoad(t *testing.T) {
	for _, name := range presets.Names() {
		if _, err := LoadConfig("presets/" + name + ".toml"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOverrides(t *testing.T) {
	cfg, err := LoadConfig("tiny", "train.steps=2", "model.path=tiny", "output.dir=some dir/x", "optimizer.lr=1e-3", "train.method = grpo")
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
		{"warm-up without a corpus", "[data]\ntrain = \"gsm8k\"\nhabits = 3\n[model]\npath=\"x\"\n", "", "habits"},
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
		_, err := LoadConfig(path, overrides...)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want one that names %q", c.name, err, c.want)
		}
	}
	if _, err := LoadConfig("no-such-preset.toml"); err == nil || !strings.Contains(err.Error(), "smollm2-135m") {
		t.Errorf("a missing file: got %v, want the built-in presets named", err)
	}
}

func TestBucket(t *testing.T) {
	for n, want := range map[int]int{1: 8, 8: 8, 9: 12, 13: 16, 17: 24, 25: 32, 100: 128, 129: 192, 193: 256} {
		if got := bucket(n); got != want {
			t.Errorf("bucket(%d) = %d, want %d", n, got, want)
		}
	}
}
