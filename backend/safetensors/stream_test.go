package safetensors

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadInto reads every float dtype as every other and compares with the conversion of single values, over several chunks.
func TestReadInto(t *testing.T) {
	values := make([]float32, 2*streamChunk+recodeBlock+3)
	for i := range values {
		values[i] = float32(math.Sin(float64(i))) * float32(i%1000)
	}
	dtypes := []DType{F32, BF16, F16}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	var tensors []Tensor
	for _, d := range dtypes {
		tensors = append(tensors, Tensor{Name: string(d), DType: d, Shape: []int{len(values)}, Data: encode(t, values, d)})
	}
	if err := Write(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, from := range dtypes {
		stored, err := f.Float32(string(from))
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range dtypes {
			want := encode(t, stored, to)
			got := make([]byte, len(want))
			if bad, err := f.ReadInto(got, string(from), to); err != nil || bad != 0 || !bytes.Equal(got, want) {
				t.Errorf("%s as %s: %d not finite, %v, equal %v", from, to, bad, err, bytes.Equal(got, want))
			}
			var out bytes.Buffer
			w, err := Recode(&out, from, to)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(encode(t, stored, from)); err != nil || !bytes.Equal(out.Bytes(), want) {
				t.Errorf("Recode %s to %s: %v, equal %v", from, to, err, bytes.Equal(out.Bytes(), want))
			}
		}
	}
	if _, err := f.ReadInto(make([]byte, 4), "F32", F32); err == nil || !strings.Contains(err.Error(), `tensor "F32": 4 bytes`) {
		t.Errorf("too small a buffer: %v", err)
	}
}

func TestCountNonFinite(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	cases := []struct {
		values []float32
		want   int
	}{
		{nil, 0},
		{[]float32{0, 1, -1, 65504, -65504, 0x1p-24, float32(math.Copysign(0, -1))}, 0},
		{[]float32{nan}, 1},
		{[]float32{inf, -inf, nan, -nan, 1, inf, 2}, 5},
		{[]float32{1, 2, 3, 4, 5, 6, 7, 8, -inf}, 1},
	}
	for _, c := range cases {
		for _, d := range []DType{F32, BF16, F16} {
			if got := countNonFinite(encode(t, c.values, d), d); got != c.want {
				t.Errorf("%v as %s: %d not finite, want %d", c.values, d, got, c.want)
			}
		}
	}
	if got := countNonFinite(encode(t, []float32{math.MaxFloat32}, BF16), BF16); got != 1 {
		t.Errorf("a value beyond bfloat16's range: %d not finite, want 1", got)
	}
}

// A file that is cut while it is open gives an error that names it and the tensor, never zeros.
func TestFileCutWhileOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := Write(path, []Tensor{{Name: "w", DType: F32, Shape: []int{64}, Data: make([]byte, 256)}}, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, info.Size()-8); err != nil {
		t.Fatal(err)
	}
	_, into := f.ReadInto(make([]byte, 128), "w", BF16)
	_, whole := f.Bytes("w")
	for _, err := range []error{into, whole} {
		if !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), `"w"`) {
			t.Errorf("error = %v, want one naming file and tensor", err)
		}
	}
}

func TestRecodeRefuses(t *testing.T) {
	if _, err := Recode(io.Discard, F32, I8); err == nil || !strings.Contains(err.Error(), "F32 to I8") {
		t.Errorf("to I8: %v", err)
	}
	w, err := Recode(io.Discard, F32, BF16)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(make([]byte, 6)); err == nil {
		t.Error("half an element was taken")
	}
}

func BenchmarkReadInto(b *testing.B) {
	path := filepath.Join(b.TempDir(), "x.safetensors")
	const n = 16 << 20
	if err := Write(path, []Tensor{{Name: "w", DType: BF16, Shape: []int{n}, Data: make([]byte, 2*n)}}, nil); err != nil {
		b.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for _, as := range []DType{BF16, F32} {
		b.Run(string(as), func(b *testing.B) {
			dst := make([]byte, n*as.Size())
			b.SetBytes(2 * n)
			for b.Loop() {
				if _, err := f.ReadInto(dst, "w", as); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
