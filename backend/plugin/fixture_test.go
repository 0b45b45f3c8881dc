package plugin

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// libraryBytes stands for a plug-in: noise, so that it does not compress to a few bytes that arrive at once.
func libraryBytes() []byte {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, 300_000)
	_, _ = r.Read(b)
	return b
}

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// wheelBytes makes a wheel that holds the given files.
func wheelBytes(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		data := files[name]
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// releaseBytes makes a release archive of go-xla that holds one library.
func releaseBytes(t testing.TB, name string, data []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	g := gzip.NewWriter(&buf)
	w := tar.NewWriter(g)
	err := errors.Join(
		w.WriteHeader(&tar.Header{Name: "README.md", Typeflag: tar.TypeReg, Size: 2, Mode: 0o644}), second(w.Write([]byte("hi"))),
		w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Size: int64(len(data)), Mode: 0o755}), second(w.Write(data)),
		w.Close(), g.Close())
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func second(_ int, err error) error { return err }

// bench is one made-up pin with its wheel, an empty store, and a server that hands the wheel out.
type bench struct {
	pin     pin
	library []byte
	wheel   []byte
	store   store
	served  atomic.Int64 // requests answered
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{library: libraryBytes(), store: store{dir: filepath.Join(t.TempDir(), "pjrt")}}
	const member = "made_up/pjrt_c_api_cpu_plugin.so"
	b.wheel = wheelBytes(t, map[string][]byte{member: b.library, "made_up/__init__.py": nil})
	b.pin = pin{ID: "cpu-test-1", Device: CPU, Version: "made-up 1",
		Library: file{Path: cpuLibraryName, Size: int64(len(b.library)), SHA256: sum(b.library)},
		Wheels: []wheel{{Name: "made-up", Version: "1", File: "made_up-1.whl", Size: int64(len(b.wheel)), SHA256: sum(b.wheel),
			Member: member}}}
	return b
}

// serve starts a server and returns ways whose index points at it and whose pip always fails.
func (b *bench) serve(t testing.TB, handler http.HandlerFunc) ways {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.served.Add(1)
		handler(w, r)
	}))
	t.Cleanup(server.Close)
	url := func() string { return server.URL + "/" + b.pin.ID }
	return ways{
		index:   func(context.Context, wheel) (string, error) { return url(), nil },
		release: func(context.Context, string, string) (string, error) { return url(), nil },
		pip:     func(context.Context, wheel, string, *progress) (string, error) { return "", errors.New("no pip here") },
	}
}

func (b *bench) installer(w ways) installer {
	return installer{store: b.store, ways: w, stall: time.Minute, progress: newProgress(io.Discard)}
}

func (b *bench) install(w ways) (Plugin, error) {
	return b.installer(w).install(context.Background(), CPU, []pin{b.pin})
}

// whole hands out all of data.
func whole(data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(data) }
}

// cut announces all of data (unless chunked) and drops the connection after a part of it.
func cut(data []byte, after int, chunked bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if !chunked {
			w.Header().Set("Content-Length", itoa(len(data)))
		}
		_, _ = w.Write(data[:after])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// leftovers lists what lies in the store besides lock files and the given folders.
func (b *bench) leftovers(t testing.TB, but ...string) (found []string) {
	t.Helper()
	entries, err := os.ReadDir(b.store.dir)
	if err != nil {
		t.Fatal(err)
	}
next:
	for _, e := range entries {
		for _, name := range but {
			if e.Name() == name {
				continue next
			}
		}
		if !strings.HasSuffix(e.Name(), ".lock") {
			found = append(found, e.Name())
		}
	}
	return found
}
