package checkpoint

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// fill is the content of everything in the made-up state of a step.
func fill(step, n int) []byte { return bytes.Repeat([]byte{byte(step), byte(step >> 8), 0x5a, 0}, n/4) }

const fakeSize = 1 << 20

// fakeState is a state whose every byte tells its step.
func fakeState(step int) State {
	return State{
		Progress: Progress{Step: step, Config: "abc", RNG: json.RawMessage(fmt.Sprintf(`[%d,2]`, step)), Data: json.RawMessage(`{"epoch":1}`),
			Extra: map[string]json.RawMessage{"best": json.RawMessage(`0.5`)}},
		Model: func(_ context.Context, dir string) error {
			if err := os.Mkdir(dir, 0o755); err != nil {
				return err
			}
			return safetensors.WriteDir(dir, []safetensors.Tensor{{Name: "w", DType: safetensors.U8, Shape: []int{fakeSize}, Data: fill(step, fakeSize)}}, 0)
		},
		Optimizer: []safetensors.Tensor{{Name: "m", DType: safetensors.U8, Shape: []int{fakeSize}, Source: bytes.NewReader(fill(step, fakeSize))}},
	}
}

// isFake checks that a checkpoint holds fakeState of its step.
func isFake(t *testing.T, c Checkpoint) {
	t.Helper()
	want := fakeState(c.Step)
	if diff := cmp.Diff(want.Progress, c.Progress); diff != "" {
		t.Errorf("step %d (-want +got):\n%s", c.Step, diff)
	}
	optimizer, err := c.Optimizer()
	if err != nil {
		t.Fatal(err)
	}
	defer optimizer.Close()
	model, err := safetensors.OpenDir(c.ModelDir())
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	for name, d := range map[string]*safetensors.Dir{"w": model, "m": optimizer} {
		if got, err := d.Bytes(name); err != nil || !bytes.Equal(got, fill(c.Step, fakeSize)) {
			t.Errorf("step %d: %s is not what was saved (%v)", c.Step, name, err)
		}
	}
}

func save(t *testing.T, root string, step, keep int) {
	t.Helper()
	if err := Save(context.Background(), root, fakeState(step), keep); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, root string) string {
	t.Helper()
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return strings.Join(out, " ")
}

func TestSaveAndLatest(t *testing.T) {
	root := filepath.Join(t.TempDir(), "run")
	if _, err := Latest(context.Background(), root); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v, want fs.ErrNotExist", err)
	}
	for _, step := range []int{10, 20, 30, 30, 1_000_000} {
		save(t, root, step, 2)
		c, err := Latest(context.Background(), root)
		if err != nil {
			t.Fatal(err)
		}
		if c.Step != step {
			t.Errorf("the latest is step %d, want %d", c.Step, step)
		}
		isFake(t, c)
	}
	if got, want := names(t, root), "step-000030 step-1000000"; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
	save(t, root, 25, 1) // the run was set back: what comes later in number is not its own
	if got, want := names(t, root), "step-000025 step-000030 step-1000000"; got != want {
		// 30 and 1000000 are of later steps
		t.Errorf("kept %q, want %q", got, want)
	}
	save(t, root, 2_000_000, 0)
	if got, want := names(t, root), "step-000025 step-000030 step-1000000 step-2000000"; got != want {
		t.Errorf("kept %q, want %q", got, want)
	}
}

// More directories are written, found and verified with the rest.
func TestDirs(t *testing.T) {
	ctx, root := context.Background(), t.TempDir()
	state := fakeState(7)
	write := func(_ context.Context, dir string) error {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, "x"), []byte("value"), 0o644)
	}
	state.Dirs = map[string]func(context.Context, string) error{"value": write, "adapters": write}
	if err := Save(ctx, root, state, 0); err != nil {
		t.Fatal(err)
	}
	c, err := Latest(ctx, root)
	if err != nil {
		t.Fatal(err)
	}
	isFake(t, c)
	for _, name := range []string{"value", "adapters"} {
		dir, err := c.SubDir(name)
		if err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(dir, "x")); err != nil || string(text) != "value" {
			t.Errorf("%s: %q, %v", name, text, err)
		}
	}
	if _, err := c.SubDir("critic"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v, want fs.ErrNotExist", err)
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "value", "x"), []byte("other"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, c.Dir); err == nil || !strings.Contains(err.Error(), "value/x is damaged") {
		t.Errorf("a damaged directory: %v", err)
	}

	broken := errors.New("disk full")
	for name, want := range map[string]string{"value": "disk full", "model": "plain name", "": "plain name", "../up": "plain name", ".hidden": "plain name", "MANIFEST": "plain name"} {
		state := fakeState(8)
		state.Dirs = map[string]func(context.Context, string) error{name: func(context.Context, string) error { return broken }}
		if err := Save(ctx, root, state, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("directory %q: %v, want an error with %q", name, err, want)
		}
		if _, err := os.Stat(filepath.Join(root, "step-000008")); err == nil {
			t.Fatalf("directory %q: a checkpoint was left behind", name)
		}
		if _, err := c.SubDir(name); err == nil && name != "value" {
			t.Errorf("directory %q was found", name)
		}
	}
}

// The manifest is what sha256sum -c reads.
func TestManifestForSha256sum(t *testing.T) {
	program, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("no sha256sum")
	}
	root := t.TempDir()
	save(t, root, 1, 0)
	cmd := exec.Command(program, "--strict", "-c", manifestName)
	cmd.Dir = filepath.Join(root, "step-000001")
	if out, err := cmd.CombinedOutput(); err != nil || strings.Count(string(out), ": OK") != 3 {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestDamage: each kind of damage to the newest is reported with its name, and the one before is used.
func TestDamage(t *testing.T) {
	newest := "step-000002"
	optimizer := filepath.Join(newest, "optimizer", "model.safetensors")
	cases := []struct {
		name   string
		damage func(t *testing.T, root string)
		want   string
	}{
		{"a bit", func(t *testing.T, root string) {
			raw := read(t, filepath.Join(root, optimizer))
			raw[len(raw)-5] ^= 1
			put(t, filepath.Join(root, optimizer), raw)
		}, "optimizer/model.safetensors is damaged"},
		{"cut", func(t *testing.T, root string) {
			put(t, filepath.Join(root, optimizer), read(t, filepath.Join(root, optimizer))[:999])
		}, "optimizer/model.safetensors is damaged"},
		{"gone", func(t *testing.T, root string) { remove(t, filepath.Join(root, newest, "state.json")) }, "state.json is missing"},
		{"more", func(t *testing.T, root string) { put(t, filepath.Join(root, newest, "model", "x"), nil) }, "model/x is not in the MANIFEST"},
		{"no manifest", func(t *testing.T, root string) { remove(t, filepath.Join(root, newest, manifestName)) }, manifestName},
		{"half a manifest", func(t *testing.T, root string) {
			path := filepath.Join(root, newest, manifestName)
			put(t, path, read(t, path)[:100])
		}, "cut off"},
		{"a line less", func(t *testing.T, root string) {
			path := filepath.Join(root, newest, manifestName)
			raw := read(t, path)
			put(t, path, raw[:bytes.IndexByte(raw, '\n')+1])
		}, "is not in the MANIFEST"},
		{"another version", func(t *testing.T, root string) {
			dir := filepath.Join(root, newest)
			put(t, filepath.Join(dir, stateName), []byte(`{"version":2,"step":2}`))
			if err := writeManifest(context.Background(), dir); err != nil {
				t.Fatal(err)
			}
		}, "version 2"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			before := slog.Default()
			slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
			defer slog.SetDefault(before)
			root := t.TempDir()
			save(t, root, 1, 0)
			save(t, root, 2, 0)
			c.damage(t, root)
			got, err := Latest(context.Background(), root)
			if err != nil || got.Step != 1 {
				t.Fatalf("the latest is step %d, %v, want 1", got.Step, err)
			}
			isFake(t, got)
			if text := log.String(); !strings.Contains(text, newest) || !strings.Contains(text, c.want) || strings.Count(text, "level=WARN") != 1 {
				t.Errorf("the warning is %q, want one with %s and %q", text, newest, c.want)
			}
			remove(t, filepath.Join(root, "step-000001", stateName))
			if _, err := Latest(context.Background(), root); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "all 2") || !strings.Contains(err.Error(), c.want) {
				t.Errorf("all damaged: %v", err)
			}
		})
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func put(t *testing.T, path string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

// A save that fails, or whose context ends, leaves the earlier checkpoint alone, and nothing else behind.
func TestFailedSave(t *testing.T) {
	root := t.TempDir()
	save(t, root, 1, 1)
	lost := errors.New("device lost")
	broken := fakeState(2)
	broken.Model = func(context.Context, string) error { return lost }
	if err := Save(context.Background(), root, broken, 1); !errors.Is(err, lost) || !strings.Contains(err.Error(), "step-000002") {
		t.Errorf("error = %v", err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped by hand")
	cancel(stopped)
	if err := Save(ctx, root, fakeState(2), 1); !errors.Is(err, stopped) {
		t.Errorf("error = %v, want the cause", err)
	}
	if _, err := Latest(ctx, root); !errors.Is(err, stopped) {
		t.Errorf("verifying: %v, want the cause", err)
	}
	if err := Save(context.Background(), root, State{Progress: Progress{Step: -1}}, 1); err == nil {
		t.Error("a negative step was saved")
	}
	if got := names(t, root); got != "step-000001" {
		t.Errorf("the folder holds %q, want step-000001", got)
	}
}

func TestHash(t *testing.T) {
	a, err := Hash(map[string]int{"x": 1, "y": 2})
	b, _ := Hash(map[string]int{"y": 2, "x": 1})
	c, _ := Hash(map[string]int{"x": 1, "y": 3})
	if err != nil || a != b || a == c || len(a) != 64 {
		t.Errorf("hashes %s, %s, %s, %v", a, b, c, err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(strings.Repeat("a", 64) + "  model/x\n"))
	f.Add([]byte(strings.Repeat("a", 64) + "  ../x\n"))
	f.Add([]byte("\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		want, err := parseManifest(text)
		if err != nil {
			return
		}
		lines := 0
		for path, hash := range want {
			if !filepath.IsLocal(path) || len(hash) != 64 {
				t.Fatalf("accepted %q with hash %q", path, hash)
			}
			lines++
		}
		if lines != bytes.Count(text, []byte("\n")) {
			t.Fatalf("%d entries of %d lines", lines, bytes.Count(text, []byte("\n")))
		}
	})
}
