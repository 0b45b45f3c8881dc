package plan_test

import (
	"math"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/backend/reference"
)

func TestParseDevices(t *testing.T) {
	cases := []struct {
		text   string
		n      int
		name   string
		memory float64
		fault  string
	}{
		{"8x80GB", 8, "H100", 80e9, ""},
		{"8xH200", 8, "H200", 141e9, ""},
		{"h100", 1, "H100", 80e9, ""},
		{"16×A100", 16, "A100", 80e9, ""},
		{"2xA100-40GB", 2, "A100-40GB", 40e9, ""},
		{"4x96gb", 4, "96GB device as fast as an H100", 96e9, ""},
		{" 1x24GB ", 1, "RTX4090", 24e9, ""},
		{"", 0, "", 0, "expected a number and a kind"},
		{"0xH100", 0, "", 0, "expected a number and a kind"},
		{"8xTPU", 0, "", 0, `"TPU" is unknown: expected one of H100, `},
		{"8x-80GB", 0, "", 0, "unknown"},
		{"8xNaNGB", 0, "", 0, "unknown"},
		{"-8xH100", 0, "", 0, "unknown"},
	}
	for _, c := range cases {
		n, d, err := plan.ParseDevices(c.text)
		switch {
		case c.fault != "":
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%q: %v, want %q", c.text, err, c.fault)
			}
		case err != nil || n != c.n || d.Name != c.name || d.Memory != c.memory:
			t.Errorf("%q: %d × %+v, %v", c.text, n, d, err)
		}
	}
}

func FuzzParseDevices(f *testing.F) {
	for _, s := range []string{"8x80GB", "8xH100", "x", "1x1e999GB", "99999999999xH100"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, d, err := plan.ParseDevices(s)
		if err == nil && (n < 1 || !(d.Memory > 0) || math.IsInf(d.Memory, 0)) {
			t.Errorf("%q: %d × %+v", s, n, d)
		}
	})
}

// The sizes are those that the models' cards give.
func TestShapes(t *testing.T) {
	for name, want := range map[string]int{"Qwen3-0.6B": 596_049_920, "Qwen3-1.7B": 1_720_574_976, "Qwen3-4B": 4_022_468_096, "Qwen/Qwen3-8B": 8_190_735_360,
		"qwen3-14b": 14_768_307_200, "Qwen3-32B": 32_762_123_264} {
		c, ok := plan.Shape(name)
		if !ok || c.NumParams() != want || c.Validate() != nil {
			t.Errorf("%s: %d parameters, want %d (%v)", name, c.NumParams(), want, c.Validate())
		}
	}
	if _, ok := plan.Shape("Qwen3-7B"); ok {
		t.Error("Qwen3-7B is known")
	}
}

// paper is the reference run of DCPO: Qwen3-8B on eight GPUs of 80 GB.
func paper(t *testing.T) plan.Job {
	t.Helper()
	model, _ := plan.Shape("Qwen3-8B")
	n, device, err := plan.ParseDevices("8x80GB")
	if err != nil {
		t.Fatal(err)
	}
	return plan.Job{Model: model, BFloat16: true, Devices: n, Device: device, Flash: true, Prompt: 1024, Response: 3000, Responses: 2048, Group: 8,
		Slots: 256, UpdateRows: 512, MicroRows: 8, Remat: true}
}

// TestItemsByHand works the large items out again by other means: 16.4 GB of bfloat16 weights, 12 bytes a parameter of optimizer state over
// eight devices, and 0.147 MB of cache a token.
func TestItemsByHand(t *testing.T) {
	p, err := plan.New(paper(t))
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got int64, want, tolerance float64) {
		t.Helper()
		if math.Abs(float64(got)-want) > tolerance*want {
			t.Errorf("%s: %d bytes, want %.4g", what, got, want)
		}
	}
	near("weights", p.Rollout.Of(plan.Weights), 2*8.190735e9, 1e-4)
	near("optimizer", p.Backward.Of(plan.Optimizer), 12*8.190735e9/8, 1e-4)
	near("gradients", p.Backward.Of(plan.Gradients), 4*8.190735e9/8, 1e-4)
	near("cache", p.Rollout.Of(plan.Cache), 32*4096*2*36*8*128*2, 1e-9)
	if !p.Fits() || p.Rollout.Of(plan.Reference) != 0 {
		t.Errorf("without a reference policy, the paper's run should fit: %+v", p)
	}
}

// TestTimeByHand takes one decode step and one backward pass apart.
func TestTimeByHand(t *testing.T) {
	j := paper(t)
	j.Assume = plan.Assumptions{MFU: 0.5, Bandwidth: 0.5}
	j.MeanPrompt, j.MeanResponse = 200, 800
	p, err := plan.New(j)
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.01*want {
			t.Errorf("%s: %g s, want %g", what, got, want)
		}
	}
	// 256 rows a device in 32 slots: 8 rounds of 800 steps, each reading weights and 32 × 600 cached tokens.
	near("decode", p.Time.Decode, 8*800*(16.38e9+32*600*147456)/(3.35e12*0.5))
	// Four times the forward pass's 2 operations a parameter (but for the embedding table) and 4 a position, head and dimension.
	tokens := 2048.0 * 1000
	near("backward", p.Time.Backward, 4*tokens*(2*(8.190735e9-151936*4096)+4*500*36*32*128)/(8*989e12*0.5))
	near("scoring", p.Time.Scoring, p.Time.Backward/4)
	near("tokens", p.Time.Tokens, tokens)
}

// What costs memory costs memory: each knob moves the phase it should, in the right direction.
func TestKnobsMoveTheTotals(t *testing.T) {
	j := paper(t)
	j.Flash, j.MicroRows = false, 64
	before, err := plan.New(j)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name            string
		turn            func(*plan.Job)
		rollout, update int // −1: less, 0: the same, 1: more
	}{
		{"fewer slots", func(j *plan.Job) { j.Slots /= 2 }, -1, 0},
		{"more micro rows", func(j *plan.Job) { j.MicroRows *= 2 }, 0, 1},
		{"no recomputation", func(j *plan.Job) { j.Remat = false }, 0, 1},
		{"flash attention", func(j *plan.Job) { j.Flash = true }, 0, -1},
		{"resident reference", func(j *plan.Job) { j.Reference = reference.Resident }, 1, 1},
		{"sharded reference", func(j *plan.Job) { j.Reference = reference.Sharded }, 1, 1},
		{"reference on the host", func(j *plan.Job) { j.Reference = reference.Host }, 0, 0},
		{"adapters", func(j *plan.Job) { j.Model.LoRA = &decoder.LoRA{Rank: 16} }, -1, -1},
		{"another engine", func(j *plan.Job) { j.OtherRollout = true }, -1, 0},
		{"FSDP", func(j *plan.Job) { j.FSDP = true }, -1, -1},
		{"float32", func(j *plan.Job) { j.BFloat16 = false }, 1, 1},
		{"more devices", func(j *plan.Job) { j.Devices *= 2; j.Slots *= 2; j.MicroRows *= 2 }, -1, -1},
		{"longer responses", func(j *plan.Job) { j.Response += 3000 }, 1, 1},
	}
	for _, c := range cases {
		changed := j
		c.turn(&changed)
		after, err := plan.New(changed)
		if err != nil {
			t.Fatal(err)
		}
		sign := func(a, b int64) int {
			switch {
			case a < b:
				return -1
			case a > b:
				return 1
			}
			return 0
		}
		if r, u := sign(after.Rollout.Total(), before.Rollout.Total()), sign(after.Update().Total(), before.Update().Total()); r != c.rollout || u != c.update {
			t.Errorf("%s: rollout %+d, update %+d, want %+d and %+d", c.name, r, u, c.rollout, c.update)
		}
	}
}

// Advice fits, changes no more than it says, and is given only where it is needed.
func TestAdvise(t *testing.T) {
	cases := []struct {
		name  string
		turn  func(*plan.Job)
		knobs string
	}{
		{"too many slots", func(j *plan.Job) { j.Slots = 2048 }, "slots"},
		{"too many micro rows", func(j *plan.Job) { j.MicroRows = 0; j.Remat = false }, "micro_rows"},
		{"whole scores of long rows", func(j *plan.Job) { j.MicroRows, j.Remat, j.Flash = 0, false, false }, "micro_rows remat"},
		{"float32", func(j *plan.Job) {
			j.Model, _ = plan.Shape("Qwen3-14B")
			j.BFloat16, j.Device.Memory, j.Slots = false, 84e9, 1024
		}, "slots bfloat16"},
		{"a resident reference", func(j *plan.Job) { j.BFloat16 = false; j.Reference = reference.Resident }, "slots sharded_reference"},
		{"a reference on one device", func(j *plan.Job) {
			j.Model, _ = plan.Shape("Qwen3-4B")
			j.Devices, j.Device.Memory, j.Slots, j.MicroRows, j.Reference = 1, 118e9, 1, 1, reference.Resident
		}, "host_reference"},
		{"a large model", func(j *plan.Job) {
			j.Model, _ = plan.Shape("Qwen3-14B")
			j.Reference = reference.Resident
			j.Slots = 1024
		}, "slots sharded_reference fsdp"},
		{"one device", func(j *plan.Job) { j.Devices = 1; j.Slots = 64 }, "devices"},
	}
	for _, c := range cases {
		j := paper(t)
		c.turn(&j)
		if p, err := plan.New(j); err != nil || p.Fits() {
			t.Fatalf("%s: fits (%v): %+v", c.name, err, p)
		}
		fitted, changes, ok := plan.Advise(j)
		p, err := plan.New(fitted)
		if !ok || err != nil || !p.Fits() {
			t.Errorf("%s: the advice does not fit: %v, %v", c.name, changes, err)
			continue
		}
		var knobs []string
		for _, change := range changes {
			knobs = append(knobs, string(change.Knob))
		}
		if got := strings.Join(knobs, " "); got != c.knobs {
			t.Errorf("%s: advised %v, want %s", c.name, changes, c.knobs)
		}
	}
	hopeless := paper(t)
	hopeless.Device.Memory = 1e9
	if _, changes, ok := plan.Advise(hopeless); ok {
		t.Errorf("8 billion parameters fit into devices of 1 GB: %v", changes)
	}
}

func TestValidateJob(t *testing.T) {
	good := paper(t)
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*plan.Job){
		"0 devices":                     func(j *plan.Job) { j.Devices = 0 },
		"the model has 40960 positions": func(j *plan.Job) { j.Response = 40000 },
		"on average":                    func(j *plan.Job) { j.MeanResponse = 3001 },
		"MFU is 2":                      func(j *plan.Job) { j.Assume.MFU = 2 },
		"must be positive":              func(j *plan.Job) { j.Device.Bandwidth = 0 },
		"hidden_size":                   func(j *plan.Job) { j.Model.HiddenSize = 0 },
	} {
		j := good
		spoil(&j)
		if _, err := plan.New(j); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
