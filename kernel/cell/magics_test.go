package cell_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

func TestMainCode(t *testing.T) {
	for name, steps := range map[string][]step{
		"%% makes func main": {
			{code: "func twice(x int) int { return 2 * x }\n\n%%\nx := twice(4)\nif x > 3 {\n\tfmt.Print(x)\n\treturn\n}\nfmt.Print(\"not reached\")", out: "8"},
			{code: "x", err: "undefined: x"},
			{code: "func twice(x string) string { return x + x }\ntwice(\"a\")", value: "aa"},
			{code: "main()", err: "undefined: main"},
		},
		"flags": {
			{code: "var n = flag.Int(\"n\", 3, \"how many\")\nfunc show() { fmt.Print(*n, flag.NArg()) }\n%% -n=17 rest\nshow()", out: "17 1"},
			{code: "%%\nshow()", out: "3 0"},
			{code: "%args -n 5\nfunc main() {\n\tflag.Parse()\n\tshow()\n}", out: "5 0"},
			{code: "%exec show -n=9", out: "9 0"},
			{code: "var n = flag.Int(\"n\", 4, \"again\")\n%%\nshow()", out: "4 0"},
			{code: "flag.Set(\"n\", \"8\")"},
			{code: "*n", value: "8"},
			{code: "%% -unknown\nshow()", err: "flag provided but not defined: -unknown"},
			{code: "import \"os\"\n%args a b\nfmt.Print(os.Args[1:])", out: "[a b]"},
			{code: "fmt.Print(len(os.Args))", out: "1"},
		},
		"init functions run once, where they stand": {
			{code: "n := 0\nfunc init() { n++ }\nfunc init_more() { n += 10 }\n%%\nfmt.Print(n)", out: "11"},
			{code: "n", value: "11"},
			{code: "init_more()\nn", value: "21"},
			{code: "%rm init_more n"},
			{code: "n", err: "undefined: n"},
			{code: "%rm n", err: "n is not defined: %list shows what is"},
		},
		"packages are imported where the name leaves no doubt": {
			{code: "strings.ToUpper(\"a\")", value: "A"},
			{code: "func f() float64 { return math.Sqrt(4) }\nf()", value: "2"},
			{code: "rand.New(rand.NewSource(1)).Intn(1)", value: "0"},
			{code: "nosuch.Thing()", err: "undefined: nosuch"},
			{code: "strings := []int{1}\nlen(strings)", value: "1"},
		},
		"list and reset": {
			{code: "const limit = 3\ntype T struct{}\nfunc g(x int) string { return \"\" }\ny := 2.5"},
			{code: "%list", out: "imports:\n  fmt \"fmt\"\nconstants:\n  limit = 3\ntypes:\n  T\nfunctions:\n  check(err error)\n  g(x int) string\nvariables:\n  ctx context.Context\n  y float64\n"},
			{code: "%reset"},
			{code: "y", err: "undefined: y"},
			{code: "%reset\nfmt.Print(ctx != nil)", out: "true"},
		},
	} {
		t.Run(name, func(t *testing.T) { runSteps(t, cell.Options{}, steps) })
	}
}

func TestMainCodeCompiled(t *testing.T) {
	needsCompiler(t)
	runSteps(t, cell.Options{}, []step{
		{code: "%%go\nvar n = flag.Int(\"m\", 3, \"how many\")\n%% -m=17 rest\nfmt.Print(*n, flag.Arg(0), os.Args[1:])", out: "17rest[-m=17 rest]"},
		{code: "%%\nfmt.Print(*n)", out: "3"},
		{code: "func incr[T interface{ constraints.Float | constraints.Integer }](x T) T { return x + T(1) }\n%%\nfmt.Print(incr(1), incr(.5))", out: "2 1.5"},
		{code: "%%go\nfunc init() { fmt.Print(\"first \") }\n%%\nfmt.Print(\"then\")", out: "first then"},
	})
}

func TestTestsInCells(t *testing.T) {
	needsCompiler(t)
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for _, st := range []step{
		{code: "func double(n int) int { return 2 * n }\nfunc TestDouble(t *testing.T) {\n\tif double(2) != 4 { t.Fatal(\"no\") }\n}\n%test", out: "--- PASS: TestDouble"},
		{code: "func TestWrong(t *testing.T) {\n\tt.Errorf(\"double(1) is %d\", double(1))\n}\n%test", out: "double(1) is 2", err: "tests have failed"},
		{code: "func TestPanics(t *testing.T) {\n\tvar p *int\n\t_ = *p\n}\n%test", out: "nil pointer", err: "tests have failed"},
		{code: "%test -test.run=Double", out: "PASS"},
		{code: "%test -run=Double", err: "flags of tests start with -test."},
		{code: "func BenchmarkDouble(b *testing.B) {\n\tfor b.Loop() { double(1) }\n}\n%test -test.bench=. -test.run=None -test.benchtime=10x", out: "ns/op"},
	} {
		r := &record{}
		_, err := s.Run(context.Background(), st.code, r)
		if !strings.Contains(r.out(), st.out) || (err != nil) != (st.err != "") || err != nil && !strings.Contains(err.Error(), st.err) {
			wrong = append(wrong, fmt.Sprintf("%q: printed %q, error %v; want %q, %q", st.code, r.out()+r.err(), err, st.out, st.err))
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

func TestCapture(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("GODCPO_CAPTURE_TEST", folder)
	runSteps(t, cell.Options{Symbols: symbols.Tables()}, []step{
		{code: "%capture $GODCPO_CAPTURE_TEST/a\nfmt.Println(\"one\")\ndisplay.HTML(\"<b>two</b>\")\n3", out: "one\n", value: "3"},
		{code: "%capture -a ${GODCPO_CAPTURE_TEST}/a\n!echo four", out: "four\n"},
		{code: "fmt.Print(\"not this\")", out: "not this"},
		{code: "%capture /no/such/folder/a", err: "no such file or directory"},
	})
	if text, err := os.ReadFile(filepath.Join(folder, "a")); err != nil || string(text) != "one\n<b>two</b>3four\n" {
		t.Errorf("captured %q (%v)", text, err)
	}
}

func TestScratchFolder(t *testing.T) {
	runSteps(t, cell.Options{}, []step{
		{code: "!*head -n 1 go.mod\n!*test \"$PWD\" = \"$GONB_TMP_DIR\"", out: "module cells\n"},
		{code: "!test \"$PWD\" = \"$GONB_DIR\""},
		{code: "!echo a \\\n b", out: "a b\n"},
		{code: "!if [[ a == a ]]; then ((i=1)); echo $i; fi", out: "1\n"},
	})
}

func TestMagicsAreCompleted(t *testing.T) {
	s := open(t)
	for code, want := range map[string]string{
		"%cd /tmp": "complete", "!ls -l": "complete", "%%\nx()": "incomplete", "%%\nx()\n": "complete", "%%bash\nls": "incomplete",
		"%%bash\nls\n": "complete", "!echo \\": "incomplete", "%cd /tmp\nf(": "incomplete", "x := 1": "complete",
	} {
		if got, _ := s.IsComplete(code); got != want {
			t.Errorf("%q is %s, want %s", code, got, want)
		}
	}
	for code, want := range map[string]string{"x\n%re": "[%remove %reset]", "%%s": "[%%script %%sh]", "%cd fm": "[fmt]", "7 %re": "[real recover return]"} {
		if c := s.Complete(code, len(code)); fmt.Sprint(c.Matches) != want {
			t.Errorf("%q completes to %v, want %s", code, c.Matches, want)
		}
	}
}
