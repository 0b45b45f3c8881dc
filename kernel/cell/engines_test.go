package cell_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

func TestCompiledCells(t *testing.T) {
	needsCompiler(t)
	for name, steps := range map[string][]step{
		"values are shown as in interpreted cells": {
			{code: "%%go\n1 + 2", value: "3"},
			{code: "%%go\nx := 4"},
			{code: "%%go\nx", value: "4"},
			{code: "x * 2", value: "8"},
			{code: "%%go\nimport \"strconv\"\nstrconv.Atoi(\"12\")", value: "12"},
			{code: "%%go\nstrconv.Atoi(\"x\")", err: `error: strconv.Atoi: parsing "x": invalid syntax`},
			{code: "%%go\nfmt.Print(\"a\")", out: "a"},
			{code: "%%go\nnil"},
			{code: "%%go\ntype P struct{ a int; B string }\nP{1, \"q\"}", value: "{a:1 B:q}"},
			{code: "%%go\ncheck(fmt.Errorf(\"mine\"))", err: "error: mine"},
		},
		"variables are one in both engines": {
			{code: "n := 1\ns := []string{\"a\"}\nadd := func(k int) int { n += k; return n }\nvar err error\nvar any1 any = 5"},
			{code: "%%go\nn += 10\ns = append(s, \"b\")\nadd(100)", value: "111"},
			{code: "n, s", err: "syntax error"},
			{code: "fmt.Print(n, s)", out: "111 [a b]"},
			{code: "%%go\nadd = func(k int) int { return -k }\nerr = fmt.Errorf(\"e\")\nany1 = \"text\"\nm := map[string]int{\"k\": 1}"},
			{code: "m[\"j\"] = add(2)\nfmt.Print(err, any1)", out: "etext"},
			{code: "%%go\nfmt.Print(m)\np := &n\n*p = 7", out: "map[j:-2 k:1]"},
			{code: "*p = *p + 1\nn", value: "8"},
		},
		"functions of either engine": {
			{code: "base := 10\nfunc plus(x int) int { return base + x }"},
			{code: "%%go\nfunc twice(x int) int { return plus(plus(x)) }\nbase = 1\ntwice(5)", value: "7"},
			{code: "twice(1)", value: "3"},
			{code: "func plus(x int) int { return base * 100 + x }"},
			{code: "twice(1)", value: "201"},
			{code: "%%go\ntwice(1)", value: "201"},
			{code: "%%go\nfunc Exported(xs ...int) (n int) { for range xs { n++ }; return }\nExported(1, 2)", value: "2"},
			{code: "%%go\nf := Exported\nf([]int{1, 2, 3}...)", value: "3"},
			{code: "%%go\nfunc rec(n int) int { if n == 0 { return 0 }; return 1 + rec(n-1) }\nrec(100000)", value: "100000"},
		},
		"types with unexported parts across cells": {
			{code: "%%go\ntype inner struct{ n int; Tags []string }\ntype node struct { inner; next *node; val any }\nfunc (n *node) push(v any) *node { return &node{next: n, val: v} }\nfunc (n *node) len() int { if n == nil { return 0 }; return 1 + n.next.len() }\nvar list *node\nlist = list.push(1).push(2)\nlist.len()", value: "2"},
			{code: "%%go\nlist.val, list.next.val = \"x\", \"y\"\nlist.n = 5\nlist.inner.n++\nlist.Tags = []string{\"t\"}\nfmt.Printf(\"%T %v %v %d %v\", list, list.val, list.next.val, list.n, list.Tags)", out: "*main.node x y 6 [t]"},
			{code: "%%go\nnodes := []*node{{val: 1, inner: inner{n: 2}}, {val: 3}}\nmore := map[string]inner{\"a\": {n: 4}, \"b\": {5, nil}}\nfmt.Print(nodes[0].n, nodes[1].val, more[\"a\"].n, more[\"b\"].n, inner{7, nil}.n, (&node{val: 8}).val)", out: "2 3 4 5 7 8"},
			{code: "%%go\nfmt.Printf(\"%+v\", inner{n: 1})", out: "{n:1 Tags:[]}"},
			{code: "%%go\ntype lener interface{ len() int }\nvar l any = list\nv, ok := l.(lener)\nfmt.Print(ok, v.len(), list == list.push(1).next)", out: "true 2 true"},
			{code: "%%go\ntype other struct { inner; M int }\no := other{inner{3, nil}, 4}\no.n += o.inner.n\nfmt.Printf(\"%+v %d\", o, o.n)", out: "{inner:{n:6 Tags:[]} M:4} 6"},
			{code: "%%go\nfmt.Print(other{inner{3, nil}, 4}.n, func() other { return o }().inner.n)", out: "3 6"},
		},
		"generic code across cells": {
			{code: "%%go\ntype number interface{ ~int | ~float64 }\nfunc sum[T number](xs ...T) (s T) { for _, x := range xs { s += x }; return }\ntype Pair[K comparable, V any] struct { key K; Val V }\nfunc (p *Pair[K, V]) set(k K) { p.key = k }\nsum(1, 2)", value: "3"},
			{code: "%%go\np := Pair[string, int]{key: \"a\", Val: sum(1, 2, 3)}\np.set(p.key + \"b\")\nfmt.Printf(\"%T %+v %s\", p, p, p.key)", out: "main.Pair[string,int] {key:ab Val:6} ab"},
			{code: "%%go\nps := []Pair[int, string]{{1, \"x\"}, {key: 2}}\nfmt.Print(ps[0].key + ps[1].key, sum(1.5, 2))", out: "3 3.5"},
		},
		"types are redefined": {
			{code: "%%go\ntype T struct{ n int }\nfunc (t T) get() int { return t.n }\na := T{1}\nfunc use(t T) int { return t.get() }\nuse(a)", value: "1"},
			{code: "%%go\ntype T struct{ n int; s string }\nfunc (t T) get() int { return t.n * 10 }\nb := T{2, \"\"}\nuse(b)", value: "20"},
			{code: "%%go\nuse(a)", err: "keep the old type"},
			{code: "%%go\na.get()", value: "1"},
			{code: "%%go\nx := 1"},
			{code: "%%go\nx := \"text\"\nx", value: "text"},
			{code: "x + \"!\"", value: "text!"},
		},
		"values of cell types that the interpreter made": {
			{code: "type T struct{ a int; B []string }\nt := T{1, []string{\"x\"}}\npt := &t\nm := map[string]T{\"k\": {2, nil}}"},
			{code: "%%go\nt.a++\npt.B = append(pt.B, \"y\")\nm[\"j\"] = t\nfmt.Printf(\"%+v\", t)", out: "{a:2 B:[x y]}"},
			{code: "m[\"j\"].a + pt.a", value: "4"},
			{code: "type I interface{ M() int }\nfunc (t T) M() int { return t.a }\nt = T{5, nil}\nvar i I = T{3, nil}", err: "keep the old type"},
			{code: "type J interface{ M() int }\ntype U struct{ a int }\nfunc (u U) M() int { return u.a }\nvar j J = U{3}\nu := U{4}"},
			{code: "%%go\nfmt.Print(j.M())", err: "j may hold a U that the interpreter made"},
			{code: "%%go\nvar j J = u\nfmt.Printf(\"%T %d\", j, j.M())", out: "main.U 4"},
			{code: "j.M()", value: "4"},
		},
		"what the interpreter refuses is compiled": {
			{code: "type C float64\nfunc (c C) String() string { return fmt.Sprintf(\"%.1f°\", float64(c)) }\nfmt.Println(C(3))", out: "3.0°\n"},
			{code: "temps := map[string]C{\"a\": 1}"},
			{code: "fmt.Println(temps)", out: "map[a:1.0°]\n"},
			{code: "var v any = C(2)\n_, ok := v.(C)\n_, f := v.(float64)\nfmt.Print(ok, f)", out: "true false"},
		},
		"interpreted functions do not meet what they would misread": {
			{code: "type T struct{ a int }\ntype U struct{ a int }\nfunc name(x any) string { if _, ok := x.(T); ok { return \"T\" }; return \"?\" }"},
			{code: "%%go\nvar v any = T{1}\nname(v)", value: "T"},
			{code: "name(v)", value: "T"},
			{code: "_, ok := v.(T)\nok", value: "true"},
		},
		"goroutines that change variables": {
			{code: "import \"sync\"\nvar mu sync.Mutex\nvar wg sync.WaitGroup\nsum := 0\nfor i := range 10 {\n\twg.Add(1)\n\tgo func() { defer wg.Done(); mu.Lock(); sum += i; mu.Unlock() }()\n}\nwg.Wait()\nsum", value: "45"},
		},
		"what symbol tables do not hold": {
			{code: "import \"slices\"\nfor c := range slices.Chunk([]int{1, 2, 3}, 2) { fmt.Print(c) }", out: "[1 2][3]"},
			{code: "import \"sync\"\nonce := sync.OnceValue(func() int { return 7 })\nonce() + once()", value: "14"},
			{code: "import \"sync/atomic\"\nvar p atomic.Pointer[string]\np.Store(new(\"x\"))\n*p.Load()", value: "x"},
			{code: "import \"golang.org/x/tools/go/ast/astutil\"\nimport \"go/token\"\nimport \"go/parser\"\nfs := token.NewFileSet()\nf, err := parser.ParseFile(fs, \"x.go\", \"package x\", 0)\ncheck(err)\nastutil.AddImport(fs, f, \"fmt\")", value: "true"},
			{code: "f.Name.Name", value: "x"},
			{code: "astutil.UsesImport(f, \"fmt\")", value: "false"},
			{code: "import \"no.such/package\"", err: "could not import no.such/package"},
			{code: "slices.Nothing()", err: "undefined: slices.Nothing"},
			{code: "slices.Sorted(slices.Values([]int{2, 1}))", value: "[1 2]"},
		},
		"statements of all kinds": {
			{code: "%%go\nvar a, b int = 1, 2\nvar (\n\tc = a + b\n\td string\n\te, f = 1.5, \"f\"\n)\nvar _ fmt.Stringer\nvar g, _ = 3, 4\nfmt.Print(a, b, c, d, e, f, g)", out: "1 2 31.5f3"},
			{code: "%%go\na, h := 10, 20\nfmt.Print(a, h)", out: "10 20"},
			{code: "%%go\nouter:\nfor i := range 3 {\n\tfor j := 0; j < 3; j++ {\n\t\tif j == 2 { continue outer }\n\t\tif i == 2 { break outer }\n\t\tfmt.Print(i, j, \";\")\n\t}\n}", out: "0 0;0 1;1 0;1 1;"},
			{code: "%%go\ni := 0\nagain:\ni++\nif i < 3 { goto again }\nfmt.Print(i)", out: "3"},
			{code: "%%go\nfunc unused() { x := 1; var y int; if z := 2; true { w, err := 3, error(nil) }; switch q := any(x).(type) { case int: }; for k, v := range []int{1} { } }\nunused()"},
			{code: "%%go\ndefer fmt.Print(\"d\")\nch := make(chan int, 3)\ngo func(a, b int) { ch <- a + b }(1, 2)\nsend := func(v any, c chan int) { c <- v.(int) }\ngo send(4, ch)\nselect { case v := <-ch: fmt.Print(v > 0) }\nfmt.Print(<-ch > 0)", out: "truetrued"},
			{code: "%%go\nfunc main() { fmt.Print(\"ran\") }", out: "ran"},
			{code: "%%go\nlen := 3\nlen + 1", value: "4"},
			{code: "%%go\nconst (\n\tzero = iota\n\tOne\n\ttwo\n)\ntype kind int\nconst first kind = kind(two)\nfmt.Print(two, first)", out: "2 2"},
			{code: "%%go\nvar k kind = first\nfmt.Printf(\"%T %v %v\", k, two, One)", out: "main.kind 2 1"},
			{code: "%%go\nseq := func(yield func(int) bool) { for i := range 5 { if !yield(i) { return } } }\nfor v := range seq { if v == 2 { break }; fmt.Print(v) }", out: "01"},
		},
		"types without a name that the interpreter made": {
			{code: "%%yaegi\nm := map[string]func(int8) int{\"f\": func(n int8) int { return int(n) + 1 }}\nvar v any = m\nvar w any = []any{[]int{1}, map[string]any{\"k\": 2}}"},
			{code: "%%go\nfmt.Print(m[\"f\"](3), w.([]any)[0].([]int)[0], w.([]any)[1].(map[string]any)[\"k\"])", out: "4 1 2"},
			{code: "%%go\n_, ok := v.(map[string]func(int8) int)\nfmt.Print(ok)", out: "true"},
		},
	} {
		t.Run(name, func(t *testing.T) { runSteps(t, cell.Options{Grace: 300 * time.Millisecond}, steps) })
	}
}

func TestCompiledCellsFailReadably(t *testing.T) {
	needsCompiler(t)
	for code, want := range map[string]string{
		"var s []int\ns[2] = 1":            "panic: runtime error: index out of range [2] with length 0",
		"import \"os\"\nos.Exit(2)":        "panic: os.Exit(2) was called: the cell ends, the session goes on",
		"import \"log\"\nlog.Fatal(\"x\")": "panic: os.Exit(1) was called",
		"import \"log\"\nlogger := log.New(log.Writer(), \"\", 0)\nlogger.Fatalf(\"%d\", 1)":            "panic: os.Exit(1) was called",
		"import \"log\"\nvar own log.Logger\nown.SetOutput(log.Writer())\nend := own.Fatal\nend(\"x\")": "panic: os.Exit(1) was called",
		"import \"flag\"\nflag.CommandLine.Parse([]string{\"-nosuch\"})":                                "flag provided but not defined: -nosuch",
		"func r(n int) int { return r(n+1) + 1 }\nr(0)":                                                 "panic: stack overflow: functions of cells call each other without end",
		"go func() { panic(\"lost\") }()\nselect {}":                                                    "panic: in a goroutine: lost",
		"import \"sync\"\nvar wg sync.WaitGroup\nwg.Go(func() { panic(\"lost\") })\nselect {}":          "panic: in a goroutine: lost",
		"import \"time\"\ntime.AfterFunc(time.Millisecond, func() { panic(\"lost\") })\nselect {}":      "panic: in a goroutine: lost",
		"import \"runtime\"\nruntime.Goexit()":                                                          "the cell ended its goroutine",
		"x := foo(1)":                                                                                   "cell [1], line 2:6: undefined: foo",
	} {
		runSteps(t, cell.Options{Grace: 300 * time.Millisecond}, []step{{code: "%%go\n" + code, err: want}, {code: "%%go\n7 * 6", value: "42"}})
	}
}

func TestCompiledTraceback(t *testing.T) {
	needsCompiler(t)
	s := open(t)
	r := &record{}
	_, first := s.Run(context.Background(), "%%go\nfunc at(xs []int, i int) int {\n\treturn xs[i]\n}\nat([]int{1}, 0)", r)
	_, err := s.Run(context.Background(), "%%go\nx := 0\nx = at(nil, 3)", r)
	s.Close()
	var failed *cell.Error
	if first != nil || !errors.As(err, &failed) {
		t.Fatalf("errors %v and %v, want a cell.Error second", first, err)
	}
	got := strings.Join(failed.Traceback, "\n")
	for _, want := range []string{"cell [1], line 3", "in at", "called from cell [2], line 3"} {
		if !strings.Contains(got, want) {
			t.Errorf("traceback lacks %q:\n%s", want, got)
		}
	}
}

func TestCompiledCellsStop(t *testing.T) {
	if testing.Short() {
		t.Skip("builds many plug-ins")
	}
	needsCompiler(t)
	for name, code := range stopping {
		if strings.HasPrefix(code, "!") {
			continue
		}
		t.Run(name, func(t *testing.T) { testStops(t, "%%go\n"+code, time.Second) }) // time to build it, and to run
	}
}

// A loop of a compiled package does not look at the cell: it is left behind.
func TestAPackageThatDoesNotStopIsLeftBehind(t *testing.T) {
	needsCompiler(t)
	s, err := cell.New(cell.Options{Grace: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err = s.Run(ctx, "%%go\nimport \"strings\"\nimport \"io\"\ntype endless struct{}\nfunc (endless) Read(p []byte) (int, error) { return len(p), nil }\n_ = strings.ToUpper\nio.Copy(io.Discard, io.MultiReader(endless{}, strings.NewReader(\"\")))", &record{})
	r := &record{}
	_, after := s.Run(context.Background(), "fmt.Print(1)", r)
	s.Close()
	if err == nil || !strings.Contains(err.Error(), "goes on in the background") || after != nil || r.out() != "1" {
		t.Errorf("error %v; then %q, %v", err, r.out(), after)
	}
}

// Where cells cannot be compiled, interpreted cells run and others say why.
func TestWithoutACompiler(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	runSteps(t, cell.Options{}, []step{
		{code: "1 + 1", value: "2"},
		{code: "%%go\n1 + 1", err: "cells cannot be compiled: there is no go command here"},
		{code: "type T struct{ a int }\nfmt.Printf(\"%+v\", T{1})", err: "has unexported or embedded fields; cells cannot be compiled: there is no go command here"},
		{code: "2 + 2", value: "4"},
	})
}
