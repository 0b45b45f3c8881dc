package advantage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"testing"
)

const fixtures = "../../../shared/fixtures/rl/"

// tensors reads the small shared fixtures; every element type becomes float64.
type tensors struct {
	header map[string]struct {
		Type    string `json:"dtype"`
		Shape   []int  `json:"shape"`
		Offsets [2]int `json:"data_offsets"`
	}
	data []byte
}

func open(t *testing.T, name string) tensors {
	t.Helper()
	raw := readFixture(t, name)
	n := binary.LittleEndian.Uint64(raw)
	var out tensors
	if err := json.Unmarshal(raw[8:8+n], &out.header); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	out.data = raw[8+n:]
	return out
}

func readFixture(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(fixtures + name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is absent: the comparison with the reference's outputs is skipped", fixtures+name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// vector returns all elements of a tensor, row-major.
func (f tensors) vector(t *testing.T, name string) []float64 {
	t.Helper()
	h, ok := f.header[name]
	if !ok {
		t.Fatalf("the fixture has no tensor %q", name)
	}
	raw := f.data[h.Offsets[0]:h.Offsets[1]]
	var out []float64
	for len(raw) > 0 {
		switch h.Type {
		case "F32":
			out, raw = append(out, float64(math.Float32frombits(binary.LittleEndian.Uint32(raw)))), raw[4:]
		case "F64":
			out, raw = append(out, math.Float64frombits(binary.LittleEndian.Uint64(raw))), raw[8:]
		case "I64":
			out, raw = append(out, float64(int64(binary.LittleEndian.Uint64(raw)))), raw[8:]
		default:
			t.Fatalf("tensor %q has type %s", name, h.Type)
		}
	}
	return out
}

// matrix returns the rows of a [rows, columns] tensor.
func (f tensors) matrix(t *testing.T, name string) [][]float64 {
	t.Helper()
	flat := f.vector(t, name)
	width := f.header[name].Shape[1]
	var rows [][]float64
	for len(flat) > 0 {
		rows, flat = append(rows, flat[:width]), flat[width:]
	}
	return rows
}
