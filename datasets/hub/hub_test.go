package hub

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fakeHub serves one data set, own/er: small files itself, large ones from
// another host.
type fakeHub struct {
	files    map[string]string
	large    map[string]bool
	lie      map[string]bool // sent with other content
	cut      atomic.Int32    // how many transfers of large files break off
	status   int             // answers everything with it, when not 0
	requests atomic.Int32
	leaked   atomic.Bool // the other host saw the token
	main     *httptest.Server
	other    *httptest.Server
}

func newFakeHub(t *testing.T) *fakeHub {
	h := &fakeHub{files: map[string]string{"README.md": "# data", "data/test.jsonl": `{"a":1}`, "data/train.parquet": "PAR1"},
		large: map[string]bool{"data/train.parquet": true}, lie: map[string]bool{}}
	h.other = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			h.leaked.Store(true)
		}
		w.Header().Set("ETag", `"of-another-store"`)
		h.send(w, r, strings.TrimPrefix(r.URL.Path, "/"))
	}))
	h.main = httptest.NewServer(http.HandlerFunc(h.handle))
	t.Cleanup(h.main.Close)
	t.Cleanup(h.other.Close)
	before := pause
	pause = time.Millisecond
	t.Cleanup(func() { pause = before })
	t.Setenv(EnvOffline, "")
	return h
}

func gitBlob(text string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(text), text))
	return hex.EncodeToString(sum[:])
}

func (h *fakeHub) handle(w http.ResponseWriter, r *http.Request) {
	h.requests.Add(1)
	if h.status != 0 {
		http.Error(w, "so says the hub", h.status)
		return
	}
	if r.URL.Path == "/api/datasets/own/er/revision/main" || r.URL.Path == "/api/datasets/own/er/revision/"+commit {
		var files []map[string]any
		for name, text := range h.files {
			f := map[string]any{"rfilename": name, "size": len(text), "blobId": gitBlob(text)}
			if h.large[name] {
				sum := sha256.Sum256([]byte(text))
				f["lfs"] = map[string]any{"sha256": hex.EncodeToString(sum[:]), "size": len(text)}
			}
			files = append(files, f)
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "own/er", "sha": commit, "siblings": files})
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/datasets/own/er/resolve/"+commit+"/")
	if _, known := h.files[name]; !ok || !known {
		http.NotFound(w, r)
		return
	}
	if h.large[name] {
		http.Redirect(w, r, strings.Replace(h.other.URL, "127.0.0.1", "localhost", 1)+"/"+name+"?signature=x", http.StatusFound)
		return
	}
	w.Header().Set("ETag", `"`+gitBlob(h.files[name])+`"`)
	h.send(w, r, name)
}

func (h *fakeHub) send(w http.ResponseWriter, r *http.Request, name string) {
	text := h.files[name]
	if h.lie[name] {
		text = strings.Repeat("x", len(text))
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	if r.Method == http.MethodHead {
		return
	}
	if h.cut.Add(-1) >= 0 {
		_, _ = w.Write([]byte(text[:1]))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write([]byte(text))
}

func (h *fakeHub) options(cache string) Options {
	return Options{Endpoint: h.main.URL + "/", Token: "secret", Cache: cache}
}

func TestFile(t *testing.T) {
	h := newFakeHub(t)
	opts := h.options(t.TempDir())
	for _, c := range []struct{ source, want string }{
		{"own/er", `{"a":1}`}, // the only file of the test split
		{"own/er:data/train.parquet", "PAR1"},
		{"own/er@" + commit + ":data/test.jsonl", `{"a":1}`},
	} {
		source, err := ParseSource(c.source)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			path, err := File(context.Background(), source, opts)
			if err != nil {
				t.Fatalf("%s: %v", c.source, err)
			}
			if text, _ := os.ReadFile(path); string(text) != c.want {
				t.Errorf("%s: %q", c.source, text)
			}
			before := h.requests.Load()
			offline := opts
			offline.Offline = true
			if again, err := File(context.Background(), source, offline); err != nil || again != path || h.requests.Load() != before {
				t.Errorf("%s: from the cache: %s, %v, %d requests", c.source, again, err, h.requests.Load()-before)
			}
		}
	}
	if h.leaked.Load() {
		t.Error("another host was given the token")
	}
}

func TestBrokenTransfers(t *testing.T) {
	h := newFakeHub(t)
	opts := h.options(t.TempDir())
	source := Source{"own/er", "main", "data/train.parquet"}
	h.cut.Store(2)
	path, err := File(context.Background(), source, opts)
	if err != nil {
		t.Fatalf("after two broken transfers: %v", err)
	}
	blob, _ := os.Readlink(path)
	if err := os.WriteFile(path, []byte("PAR?"), 0o600); err != nil {
		t.Fatal(err)
	}
	if again, err := File(context.Background(), source, opts); err != nil || again != path {
		t.Errorf("a damaged file (%s) is not fetched again: %v", blob, err)
	}
	if text, _ := os.ReadFile(path); string(text) != "PAR1" {
		t.Errorf("after the second download: %q", text)
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		name, source, token string
		change              func(*fakeHub)
		want                string
	}{
		{"another content", "own/er:data/train.parquet", "", func(h *fakeHub) { h.lie["data/train.parquet"] = true }, "it is not the file that the hub lists"},
		{"no such file", "own/er:data/nosuch.csv", "", nil, "its data files are"},
		{"several files", "own/er", "", func(h *fakeHub) { h.files["other-test.csv"] = "a" }, "write one of them behind a colon"},
		{"no data", "own/er", "", func(h *fakeHub) { h.files = map[string]string{"README.md": ""} }, "no data file in a format that is read"},
		{"no such set", "own/another", "", nil, "there is no such data set"},
		{"gated", "own/er", "", func(h *fakeHub) { h.status = 401 }, "set HF_TOKEN"},
		{"gated with a token", "own/er", "t", func(h *fakeHub) { h.status = 403 }, "no access with the token"},
		{"server error", "own/er", "", func(h *fakeHub) { h.status = 500 }, "500"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newFakeHub(t)
			if c.change != nil {
				c.change(h)
			}
			source, err := ParseSource(c.source)
			if err != nil {
				t.Fatal(err)
			}
			t.Setenv(EnvToken, "")
			opts := h.options(t.TempDir())
			opts.Token = c.token
			_, err = File(context.Background(), source, opts)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.source) {
				t.Errorf("error %v, expected one with %q", err, c.want)
			}
		})
	}
}

func TestOfflineAndCancelled(t *testing.T) {
	h := newFakeHub(t)
	opts := h.options(t.TempDir())
	source := Source{"own/er", "main", ""}
	opts.Offline = true
	if _, err := File(context.Background(), source, opts); !errors.Is(err, ErrOffline) || h.requests.Load() != 0 {
		t.Errorf("offline: %v, %d requests", err, h.requests.Load())
	}
	opts.Offline = false
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := File(ctx, source, opts); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestParseSource(t *testing.T) {
	for _, c := range []struct {
		text string
		want Source
	}{
		{"a/b", Source{"a/b", "main", ""}}, {"a/b@v1", Source{"a/b", "v1", ""}}, {"a/b:x/y.csv", Source{"a/b", "main", "x/y.csv"}},
		{"a/b@" + commit + ":y.json", Source{"a/b", commit, "y.json"}},
	} {
		got, err := ParseSource(c.text)
		if err != nil || got != c.want || got.String() != c.text {
			t.Errorf("%q: %+v, %v, %q", c.text, got, err, got.String())
		}
	}
	for _, text := range []string{"", "a", "a/b/c", "../b", "a/..", "a/b@", "a/b@../x", "a/b:", "a/b:/x", "a/b:../x", "a/b:x/../../y", "a b/c", `a/b:x\y`} {
		if got, err := ParseSource(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}
