package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Float32s decodes the raw bytes of an F32, BF16 or F16 tensor.
func Float32s(data []byte, d DType) ([]float32, error) {
	if err := whole(data, d); err != nil {
		return nil, err
	}
	if !d.isFloat() {
		return nil, fmt.Errorf("dtype is %s, expected F32, BF16 or F16 to read it as float32", d)
	}
	out := make([]float32, len(data)/d.Size())
	widen(out, data, d)
	return out, nil
}

// isFloat tells whether a dtype is one of the three that weights come in.
func (d DType) isFloat() bool { return d == F32 || d == BF16 || d == F16 }

// widen reads the elements of a float dtype, as many as dst has.
func widen(dst []float32, data []byte, d DType) {
	switch d {
	case F32:
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	case BF16:
		for i := range dst {
			dst[i] = math.Float32frombits(uint32(binary.LittleEndian.Uint16(data[2*i:])) << 16)
		}
	case F16:
		for i := range dst {
			dst[i] = halfToFloat(binary.LittleEndian.Uint16(data[2*i:]))
		}
	}
}

// Float64s decodes the raw bytes of an F64, F32, BF16 or F16 tensor.
func Float64s(data []byte, d DType) ([]float64, error) {
	if err := whole(data, d); err != nil {
		return nil, err
	}
	if d == F64 {
		out := make([]float64, len(data)/8)
		for i := range out {
			out[i] = math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:]))
		}
		return out, nil
	}
	narrow, err := Float32s(data, d)
	if err != nil {
		return nil, fmt.Errorf("dtype is %s, expected F64, F32, BF16 or F16 to read it as float64", d)
	}
	out := make([]float64, len(narrow))
	for i, v := range narrow {
		out[i] = float64(v)
	}
	return out, nil
}

// Int64s decodes the raw bytes of an integer or BOOL tensor.
func Int64s(data []byte, d DType) ([]int64, error) {
	if err := whole(data, d); err != nil {
		return nil, err
	}
	var at func(b []byte) int64
	switch d {
	case I64, U64:
		at = func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }
	case I32:
		at = func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) }
	case U32:
		at = func(b []byte) int64 { return int64(binary.LittleEndian.Uint32(b)) }
	case I16:
		at = func(b []byte) int64 { return int64(int16(binary.LittleEndian.Uint16(b))) }
	case U16:
		at = func(b []byte) int64 { return int64(binary.LittleEndian.Uint16(b)) }
	case I8:
		at = func(b []byte) int64 { return int64(int8(b[0])) }
	case U8, BOOL:
		at = func(b []byte) int64 { return int64(b[0]) }
	default:
		return nil, fmt.Errorf("dtype is %s, expected an integer dtype or BOOL to read it as int64", d)
	}
	size := d.Size()
	out := make([]int64, len(data)/size)
	for i := range out {
		out[i] = at(data[i*size:])
		if d == U64 && out[i] < 0 {
			return nil, fmt.Errorf("value %d of the U64 tensor does not fit in int64", uint64(out[i]))
		}
	}
	return out, nil
}

// Encode writes values as the raw bytes of an F32, BF16 or F16 tensor, rounding to nearest, ties to even, as PyTorch does.
func Encode(values []float32, d DType) ([]byte, error) {
	if !d.isFloat() {
		return nil, fmt.Errorf("safetensors: cannot write float32 values as %s, expected F32, BF16 or F16", d)
	}
	out := make([]byte, len(values)*d.Size())
	round(out, values, d)
	return out, nil
}

// round writes values as a float dtype, rounded.
func round(dst []byte, values []float32, d DType) {
	switch d {
	case F32:
		for i, v := range values {
			binary.LittleEndian.PutUint32(dst[4*i:], math.Float32bits(v))
		}
	case BF16:
		for i, v := range values {
			binary.LittleEndian.PutUint16(dst[2*i:], floatToBrain(v))
		}
	case F16:
		for i, v := range values {
			binary.LittleEndian.PutUint16(dst[2*i:], floatToHalf(v))
		}
	}
}

// whole refuses data that is not a whole number of elements.
func whole(data []byte, d DType) error {
	if size := d.Size(); size == 0 {
		return fmt.Errorf("dtype %q is not supported", string(d))
	} else if len(data)%size != 0 {
		return fmt.Errorf("%d bytes are no whole number of %s values", len(data), d)
	}
	return nil
}

// floatToBrain rounds to bfloat16. A NaN stays a NaN: rounding its bits could carry it into an infinity.
func floatToBrain(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

// halfToFloat widens an IEEE half, subnormals, infinities and NaN included.
func halfToFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exponent, mantissa := uint32(h>>10&0x1f), uint32(h&0x3ff)
	switch exponent {
	case 0: // zero or subnormal: mantissa · 2^-24, exact in float32
		return math.Float32frombits(math.Float32bits(float32(mantissa)*0x1p-24) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0x7f800000 | mantissa<<13)
	}
	return math.Float32frombits(sign | (exponent+112)<<23 | mantissa<<13)
}

// floatToHalf rounds to an IEEE half; values beyond its range become infinities.
func floatToHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign := uint16(bits >> 16 & 0x8000)
	magnitude := bits & 0x7fffffff
	switch {
	case magnitude > 0x7f800000: // NaN, kept quiet
		return sign | 0x7e00 | uint16(magnitude>>13&0x3ff)
	case magnitude >= 0x477ff000: // rounds to 65536 or more
		return sign | 0x7c00
	case magnitude < 0x38800000: // below 2^-14: count units of 2^-24, which the rounded multiple of a float64 gives exactly
		units := math.RoundToEven(float64(math.Float32frombits(magnitude)) * 0x1p24)
		return sign | uint16(units)
	}
	rounded := magnitude + 0xfff + magnitude>>13&1
	return sign | uint16((rounded-112<<23)>>13)
}
