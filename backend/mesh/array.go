package mesh

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

func deviceNum(i int) compute.DeviceNum { return compute.DeviceNum(i) }

// Layout says how a logical array lies on the mesh.
type Layout struct {
	// sharded is 0 for a replicated array and 1 + the axis that is cut otherwise, so that the zero value is Replicated.
	sharded int
}

// Replicated is the layout of an array of which every device holds a whole copy.
var Replicated = Layout{}

// Sharded is the layout of an array cut along the given axis into one equal piece a device.
func Sharded(axis int) Layout { return Layout{sharded: axis + 1} }

// Axis returns the cut axis, or -1 for a replicated array.
func (l Layout) Axis() int { return l.sharded - 1 }

// ShardFor returns the layout that cuts an array of the given dimensions along its first axis that divides evenly over the
// devices, or Replicated when there is none (or a single device).
func (m *Mesh) ShardFor(dims []int) Layout {
	if m.devices == 1 {
		return Replicated
	}
	for axis, d := range dims {
		if d >= m.devices && d%m.devices == 0 {
			return Sharded(axis)
		}
	}
	return Replicated
}

// spec translates the layout for an array of the given rank.
func (m *Mesh) spec(l Layout, rank int) (*distributed.ShardingSpec, error) {
	if l.sharded == 0 {
		return distributed.NewReplicatedShardingSpec(m.grid), nil
	}
	b := distributed.BuildSpec(m.grid)
	for axis := range rank {
		if axis == l.Axis() {
			b.S(axisName)
		} else {
			b.R()
		}
	}
	return b.Done()
}

// Array is one logical tensor on a mesh. It stays on the devices until it is read or released. An array that was donated
// to a program is gone: using it again is an error.
type Array struct {
	mesh   *Mesh
	dtype  dtypes.DType
	dims   []int
	layout Layout
	shards []*tensors.Tensor // one a device; nil once donated or released
	held   int64             // bytes that the mesh counts for it
}

// hold counts the array's memory, drop no longer.
func (a *Array) hold() *Array {
	a.held = a.Bytes()
	a.mesh.held.Add(a.held)
	return a
}

func (a *Array) drop() {
	a.mesh.held.Add(-a.held)
	a.shards, a.held = nil, 0
}

// Dims returns the logical dimensions.
func (a *Array) Dims() []int { return slices.Clone(a.dims) }

// DType returns the element type.
func (a *Array) DType() dtypes.DType { return a.dtype }

// Layout returns how the array lies on the mesh.
func (a *Array) Layout() Layout { return a.layout }

// Size is the number of elements of the logical array.
func (a *Array) Size() int { return product(a.dims) }

// Bytes is the memory the array takes on each device.
func (a *Array) Bytes() int64 {
	n := int64(a.Size()) * int64(a.dtype.Size())
	if a.layout != Replicated {
		n /= int64(a.mesh.devices)
	}
	return n
}

// Release frees the device memory now. Releasing twice is harmless.
func (a *Array) Release() {
	if a == nil {
		return
	}
	for _, s := range a.shards {
		if s != nil {
			_ = s.FinalizeAll() // nothing is left to save when freeing fails
		}
	}
	a.drop()
}

// FromFloat32 puts data, in row-major order, on the mesh.
func (m *Mesh) FromFloat32(data []float32, layout Layout, dims ...int) (*Array, error) {
	return m.FromBytes(bytesOf(data), dtypes.Float32, layout, dims...)
}

// FromInt32 puts data, in row-major order, on the mesh.
func (m *Mesh) FromInt32(data []int32, layout Layout, dims ...int) (*Array, error) {
	return m.FromBytes(bytesOf(data), dtypes.Int32, layout, dims...)
}

// FromBool puts data, in row-major order, on the mesh.
func (m *Mesh) FromBool(data []bool, layout Layout, dims ...int) (*Array, error) {
	return m.FromBytes(bytesOf(data), dtypes.Bool, layout, dims...)
}

// FromBytes puts raw little-endian elements, in row-major order, on the mesh.
func (m *Mesh) FromBytes(data []byte, dtype dtypes.DType, layout Layout, dims ...int) (*Array, error) {
	a := &Array{mesh: m, dtype: dtype, dims: slices.Clone(dims), layout: layout}
	if want := product(dims) * dtype.Size(); want != len(data) {
		return nil, fmt.Errorf("upload array %v of %s: want %d bytes, got %d", dims, dtype, want, len(data))
	}
	shardDims := slices.Clone(dims)
	if axis := layout.Axis(); axis >= 0 {
		if axis >= len(dims) || dims[axis]%m.devices != 0 {
			return nil, fmt.Errorf("upload array %v cut along axis %d: it does not divide over %d devices", dims, axis, m.devices)
		}
		shardDims[axis] /= m.devices
	}
	a.shards = make([]*tensors.Tensor, m.devices)
	faults := make([]error, m.devices)
	upload := func(d int) {
		piece := data
		if axis := layout.Axis(); axis >= 0 && m.devices > 1 {
			piece = cut(data, dims, axis, dtype.Size(), d, m.devices)
		}
		var err error
		if a.shards[d], err = tensors.FromRaw(m.backend, deviceNum(d), shapes.Make(dtype, shardDims...), piece); err != nil {
			faults[d] = fmt.Errorf("upload array %v of %s to device %d: %w", dims, dtype, d, err)
		}
	}
	var copies sync.WaitGroup
	for d := range m.devices {
		if len(data) < parallelUpload {
			upload(d)
		} else {
			copies.Go(func() { upload(d) })
		}
	}
	copies.Wait()
	if err := errors.Join(faults...); err != nil {
		a.Release()
		return nil, err
	}
	return a.hold(), nil
}

// parallelUpload is the size in bytes from which an array goes to all devices at once: they have links of their own.
const parallelUpload = 1 << 20

// Clone copies the array on the devices.
func (a *Array) Clone() (*Array, error) {
	if a.shards == nil {
		return nil, fmt.Errorf("clone array %v: it was released or donated to a program", a.dims)
	}
	c := &Array{mesh: a.mesh, dtype: a.dtype, dims: slices.Clone(a.dims), layout: a.layout}
	for d, s := range a.shards {
		t, err := s.OnDeviceClone(a.mesh.backend, deviceNum(d))
		if err != nil {
			c.Release()
			return nil, fmt.Errorf("clone array %v on device %d: %w", a.dims, d, err)
		}
		c.shards = append(c.shards, t)
	}
	return c.hold(), nil
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// bytesOf views a slice of fixed-size elements as bytes. All platforms PJRT runs on are little-endian.
func bytesOf[T int32 | float32 | bool](s []T) []byte {
	if len(s) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(s))), len(s)*int(unsafe.Sizeof(s[0])))
}
