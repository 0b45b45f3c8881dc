package notebook_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// gonbExamples are GoNB's own notebooks that need no browser, no WebAssembly, no
// gopls and no modules from the network: what they must print, and the error of
// the last cell where they mean to fail.
//
// Of the others, comms, dom and widgets run in JupyterLab (package kernel has
// that test); input_boxes asks a user; gotest and tutorial import modules that
// have to be fetched; wasm and wasm_demo need WebAssembly; google_colab_demo
// installs a kernel with Python code.
var gonbExamples = map[string]struct {
	prints []string
	fails  string
}{
	"bash_script": {prints: []string{"hello\n", "godcpo-cells-"}},
	"capture":     {prints: []string{"Ping\nPong\n", "# Ping\n# Pong\n"}},
	"errors":      {prints: []string{"Hello World\n"}, fails: "syntax error: ( is never closed"},
	"functions":   {prints: []string{"incr: x=2, y=4.14\n"}},
	"goflags":     {prints: []string{"%goflags=[\"-cover\"]\n", "%goflags=[]\n", "A\n", "7\n"}, fails: "exit status 1"}, // the last cell builds GoNB's main.go
	"gonbui":      {prints: []string{"html displayed", "markdown displayed"}},
	"gowork":      {prints: []string{"Temporary test package: /", "func A() string"}},
	"hello":       {prints: []string{"Hello World!\n", "Works with //gonb:\n", "Got x=17\n", "Got x=13\n"}},
	"init":        {prints: []string{"init_a\n", "init_b\n", "init: v0\n", "init: v1\n", "Done\n"}},
	"script":      {prints: []string{"1 : a\n2 : b\n3 : c\n", "19\n"}, fails: "%%sh can only stand in the first line"},
	"vartuple":    {prints: []string{"a=3, c=7\n", "c=1.5\n"}},
	"writefile":   {prints: []string{"written to ", "appended to "}},
}

// TestGoNBExamples runs them unmodified.
func TestGoNBExamples(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles cells")
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/janpfeifer/gonb").Output()
	folder := filepath.Join(strings.TrimSpace(string(out)), "examples", "tests")
	if _, statErr := os.Stat(folder); err != nil || statErr != nil {
		t.Skipf("the module of GoNB is not in the module cache: %v, %v", err, statErr)
	}
	for name, want := range gonbExamples {
		t.Run(name, func(t *testing.T) {
			if name == "script" {
				if _, err := exec.LookPath("bc"); err != nil {
					t.Skip("there is no bc here")
				}
			}
			work := t.TempDir()
			t.Setenv("TEST_DIR", work+"/")
			t.Setenv("GONB_GIT_ROOT", work)
			var printed strings.Builder
			err := notebook.Run(t.Context(), filepath.Join(folder, name+".ipynb"), notebook.Options{
				Output: filepath.Join(work, "executed.ipynb"), Stdout: &printed, Stderr: io.Discard, CellTimeout: time.Minute,
				Session: cell.Options{Symbols: symbols.Tables()},
			})
			var failed *notebook.CellError
			switch {
			case want.fails == "" && err != nil:
				t.Error(err)
			case want.fails != "" && (!errors.As(err, &failed) || !strings.Contains(err.Error(), want.fails)):
				t.Errorf("error %v, want %q", err, want.fails)
			}
			for _, text := range want.prints {
				if !strings.Contains(printed.String(), text) {
					t.Errorf("it printed %q, want %q", printed.String(), text)
				}
			}
		})
	}
}
