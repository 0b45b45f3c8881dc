package plan_test

import (
	"math"
	"testing"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/plan"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// TestReferenceByHand puts the copy of Qwen3-8B's 16.4 GB in each place: in all phases, an eighth in all phases, or an eighth in the phase that
// reads it. Of adapters the copy is small.
func TestReferenceByHand(t *testing.T) {
	const whole, eighth = 2 * 8.190735e9, 2 * 8.190735e9 / 8
	adapters := &decoder.LoRA{Rank: 16}
	cases := []struct {
		place                    reference.Placement
		lora                     *decoder.LoRA
		rollout, scoring, update float64
	}{
		{"", nil, 0, 0, 0},
		{reference.Resident, nil, whole, whole, whole},
		{reference.Sharded, nil, eighth, eighth, eighth},
		{reference.Host, nil, 0, eighth, 0},
		// 36 layers of 16 × (in + out) for q, k, v, o, gate, up and down.
		{reference.Resident, adapters, 2 * 43646976, 2 * 43646976, 2 * 43646976},
	}
	var exchange float64
	for _, c := range cases {
		j := paper(t)
		j.Reference, j.Model.LoRA = c.place, c.lora
		p, err := plan.New(j)
		if err != nil {
			t.Fatal(err)
		}
		for name, phase := range map[string]struct {
			got  plan.Memory
			want float64
		}{"rollout": {p.Rollout, c.rollout}, "scoring": {p.Scoring, c.scoring}, "backward": {p.Backward, c.update}, "optimizer": {p.Adam, c.update}} {
			if got := float64(phase.got.Of(plan.Reference)); math.Abs(got-phase.want) > 1e-4*phase.want {
				t.Errorf("%q, adapters %v, %s: %g bytes, want %g", c.place, c.lora != nil, name, got, phase.want)
			}
		}
		switch {
		case c.place == "":
			exchange = p.Time.Exchange
		case c.lora == nil:
			// 256 passes of 8 rows gather seven eighths of the copy; on the host, an eighth comes over PCIe first.
			want := map[reference.Placement]float64{reference.Resident: 0, reference.Sharded: 256 * whole * 7 / 8 / (450e9 * 0.6)}
			want[reference.Host] = want[reference.Sharded] + eighth/(32e9*0.6)
			if got := p.Time.Exchange - exchange; math.Abs(got-want[c.place]) > 1e-3*want[c.place]+1e-9 {
				t.Errorf("%s: %g s of exchange, want %g", c.place, got, want[c.place])
			}
		}
		if c.lora != nil && (p.Adam.Of(plan.Gradients) != 4*43646976/8 || p.Adam.Of(plan.Optimizer) != 12*43646976/8) {
			t.Errorf("adapters have gradients of %d and state of %d bytes", p.Adam.Of(plan.Gradients), p.Adam.Of(plan.Optimizer))
		}
	}
	bad := paper(t)
	bad.Reference = "disk"
	if _, err := plan.New(bad); err == nil {
		t.Error("an unknown placement was planned")
	}
}

// Another engine takes the cache and the time of generating away, and nothing else.
func TestOtherRollout(t *testing.T) {
	j := paper(t)
	here, err := plan.New(j)
	if err != nil {
		t.Fatal(err)
	}
	j.OtherRollout, j.Slots = true, 1<<20
	there, err := plan.New(j)
	if err != nil {
		t.Fatal(err)
	}
	if there.Rollout.Of(plan.Cache) != 0 || there.Rollout.Of(plan.Weights) != here.Rollout.Of(plan.Weights) || there.Time.Decode != 0 || there.Time.Prefill != 0 || !there.Fits() {
		t.Errorf("%+v, %+v", there.Rollout, there.Time)
	}
	if there.Time.Backward != here.Time.Backward || there.Update().Total() != here.Update().Total() {
		t.Error("another engine changes the update")
	}
}
