package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// encode renders float32 values or fails the test.
func encode(t *testing.T, values []float32, d DType) []byte {
	t.Helper()
	data, err := Encode(values, d)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestWriteThenOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.safetensors")
	values := []float32{1, -2.5, 0.125, 4, 0, -0.0625}
	tensors := []Tensor{
		{Name: "bytes", DType: U8, Shape: []int{3}, Data: []byte{1, 2, 3}},
		{Name: "é\"<x>", DType: F32, Shape: []int{2, 3}, Data: encode(t, values, F32)},
		{Name: "brain", DType: BF16, Shape: []int{6}, Source: bytes.NewReader(encode(t, values, BF16))},
		{Name: "half", DType: F16, Shape: []int{3, 2, 1}, Data: encode(t, values, F16)},
		{Name: "scalar", DType: I64, Data: []byte{0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}},
		{Name: "empty", DType: F32, Shape: []int{0, 7}},
	}
	if err := Write(path, tensors, nil); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	want := []string{"scalar", "empty", "é\"<x>", "brain", "half", "bytes"}
	if diff := cmp.Diff(want, f.Names()); diff != "" {
		t.Errorf("names, widest first (-want +got):\n%s", diff)
	}
	if f.header.dataStart%8 != 0 {
		t.Errorf("data starts at byte %d, want a multiple of 8", f.header.dataStart)
	}
	if diff := cmp.Diff(map[string]string{"format": "pt"}, f.Metadata()); diff != "" {
		t.Errorf("metadata: %s", diff)
	}
	for _, name := range []string{"é\"<x>", "brain", "half"} {
		got, err := f.Float32(name)
		if diff := cmp.Diff(values, got); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if got, err := f.Int64("scalar"); err != nil || len(got) != 1 || got[0] != -2 {
		t.Errorf("scalar = %v, %v, want [-2]", got, err)
	}
	if info, ok := f.Info("half"); !ok || info.DType != F16 || info.Elements() != 6 {
		t.Errorf("half = %+v, %v", info, ok)
	}
	if _, err := f.Float32("bytes"); err == nil || !strings.Contains(err.Error(), `tensor "bytes": dtype is U8`) {
		t.Errorf("reading integers as floats: %v", err)
	}
	if _, err := f.Bytes("absent"); err == nil || !strings.Contains(err.Error(), `no tensor "absent"`) {
		t.Errorf("absent tensor: %v", err)
	}
}

// writerTo is a source that fails.
type writerTo func(io.Writer) error

func (f writerTo) WriteTo(w io.Writer) (int64, error) { return 0, f(w) }

func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.safetensors")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	broken := errors.New("device lost")
	cases := map[string]Tensor{
		"load":  {Name: "w", DType: F32, Shape: []int{1}, Source: writerTo(func(io.Writer) error { return broken })},
		"short": {Name: "w", DType: F32, Shape: []int{2}, Source: bytes.NewReader(make([]byte, 4))},
		"long":  {Name: "w", DType: F32, Shape: []int{2}, Source: bytes.NewReader(make([]byte, 12))},
		"data":  {Name: "w", DType: F32, Shape: []int{2}, Data: make([]byte, 4)},
		"dtype": {Name: "w", DType: "F7", Shape: []int{2}, Data: make([]byte, 4)},
	}
	for name, tensor := range cases {
		err := Write(path, []Tensor{tensor}, nil)
		if err == nil || !strings.Contains(err.Error(), `tensor "w"`) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error = %v, want one naming the file and the tensor", name, err)
		}
		if name == "load" && !errors.Is(err, broken) {
			t.Errorf("the cause is lost: %v", err)
		}
	}
	entries, _ := os.ReadDir(dir)
	if text, _ := os.ReadFile(path); string(text) != "old" || len(entries) != 1 {
		t.Errorf("file = %q, %d entries in the directory, want the old file alone", text, len(entries))
	}
}

func TestDir(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenDir(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("empty directory: %v, want fs.ErrNotExist", err)
	}
	tensors := []Tensor{
		{Name: "a", DType: F32, Shape: []int{2}, Data: encode(t, []float32{1, 2}, F32)},
		{Name: "b", DType: F32, Shape: []int{1}, Data: encode(t, []float32{3}, F32)},
		{Name: "c", DType: F32, Shape: []int{3}, Data: encode(t, []float32{4, 5, 6}, F32)},
	}
	for _, limit := range []int64{0, 12, 4, 0} {
		if err := WriteDir(dir, tensors, limit); err != nil {
			t.Fatal(err)
		}
		d, err := OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		wantFiles := map[int64]int{0: 1, 12: 2, 4: 3}[limit]
		if len(d.files) != wantFiles {
			t.Errorf("limit %d: %d files, want %d", limit, len(d.files), wantFiles)
		}
		if diff := cmp.Diff([]string{"a", "b", "c"}, d.Names()); diff != "" {
			t.Errorf("names: %s", diff)
		}
		for _, want := range tensors {
			if got, err := d.Bytes(want.Name); err != nil || !cmp.Equal(got, want.Data) {
				t.Errorf("limit %d, %s: %v, %v", limit, want.Name, got, err)
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestIndexErrors(t *testing.T) {
	cases := map[string]struct{ index, want string }{
		"syntax":        {`{"weight_map":`, "unexpected end"},
		"empty":         {`{}`, "empty weight_map"},
		"outside":       {`{"weight_map":{"a":"../x.safetensors"}}`, "inside the directory"},
		"absent file":   {`{"weight_map":{"a":"x.safetensors"}}`, "x.safetensors"},
		"absent tensor": {`{"weight_map":{"a":"s.safetensors","z":"s.safetensors"}}`, `tensor "z" should be in s.safetensors`},
		"two shards":    {`{"weight_map":{"a":"s.safetensors","b":"t.safetensors"}}`, `tensor "a" is in s.safetensors and in t.safetensors`},
		"empty shard":   {`{"weight_map":{"a":"zero.safetensors"}}`, "zero.safetensors: file is truncated: 0 bytes"},
	}
	for name, c := range cases {
		dir := t.TempDir()
		a, b := Tensor{Name: "a", DType: U8, Shape: []int{1}, Data: []byte{7}}, Tensor{Name: "b", DType: U8, Shape: []int{1}, Data: []byte{8}}
		for file, tensors := range map[string][]Tensor{"s.safetensors": {a}, "t.safetensors": {a, b}} {
			if err := Write(filepath.Join(dir, file), tensors, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "zero.safetensors"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, IndexFile), []byte(c.index), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenDir(dir); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error containing %q", name, err, c.want)
		}
	}
}

// A tensor that the index forgot is there all the same, as for other readers.
func TestUnlistedTensorCounts(t *testing.T) {
	dir := t.TempDir()
	tensors := []Tensor{{Name: "a", DType: U8, Shape: []int{1}, Data: []byte{7}}, {Name: "b", DType: U8, Shape: []int{1}, Data: []byte{8}}}
	if err := Write(filepath.Join(dir, "s.safetensors"), tensors, nil); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, IndexFile), []byte(`{"weight_map":{"a":"s.safetensors"}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	d, err := OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if got, err := d.Bytes("b"); err != nil || len(got) != 1 || got[0] != 8 {
		t.Errorf("b = %v, %v, want [8]", got, err)
	}
	if got := d.Path("b"); filepath.Base(got) != "s.safetensors" {
		t.Errorf("b lies in %q, want s.safetensors", got)
	}
}

// TestFixtureModels reads checkpoints written by another implementation and checks them against the state dict it listed.
func TestFixtureModels(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "fixtures", "models")
	if _, err := os.Stat(root); err != nil {
		t.Skipf("%s is absent: the model fixtures are not part of the repository", root)
	}
	full, err := OpenDir(filepath.Join(root, "qwen3_tiny"))
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	brain, err := OpenDir(filepath.Join(root, "qwen3_tiny_bf16"))
	if err != nil {
		t.Fatal(err)
	}
	defer brain.Close()
	if len(full.Names()) < 10 {
		t.Fatalf("only %d tensors", len(full.Names()))
	}
	var oracle struct {
		StateDict map[string][2]json.RawMessage `json:"hf_state_dict"` // name → [shape, dtype]
	}
	text, err := os.ReadFile(filepath.Join(root, "qwen3_tiny", "oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &oracle); err != nil {
		t.Fatal(err)
	}
	for name, want := range oracle.StateDict {
		if name == "lm_head.weight" {
			continue // tied to the embeddings, so not stored
		}
		var shape []int
		if err := json.Unmarshal(want[0], &shape); err != nil {
			t.Fatal(err)
		}
		if info, ok := full.Info(name); !ok || !cmp.Equal(shape, info.Shape) {
			t.Errorf("tensor %q: shape %v, found %v, want %v", name, info.Shape, ok, shape)
		}
	}
	for _, name := range full.Names() {
		for _, d := range []*Dir{full, brain} {
			values, err := d.Float32(name)
			if err != nil {
				t.Fatal(err)
			}
			info, _ := d.Info(name)
			sum := 0.0
			for _, v := range values {
				sum += math.Abs(float64(v))
			}
			if mean := sum / float64(len(values)); len(values) != info.Elements() || !(mean > 1e-4 && mean < 10) {
				t.Errorf("%s: %d values of mean size %g, %s %v", name, len(values), mean, info.DType, info.Shape)
			}
		}
	}
}
