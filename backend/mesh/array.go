package mesh

import (
	"fmt"
	"slices"
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
		_ = s.FinalizeAll() // nothing is left to save when freeing fails
	}
	a.shards = nil
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
	for d := range m.devices {
		piece := data
		if axis := layout.Axis(); axis >= 0 && m.devices > 1 {
			piece = cut(data, dims, axis, dtype.Size(), d, m.devices)
		}
		t, err := tensors.FromRaw(m.backend, deviceNum(d), shapes.Make(dtype, shardDims...), piece)
		if err != nil {
			a.Release()
			return nil, fmt.Errorf("upload array %v of %s to device %d: %w", dims, dtype, d, err)
		}
		a.shards = append(a.shards, t)
	}
	return a, nil
}

// ToFloat32 copies a float32 array to the host, in row-major order.
func (a *Array) ToFloat32() ([]float32, error) {
	out := make([]float32, a.Size())
	return out, a.read(dtypes.Float32, bytesOf(out))
}

// ToInt32 copies an int32 array to the host, in row-major order.
func (a *Array) ToInt32() ([]int32, error) {
	out := make([]int32, a.Size())
	return out, a.read(dtypes.Int32, bytesOf(out))
}

// ToBool copies a bool array to the host, in row-major order.
func (a *Array) ToBool() ([]bool, error) {
	out := make([]bool, a.Size())
	return out, a.read(dtypes.Bool, bytesOf(out))
}

// ToBytes copies an array of any type to the host, as little-endian elements in row-major order.
func (a *Array) ToBytes() ([]byte, error) {
	out := make([]byte, a.Size()*a.dtype.Size())
	return out, a.read(a.dtype, out)
}

func (a *Array) read(dtype dtypes.DType, dst []byte) error {
	if a.shards == nil {
		return fmt.Errorf("read array %v: it was released or donated to a program", a.dims)
	}
	if dtype != a.dtype {
		return fmt.Errorf("read array %v: it holds %s, not %s", a.dims, a.dtype, dtype)
	}
	shards := a.shards
	if a.layout == Replicated {
		shards = shards[:1]
	}
	for d, s := range shards {
		err := s.ConstBytes(func(data []byte) {
			if len(shards) == 1 {
				copy(dst, data)
				return
			}
			paste(dst, data, a.dims, a.layout.Axis(), a.dtype.Size(), d, len(shards))
		})
		if err != nil {
			return fmt.Errorf("read array %v from device %d: %w", a.dims, d, err)
		}
		if s.IsOnAnyDevice() {
			s.FinalizeLocal() // the host copy the tensor keeps would otherwise live as long as the array
		}
	}
	return nil
}

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
	return c, nil
}

// cut returns piece d of n of a row-major array along axis.
func cut(data []byte, dims []int, axis, elem, d, n int) []byte {
	outer, run := product(dims[:axis]), product(dims[axis:])*elem
	width := run / n
	if outer == 1 {
		return data[d*width : (d+1)*width]
	}
	piece := make([]byte, 0, outer*width)
	for o := range outer {
		start := o*run + d*width
		piece = append(piece, data[start:start+width]...)
	}
	return piece
}

// paste is the inverse of cut: it writes piece d of n into dst.
func paste(dst, piece []byte, dims []int, axis, elem, d, n int) {
	outer, run := product(dims[:axis]), product(dims[axis:])*elem
	width := run / n
	for o := range outer {
		copy(dst[o*run+d*width:], piece[o*width:(o+1)*width])
	}
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
