package hub

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// fakeHub imitates the hub: the list of files at /api/models, their content at /resolve, large ones on another host.
type fakeHub struct {
	t      *testing.T
	files  map[string][]byte
	large  map[string]bool // in LFS, served by the other host
	lie    map[string]bool // listed with the hash of something else
	cutAt  map[string]int  // connections end after so many bytes of a file
	cuts   map[string]int  // how often they do; 0 is always
	deaf   bool            // ignores Range
	status int             // answers everything with it, when not 0
	token  string          // wanted, when not ""

	mu       sync.Mutex
	requests []string // "path" or "path range"
	leaked   []string // tokens seen by the other host

	server, other *httptest.Server
}

func newFakeHub(t *testing.T) *fakeHub {
	h := &fakeHub{t: t, files: map[string][]byte{}, large: map[string]bool{}, lie: map[string]bool{}, cutAt: map[string]int{}, cuts: map[string]int{}}
	h.other = httptest.NewServer(http.HandlerFunc(h.content))
	h.server = httptest.NewServer(http.HandlerFunc(h.handle))
	t.Cleanup(h.server.Close)
	t.Cleanup(h.other.Close)
	h.add("config.json", []byte(`{"model_type":"qwen3"}`), false)
	h.add("tokenizer.json", []byte(`{"tokens":1}`), true)
	h.add("README.md", []byte("not needed"), false)
	h.add("pytorch_model.bin", []byte("not needed"), true)
	return h
}

func (h *fakeHub) add(name string, content []byte, large bool) {
	h.files[name], h.large[name] = content, large
}

// shards adds weights in two files with their index.
func (h *fakeHub) shards() {
	h.add("model-00001-of-00002.safetensors", bytes.Repeat([]byte("one "), 50_000), true)
	h.add("model-00002-of-00002.safetensors", bytes.Repeat([]byte("two "), 50_000), true)
	h.add("model.safetensors.index.json", []byte(`{"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}`), false)
}

func sha256Of(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:]) }

func gitBlobOf(b []byte) string {
	s := sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(b)), b...))
	return hex.EncodeToString(s[:])
}

func (h *fakeHub) hash(name string) string {
	if h.large[name] {
		return sha256Of(h.files[name])
	}
	return gitBlobOf(h.files[name])
}

func (h *fakeHub) handle(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.requests = append(h.requests, strings.TrimSpace(r.URL.Path+" "+r.Header.Get("Range")))
	h.mu.Unlock()
	if h.status != 0 {
		w.Header().Set("X-Error-Message", "so says the hub")
		w.WriteHeader(h.status)
		return
	}
	if h.token != "" && r.Header.Get("Authorization") != "Bearer "+h.token {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	if strings.HasPrefix(r.URL.Path, "/api/models/own/er/revision/") {
		h.list(w, r)
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/own/er/resolve/"+commit+"/")
	if _, known := h.files[name]; !ok || !known {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if h.large[name] {
		http.Redirect(w, r, h.other.URL+"/"+name+"?signature=secret", http.StatusFound)
		return
	}
	h.send(w, r, name)
}

func (h *fakeHub) list(w http.ResponseWriter, r *http.Request) {
	if revision := strings.TrimPrefix(r.URL.Path, "/api/models/own/er/revision/"); revision != "main" && revision != commit && revision != "v1" {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	var files []map[string]any
	for name, content := range h.files {
		f := map[string]any{"rfilename": name, "size": len(content), "blobId": gitBlobOf(content)}
		if h.large[name] {
			f["lfs"] = map[string]any{"sha256": h.hash(name), "size": len(content), "pointerSize": 134}
		}
		if h.lie[name] {
			f["blobId"], f["lfs"] = gitBlobOf([]byte("something else")), nil
		}
		files = append(files, f)
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"id": "own/er", "sha": commit, "siblings": files})
}

// content is the other host.
func (h *fakeHub) content(w http.ResponseWriter, r *http.Request) {
	if token := r.Header.Get("Authorization"); token != "" {
		h.mu.Lock()
		h.leaked = append(h.leaked, token)
		h.mu.Unlock()
	}
	h.send(w, r, strings.TrimPrefix(r.URL.Path, "/"))
}

func (h *fakeHub) send(w http.ResponseWriter, r *http.Request, name string) {
	content := h.files[name]
	h.mu.Lock()
	at, cut := h.cutAt[name]
	if h.cuts[name] > 0 {
		if h.cuts[name]--; h.cuts[name] == 0 {
			delete(h.cutAt, name)
		}
	}
	h.mu.Unlock()
	if cut {
		start := 0
		if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-", &start); err == nil && !h.deaf {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", start, len(content)-1, len(content)))
			w.Header().Set("Content-Length", fmt.Sprint(len(content)-start))
			w.WriteHeader(http.StatusPartialContent)
		} else {
			start = 0
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		}
		_, _ = w.Write(content[start:min(len(content), start+at)])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
	if h.deaf {
		r.Header.Del("Range")
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// download runs Dir's work against the fake, with short pauses.
func (h *fakeHub) download(cache, name string) (string, error) {
	h.t.Helper()
	n, err := ParseName(name)
	if err != nil {
		h.t.Fatal(err)
	}
	repo := repository{filepath.Join(cache, "models--own--er"), n}
	c := newClient(Options{Endpoint: h.server.URL, Token: h.token}, http.DefaultTransport)
	c.pause, c.stall = time.Millisecond, 5*time.Second
	d := downloader{repo: repo, client: c, locks: filepath.Join(cache, ".locks", "models--own--er")}
	return d.run(context.Background())
}

func (h *fakeHub) mustDownload(cache, name string) string {
	h.t.Helper()
	dir, err := h.download(cache, name)
	if err != nil {
		h.t.Fatal(err)
	}
	return dir
}

// same checks that the snapshot shows exactly these files, with their content.
func (h *fakeHub) same(dir string, names ...string) {
	h.t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	if len(entries) != len(names) {
		h.t.Errorf("%d files in the snapshot, want %v", len(entries), names)
	}
	for _, name := range names {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !bytes.Equal(got, h.files[name]) {
			h.t.Errorf("%s: %d bytes, %v, want the hub's %d", name, len(got), err, len(h.files[name]))
		}
	}
}
