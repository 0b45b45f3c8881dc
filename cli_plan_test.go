package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The plan is printed in either form, fails with advice where it does not fit, and tells wrong usage apart.
func TestPlan(t *testing.T) {
	model := shared(t, "fixtures", "models", "qwen3_tiny")
	cases := []struct {
		name, args     string
		status         int
		stdout, stderr []string
	}{
		{"the paper's run", "-c qwen3-8b --devices 8x80GB", exitOK,
			[]string{"8.191 billion parameters on 8 × H100, 73.6 GB of memory usable on each", "weights 16.38 16.38 16.38 16.38 ", "reference weights 2.05 2.05 2.05 2.05 ",
				"reference policy: sharded (cut over the devices)", "KV cache", "tokens/s on each device"}, nil},
		{"another model", "-c qwen3-8b --model Qwen3-32B --devices 8x80GB", exitFailed, []string{"32.76 billion", "-"},
			[]string{"the plan does not fit: of 73.6 GB on each device, the rollout takes 176.0 GB, the scoring takes 132.3 GB and the update takes", "it fits with", "--fsdp"}},
		{"too many rows", "-c qwen3-8b --devices 8x80GB --set rollout.rows=2048", exitFailed, nil, []string{"rollout.rows = 512 (instead of 2048)"}},
		{"hopeless", "-c qwen3-8b --devices 8x2GB", exitFailed, nil, []string{"take larger devices or shorter rows"}},
		{"a directory", "-c tiny --devices 1xA100 --model " + model, exitOK, []string{"131.5 thousand parameters"}, nil},
		{"from scratch", "-c tiny --devices 1x24GB", exitOK, []string{"tiny: "}, nil},
		{"no devices", "-c tiny", exitUsage, nil, []string{"--devices"}},
		{"unknown devices", "-c tiny --devices 8xTPU", exitUsage, nil, []string{`"TPU" is unknown`}},
		{"unknown model", "-c tiny --devices 8xH100 --model Qwen3-7B", exitUsage, nil, []string{"Qwen3-7B", "Qwen3-8B"}},
		{"too long", "-c qwen3-8b --devices 8xH100 --set rollout.max_new_tokens=50000", exitUsage, nil, []string{"the model has 40960 positions"}},
		{"share", "-c qwen3-8b --devices 8xH100 --mfu 3", exitUsage, nil, []string{"MFU is 3"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			status, stdout, stderr := godcpo(t, append([]string{"plan"}, strings.Fields(c.args)...)...)
			if status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			for _, want := range c.stdout {
				if !strings.Contains(strings.Join(strings.Fields(stdout), " "), want) {
					t.Errorf("stdout lacks %q:\n%s", want, stdout)
				}
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, stderr)
				}
			}
			if len(c.stderr) == 0 && stderr != "" {
				t.Errorf("stderr %q", stderr)
			}
		})
	}
}

func TestPlanJSON(t *testing.T) {
	type plan struct {
		Parameters int
		Fits       bool
		Rollout    struct {
			Items []struct {
				Name  string
				Bytes int64
			}
		}
		Step    float64 `json:"step_seconds"`
		Changes []struct{ Knob string }
	}
	for args, fits := range map[string]bool{"-c qwen3-8b --devices 8x80GB --json": true, "-c qwen3-8b --devices 8x40GB --json": false} {
		status, stdout, stderr := godcpo(t, append([]string{"plan"}, strings.Fields(args)...)...)
		var p plan
		if err := json.Unmarshal([]byte(stdout), &p); err != nil {
			t.Fatalf("%v\n%s%s", err, stdout, stderr)
		}
		if p.Fits != fits || (status == exitOK) != fits || (len(p.Changes) == 0) != fits {
			t.Errorf("%s: fits %v, status %d, changes %v", args, p.Fits, status, p.Changes)
		}
		if p.Parameters != 8_190_735_360 || p.Rollout.Items[0].Name != "weights" || p.Rollout.Items[0].Bytes != 2*8_190_735_360 || p.Step <= 0 {
			t.Errorf("%s: %+v", args, p)
		}
	}
}
