package plugin

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A pin of several wheels, one of them a whole folder, with the links its libraries expect (the CUDA plug-ins).
func TestInstallTree(t *testing.T) {
	b := newBench(t)
	tree := wheelBytes(t, map[string][]byte{
		"nvidia/__init__.py":          nil,
		"nvidia/cu/lib/libx.so.1":     []byte("x"),
		"nvidia/cu/include/x.h":       []byte("header"),
		"nvidia/cu/bin/ptxas":         []byte("ptxas"),
		"nvidia_x-1.dist-info/RECORD": []byte("record"),
	})
	treePath := filepath.Join(t.TempDir(), "t.whl")
	write(t, treePath, tree)
	b.pin.Wheels = append(b.pin.Wheels, wheel{Name: "nvidia-x", Version: "1", File: "t.whl", Size: int64(len(tree)), SHA256: sum(tree), Tree: "nvidia"})
	b.pin.Links = [][2]string{{"nvidia/bin", "cu/bin"}}
	folder := t.TempDir()
	sums := map[string]string{}
	if err := extractWheel(b.pin, b.pin.Wheels[1], treePath, folder, sums); err != nil {
		t.Fatal(err)
	}
	if len(sums) != 2 || sums["nvidia/cu/lib/libx.so.1"] != sum([]byte("x")) || sums["nvidia/cu/bin/ptxas"] != sum([]byte("ptxas")) {
		t.Errorf("extracted %v", sums)
	}
	if err := (installer{}).link(b.pin, folder); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(folder, "nvidia", "bin", "ptxas")); err != nil || string(got) != "ptxas" {
		t.Errorf("through the link: %q, %v", got, err)
	}
	// Damage to a library beside the plug-in is noticed as well.
	m, err := mark(folder, "test", map[string]string{"nvidia/cu/lib/libx.so.1": sums["nvidia/cu/lib/libx.so.1"]})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "nvidia", "cu", "lib", "libx.so.1"), []byte("changed"))
	if _, err := m.verify(folder, file{Path: "nvidia/cu/lib/libx.so.1"}); err == nil || !strings.Contains(err.Error(), "is damaged") {
		t.Errorf("got %v", err)
	}
}

// An archive cannot write outside the folder it is extracted to.
func TestExtractTreeStaysInside(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"nvidia/../../escape", "/nvidia/x", "other/x"} {
		archive := filepath.Join(t.TempDir(), "a.whl")
		write(t, archive, wheelBytes(t, map[string][]byte{name: []byte("x")}))
		if _, err := extractTree(archive, "nvidia", filepath.Join(dir, "inside")); err == nil {
			t.Errorf("%s: extracted", name)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Errorf("written: %v", entries)
	}
}

// No release archive, however malformed, panics or yields a library without a hash.
func FuzzExtractLibrary(f *testing.F) {
	f.Add(releaseBytes(f, "a/pjrt_c_api_cpu_plugin.so", []byte("library")))
	f.Add([]byte{})
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, data []byte) {
		dir := t.TempDir()
		archive := filepath.Join(dir, "release.tar.gz")
		write(t, archive, data)
		sum, err := extractLibrary(archive, filepath.Join(dir, "out"))
		if (err == nil) != (sum != "") {
			t.Errorf("sum %q, error %v", sum, err)
		}
	})
}
