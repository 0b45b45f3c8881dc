package hub

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

// A model is downloaded once, into the layout that other programs share, and found there afterwards without a network.
func TestDir(t *testing.T) {
	for _, sharded := range []bool{false, true} {
		for _, revision := range []string{"", "@v1", "@" + commit} {
			h := newFakeHub(t)
			h.token = "hf_secret"
			want := []string{"config.json", "tokenizer.json"}
			if sharded {
				h.shards()
				want = append(want, "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")
			} else {
				h.add("model.safetensors", []byte("weights"), true)
				want = append(want, "model.safetensors")
			}
			cache := t.TempDir()
			name, err := ParseName("own/er" + revision)
			if err != nil {
				t.Fatal(err)
			}
			opt := Options{Endpoint: h.server.URL, Token: h.token, Cache: cache}
			t.Setenv(EnvOffline, "")
			dir, err := Dir(context.Background(), name, opt)
			if err != nil {
				t.Fatal(err)
			}
			h.same(dir, want...)
			if wantDir := filepath.Join(cache, "models--own--er", "snapshots", commit); dir != wantDir {
				t.Errorf("the model lies in %s, want %s", dir, wantDir)
			}
			if _, err := os.Stat(filepath.Join(cache, "models--own--er", "blobs", h.hash("config.json"))); err != nil {
				t.Error(err)
			}
			if len(h.leaked) > 0 {
				t.Errorf("the other host saw the token: %v", h.leaked)
			}
			h.server.Close()
			opt.Offline = true
			if again, err := Dir(context.Background(), name, opt); err != nil || again != dir {
				t.Errorf("from the cache: %s, %v, want %s", again, err, dir)
			}
		}
	}
}

func TestOffline(t *testing.T) {
	h := newFakeHub(t)
	t.Setenv(EnvOffline, "1")
	t.Setenv(EnvHome, t.TempDir())
	t.Setenv(EnvCache, "")
	name, _ := ParseName("own/er")
	_, err := Dir(context.Background(), name, Options{Endpoint: h.server.URL})
	if !errors.Is(err, ErrOffline) || !strings.Contains(err.Error(), "own/er") || len(h.requests) > 0 {
		t.Errorf("error = %v after %d requests, want one that says offline and none", err, len(h.requests))
	}
}

// What another program fetched in part (a tokenizer only) does not count as the model, but is not fetched again.
func TestCompletesAPartialSnapshot(t *testing.T) {
	h := newFakeHub(t)
	h.shards()
	cache := t.TempDir()
	dir := h.mustDownload(cache, "own/er")
	for _, gone := range []string{"model-00002-of-00002.safetensors", "model.safetensors.index.json", "config.json"} {
		link := filepath.Join(dir, gone)
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
		if complete(dir) {
			t.Errorf("complete without %s", gone)
		}
		h.requests = nil
		h.mustDownload(cache, "own/er")
		if !complete(dir) || len(h.requests) != 1 {
			t.Errorf("without %s: complete %v after %v, want only the list to be asked for", gone, complete(dir), h.requests)
		}
	}
}

// Broken connections are continued where they broke off.
func TestResumes(t *testing.T) {
	const shard = "model-00001-of-00002.safetensors"
	for _, deaf := range []bool{false, true} {
		h := newFakeHub(t)
		h.shards()
		h.deaf = deaf
		h.cutAt[shard], h.cuts[shard] = 70_000, 2
		h.cutAt["config.json"], h.cuts["config.json"] = 3, 1
		dir := h.mustDownload(t.TempDir(), "own/er")
		h.same(dir, "config.json", "tokenizer.json", shard, "model-00002-of-00002.safetensors", "model.safetensors.index.json")
		asked := strings.Join(h.requests, "\n")
		if want := shard + " bytes=140000-"; !deaf && !strings.Contains(asked, want) {
			t.Errorf("no request %q among\n%s", want, asked)
		}
		if len(h.leaked) > 0 {
			t.Errorf("the other host saw the token")
		}
	}
}

// A connection that always breaks at the same place ends in an error that says so, and nothing is shown.
func TestGivesUp(t *testing.T) {
	h := newFakeHub(t)
	h.add("model.safetensors", make([]byte, 1000), true)
	h.deaf = true
	h.cutAt["model.safetensors"] = 100
	cache := t.TempDir()
	_, err := h.download(cache, "own/er")
	if err == nil || !strings.Contains(err.Error(), "model.safetensors: given up after") || !strings.Contains(err.Error(), "after 100 ") {
		t.Errorf("error = %v", err)
	}
	if strings.Contains(err.Error(), "signature") {
		t.Errorf("the error shows a signed address: %v", err)
	}
	if name, _ := ParseName("own/er"); func() bool { _, ok := (repository{filepath.Join(cache, "models--own--er"), name}).find(); return ok }() {
		t.Error("an incomplete model is found")
	}
}

func TestWrongHash(t *testing.T) {
	for _, file := range []string{"config.json", "model.safetensors"} {
		h := newFakeHub(t)
		h.add("model.safetensors", []byte("weights"), true)
		h.lie[file] = true
		cache := t.TempDir()
		_, err := h.download(cache, "own/er")
		if !errors.Is(err, errOther) || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), gitBlobOf([]byte("something else"))) {
			t.Errorf("%s: error = %v, want one naming the file and the expected hash", file, err)
		}
		if left, _ := filepath.Glob(filepath.Join(cache, "models--own--er", "blobs", "*"+gitBlobOf([]byte("something else"))+"*")); len(left) > 0 {
			t.Errorf("%s: wrong content was kept: %v", file, left)
		}
	}
}

// A part that belongs to another file is found out by the hash; the file is then fetched from its beginning.
func TestStalePart(t *testing.T) {
	h := newFakeHub(t)
	h.add("model.safetensors", bytes.Repeat([]byte("w"), 1000), true)
	cache := t.TempDir()
	part := filepath.Join(cache, "models--own--er", "blobs", h.hash("model.safetensors")+".incomplete")
	if err := os.MkdirAll(filepath.Dir(part), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, length := range []int{400, 1000, 5000} {
		if err := os.WriteFile(part, bytes.Repeat([]byte("x"), length), 0o644); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(filepath.Dir(part), h.hash("model.safetensors")))
		h.same(h.mustDownload(cache, "own/er"), "config.json", "tokenizer.json", "model.safetensors")
	}
}

func TestStatusErrors(t *testing.T) {
	cases := []struct {
		status   int
		token    string
		name     string
		want     string
		requests int
	}{
		{401, "", "own/er", "set HF_TOKEN", 1},
		{403, "hf_x", "own/er", "check the token", 1},
		{404, "", "own/er", "own/er at revision main is not on the hub", 1},
		{0, "", "own/er@v9", "own/er at revision v9 is not on the hub", 1},
		{503, "", "own/er", "given up after 5 attempts: the hub answered 503 Service Unavailable: so says the hub", 5},
		{429, "", "own/er", "429", 5},
		{0, "", "own/er", "neither model.safetensors nor", 2},
	}
	for _, c := range cases {
		h := newFakeHub(t)
		h.status, h.token = c.status, c.token
		_, err := h.download(t.TempDir(), c.name)
		if err == nil || !strings.Contains(err.Error(), c.want) || len(h.requests) != c.requests {
			t.Errorf("status %d: error = %v after %d requests, want one containing %q after %d", c.status, err, len(h.requests), c.want, c.requests)
		}
		if c.token != "" && strings.Contains(err.Error(), c.token) {
			t.Errorf("the error shows the token: %v", err)
		}
	}
}

// Without a network the first attempt is the last: the name may be a mistyped path.
func TestUnreachable(t *testing.T) {
	h := newFakeHub(t)
	h.server.Close()
	if _, err := h.download(t.TempDir(), "own/er"); err == nil || !strings.Contains(err.Error(), "the hub cannot be reached") || strings.Contains(err.Error(), "attempts") {
		t.Errorf("error = %v", err)
	}
}

func TestCancel(t *testing.T) {
	h := newFakeHub(t)
	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped by hand")
	cancel(stopped)
	name, _ := ParseName("own/er")
	t.Setenv(EnvOffline, "")
	if _, err := Dir(ctx, name, Options{Endpoint: h.server.URL, Cache: t.TempDir()}); !errors.Is(err, stopped) {
		t.Errorf("error = %v, want the cause", err)
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"Qwen/Qwen3-8B", "a/b@refs/pr/1", "../x", "a/b/c", "/abs/path", "a/..@x", "a/b@../../etc", "a--b/c", "a/b@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseName(s)
		if err != nil {
			return
		}
		again, err := ParseName(n.String())
		if err != nil || again != n {
			t.Fatalf("%q read as %+v is written %q and read as %+v, %v", s, n, n, again, err)
		}
		root := filepath.Join("cache", "models--"+n.Owner+"--"+n.Model)
		if !filepath.IsLocal(filepath.Join(root, "refs", n.Revision)) || filepath.Dir(root) != "cache" {
			t.Fatalf("%q leads out of the cache", s)
		}
	})
}

func TestParseName(t *testing.T) {
	for s, want := range map[string]Name{
		"Qwen/Qwen3-8B":                 {"Qwen", "Qwen3-8B", "main"},
		"a/b.c_d@v1.0":                  {"a", "b.c_d", "v1.0"},
		"a/b@refs/pr/1":                 {"a", "b", "refs/pr/1"},
		"own/er@" + commit:              {"own", "er", commit},
		"a/b@main":                      {"a", "b", "main"},
		"models/run1":                   {"models", "run1", "main"},
		"x":                             {},
		"./a/b":                         {},
		"/a/b":                          {},
		"a/b/c":                         {},
		"a/../b":                        {},
		"a/b@":                          {},
		"a/b@../x":                      {},
		"a/b@x y":                       {},
		`C:\models\x`:                   {},
		"a/" + strings.Repeat("b", 200): {},
	} {
		if got, err := ParseName(s); got != want || (err == nil) != (want != Name{}) {
			t.Errorf("ParseName(%q) = %+v, %v, want %+v", s, got, err, want)
		}
	}
}

// TestPythonFindsTheDownload: the hub's own library finds in its cache what was downloaded here.
func TestPythonFindsTheDownload(t *testing.T) {
	python := fixture.Python(t, "huggingface_hub")
	h := newFakeHub(t)
	h.shards()
	home := t.TempDir()
	dir := h.mustDownload(filepath.Join(home, "hub"), "own/er@v1")
	script := `
import sys
from huggingface_hub import snapshot_download
print(snapshot_download("own/er", revision=sys.argv[1], local_files_only=True))`
	for _, revision := range []string{"v1", commit} {
		cmd := exec.Command(python, "-c", script, revision)
		cmd.Env = append(os.Environ(), "HF_HOME="+home, "HF_HUB_CACHE="+filepath.Join(home, "hub"))
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != dir {
			t.Errorf("at %s the hub's library finds %s (%v), want %s", revision, out, err, dir)
		}
	}
}
