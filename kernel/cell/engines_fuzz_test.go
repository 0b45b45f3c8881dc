package cell_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// programsVariable says how many random programs TestRandomPrograms runs, and seedVariable from which seed on.
const (
	programsVariable = "GODCPO_TEST_PROGRAMS"
	seedVariable     = "GODCPO_TEST_SEED"
)

const fuzzImports = "import (\"errors\"; \"fmt\"; \"slices\"; \"strings\")\n"

// TestRandomPrograms runs random programs in cells, by the engine that the session chooses, and as one compiled program: they print the same. A cell may be
// refused where there is no compiler; here it may not.
func TestRandomPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("builds plug-ins")
	}
	needsCompiler(t)
	programs, seed := number(t, programsVariable, 60), number(t, seedVariable, 1)
	want := compiledOutput(t, programs, seed)
	t.Run("the session's choice", func(t *testing.T) { runPrograms(t, cell.Options{}, want, seed) })
	t.Run("interpreted", func(t *testing.T) { runPrograms(t, cell.Options{Interpret: true}, want, seed) })
}

// runPrograms runs them in one session. Where all is interpreted a program may be refused.
func runPrograms(t *testing.T, options cell.Options, want []string, seed int) {
	s, err := cell.New(options)
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	refused := 0
	for i := range want {
		decls, stmts := program(uint64(seed+i), i)
		r := &record{}
		_, err := s.Run(context.Background(), fuzzImports+decls, r)
		if err == nil {
			_, err = s.Run(context.Background(), fuzzImports+stmts, r)
		}
		if options.Interpret && err != nil && strings.Contains(err.Error(), "not supported") && strings.HasPrefix(want[i], r.out()) {
			refused++
			continue
		}
		if got := r.out(); err != nil || got != want[i] {
			wrong = append(wrong, fmt.Sprintf("program %d (seed %d): error %v\n%s\n%s\nprints\n%s\ncompiled Go prints\n%s", i, seed+i, err, decls, stmts, got, want[i]))
		}
	}
	s.Close()
	t.Logf("%d programs, %d of them refused, %d wrong", len(want), refused, len(wrong))
	for i, w := range wrong {
		if i == 3 {
			break
		}
		t.Error(w)
	}
}

func number(t *testing.T, variable string, usual int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// compiledOutput is what the programs print as one compiled program.
func compiledOutput(t *testing.T, programs, seed int) []string {
	t.Helper()
	const mark = "\x01\n"
	var b, main strings.Builder
	b.WriteString("package main\n" + fuzzImports + "var _ = errors.New\nvar _ = slices.Sort[[]int]\nvar _ = strings.ToUpper\n")
	for i := range programs {
		decls, stmts := program(uint64(seed+i), i)
		fmt.Fprintf(&b, "%s\nfunc run%d() {\n%s\n", decls, i, stmts)
		b.WriteString("}\n")
		fmt.Fprintf(&main, "run%d()\nfmt.Print(%q)\n", i, mark)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "main.go")
	if err := os.WriteFile(file, []byte(b.String()+"func main() {\n"+main.String()+"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "run", file)
	cmd.Dir = dir
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the generator's programs do not run as Go: %v\n%.3000s", err, complaints.String())
	}
	parts := strings.Split(string(out), mark)
	return parts[:len(parts)-1]
}
