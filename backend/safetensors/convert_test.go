package safetensors

import (
	"encoding/binary"
	"math"
	"testing"
)

func TestHalfRoundTrip(t *testing.T) {
	for h := 0; h < 1<<16; h++ {
		v := halfToFloat(uint16(h))
		if v != v {
			if back := floatToHalf(v); back&0x7c00 != 0x7c00 || back&0x3ff == 0 {
				t.Fatalf("NaN %04x became %04x", h, back)
			}
			continue
		}
		if back := floatToHalf(v); back != uint16(h) {
			t.Fatalf("%04x → %g → %04x", h, v, back)
		}
	}
}

func TestBrainRoundTrip(t *testing.T) {
	for h := 0; h < 1<<16; h++ {
		v := math.Float32frombits(uint32(h) << 16)
		back := floatToBrain(v)
		if v != v {
			if back&0x7f80 != 0x7f80 || back&0x7f == 0 {
				t.Fatalf("NaN %04x became %04x", h, back)
			}
		} else if back != uint16(h) {
			t.Fatalf("%04x → %g → %04x", h, v, back)
		}
	}
}

// TestRounding pins ties, overflow and subnormals, worked by hand.
func TestRounding(t *testing.T) {
	inf := float32(math.Inf(1))
	cases := []struct {
		value      float32
		half, bf16 uint16
	}{
		{1 + 0x1p-11, 0x3c00, 0x3f80}, // tie: to even, down
		{1 + 3*0x1p-11, 0x3c02, 0x3f80},
		{1 + 0x1p-8, 0x3c04, 0x3f80},        // a tie for bfloat16
		{1 + 3*0x1p-8, 0x3c0c, 0x3f82},      // a tie, up to even
		{-65519, 0xfbff, 0xc780},            // the last that stays finite in half
		{65520, 0x7c00, 0x4780},             // the first that does not
		{0x1p-25, 0x0000, 0x3300},           // half the smallest subnormal, a tie to zero
		{0x1.8p-25, 0x0001, 0x3340},         // above it
		{0x1p-14 - 0x1p-26, 0x0400, 0x3880}, // rounds up into the normals
		{math.MaxFloat32, 0x7c00, 0x7f80},
		{-inf, 0xfc00, 0xff80},
	}
	for _, c := range cases {
		if got := floatToHalf(c.value); got != c.half {
			t.Errorf("half(%g) = %04x, want %04x", c.value, got, c.half)
		}
		if got := floatToBrain(c.value); got != c.bf16 {
			t.Errorf("bf16(%g) = %04x, want %04x", c.value, got, c.bf16)
		}
	}
}

func TestIntegersAndDoubles(t *testing.T) {
	cases := []struct {
		d    DType
		data []byte
		want int64
	}{
		{I8, []byte{0xff}, -1}, {U8, []byte{0xff}, 255}, {BOOL, []byte{1}, 1},
		{I16, []byte{0xfe, 0xff}, -2}, {U16, []byte{0xfe, 0xff}, 65534},
		{I32, []byte{0xfd, 0xff, 0xff, 0xff}, -3}, {U32, []byte{0xfd, 0xff, 0xff, 0xff}, 1<<32 - 3},
		{I64, []byte{1, 0, 0, 0, 0, 0, 0, 0x80}, math.MinInt64 + 1},
	}
	for _, c := range cases {
		if got, err := Int64s(c.data, c.d); err != nil || len(got) != 1 || got[0] != c.want {
			t.Errorf("%s % x = %v, %v, want %d", c.d, c.data, got, err, c.want)
		}
	}
	if _, err := Int64s([]byte{1, 0, 0, 0, 0, 0, 0, 0x80}, U64); err == nil {
		t.Error("a U64 beyond int64 was accepted")
	}
	if _, err := Float32s([]byte{1, 2, 3}, F32); err == nil {
		t.Error("three bytes were accepted as F32")
	}
	double := binary.LittleEndian.AppendUint64(nil, math.Float64bits(math.Pi))
	if got, err := Float64s(double, F64); err != nil || got[0] != math.Pi {
		t.Errorf("F64 = %v, %v", got, err)
	}
	if _, err := Float32s(double, F64); err == nil {
		t.Error("F64 was narrowed to float32 in silence")
	}
}
