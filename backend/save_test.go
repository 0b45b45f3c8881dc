package backend_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

func open(t *testing.T, dir, dtype string) *backend.Model {
	t.Helper()
	opt := cpu
	opt.DType = dtype
	m, err := backend.Open(context.Background(), dir, opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	return m
}

func openDir(t *testing.T, dir string) *safetensors.Dir {
	t.Helper()
	d, err := safetensors.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// sameTensors compares all tensors of two model directories byte for byte.
func sameTensors(t *testing.T, wantDir, gotDir string) {
	t.Helper()
	want, got := openDir(t, wantDir), openDir(t, gotDir)
	if len(want.Names()) != len(got.Names()) {
		t.Errorf("%d tensors, want %d", len(got.Names()), len(want.Names()))
	}
	for _, name := range want.Names() {
		wantInfo, _ := want.Info(name)
		gotInfo, _ := got.Info(name)
		w, err := want.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := got.Bytes(name)
		if err != nil || !cmp.Equal(wantInfo, gotInfo) || !bytes.Equal(w, g) {
			t.Errorf("%s: %+v with other bytes (%v), want %+v", name, gotInfo, err, wantInfo)
		}
	}
}

// TestSaveGivesBackWhatWasOpened: weights bit for bit in one file or many, every key of both configuration files.
func TestSaveGivesBackWhatWasOpened(t *testing.T) {
	for _, c := range []struct {
		name, dtype string
		shard       int64
		files       int // weight files
	}{{"qwen3_tiny", "", 0, 1}, {"qwen2_tiny", "float32", 200_000, 3}, {"qwen3_tiny_bf16", "bfloat16", 0, 1}, {"qwen3_tiny_bf16", "bfloat16", 70_000, 4}} {
		source, saved := fixtureDir(t, c.name), filepath.Join(t.TempDir(), "saved")
		if err := open(t, source, c.dtype).SaveWith(context.Background(), saved, backend.SaveOptions{ShardBytes: c.shard}); err != nil {
			t.Fatal(err)
		}
		sameTensors(t, source, saved)
		for _, file := range []string{"config.json", "generation_config.json"} {
			if diff := cmp.Diff(readJSON(t, filepath.Join(source, file)), readJSON(t, filepath.Join(saved, file))); diff != "" {
				t.Errorf("%s of %s (-want +got):\n%s", file, c.name, diff)
			}
		}
		shards, _ := filepath.Glob(filepath.Join(saved, "*.safetensors"))
		if len(shards) < c.files {
			t.Errorf("%s: %d weight files, want at least %d", c.name, len(shards), c.files)
		}
		if len(shards) == 1 {
			continue
		}
		index := readJSON(t, filepath.Join(saved, safetensors.IndexFile)).(map[string]any)
		total := 0.0
		for _, name := range openDir(t, saved).Names() {
			info, _ := openDir(t, saved).Info(name)
			total += float64(info.Elements() * info.DType.Size())
		}
		if got := index["metadata"].(map[string]any)["total_size"]; got != total {
			t.Errorf("%s: total_size %v, want %v", c.name, got, total)
		}
		for _, shard := range shards {
			if info, err := os.Stat(shard); err != nil || info.Size() > max(c.shard, 140_000) { // the embeddings are one tensor
				t.Errorf("%s has %d bytes (%v)", shard, info.Size(), err)
			}
		}
	}
}

func readJSON(t *testing.T, path string) any {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSaveConverts: float32 weights saved as bfloat16 are those of a direct conversion, and config.json says so.
func TestSaveConverts(t *testing.T) {
	ckpt := tiny(t, decoder.Tiny(40), safetensors.F32)
	m := open(t, ckpt.write(t, 0), "")
	saved := filepath.Join(t.TempDir(), "saved")
	if err := m.SaveWith(context.Background(), saved, backend.SaveOptions{DType: "bfloat16"}); err != nil {
		t.Fatal(err)
	}
	for name, want := range ckpt.tensors {
		values, _ := safetensors.Float32s(want.Data, safetensors.F32)
		raw, _ := safetensors.Encode(values, safetensors.BF16)
		if got, err := openDir(t, saved).Bytes(name); err != nil || !bytes.Equal(got, raw) {
			t.Errorf("%s is not its bfloat16 conversion (%v)", name, err)
		}
	}
	if got := readJSON(t, filepath.Join(saved, "config.json")).(map[string]any)["torch_dtype"]; got != "bfloat16" {
		t.Errorf("config.json says %v", got)
	}
	if err := m.SaveWith(context.Background(), saved, backend.SaveOptions{DType: "int8"}); err == nil || !strings.Contains(err.Error(), "int8") {
		t.Errorf("unknown type: %v", err)
	}
}

// TestSaveReplaces: a sharded model over a single-file one over its own source; a stranger's file stays, the tokenizer's are copied.
func TestSaveReplaces(t *testing.T) {
	tok, err := tokenizer.NewChars("0123456789+=")
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.NewTiny(context.Background(), tok, cpu)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Release()
	dir := filepath.Join(t.TempDir(), "model")
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"notes.md": "mine", "vocab.json": "{}", "merges.txt": "#"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	again := open(t, dir, "")
	if err := again.SaveWith(context.Background(), dir, backend.SaveOptions{ShardBytes: 100_000}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notes.md", "vocab.json", "merges.txt", "tokenizer.json", "tokenizer_config.json", "generation_config.json", safetensors.IndexFile} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, safetensors.SingleFile)); err == nil {
		t.Error("the single weight file is still there")
	}
	third := open(t, dir, "")
	if third.Config.HiddenSize != m.Config.HiddenSize || third.NumParams() != m.NumParams() || len(third.EOS()) != 1 || third.EOS()[0] != tok.EOS()[0] {
		t.Errorf("read again: %+v, EOS %v", third.Config, third.EOS())
	}
	if entries, _ := os.ReadDir(filepath.Dir(dir)); len(entries) != 1 {
		t.Errorf("%d entries beside the model, want it alone", len(entries))
	}
}

func TestSaveIsCancelled(t *testing.T) {
	m := open(t, tiny(t, decoder.Tiny(40), safetensors.F32).write(t, 0), "")
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped by hand")
	cancel(stopped)
	dir := filepath.Join(t.TempDir(), "saved")
	if err := m.SaveWith(ctx, dir, backend.SaveOptions{}); !errors.Is(err, stopped) {
		t.Errorf("error = %v, want the cause", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("half a model was left")
	}
}

// TestTransformersLoadsWhatIsSaved needs GODCPO_TEST_PYTHON, a Python with transformers and torch.
func TestTransformersLoadsWhatIsSaved(t *testing.T) {
	python := fixture.Python(t, "transformers", "torch")
	withTokenizer := func(t *testing.T) string {
		shared := filepath.Join(filepath.Dir(filepath.Dir(fixtureDir(t, ""))), "tokenizers", "qwen3")
		cfg := decoder.Tiny(151_936)
		cfg.HiddenSize, cfg.Layers, cfg.TieEmbeddings = 16, 1, false
		dir := tiny(t, cfg, safetensors.BF16).write(t, 0)
		for _, name := range []string{"tokenizer.json", "tokenizer_config.json"} {
			raw, err := os.ReadFile(filepath.Join(shared, name))
			if err == nil {
				err = os.WriteFile(filepath.Join(dir, name), raw, 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		generation := []byte(`{"eos_token_id": [151645, 151643], "temperature": 0.6, "do_sample": true}`)
		if err := os.WriteFile(filepath.Join(dir, "generation_config.json"), generation, 0o644); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	cases := []struct {
		name, dtype string
		shard       int64
		source      func(t *testing.T) string
		text        []string
	}{
		{"qwen3_tiny", "", 0, func(t *testing.T) string { return fixtureDir(t, "qwen3_tiny") }, nil},
		{"qwen2_tiny sharded", "", 150_000, func(t *testing.T) string { return fixtureDir(t, "qwen2_tiny") }, nil},
		{"qwen3_tiny_bf16 sharded", "bfloat16", 70_000, func(t *testing.T) string { return fixtureDir(t, "qwen3_tiny_bf16") }, nil},
		{"tokenizer", "bfloat16", 2_000_000, withTokenizer, []string{"Wie geht's, 你好? <|im_end|>"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			source, saved := c.source(t), filepath.Join(t.TempDir(), "saved")
			if err := open(t, source, c.dtype).SaveWith(context.Background(), saved, backend.SaveOptions{ShardBytes: c.shard}); err != nil {
				t.Fatal(err)
			}
			args := append([]string{filepath.Join("testdata", "same_model.py"), source, saved}, c.text...)
			if out, err := exec.Command(python, args...).CombinedOutput(); err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), "same") {
				t.Errorf("transformers: %v\n%s", err, out)
			}
		})
	}
}
