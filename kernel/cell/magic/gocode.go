package magic

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// flagImport and testImport are the names of the packages that generated code
// uses. Nobody types the letter they contain.
const (
	flagImport = "flagꞏ"
	testImport = "celltestꞏ"
	testPath   = "github.com/dcpo-go/godcpo/kernel/cell/magic/celltest"
)

// Hidden lists the names that generated code leaves in the session and that
// should be forgotten.
func Hidden() []string { return []string{"main", flagImport, testImport} }

// Program says that the cell runs as a program: it has a main part, or arguments.
func (s *Script) Program() bool { return s.main >= 0 || s.exec != "" || len(s.Args) > 0 }

// Go returns the Go code of the cell after Run. Lines stay where they are; what
// is added stands behind text of the cell or on lines of commands.
func (s *Script) Go() string {
	if s.whole {
		return ""
	}
	lines := append([]string(nil), s.lines...)
	const open = `import ` + flagImport + ` "flag"; func main() { ` + flagImport + `.Parse(); `
	var code string
	if _, err := split.Cell(s.Blank()); err != nil {
		return s.Blank() // its brackets do not match: the check says where
	}
	if s.main >= 0 {
		lines[s.main] = open
		head, rest := strings.Join(lines[:s.main], "\n"), strings.Join(lines[s.main:], "\n")
		if s.main > 0 {
			head += "\n"
		}
		code = callInits(head) + rest + "\n}"
	} else {
		code = callInits(strings.Join(lines, "\n"))
	}
	if s.exec != "" {
		code += "\n" + open + s.exec + "() }"
	}
	if s.test != nil {
		code += "\n" + s.test.code()
	}
	return code
}

// initName is the start of a function that is called by itself.
var initName = regexp.MustCompile(`^func\s+(init(?:_\w+)?)\s*\(\s*\)`)

// callInits has functions called init or init_name called where they stand. Of
// init, which Go allows several times, none is kept.
func callInits(code string) string {
	pieces, err := split.Cell(code)
	if err != nil {
		return code // the cell's check says what is wrong
	}
	for i := len(pieces) - 1; i >= 0; i-- {
		p := pieces[i]
		m := initName.FindStringSubmatchIndex(code[p.Start:p.End])
		if p.Kind != split.Func || m == nil {
			continue
		}
		from, to := p.Start+m[2], p.Start+m[3]
		if name := code[from:to]; name == "init" {
			code = code[:from] + strings.Repeat(" ", len(name)) + code[to:p.End] + "()" + code[p.End:]
		} else {
			code = code[:p.End] + "; " + name + "()" + code[p.End:]
		}
	}
	return code
}

// testRun is what %test asks for.
type testRun struct {
	flags             []string
	tests, benchmarks []string
}

// testName is a function of a test or benchmark.
var testName = regexp.MustCompile(`^func\s+((?:Test|Benchmark)\w*)\s*\(\s*\w+\s+\*testing\.[TB]\s*\)`)

// test has the cell's tests run, or all known ones where it has none or flags
// say which.
func (r *run) test(flags []string) error {
	t := &testRun{flags: flags}
	var own []string
	if pieces, err := split.Cell(r.Blank()); err == nil {
		code := r.Blank()
		for _, p := range pieces {
			if m := testName.FindStringSubmatch(code[p.Start:p.End]); p.Kind == split.Func && m != nil {
				own = append(own, m[1])
			}
		}
	}
	names := own
	if len(own) == 0 || len(flags) > 0 {
		names = append(names, r.host.Functions()...)
	}
	seen := map[string]bool{}
	for _, name := range names {
		switch {
		case seen[name]:
		case strings.HasPrefix(name, "Test"):
			t.tests = append(t.tests, name)
		case strings.HasPrefix(name, "Benchmark"):
			t.benchmarks = append(t.benchmarks, name)
		}
		seen[name] = true
	}
	if len(t.tests)+len(t.benchmarks) == 0 {
		return fmt.Errorf("%%test: neither this cell nor an earlier one defines a func TestX(t *testing.T) or BenchmarkX(b *testing.B)")
	}
	if len(flags) == 0 {
		t.flags = []string{"-test.v"}
		if len(own) > 0 && len(t.benchmarks) > 0 {
			t.flags = append(t.flags, "-test.bench=.")
		}
	}
	r.Engine = Compiled
	r.Script.test = t
	return nil
}

// code is an expression that runs the tests.
func (t *testRun) code() string {
	var b strings.Builder
	fmt.Fprintf(&b, "import %s %q; %s.Run(%#v, %s.Tests{", testImport, testPath, testImport, t.flags, testImport)
	for _, name := range t.tests {
		fmt.Fprintf(&b, "%q: %s, ", name, name)
	}
	fmt.Fprintf(&b, "}, %s.Benchmarks{", testImport)
	for _, name := range t.benchmarks {
		fmt.Fprintf(&b, "%q: %s, ", name, name)
	}
	b.WriteString("})")
	return b.String()
}
