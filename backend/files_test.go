package backend_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

var cpu = backend.Options{Device: "cpu", Devices: 1}

// checkpoint is a model directory in memory, to be damaged before it is written.
type checkpoint struct {
	config  map[string]any
	tensors map[string]safetensors.Tensor
}

// tiny is a small random Qwen3 checkpoint of the given type.
func tiny(t *testing.T, cfg decoder.Config, dtype safetensors.DType) *checkpoint {
	t.Helper()
	written := map[safetensors.DType]string{safetensors.F32: "float32", safetensors.BF16: "bfloat16", safetensors.F16: "float16"}[dtype]
	raw, err := cfg.MarshalHF(written, []int32{2}, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &checkpoint{tensors: map[string]safetensors.Tensor{}}
	if err := json.Unmarshal(raw, &c.config); err != nil {
		t.Fatal(err)
	}
	for _, p := range cfg.Params() {
		data, err := safetensors.Encode(cfg.Random(p, 1), dtype)
		if err != nil {
			t.Fatal(err)
		}
		c.tensors[p.Name] = safetensors.Tensor{Name: p.Name, DType: dtype, Shape: p.Dims, Data: data}
	}
	return c
}

// write puts the checkpoint into a new directory, in files of at most limit bytes (0: one file).
func (c *checkpoint) write(t *testing.T, limit int64) string {
	t.Helper()
	dir := t.TempDir()
	raw, err := json.Marshal(c.config)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "config.json"), raw, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	names := slices.Sorted(maps.Keys(c.tensors))
	var tensors []safetensors.Tensor
	for _, name := range names {
		tensors = append(tensors, c.tensors[name])
	}
	if err := safetensors.WriteDir(dir, tensors, limit); err != nil {
		t.Fatal(err)
	}
	return dir
}

const norm = "model.layers.1.input_layernorm.weight"

// TestOpenRefusesDamage: each fault is one error that names the model, the file and the tensor.
func TestOpenRefusesDamage(t *testing.T) {
	poison := func(value float32, at ...int) func(*testing.T, *checkpoint) {
		return func(t *testing.T, c *checkpoint) {
			for _, i := range at {
				binary.LittleEndian.PutUint32(c.tensors[norm].Data[4*i:], math.Float32bits(value))
			}
		}
	}
	replace := func(change func(*safetensors.Tensor)) func(*testing.T, *checkpoint) {
		return func(t *testing.T, c *checkpoint) {
			w := c.tensors[norm]
			change(&w)
			c.tensors[norm] = w
		}
	}
	cases := []struct {
		name   string
		damage func(*testing.T, *checkpoint)
		after  func(t *testing.T, dir string)
		want   []string
	}{
		{"nan", poison(float32(math.NaN()), 3, 5), nil, []string{norm, "2 of its 64 values are NaN or infinite", ".safetensors"}},
		{"infinite", poison(float32(math.Inf(-1)), 0), nil, []string{norm, "1 of its 64 values"}},
		{"missing", func(t *testing.T, c *checkpoint) { delete(c.tensors, norm) }, nil, []string{"tensor " + norm + " is missing"}},
		{"shape", replace(func(w *safetensors.Tensor) { w.Shape = []int{32, 2} }), nil, []string{norm, "has shape [32 2], config.json wants [64]", ".safetensors"}},
		{"type", replace(func(w *safetensors.Tensor) { w.DType, w.Data = safetensors.I8, w.Data[:64] }), nil, []string{norm, "of type I8", ".safetensors"}},
		{"superfluous", func(t *testing.T, c *checkpoint) {
			c.tensors["visual.weight"] = safetensors.Tensor{Name: "visual.weight", DType: safetensors.U8, Shape: []int{1}, Data: []byte{1}}
		}, nil, []string{"visual.weight", "has no place in a qwen3 model"}},
		{"architecture", func(t *testing.T, c *checkpoint) { c.config["model_type"] = "mamba" }, nil, []string{`"mamba"`, "qwen3"}},
		{"truncated", nil, func(t *testing.T, dir string) {
			shard := filepath.Join(dir, "model-00002-of-00003.safetensors")
			info, err := os.Stat(shard)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(shard, info.Size()-100); err != nil {
				t.Fatal(err)
			}
		}, []string{"model-00002-of-00003.safetensors", "truncated", "tensor"}},
		{"empty shard", nil, func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, "model-00003-of-00003.safetensors"), 0); err != nil {
				t.Fatal(err)
			}
		}, []string{"model-00003-of-00003.safetensors", "0 bytes"}},
		{"missing shard", nil, func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "model-00001-of-00003.safetensors")); err != nil {
				t.Fatal(err)
			}
		}, []string{"model-00001-of-00003.safetensors", "no such file"}},
		{"no weights", nil, func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, safetensors.IndexFile)); err != nil {
				t.Fatal(err)
			}
		}, []string{safetensors.SingleFile, safetensors.IndexFile}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ckpt := tiny(t, decoder.Tiny(40), safetensors.F32)
			if c.damage != nil {
				c.damage(t, ckpt)
			}
			dir := ckpt.write(t, 160_000)
			if c.after != nil {
				c.after(t, dir)
			}
			m, err := backend.Open(context.Background(), dir, cpu)
			if err == nil {
				m.Release()
				t.Fatal("it was opened")
			}
			for _, want := range append(c.want, "open model "+dir) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestOpenFindsNothing(t *testing.T) {
	t.Setenv(backend.ModelsVariable, t.TempDir())
	t.Setenv("HF_HOME", t.TempDir())
	t.Setenv("HF_HUB_CACHE", "")
	t.Setenv("GODCPO_OFFLINE", "1")
	for name, want := range map[string]string{"nowhere": backend.ModelsVariable, "own/er": "GODCPO_OFFLINE", t.TempDir(): "config.json"} {
		_, err := backend.Open(context.Background(), name, cpu)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "open model") != 1 {
			t.Errorf("%s: %v, want one error with %q", name, err, want)
		}
	}
	if _, err := backend.Open(context.Background(), "nowhere", cpu); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v is not fs.ErrNotExist", err)
	}
}

// A model that lies in the hub's cache is opened by its name.
func TestOpenFromTheHubsCache(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	home := t.TempDir()
	t.Setenv("HF_HOME", home)
	t.Setenv("HF_HUB_CACHE", "")
	t.Setenv(backend.ModelsVariable, "")
	t.Setenv("GODCPO_OFFLINE", "1")
	repo := filepath.Join(home, "hub", "models--own--er")
	for _, dir := range []string{"refs", "snapshots"} {
		if err := os.MkdirAll(filepath.Join(repo, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(tiny(t, decoder.Tiny(40), safetensors.F32).write(t, 0), filepath.Join(repo, "snapshots", commit)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(repo, "refs", "main"), []byte(commit), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"own/er", "own/er@" + commit} {
		m, err := backend.Open(context.Background(), name, cpu)
		if err != nil {
			t.Fatal(err)
		}
		if m.Name != name || m.Tokenizer != nil || !slices.Equal(m.EOS(), []int32{2}) {
			t.Errorf("%s: name %q, tokenizer %v, EOS %v, want none and [2] of config.json", name, m.Name, m.Tokenizer, m.EOS())
		}
		m.Release()
	}
}

// TestLoadingStaysSmall bounds everything that loading ever allocates, garbage included, by two weight files (and the readers'
// scratch memory), with a tensor that is a file of its own and doubles when it is converted.
func TestLoadingStaysSmall(t *testing.T) {
	cfg := decoder.Tiny(65536)
	cfg.HiddenSize, cfg.IntermediateSize, cfg.Layers = 128, 2048, 8 // the embeddings are 16 MiB in bfloat16, the layers 13 MiB
	for _, c := range []struct {
		stored safetensors.DType
		as     string
	}{{safetensors.BF16, "bfloat16"}, {safetensors.BF16, "float32"}, {safetensors.F16, "float32"}, {safetensors.F32, "bfloat16"}} {
		dir := tiny(t, cfg, c.stored).write(t, 4<<20)
		files, err := safetensors.OpenDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		bound := 2*files.LargestFile() + int64(runtime.GOMAXPROCS(0)+1)<<20 + 1<<20
		files.Close()
		opt := cpu
		opt.DType = c.as
		if m, err := backend.Open(context.Background(), dir, opt); err != nil { // starts XLA, which is not counted
			t.Fatal(err)
		} else {
			m.Release()
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, err := backend.Open(context.Background(), dir, opt)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		m.Release()
		if took := int64(after.TotalAlloc - before.TotalAlloc); took > bound {
			t.Errorf("%s as %s: loading allocated %d bytes, want at most %d", c.stored, c.as, took, bound)
		}
	}
}

// TestOpenConverts checks the values on the devices against the conversion of each tensor.
func TestOpenConverts(t *testing.T) {
	for _, stored := range []safetensors.DType{safetensors.F32, safetensors.BF16, safetensors.F16} {
		ckpt := tiny(t, decoder.Tiny(40), stored)
		dir := ckpt.write(t, 100_000)
		for _, as := range []string{"", "float32", "bfloat16"} {
			opt := cpu
			opt.DType = as
			m, err := backend.Open(context.Background(), dir, opt)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range m.Config.Params() {
				values, err := safetensors.Float32s(ckpt.tensors[p.Name].Data, stored)
				if err != nil {
					t.Fatal(err)
				}
				want, _ := safetensors.Encode(values, map[string]safetensors.DType{"": safetensors.F32, "float32": safetensors.F32, "bfloat16": safetensors.BF16}[as])
				if got, err := m.Weights()[i].ToBytes(); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s as %q: %s differs from its file (%v)", stored, as, p.Name, err)
				}
			}
			m.Release()
		}
	}
}

// fixtureDir is a reference model's directory.
func fixtureDir(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(fixture.Dir(t), name)
}
