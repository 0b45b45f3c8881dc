package mesh

import (
	"fmt"
	"io"
	"sync"

	"github.com/gomlx/compute/dtypes"
)

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

// WriteTo writes the array's little-endian elements to w in row-major order. No more than the array is held on the host
// meanwhile: one device's piece of an array that is cut along its first axis, nothing where the host shares the devices' memory.
func (a *Array) WriteTo(w io.Writer) (int64, error) {
	if a.contiguous() {
		written := int64(0)
		err := a.pieces(func(_, _ int, piece []byte) error {
			n, err := w.Write(piece)
			written += int64(n)
			return err
		})
		return written, err
	}
	whole, free := staging(a.Size() * a.dtype.Size())
	defer free()
	if err := a.read(a.dtype, whole); err != nil {
		return 0, err
	}
	n, err := w.Write(whole)
	return int64(n), err
}

// contiguous tells whether the devices' pieces, one after the other, are the array in row-major order.
func (a *Array) contiguous() bool {
	return a.layout == Replicated || product(a.dims[:a.layout.Axis()]) == 1
}

func (a *Array) read(dtype dtypes.DType, dst []byte) error {
	if dtype != a.dtype {
		return fmt.Errorf("read array %v: it holds %s, not %s", a.dims, a.dtype, dtype)
	}
	return a.pieces(func(d, n int, piece []byte) error {
		if n == 1 {
			copy(dst, piece)
		} else {
			paste(dst, piece, a.dims, a.layout.Axis(), a.dtype.Size(), d, n)
		}
		return nil
	})
}

// pieces hands use the array's n pieces one by one: the devices' in their order, or the first device's whole copy. The bytes
// are good during the call only.
func (a *Array) pieces(use func(d, n int, piece []byte) error) error {
	if a.shards == nil {
		return fmt.Errorf("read array %v: it was released or donated to a program", a.dims)
	}
	n := len(a.shards)
	if a.layout == Replicated {
		n = 1
	}
	for d := range n {
		if err := a.piece(d, func(data []byte) error { return use(d, n, data) }); err != nil {
			return fmt.Errorf("read array %v from device %d: %w", a.dims, d, err)
		}
	}
	return nil
}

// piece shows use the bytes of one device's piece: in place where host and device share memory, else in a staging buffer, so
// that the tensor keeps no copy on the host.
func (a *Array) piece(d int, use func(data []byte) error) error {
	if a.mesh.backend.HasSharedBuffers() {
		var failed error
		err := a.shards[d].ConstBytes(func(data []byte) { failed = use(data) })
		if err == nil {
			err = failed
		}
		return err
	}
	buffer, err := a.shards[d].Buffer(a.mesh.backend, deviceNum(d))
	if err != nil {
		return err
	}
	data, free := staging(a.shards[d].Size() * a.dtype.Size())
	defer free()
	if err := buffer.ToFlatData(data); err != nil {
		return err
	}
	return use(data)
}

// stagings keeps buffers between reads, so that reading a model tensor by tensor does not leave a heap of garbage behind.
var stagings sync.Pool

// staging returns a buffer of n bytes, of undefined content, and what gives it back.
func staging(n int) ([]byte, func()) {
	buffer, _ := stagings.Get().(*[]byte)
	if buffer == nil || cap(*buffer) < n {
		fresh := make([]byte, n)
		buffer = &fresh
	}
	return (*buffer)[:n], func() { stagings.Put(buffer) }
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
