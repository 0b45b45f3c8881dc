package backend_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/reference"
)

// train makes a few updates of a model.
func train(t *testing.T, m *backend.Model, opt learner.Options) {
	t.Helper()
	l, err := m.Learner(opt)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	for range 3 {
		if _, err := l.Update(context.Background(), someRow(), likelihood, 1, 0.01); err != nil {
			t.Fatal(err)
		}
	}
}

// TestReferenceStays: wherever the frozen weights lie, training the model does not move what they give.
func TestReferenceStays(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		devices   int
		placement reference.Placement
		lora      bool
		sharding  learner.Sharding
	}{
		{1, "", false, ""}, {1, reference.Sharded, false, ""}, {1, reference.Host, false, ""}, {1, reference.Resident, true, ""}, {1, reference.Host, true, ""},
		{8, reference.Resident, false, ""}, {8, "", false, ""}, {8, reference.Host, false, ""}, {8, "", true, learner.FSDP}, {8, "", false, learner.FSDP},
	} {
		t.Run(fmt.Sprint(c.devices, " devices, ", c.placement, ", adapters ", c.lora, ", ", c.sharding), func(t *testing.T) {
			if c.devices > 1 && testing.Short() {
				t.Skip("programs for several devices compile slowly")
			}
			opt := cpu
			opt.Devices = c.devices
			m := tinyModel(t, opt)
			if c.lora {
				if err := m.AddAdapters(decoder.LoRA{Rank: 4}, 7); err != nil {
					t.Fatal(err)
				}
			}
			want := scores(t, m)
			r, err := m.Freeze(c.placement)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Release()
			if p := c.placement; p == "" && r.Placement() != reference.Default(c.devices) || p != "" && r.Placement() != p {
				t.Errorf("asked for %q, it is %q", p, r.Placement())
			}
			train(t, m, learner.Options{Sharding: c.sharding}) // lays shared weights out anew
			if near(scores(t, m), want) {
				t.Error("training changed nothing")
			}
			for range 2 {
				got, err := r.Score(ctx, someRow(), 1, 0)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got.LogProbs, want) {
					t.Errorf("the reference gives %v, the model gave %v", got.LogProbs, want)
				}
				if err := r.Load(ctx); err != nil { // for the second round
					t.Fatal(err)
				}
			}
			r.Unload()
			r.Release()
			if _, err := r.Score(ctx, someRow(), 1, 0); err == nil {
				t.Error("a released reference scores")
			}
		})
	}
}

// TestReferenceOfAdapters shares the model's own weights, and says so when they are no longer what they were.
func TestReferenceOfAdapters(t *testing.T) {
	ctx := context.Background()
	m := tinyModel(t, cpu)
	plain, err := m.Freeze(reference.Resident)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Release()
	want := scores(t, m)
	if err := m.AddAdapters(decoder.LoRA{Rank: 4}, 7); err != nil {
		t.Fatal(err)
	}
	r, err := m.Freeze(reference.Resident)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	train(t, m, learner.Options{})
	if err := m.MergeAdapters(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Score(ctx, someRow(), 1, 0); err == nil || !strings.Contains(err.Error(), "freeze it afterwards") {
		t.Errorf("a reference that shares merged weights: %v", err)
	}
	if got, err := plain.Score(ctx, someRow(), 1, 0); err != nil || !slices.Equal(got.LogProbs, want) {
		t.Errorf("a whole copy, after adapters came and went: %v, %v", got.LogProbs, err)
	}
	if _, err := m.Freeze("disk"); err == nil {
		t.Error("an unknown placement was accepted")
	}
}
