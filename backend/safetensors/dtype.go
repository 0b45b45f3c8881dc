package safetensors

import (
	"fmt"
	"math"
	"math/bits"
)

// DType is the element type of a tensor, spelled as in the file's header.
type DType string

// The element types this package reads and writes.
const (
	F64  DType = "F64"
	F32  DType = "F32"
	F16  DType = "F16"  // IEEE 754 half precision
	BF16 DType = "BF16" // the upper half of an F32
	I64  DType = "I64"
	I32  DType = "I32"
	I16  DType = "I16"
	I8   DType = "I8"
	U64  DType = "U64"
	U32  DType = "U32"
	U16  DType = "U16"
	U8   DType = "U8"
	BOOL DType = "BOOL" // one byte an element, 0 or 1
)

// Size is the number of bytes of one element, 0 for a dtype this package does not know.
func (d DType) Size() int {
	switch d {
	case F64, I64, U64:
		return 8
	case F32, I32, U32:
		return 4
	case F16, BF16, I16, U16:
		return 2
	case I8, U8, BOOL:
		return 1
	}
	return 0
}

// Info describes one tensor without its data.
type Info struct {
	DType DType
	Shape []int // empty for a scalar
}

// Elements is the number of values the tensor holds.
func (i Info) Elements() int {
	n := 1
	for _, d := range i.Shape {
		n *= d
	}
	return n
}

// byteSize is the number of bytes a tensor of this dtype and shape occupies, checked for overflow and nonsense.
func (i Info) byteSize() (int64, error) {
	size := i.DType.Size()
	if size == 0 {
		return 0, fmt.Errorf("dtype %q is not supported (known: F64 F32 F16 BF16 I64 I32 I16 I8 U64 U32 U16 U8 BOOL)", string(i.DType))
	}
	total := uint64(size)
	for _, d := range i.Shape {
		if d < 0 {
			return 0, fmt.Errorf("shape %v has a negative dimension", i.Shape)
		}
		hi, lo := bits.Mul64(total, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("shape %v holds more bytes than fit in 63 bits", i.Shape)
		}
		total = lo
	}
	return int64(total), nil
}
