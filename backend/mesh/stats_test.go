package mesh

import (
	"context"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/plugin"
)

// TestPeak follows arrays as they come, go, are copied and donated, and looks at the highest run of two.
func TestPeak(t *testing.T) {
	for _, devices := range []int{1, 8} {
		m, err := Open(context.Background(), Options{Plugin: plugin.Options{Device: plugin.CPU}, Devices: devices})
		if err != nil {
			t.Fatal(err)
		}
		const n = 1 << 10
		start := m.held.Load()
		upload := func(layout Layout) *Array {
			a, err := m.FromFloat32(make([]float32, n), layout, n)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		held := func(what string, want int64) {
			t.Helper()
			if got := m.held.Load() - start; got != want {
				t.Errorf("%d devices, %s: %d bytes are held, want %d", devices, what, got, want)
			}
		}
		whole, cut := upload(Replicated), upload(Sharded(0))
		other, err := whole.Clone()
		if err != nil {
			t.Fatal(err)
		}
		held("three arrays", 2*4*n+4*n/int64(devices))
		if _, err := m.FromFloat32(make([]float32, n), Replicated, n+1); err == nil {
			t.Fatal("a wrong size was accepted")
		}
		double, err := m.Program("double", func(in []*Node) []*Node { return []*Node{Add(in[0], in[1])} },
			[]Port{{Rank: 1, Donate: true}, {Rank: 1}}, []Port{{Rank: 1}})
		if err != nil {
			t.Fatal(err)
		}
		var peak Peak
		var outer int
		ctx := peak.Watch(Watch(context.Background(), func(string, Stats) { outer++ }))
		out, err := double.Run(ctx, whole, other)
		if err != nil {
			t.Fatal(err)
		}
		held("one donated, one made", 2*4*n+4*n/int64(devices))
		out2, err := double.Run(ctx, out[0], other)
		if err != nil {
			t.Fatal(err)
		}
		program, bytes := peak.Take()
		// Both inputs, with the output in the first, and what was there before the test and beside: the cut array.
		if least := start + 2*4*n + 4*n/int64(devices); program != "double" || bytes < least || bytes > least+4*n {
			t.Errorf("%d devices: %s took %d bytes, want about %d", devices, program, bytes, least)
		}
		if program, bytes := peak.Take(); program != "" || bytes != 0 || outer != 2 {
			t.Errorf("taken twice: %q %d; the outer watcher saw %d runs, want 2", program, bytes, outer)
		}
		for _, a := range []*Array{whole, cut, other, out2[0], cut} {
			a.Release()
		}
		held("all released", 0)
	}
}
