package kernelspec

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUserData(t *testing.T) {
	for name, c := range map[string]struct {
		goos string
		env  map[string]string
		want string
	}{
		"linux":              {"linux", nil, "/home/ada/.local/share/jupyter"},
		"linux, XDG":         {"linux", map[string]string{"XDG_DATA_HOME": "/x"}, "/x/jupyter"},
		"freebsd":            {"freebsd", nil, "/home/ada/.local/share/jupyter"},
		"mac":                {"darwin", nil, "/home/ada/Library/Jupyter"},
		"mac, platform dirs": {"darwin", map[string]string{"JUPYTER_PLATFORM_DIRS": "1"}, "/home/ada/Library/Application Support/Jupyter"},
		"mac, switched off":  {"darwin", map[string]string{"JUPYTER_PLATFORM_DIRS": "False"}, "/home/ada/Library/Jupyter"},
		"windows":            {"windows", map[string]string{"APPDATA": "/roaming", "LOCALAPPDATA": "/local"}, "/roaming/jupyter"},
		"windows, platform":  {"windows", map[string]string{"LOCALAPPDATA": "/local", "JUPYTER_PLATFORM_DIRS": "yes"}, "/local/Jupyter"},
		"windows, no data":   {"windows", nil, "/home/ada/.jupyter/data"},
		"windows, config":    {"windows", map[string]string{"JUPYTER_CONFIG_DIR": "/c"}, "/c/data"},
		"set":                {"darwin", map[string]string{"JUPYTER_DATA_DIR": "/d"}, "/d"},
	} {
		t.Run(name, func(t *testing.T) {
			e := environment{goos: c.goos, getenv: func(k string) string { return c.env[k] }, home: func() (string, error) { return "/home/ada", nil }}
			got, err := userData(e)
			if err != nil || filepath.ToSlash(got) != c.want {
				t.Errorf("got %s, %v, want %s", got, err, c.want)
			}
		})
	}
	homeless := environment{goos: "linux", getenv: func(string) string { return "" }, home: func() (string, error) { return "", errors.New("no home") }}
	if _, err := userData(homeless); err == nil || !strings.Contains(err.Error(), "JUPYTER_DATA_DIR") {
		t.Errorf("without a home: %v", err)
	}
}

func TestPlaces(t *testing.T) {
	t.Setenv("JUPYTER_DATA_DIR", filepath.FromSlash("/user"))
	t.Setenv("VIRTUAL_ENV", "")
	t.Setenv("CONDA_PREFIX", "")
	abs := t.TempDir()
	for name, c := range map[string]struct {
		place Place
		want  string
	}{
		"user":   {Place{}, filepath.FromSlash("/user/kernels/godcpo")},
		"prefix": {Place{Prefix: abs}, filepath.Join(abs, "share", "jupyter", "kernels", "godcpo")},
	} {
		if got, err := Where(c.place, ""); err != nil || got != c.want {
			t.Errorf("%s: %s, %v, want %s", name, got, err, c.want)
		}
	}
	if _, err := Where(Place{SysPrefix: true}, ""); err == nil {
		t.Error("no environment is active, yet there is a place")
	}
	t.Setenv("CONDA_PREFIX", abs)
	want := filepath.Join(abs, "share", "jupyter", "kernels", "mine")
	if got, err := Where(Place{SysPrefix: true}, "mine"); err != nil || got != want {
		t.Errorf("conda: %s, %v", got, err)
	}
	if _, err := Where(Place{SysPrefix: true, Prefix: abs}, ""); err == nil {
		t.Error("two places at once")
	}
	for _, bad := range []string{"../x", "A", "a b", ".hidden", "a/b"} {
		if _, err := Where(Place{}, bad); err == nil {
			t.Errorf("the name %q passed", bad)
		}
	}
}

// TestInstall installs, replaces, lists and uninstalls the test's own binary, which `go test` made and which is therefore copied.
func TestInstall(t *testing.T) {
	data := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", data)
	t.Setenv("JUPYTER_PATH", "")
	folder := filepath.Join(data, "kernels", "godcpo")
	for i := range 2 {
		got, err := Install(Options{Version: "1.2.3"})
		if err != nil {
			t.Fatal(err)
		}
		want := Installed{Folder: folder, Binary: filepath.Join(folder, copiedName()), Copied: true, Replaced: i == 1}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("install %d: %s", i, diff)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if a, b := size(t, self), size(t, filepath.Join(folder, copiedName())); a != b {
		t.Errorf("the copy has %d bytes, the binary %d", b, a)
	}
	if info, err := os.Stat(filepath.Join(folder, copiedName())); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o755 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if _, err := Install(Options{Binary: "/bin/godcpo"}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(folder, copiedName())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the copy that nothing starts any more is left: %v", err)
	}
	found, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 || found[0].Folder != folder || found[0].Name != "godcpo" || found[0].Spec.DisplayName != "Go (godcpo)" {
		t.Errorf("list: %+v", found)
	}
	if got, err := Uninstall(Place{}, ""); err != nil || got != folder {
		t.Errorf("uninstall: %s, %v", got, err)
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
	if _, err := Uninstall(Place{}, ""); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("uninstalled twice: %v", err)
	}
}

func size(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestSpecFile(t *testing.T) {
	prefix := t.TempDir()
	binary := filepath.Join(prefix, "bin", "godcpo")
	done, err := Install(Options{Place: Place{Prefix: prefix}, Name: "go-dev", DisplayName: "Go dev", Binary: binary, Version: "v1"})
	if err != nil || done.Copied {
		t.Fatalf("%+v, %v", done, err)
	}
	raw, err := os.ReadFile(filepath.Join(done.Folder, "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"argv":           []any{binary, "kernel", "start", "--connection-file", "{connection_file}"},
		"display_name":   "Go dev",
		"language":       "go",
		"interrupt_mode": "message",
		"metadata":       map[string]any{"godcpo": map[string]any{"version": "v1"}, "debugger": false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestForeignKernels checks that another program's folder is neither overwritten nor removed.
func TestForeignKernels(t *testing.T) {
	for name, files := range map[string]map[string]string{
		"another kernel": {"kernel.json": `{"argv":["python"],"display_name":"Python"}`},
		"broken spec":    {"kernel.json": `{`},
		"other files":    {"notes.txt": "mine"},
	} {
		t.Run(name, func(t *testing.T) {
			prefix := t.TempDir()
			folder := filepath.Join(prefix, "share", "jupyter", "kernels", "godcpo")
			if err := os.MkdirAll(folder, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, text := range files {
				if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := Install(Options{Place: Place{Prefix: prefix}}); !errors.Is(err, ErrForeign) {
				t.Errorf("install: %v", err)
			}
			if _, err := Uninstall(Place{Prefix: prefix}, ""); !errors.Is(err, ErrForeign) {
				t.Errorf("uninstall: %v", err)
			}
			left, err := os.ReadDir(folder)
			if err != nil || len(left) != len(files) {
				t.Errorf("%d files are left of %d, %v", len(left), len(files), err)
			}
			for file, text := range files {
				if got, err := os.ReadFile(filepath.Join(folder, file)); err != nil || string(got) != text {
					t.Errorf("%s: %q, %v", file, got, err)
				}
			}
		})
	}
}

// TestUninstallKeepsOtherFiles leaves what somebody added to our folder.
func TestUninstallKeepsOtherFiles(t *testing.T) {
	prefix := t.TempDir()
	done, err := Install(Options{Place: Place{Prefix: prefix}, Binary: "/bin/godcpo"})
	if err != nil {
		t.Fatal(err)
	}
	note := filepath.Join(done.Folder, "notes.txt")
	if err := os.WriteFile(note, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Uninstall(Place{Prefix: prefix}, ""); err == nil {
		t.Error("the folder with a foreign file went without a word")
	}
	left, err := os.ReadDir(done.Folder)
	if err != nil || len(left) != 1 || left[0].Name() != "notes.txt" {
		t.Errorf("left: %v, %v", left, err)
	}
}

func TestIsTemporary(t *testing.T) {
	cached := "/home/ada/.cache/somewhere/e2/" + strings.Repeat("0a", 32) + "-d/godcpo"
	for path, want := range map[string]bool{
		"/tmp/go-build2570937716/b001/exe/godcpo": true,
		"/tmp/go-build1/b001/server.test":         true,
		"/home/ada/.cache/go-build/e2/x-d/godcpo": true,
		cached:                    true,
		"/usr/local/bin/godcpo":   false,
		"/home/ada/go/bin/godcpo": false,
		"/home/ada/go-build":      false,
	} {
		if got := IsTemporary(filepath.FromSlash(path)); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

// TestLogos decodes the pictures and checks a few points of them.
func TestLogos(t *testing.T) {
	files, err := logos()
	if err != nil {
		t.Fatal(err)
	}
	for i, size := range []int{32, 64} {
		picture, err := png.Decode(bytes.NewReader(files[i].data))
		if err != nil || picture.Bounds().Dx() != size || picture.Bounds().Dy() != size {
			t.Fatalf("%s: %v, %v", files[i].name, picture.Bounds(), err)
		}
		if _, _, _, a := picture.At(0, 0).RGBA(); a > 0x8000 {
			t.Errorf("%s: the corner is not round", files[i].name)
		}
		if got := picture.At(size*77/100, size*70/100); got != barColour {
			t.Errorf("%s: %v where a bar is", files[i].name, got)
		}
	}
	decoder := xml.NewDecoder(bytes.NewReader(files[2].data))
	for {
		if _, err := decoder.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("the SVG is no XML: %v", err)
		}
	}
}
