package plugin

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// fakePython puts a python3 on the PATH whose pip does what the shell lines say; $dest is where pip is told to download to.
func fakePython(t *testing.T, lines string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the made-up Python is a shell script")
	}
	dir := t.TempDir()
	script := `#!/bin/sh
if [ "$3" = --version ]; then echo "pip 24.0"; exit 0; fi
while [ $# -gt 1 ]; do if [ "$1" = --dest ]; then dest=$2; fi; shift; done
package=$1
` + lines + "\n"
	if err := os.WriteFile(filepath.Join(dir, "python3"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(os.PathListSeparator)+"/usr/bin"+string(os.PathListSeparator)+"/bin")
}

func TestPip(t *testing.T) {
	b := newBench(t)
	source := filepath.Join(t.TempDir(), "source.whl")
	write(t, source, b.wheel)
	half := filepath.Join(t.TempDir(), "half.whl")
	write(t, half, b.wheel[:len(b.wheel)/2])
	cases := map[string]struct{ lines, want string }{
		"downloads":         {fmt.Sprintf(`[ "$package" = made-up==1 ] && cp %s "$dest/made_up-1.whl"`, source), ""},
		"uses our temp":     {fmt.Sprintf(`case "$TMPDIR" in "$dest"/*) cp %s "$dest/made_up-1.whl";; esac`, source), ""},
		"fails":             {"echo 'WARNING: retrying'; echo 'ERROR: No matching distribution found' >&2; exit 1", "ERROR: No matching distribution found\n    (retrying)"},
		"fails in silence":  {"exit 3", "exit status 3"},
		"another file":      {fmt.Sprintf(`cp %s "$dest/made_up-1-musl.whl"`, source), "another file than made_up-1.whl: made_up-1-musl.whl"},
		"half a file":       {fmt.Sprintf(`cp %s "$dest/made_up-1.whl"`, half), "incomplete"},
		"claims to be done": {"exit 0", "another file"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			fakePython(t, c.lines)
			b := newBench(t)
			w := ways{pip: pipDownload, index: func(context.Context, wheel) (string, error) { return "", io.ErrUnexpectedEOF }}
			p, err := b.install(w)
			if c.want == "" {
				if err != nil || p.SHA256 != sum(b.library) {
					t.Errorf("got %+v, %v", p, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q in it", err, c.want)
			}
		})
	}
}

func TestNoPython(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := findPip(context.Background()); err == nil || !strings.Contains(err.Error(), "no Python is on the PATH") {
		t.Errorf("got %v", err)
	}
}
