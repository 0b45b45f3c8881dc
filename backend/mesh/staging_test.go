package mesh

import (
	"bytes"
	"context"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dcpo-go/godcpo/backend/plugin"
)

// TestTransfersWithoutSharedMemory takes the ways that GPUs take, on which host and device share no memory, on CPU devices that
// are told not to share it either.
func TestTransfersWithoutSharedMemory(t *testing.T) {
	m, err := Open(context.Background(), Options{Plugin: plugin.Options{Device: plugin.CPU}, Devices: 3}) // no other test's mesh
	if err != nil {
		t.Fatalf("no PJRT devices: %v", err)
	}
	shared := (*bool)(unexported(m.backend, "hasSharedBuffers"))
	defer func(before bool) { *shared = before }(*shared)
	*shared = false
	dims := []int{6, 9, 5}
	want := make([]byte, 2*product(dims))
	for i := range want {
		want[i] = byte(i*7 + i>>8)
	}
	for _, layout := range []Layout{Replicated, Sharded(0), Sharded(1)} {
		a, err := m.FromBytes(want, dtypes.BFloat16, layout, dims...)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second reading takes the first one's buffer
			var out bytes.Buffer
			if n, err := a.WriteTo(&out); err != nil || n != int64(len(want)) || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("axis %d: WriteTo wrote %d bytes, %v, equal %v", layout.Axis(), n, err, bytes.Equal(out.Bytes(), want))
			}
			if got, err := a.ToBytes(); err != nil || !bytes.Equal(got, want) {
				t.Errorf("axis %d: ToBytes differs (%v)", layout.Axis(), err)
			}
		}
		for d, s := range a.shards {
			if s.IsLocal() {
				t.Errorf("axis %d: the tensor on device %d keeps a copy on the host", layout.Axis(), d)
			}
		}
		a.Release()
	}
}
