package mesh

import (
	"context"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/plugin"
)

// TestDonationAliases looks at the compiled program's memory: with donation, XLA must write the outputs into the inputs. It
// fails when an upgrade of GoMLX or go-xla moves what markDonated reads.
func TestDonationAliases(t *testing.T) {
	m, err := Open(context.Background(), Options{Plugin: plugin.Options{Device: plugin.CPU}})
	if err != nil {
		t.Fatal(err)
	}
	const n, bytes = 1 << 16, 4 << 16
	for _, donate := range []bool{false, true} {
		prog, err := m.Program("moments", func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.AddScalar(in[0], 1.0), graph.MulScalar(in[1], 0.9)}
		}, []Port{{Rank: 1, Donate: donate}, {Rank: 1, Donate: donate}}, []Port{{Rank: 1}, {Rank: 1}})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := m.FromFloat32(make([]float32, n), Replicated, n)
		b, _ := m.FromFloat32(make([]float32, n), Replicated, n)
		var stats Stats
		if _, err := prog.Run(Watch(context.Background(), func(_ string, s Stats) { stats = s }), a, b); err != nil {
			t.Fatal(err)
		}
		want := int64(0)
		if donate {
			want = 2 * bytes
		}
		if stats.Aliased != want || stats.Arguments != 2*bytes || stats.Outputs < 2*bytes {
			t.Errorf("donate %v: %+v, want %d bytes aliased and %d of arguments and outputs", donate, stats, want, 2*bytes)
		}
	}
}
