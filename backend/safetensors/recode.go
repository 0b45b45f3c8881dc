package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
)

// recodeBlock is how many elements are converted at once: few enough to stay in the processor's cache.
const recodeBlock = 4096

// recode converts elements between the float dtypes by way of float32, which holds each of them exactly.
func recode(dst []byte, to DType, src []byte, from DType) {
	if to == from {
		copy(dst, src)
		return
	}
	var block [recodeBlock]float32
	for n := len(src) / from.Size(); n > 0; {
		values := block[:min(n, recodeBlock)]
		widen(values, src, from)
		round(dst, values, to)
		src, dst, n = src[len(values)*from.Size():], dst[len(values)*to.Size():], n-len(values)
	}
}

// Recode returns a writer that takes elements of one float dtype, a whole number at each Write, and passes them on to w as
// another. The dtypes are F32, BF16 and F16; rounding is to nearest, ties to even.
func Recode(w io.Writer, from, to DType) (io.Writer, error) {
	if !from.isFloat() || !to.isFloat() {
		return nil, fmt.Errorf("safetensors: cannot convert %s to %s, expected F32, BF16 or F16", from, to)
	}
	if from == to {
		return w, nil
	}
	return &recoder{w: w, from: from, to: to, out: make([]byte, 16*recodeBlock*to.Size())}, nil
}

type recoder struct {
	w        io.Writer
	from, to DType
	out      []byte
}

func (r *recoder) Write(data []byte) (int, error) {
	if err := whole(data, r.from); err != nil {
		return 0, err
	}
	taken := 0
	for taken < len(data) {
		n := min((len(data)-taken)/r.from.Size(), len(r.out)/r.to.Size())
		recode(r.out, r.to, data[taken:taken+n*r.from.Size()], r.from)
		if _, err := r.w.Write(r.out[:n*r.to.Size()]); err != nil {
			return taken, err
		}
		taken += n * r.from.Size()
	}
	return taken, nil
}

// countNonFinite counts the NaN and infinite elements of a float dtype, eight bytes at a time: an element is not finite where its
// exponent is all ones, and only then does adding one to the exponent reach the sign's bit.
func countNonFinite(data []byte, d DType) int {
	var exponent, one, sign uint64
	switch d {
	case F32:
		exponent, one, sign = 0x7f800000_7f800000, 0x00800000_00800000, 0x80000000_80000000
	case BF16:
		exponent, one, sign = 0x7f80_7f80_7f80_7f80, 0x0080_0080_0080_0080, 0x8000_8000_8000_8000
	case F16:
		exponent, one, sign = 0x7c00_7c00_7c00_7c00, 0x0400_0400_0400_0400, 0x8000_8000_8000_8000
	}
	count := 0
	for ; len(data) >= 8; data = data[8:] {
		word := binary.LittleEndian.Uint64(data)
		count += bits.OnesCount64((word&exponent + one) & sign)
	}
	var rest [8]byte // zeros are finite
	copy(rest[:], data)
	return count + bits.OnesCount64((binary.LittleEndian.Uint64(rest[:])&exponent+one)&sign)
}
