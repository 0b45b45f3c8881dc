package mesh_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// TestWriteTo writes arrays of every layout, small ones and ones that go to all devices at once, as the bytes they came from.
func TestWriteTo(t *testing.T) {
	for _, devices := range []int{1, 8} {
		m := open(t, devices)
		for _, dims := range [][]int{{16, 8, 24}, {64, 128, 96}} {
			want := make([]byte, 2*dims[0]*dims[1]*dims[2])
			for i := range want {
				want[i] = byte(i * 31 >> 3)
			}
			for _, layout := range []mesh.Layout{mesh.Replicated, mesh.Sharded(0), mesh.Sharded(1), mesh.Sharded(2)} {
				a, err := m.FromBytes(want, dtypes.BFloat16, layout, dims...)
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				n, err := a.WriteTo(&out)
				if err != nil || n != int64(len(want)) || !bytes.Equal(out.Bytes(), want) {
					t.Errorf("%d devices, axis %d of %v: %d bytes written, %v, equal %v", devices, layout.Axis(), dims, n, err, bytes.Equal(out.Bytes(), want))
				}
				if got, err := a.ToBytes(); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d devices, axis %d of %v: ToBytes differs (%v)", devices, layout.Axis(), dims, err)
				}
				full := errors.New("disk full")
				if _, err := a.WriteTo(failing{full}); !errors.Is(err, full) {
					t.Errorf("a failing writer: %v", err)
				}
				a.Release()
				if _, err := a.WriteTo(&out); err == nil {
					t.Error("a released array was written")
				}
			}
		}
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
