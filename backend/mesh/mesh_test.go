package mesh_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plugin"
)

func open(t *testing.T, devices int) *mesh.Mesh {
	t.Helper()
	m, err := mesh.Open(context.Background(), mesh.Options{Plugin: plugin.Options{Device: plugin.CPU}, Devices: devices})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func ramp(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32(i)
	}
	return out
}

func TestArraysComeBackAsTheyWent(t *testing.T) {
	for _, devices := range []int{1, 8} {
		m := open(t, devices)
		for _, layout := range []mesh.Layout{mesh.Replicated, mesh.Sharded(0), mesh.Sharded(1), mesh.Sharded(2)} {
			want := ramp(16 * 8 * 24)
			a, err := m.FromFloat32(want, layout, 16, 8, 24)
			if err != nil {
				t.Fatal(err)
			}
			c, err := a.Clone()
			if err != nil {
				t.Fatal(err)
			}
			a.Release()
			got, err := c.ToFloat32()
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%d devices, axis %d: the array came back changed", devices, layout.Axis())
			}
			if _, err := a.ToFloat32(); err == nil {
				t.Error("a released array can be read")
			}
		}
	}
}

func TestUnevenArraysAreRefused(t *testing.T) {
	m := open(t, 8)
	if _, err := m.FromFloat32(ramp(12), mesh.Sharded(0), 12); err == nil {
		t.Error("12 rows were cut over 8 devices")
	}
	if _, err := m.FromFloat32(ramp(11), mesh.Replicated, 12); err == nil {
		t.Error("11 values fill an array of 12")
	}
}

// TestProgramReducesOverDevices sums a sharded array and returns a row-sharded one.
func TestProgramReducesOverDevices(t *testing.T) {
	for _, devices := range []int{1, 8} {
		m := open(t, devices)
		prog, err := m.Program("sum", func(in []*graph.Node) []*graph.Node {
			return []*graph.Node{graph.ReduceAllSum(in[0]), graph.Mul(in[0], in[1])}
		}, []mesh.Port{{Rank: 2, Layout: mesh.Sharded(0)}, {}}, []mesh.Port{{}, {Rank: 2, Layout: mesh.Sharded(0)}})
		if err != nil {
			t.Fatal(err)
		}
		a, _ := m.FromFloat32(ramp(32), mesh.Sharded(0), 8, 4)
		two, _ := m.FromFloat32([]float32{2}, mesh.Replicated)
		out, err := prog.Run(context.Background(), a, two)
		if err != nil {
			t.Fatal(err)
		}
		sum, err := out[0].ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		twice, err := out[1].ToFloat32()
		if err != nil {
			t.Fatal(err)
		}
		if sum[0] != 31*16 || twice[31] != 62 || !slices.Equal(out[1].Dims(), []int{8, 4}) {
			t.Errorf("%d devices: sum %g, last %g, dims %v", devices, sum[0], twice[31], out[1].Dims())
		}
	}
}

func TestDonatedInputsAreGone(t *testing.T) {
	m := open(t, 1)
	prog, err := m.Program("double", func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.Add(in[0], in[0])} },
		[]mesh.Port{{Rank: 1, Donate: true}}, []mesh.Port{{Rank: 1}})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.FromFloat32(ramp(4), mesh.Replicated, 4)
	if _, err := prog.Run(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	if _, err := prog.Run(context.Background(), a); err == nil || !strings.Contains(err.Error(), "donated") {
		t.Errorf("a donated array was used again: %v", err)
	}
}

func TestGraphPanicsBecomeErrors(t *testing.T) {
	m := open(t, 1)
	prog, err := m.Program("bad", func(in []*graph.Node) []*graph.Node { panic("no such shape") }, []mesh.Port{{Rank: 1}}, []mesh.Port{{}})
	if err != nil {
		t.Fatal(err)
	}
	a, _ := m.FromFloat32(ramp(4), mesh.Replicated, 4)
	if _, err := prog.Run(context.Background(), a); err == nil || !strings.Contains(err.Error(), "no such shape") {
		t.Errorf("got %v, want the graph's complaint", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := prog.Run(ctx, a); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
