package cell_test

import (
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

var update = flag.Bool("update", false, "run the cases of testdata/differential.txt with go run and record what they print")

const differential = "testdata/differential.txt"

// example is a program: declarations, statements, and what compiled Go prints.
type example struct{ name, decls, stmts, want string }

func readExamples(t testing.TB) []example {
	t.Helper()
	raw, err := os.ReadFile(differential)
	if err != nil {
		t.Fatal(err)
	}
	var out []example
	for _, part := range strings.Split("\n"+string(raw), "\n=== ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		body, want, _ := strings.Cut(body+"\n", ">>>\n")
		decls, stmts, found := strings.Cut(body, "---\n")
		if !found {
			decls, stmts = "", body
		}
		out = append(out, example{name, decls, stmts, want})
	}
	return out
}

var packages = map[string]string{"json": "encoding/json", "heap": "container/heap", "list": "container/list", "atomic": "sync/atomic", "rand": "math/rand", "bits": "math/bits"}

// imports lists the packages that code uses.
func imports(code string) string {
	var b strings.Builder
	seen := map[string]bool{}
	for _, m := range regexp.MustCompile(`\b([a-z]+)\.[A-Z]`).FindAllStringSubmatch(code, -1) {
		switch name := m[1]; name {
		case "fmt", "errors", "strings", "sort", "json", "os", "time", "sync", "bytes", "io", "context", "math", "strconv", "reflect", "heap", "list", "slices", "maps", "cmp", "iter", "unicode", "bufio", "atomic", "rand", "bits":
			if !seen[name] {
				seen[name] = true
				path := name
				if packages[name] != "" {
					path = packages[name]
				}
				b.WriteString("import \"" + path + "\"\n")
			}
		}
	}
	return b.String()
}

// TestAgainstCompiledGo compares cells with compiled Go. A case may be refused
// with an error; it may never print something else.
func TestAgainstCompiledGo(t *testing.T) {
	examples := readExamples(t)
	if *update {
		recordAll(t, examples)
		return
	}
	compare(t, examples, cell.Options{}, "", "")
}

// TestInterpreterAgainstCompiledGo is the same for the interpreter alone.
func TestInterpreterAgainstCompiledGo(t *testing.T) {
	compare(t, readExamples(t), cell.Options{Interpret: true}, "", "")
}

// TestCompiledCellsAgainstCompiledGo has every cell compiled, or the statements
// only, which then use what interpreted cells declared.
func TestCompiledCellsAgainstCompiledGo(t *testing.T) {
	if testing.Short() {
		t.Skip("builds hundreds of plug-ins")
	}
	needsCompiler(t)
	for name, declsIn := range map[string]string{"all compiled": "%%go\n", "statements compiled": "%%yaegi\n"} {
		t.Run(name, func(t *testing.T) { compare(t, readExamples(t), cell.Options{}, declsIn, "%%go\n") })
	}
}

// needsCompiler skips a test where cells cannot be compiled.
func needsCompiler(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: cells are not compiled here")
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("no C compiler: cells are not compiled here")
	}
}

// compare runs the cases, declarations and statements in cells that start with
// the given lines.
func compare(t *testing.T, examples []example, options cell.Options, declsIn, stmtsIn string) {
	ran, refused := 0, 0
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			got, err := runUntilError(t, options, imports(e.decls+e.stmts), declsIn+e.decls, stmtsIn+e.stmts)
			var failed *cell.Error
			if errors.As(err, &failed) {
				if failed.Name == cell.PanicError && !strings.Contains(failed.Message, "not supported") {
					got += "PANIC " + failed.Message + "\n"
				} else {
					refused++
					t.Logf("%s refused: %v", e.name, err)
					if !strings.Contains(err.Error(), "not supported") || !strings.HasPrefix(e.want, got) {
						t.Errorf("error %v after %q, want %q", err, got, e.want)
					}
					return
				}
			}
			ran++
			if outOfRange.ReplaceAllString(strings.TrimRight(got, "\n"), "$1") != outOfRange.ReplaceAllString(strings.TrimRight(e.want, "\n"), "$1") {
				t.Errorf("%s SILENTLY WRONG: got %q, compiled Go prints %q", e.name, got, e.want)
			}
		})
	}
	t.Logf("%d cases run as compiled Go, %d are refused", ran, refused)
}

// outOfRange is where the interpreter does not know the numbers that Go gives.
var outOfRange = regexp.MustCompile(`(PANIC .* out of range).*`)

// runUntilError runs cells in a session of their own. The session is closed when
// it returns: what a test logs before is taken for output of a cell.
func runUntilError(t *testing.T, options cell.Options, cells ...string) (string, error) {
	t.Helper()
	s, err := cell.New(options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := &record{}
	for _, code := range cells {
		if _, err := s.Run(ctx, code, r); err != nil {
			return r.out(), err
		}
	}
	return r.out(), nil
}

// recordAll runs the cases with go run and writes what they print.
func recordAll(t *testing.T, examples []example) {
	t.Helper()
	var file strings.Builder
	for _, e := range examples {
		dir := t.TempDir()
		program := "package main\n" + imports(e.decls+e.stmts+"fmt.Println") + e.decls +
			"\nfunc main() {\n\tdefer func() { if e := recover(); e != nil { fmt.Println(\"PANIC\", e) } }()\n\tcell()\n}\nfunc cell() {\n" + e.stmts + "}\n"
		path := filepath.Join(dir, "main.go")
		if err := os.WriteFile(path, []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command("go", "run", path).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", e.name, err, out)
		}
		file.WriteString("=== " + e.name + "\n")
		if e.decls != "" {
			file.WriteString(e.decls + "---\n")
		}
		file.WriteString(strings.TrimRight(e.stmts, "\n") + "\n>>>\n" + strings.TrimRight(string(out), "\n") + "\n")
	}
	if t.Failed() {
		return
	}
	if err := os.WriteFile(differential, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}
