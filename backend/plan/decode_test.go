package plan_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plan"
)

// TestDecodeMemoryIsWhatXLASays holds the planned memory of generating against that of the engine's programs.
func TestDecodeMemoryIsWhatXLASays(t *testing.T) {
	for _, slots := range []int{32, 64} {
		j := plan.Job{Model: base, Devices: 1, Device: plan.Devices()[0], Prompt: 32, Response: 352, Responses: slots, Group: 1, Slots: slots, UpdateRows: 1}
		m := fixture.Mesh(t, j.Devices)
		var weights []*mesh.Array
		for _, p := range j.Model.Params() {
			a, err := m.FromFloat32(make([]float32, p.Size()), mesh.Replicated, p.Dims...)
			if err != nil {
				t.Fatal(err)
			}
			defer a.Release()
			weights = append(weights, a)
		}
		requests := make([]engine.Request, slots)
		for i := range requests {
			requests[i] = engine.Request{Prompt: make([]int32, j.Prompt), Sampling: engine.Sampling{Temperature: 1, Seed: uint64(i), MaxNewTokens: j.Response}}
		}
		held := int64(4 * j.Model.NumParams())
		peaks := map[string]int64{}
		ctx, cancel := context.WithCancel(context.Background())
		ctx = mesh.Watch(ctx, func(name string, s mesh.Stats) {
			name, _, _ = strings.Cut(name, "_")
			if peaks[name] = s.Peak(); name != "decode" && name != "prefill" {
				peaks[name] += held // the weights are there, though the program does not read them
			}
			if name == "decode" {
				cancel() // one call is enough
			}
		})
		if _, err := engine.New(m, j.Model).Generate(ctx, weights, requests, engine.Options{Slots: slots}); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		for program, planned := range plan.RolloutPrograms(j) {
			error := float64(planned)/float64(peaks[program]) - 1
			t.Logf("%d slots, %s: planned %.1f MB, XLA %.1f MB (%+.1f %%)", slots, program, float64(planned)/1e6, float64(peaks[program])/1e6, 100*error)
			if math.Abs(error) > 0.15 {
				t.Errorf("%d slots, %s: planned %d bytes, XLA says %d (%+.1f %%)", slots, program, planned, peaks[program], 100*error)
			}
		}
	}
}
