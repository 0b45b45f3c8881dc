package reference

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// TestWhereCopiesLie looks at the layout and the memory of copies, and reads them back.
func TestWhereCopiesLie(t *testing.T) {
	ctx := context.Background()
	for _, devices := range []int{1, 8} {
		m := fixture.Mesh(t, devices)
		values := make([]float32, 48)
		for i := range values {
			values[i] = float32(i)
		}
		var weights []*mesh.Array
		for _, dims := range [][]int{{16, 3}, {3, 16}, {48}, {6, 8}} {
			w, err := m.FromFloat32(values, mesh.Replicated, dims...)
			if err != nil {
				t.Fatal(err)
			}
			weights = append(weights, w)
		}
		for _, p := range []Placement{Resident, Sharded, Host} {
			c, err := Freeze(m, weights, p)
			if err != nil {
				t.Fatal(err)
			}
			if c.Loaded() != (p != Host) || (len(c.Arrays()) == 0) != (p == Host) {
				t.Errorf("%s: loaded %v, %d arrays on the devices", p, c.Loaded(), len(c.Arrays()))
			}
			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			if err := c.Load(cancelled); p == Host && (!errors.Is(err, context.Canceled) || c.Loaded()) {
				t.Errorf("%s: loading with a cancelled context: %v, loaded %v", p, err, c.Loaded())
			}
			for range 2 { // the second time there is nothing to do
				if err := c.Load(ctx); err != nil {
					t.Fatal(err)
				}
			}
			for i, a := range c.Arrays() {
				want := m.ShardFor(a.Dims())
				if p == Resident {
					want = mesh.Replicated
				}
				got, err := a.ToFloat32()
				if err != nil || a.Layout() != want || !slices.Equal(got, values) {
					t.Errorf("%s on %d devices, weight %d: along axis %d, want %d; %v, %v", p, devices, i, a.Layout().Axis(), want.Axis(), got, err)
				}
			}
			c.Unload()
			if c.Loaded() != (p != Host) {
				t.Errorf("%s: unloaded, and loaded %v", p, c.Loaded())
			}
			c.Release()
			c.Release()
			if err := c.Load(ctx); err == nil {
				t.Errorf("%s: a released copy was loaded", p)
			}
		}
	}
}

func TestPlacements(t *testing.T) {
	if Default(1) != Resident || Default(8) != Sharded {
		t.Errorf("defaults %s and %s", Default(1), Default(8))
	}
	if _, err := Freeze(nil, nil, ""); err == nil {
		t.Error("no placement at all was accepted")
	}
}
