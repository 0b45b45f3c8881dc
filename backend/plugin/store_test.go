package plugin

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// What lies in the cache is trusted only while it is what was pinned; after any damage the plug-in is installed anew.
func TestCacheDamage(t *testing.T) {
	cases := map[string]struct {
		damage func(t *testing.T, b *bench, path string)
		want   string // in lookup's error
	}{
		"one bit flipped": {func(t *testing.T, b *bench, path string) { write(t, path, flip(b.library, 12345)) }, "is damaged"},
		"cut off":         {func(t *testing.T, b *bench, path string) { write(t, path, b.library[:1000]) }, "is damaged"},
		"emptied":         {func(t *testing.T, b *bench, path string) { write(t, path, nil) }, "is damaged"},
		"marker damaged": {func(t *testing.T, b *bench, path string) {
			write(t, filepath.Join(filepath.Dir(path), markerName), []byte(`{"files":[`))
		}, "is damaged"},
		"marker of another version": {func(t *testing.T, b *bench, path string) {
			write(t, path, []byte("other"))
			m := marker{Files: []markedFile{{Path: cpuLibraryName, Size: 5, SHA256: sum([]byte("other"))}}}
			if err := m.write(filepath.Dir(path)); err != nil {
				t.Fatal(err)
			}
		}, "pinned is"},
		"marker and library changed": {func(t *testing.T, b *bench, path string) {
			write(t, path, flip(b.library, 1))
			if err := os.Remove(filepath.Join(filepath.Dir(path), markerName)); err != nil {
				t.Fatal(err)
			}
		}, "is damaged"},
		"library gone": {func(t *testing.T, b *bench, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, errNotInstalled.Error()},
		"a folder in its place": {func(t *testing.T, b *bench, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o755)); err != nil {
				t.Fatal(err)
			}
		}, "not a regular file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			w := b.serve(t, whole(b.wheel))
			p, err := b.install(w)
			if err != nil {
				t.Fatal(err)
			}
			c.damage(t, b, p.Path)
			if _, err := b.store.lookup(b.pin); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("lookup: got %v, want %q in it", err, c.want)
			}
			again, err := b.install(w)
			if err != nil || again != p {
				t.Errorf("installed anew: %+v, %v", again, err)
			}
			if got, _ := Hash(p.Path); got != b.pin.Library.SHA256 {
				t.Errorf("the library is still another one: %s", got)
			}
			if left := b.leftovers(t, b.pin.ID); left != nil {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// A changed time alone costs one hashing, which the marker then remembers.
func TestTouchedFileIsHashedOnce(t *testing.T) {
	b := newBench(t)
	p, err := b.install(b.serve(t, whole(b.wheel)))
	if err != nil {
		t.Fatal(err)
	}
	later := time.Now().Add(time.Hour).Truncate(time.Second)
	if err := os.Chtimes(p.Path, later, later); err != nil {
		t.Fatal(err)
	}
	if got, err := b.store.lookup(b.pin); err != nil || got != p {
		t.Fatalf("touched: %+v, %v", got, err)
	}
	m, err := readMarker(b.store.folder(b.pin))
	if err != nil || m.Files[0].ModTime != later.UnixNano() {
		t.Errorf("the marker was not brought up to date: %+v, %v", m, err)
	}
	if changed, err := m.verify(b.store.folder(b.pin), b.pin.Library); changed || err != nil {
		t.Errorf("the second time: changed %v, %v", changed, err)
	}
}

// A file put into the cache by hand, as the error message says, is taken when it is the pinned one.
func TestAdopt(t *testing.T) {
	b := newBench(t)
	if err := os.MkdirAll(b.store.folder(b.pin), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, b.store.place(b.pin), b.library)
	p, err := b.store.lookup(b.pin)
	if err != nil || p.Source != "put into the cache by hand" || p.SHA256 != sum(b.library) {
		t.Errorf("got %+v, %v", p, err)
	}
	unpinned := b.pin
	unpinned.ID, unpinned.Library.SHA256 = "unpinned", ""
	if err := os.MkdirAll(b.store.folder(unpinned), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, b.store.place(unpinned), b.library)
	if _, err := b.store.lookup(unpinned); !errors.Is(err, errNotInstalled) {
		t.Errorf("nothing vouches for this file, but lookup says %v", err)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever a marker says, a library that is not the pinned one is never trusted.
func FuzzMarker(f *testing.F) {
	library := []byte("library")
	good, err := json.Marshal(marker{Source: "s", Files: []markedFile{{Path: "lib.so", Size: 7, SHA256: sum(library)}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"files":[{"path":"lib.so"},{"path":"../../etc/passwd","size":-1}]}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, text []byte) {
		s := store{dir: t.TempDir()}
		p := pin{ID: "p", Library: file{Path: "lib.so", SHA256: sum([]byte("pinned"))}}
		if err := os.Mkdir(s.folder(p), 0o755); err != nil {
			t.Fatal(err)
		}
		write(t, s.place(p), library)
		write(t, filepath.Join(s.folder(p), markerName), text)
		if _, err := s.lookup(p); err == nil {
			// The only way in: a marker that names the pinned hash with the size and time of this very file.
			var m marker
			if json.Unmarshal(text, &m) != nil || m.sum("lib.so") != p.Library.SHA256 {
				t.Errorf("trusted by the marker %q", text)
			}
		}
	})
}
