package split

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type got struct {
	Kind Kind
	Text string
}

func cut(t *testing.T, src string) []got {
	t.Helper()
	pieces, err := Cell(src)
	if err != nil {
		t.Fatalf("Cell(%q): %v", src, err)
	}
	var out []got
	for _, p := range pieces {
		out = append(out, got{p.Kind, src[p.Start:p.End]})
	}
	return out
}

func TestCell(t *testing.T) {
	for name, c := range map[string]struct {
		src  string
		want []got
	}{
		"empty":         {"", nil},
		"comment":       {"// only { this\n/* and ` that */", nil},
		"package":       {"package main\nx := 1", []got{{Stmt, "x := 1"}}},
		"mixed":         {"import \"fmt\"\nx := 1\nfunc f() int { return x }\nf()", []got{{Import, `import "fmt"`}, {Stmt, "x := 1"}, {Func, "func f() int { return x }"}, {Stmt, "f()"}}},
		"group import":  {"import (\n\"fmt\"; \"os\"\n)", []got{{Import, "import (\n\"fmt\"; \"os\"\n)"}}},
		"semicolons":    {"a(); b()", []got{{Stmt, "a()"}, {Stmt, "b()"}}},
		"strings":       {"s := \"{\"\nr := `}\n(`\nc := '{'", []got{{Stmt, `s := "{"`}, {Stmt, "r := `}\n(`"}, {Stmt, "c := '{'"}}},
		"raw with CR":   {"r := `a\r\nb`\nx", []got{{Stmt, "r := `a\r\nb`"}, {Stmt, "x"}}},
		"comment in it": {"x := 1 // }\ny /* ; */ := 2", []got{{Stmt, "x := 1"}, {Stmt, "y /* ; */ := 2"}}},
		"method":        {"type T struct{}\nfunc (t *T) M(a int) {}\nfunc (T) N() {}", []got{{Type, "type T struct{}"}, {Method, "func (t *T) M(a int) {}"}, {Method, "func (T) N() {}"}}},
		"generic":       {"func F[T any](x T) {}\nfunc (s *S[T]) M() {}", []got{{Func, "func F[T any](x T) {}"}, {Method, "func (s *S[T]) M() {}"}}},
		"literal":       {"func() { f() }()\nfunc(a int) int { return a }(3)", []got{{Stmt, "func() { f() }()"}, {Stmt, "func(a int) int { return a }(3)"}}},
		"literal call":  {"func (a int) (b int) { return a }(3)", []got{{Stmt, "func (a int) (b int) { return a }(3)"}}},
		"label":         {"L:\nfor { break L }", []got{{Stmt, "L:\nfor { break L }"}}},
		"chain":         {"x.\n  A().\n  B()", []got{{Stmt, "x.\n  A().\n  B()"}}},
		"var and const": {"var x = 1\nconst (\nA = iota\nB\n)", []got{{Stmt, "var x = 1"}, {Const, "const (\nA = iota\nB\n)"}}},
		"else":          {"if a {\n} else {\n}\nb", []got{{Stmt, "if a {\n} else {\n}"}, {Stmt, "b"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, cut(t, c.src)); diff != "" {
				t.Errorf("pieces of %q (-want +got):\n%s", c.src, diff)
			}
		})
	}
}

func TestCellErrors(t *testing.T) {
	for src, want := range map[string]Error{
		"f(":      {1, "syntax error: ( is never closed: expected )", true},
		"f(]":     {2, "syntax error: unexpected ], expected )", false},
		"a\n}":    {2, "syntax error: unexpected }: nothing is open here", false},
		"x := `a": {5, "syntax error: raw string literal not terminated", true},
		"/* a":    {0, "syntax error: comment not terminated", true},
		`x := "a`: {5, "syntax error: string literal not terminated", false},
	} {
		_, err := Cell(src)
		var e *Error
		if !errors.As(err, &e) || *e != want {
			t.Errorf("Cell(%q): %+v, want %+v", src, err, want)
		}
	}
}

func TestStatus(t *testing.T) {
	for _, c := range []struct{ src, status, indent string }{
		{"", Complete, ""}, {"x := 1", Complete, ""}, {"for {", Incomplete, "\t"}, {"for {\nf(", Incomplete, "\t\t"}, {"x +", Incomplete, "\t"},
		{"x.", Incomplete, "\t"}, {"a = `b", Incomplete, ""}, {"}", Invalid, ""}, {"f(]", Invalid, ""}, {"return", Complete, ""}, {"if a {\n} else", Incomplete, "\t"}, {"x++", Complete, ""},
	} {
		if status, indent := Status(c.src); status != c.status || indent != c.indent {
			t.Errorf("Status(%q) = %s, %q; want %s, %q", c.src, status, indent, c.status, c.indent)
		}
	}
}

func TestAtStatement(t *testing.T) {
	for before, want := range map[string]bool{"": true, "x := 1\n": true, "x :=\n": false, "f(\n": false, "s := `\n": false, "// c\n": true, "a &&\n": false} {
		if got := AtStatement(before); got != want {
			t.Errorf("AtStatement(%q) = %v, want %v", before, got, want)
		}
	}
}

func FuzzCell(f *testing.F) {
	for _, s := range []string{"", "x := 1", "func f() {}", "import (\"a\"; b \"c\")", "`a\r`", "/*", "'\\''", "L: for {}", "func (a b) c() {}", "type T[P any] struct{}", "a\x00b", "\ufeffx"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		pieces, err := Cell(src)
		last := 0
		for _, p := range pieces {
			if p.Start < last || p.End <= p.Start || p.End > len(src) {
				t.Fatalf("piece %+v of %q overlaps or leaves the text", p, src)
			}
			last = p.End
		}
		if status, _ := Status(src); err != nil && status == Complete {
			t.Fatalf("%q is complete yet %v", src, err)
		}
		AtStatement(src)
	})
}
