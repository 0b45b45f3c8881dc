package mesh

import (
	"context"
	"testing"

	"github.com/gomlx/go-xla/pjrt"
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
		var g *graph.Graph
		prog, err := m.Program("moments", func(in []*graph.Node) []*graph.Node {
			g = in[0].Graph()
			return []*graph.Node{graph.AddScalar(in[0], 1.0), graph.MulScalar(in[1], 0.9)}
		}, []Port{{Rank: 1, Donate: donate}, {Rank: 1, Donate: donate}}, []Port{{Rank: 1}, {Rank: 1}})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := m.FromFloat32(make([]float32, n), Replicated, n)
		b, _ := m.FromFloat32(make([]float32, n), Replicated, n)
		if _, err := prog.Run(context.Background(), a, b); err != nil {
			t.Fatal(err)
		}
		stats := compiledMemory(g)
		want := int64(0)
		if donate {
			want = 2 * bytes
		}
		if stats.Aliases != want {
			t.Errorf("donate %v: %d bytes are aliased, want %d", donate, stats.Aliases, want)
		}
	}
}

// compiledMemory reaches the PJRT executable of a graph.
func compiledMemory(g *graph.Graph) pjrt.ExecutableMemoryUsageStats {
	return (*(**pjrt.LoadedExecutable)(unexported(g.Executable(), "exec"))).OnDeviceMemoryUsageStats
}
