package lower_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/traefik/yaegi/stdlib"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
	"github.com/dcpo-go/godcpo/kernel/cell/reflected"
)

// session checks and lowers cells without running them.
type session struct {
	importer *reflected.Importer
	scope    *front.Scope
	names    *lower.Names
	hazards  *lower.Hazards
	number   int
}

func newSession() *session {
	m := reflected.New(stdlib.Symbols)
	return &session{importer: m, scope: front.NewScope(m), names: lower.NewNames(), hazards: &lower.Hazards{}}
}

func (s *session) cell(code string) (*lower.Program, error) {
	s.number++
	unit, err := s.scope.Check(code, s.number)
	if err != nil {
		return nil, err
	}
	program, err := lower.Lower(unit, s.names, s.hazards, s.importer)
	if err != nil {
		return nil, err
	}
	program.Commit()
	s.scope.Commit(unit, nil)
	return program, nil
}

// TestHazardsMeetInAnyOrder: a conversion and an operation that would misread it
// are refused in whichever order and cells they come.
func TestHazardsMeetInAnyOrder(t *testing.T) {
	const types = "type T struct{ A int }\ntype U struct{ A int }"
	const convert = "var x any = T{1}"
	const look = "func f(v any) bool { _, ok := v.(U); return ok }"
	for name, cells := range map[string][]string{
		"in one cell":      {types + "\n" + convert + "\n" + look},
		"conversion first": {types, convert, look},
		"operation first":  {types, look, convert},
	} {
		s := newSession()
		var last error
		for _, code := range cells {
			_, last = s.cell(code)
		}
		if last == nil || !strings.Contains(last.Error(), "not supported in interpreted cells") {
			t.Errorf("%s: error %v", name, last)
		}
	}
	s := newSession()
	for _, code := range []string{types, look, "fmt := 1\n_ = fmt\nvar y any = 3"} {
		if _, err := s.cell(code); err != nil {
			t.Errorf("%q is refused: %v", code, err)
		}
	}
}

// TestARefusedCellLeavesNothingBehind: its conversions do not count, its names
// are not defined.
func TestARefusedCellLeavesNothingBehind(t *testing.T) {
	s := newSession()
	steps := []struct {
		code string
		ok   bool
	}{
		{"type T struct{ A int }\ntype U struct{ A int }", true},
		{"var x any = T{1}\n_, bad := x.(U)", false},
		{"func f(v any) bool { _, ok := v.(U); return ok }", true},
		{"x", false},
	}
	for _, st := range steps {
		if _, err := s.cell(st.code); (err == nil) != st.ok {
			t.Errorf("%q: error %v", st.code, err)
		}
	}
}

func TestLoweredCodeHasNoNewConstructs(t *testing.T) {
	s := newSession()
	program, err := s.cell("import \"slices\"\nfor i := range 3 { println(i) }\nx := min(3, len(\"ab\"))\np := new(x)\nfunc id[T any](v T) T { return v }\nids := id([]int{*p})\nslices.Sort(ids)\nclear(ids)")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parser.ParseFile(token.NewFileSet(), "", program.Source, 0); err != nil {
		t.Fatalf("lowered code is no Go: %v\n%s", err, program.Source)
	}
	for _, construct := range []string{"range 3", "min(", "new(x)", "[T any]", "slices.", "clear("} {
		if strings.Contains(program.Source, construct) {
			t.Errorf("lowered code still has %q:\n%s", construct, program.Source)
		}
	}
}

// FuzzCell: whatever the text, checking and lowering end with an error or with
// Go that parses.
func FuzzCell(f *testing.F) {
	for _, s := range []string{
		"", "x := 1\nx", "func f[T any](v T) T { return v }\nf(1)", "type T struct{ a int }\nfunc (t *T) m() {}\nT{}.a", "for i := range 3 { defer func() { recover() }() }",
		"a, b := 1, func() int { return 2 }()\na, b = b, a", "switch v := any(1).(type) { case int: _ = v }", "L: for { goto L }", "import \"fmt\"\nfmt.Printf(\"%T %+v\", 1, struct{ a int }{1})",
		"type A = []A\ntype B[T any] struct{ x *B[T] }\nvar b B[int]", "const c = 1 << 70\nvar f float32 = c", "select {}", "go func(x int) {}(1)", "x := x", "func main() {}",
		"type I interface{ M() }\ntype S struct{ I }\nvar i I = S{}", "package main\nimport . \"fmt\"", "var x [1 << 40]int", "return", "type T T", "func (x) m() {}",
	} {
		f.Add(s, "y := 1")
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		if len(first)+len(second) > 2000 {
			return
		}
		s := newSession()
		for _, code := range []string{first, second} {
			program, err := s.cell(code)
			if err != nil {
				continue
			}
			if _, err := parser.ParseFile(token.NewFileSet(), "", program.Source, 0); err != nil {
				t.Fatalf("%q became %v\n%s", code, err, program.Source)
			}
		}
	})
}
