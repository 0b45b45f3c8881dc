package cell_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// step is one cell and what it must do.
type step struct {
	code  string
	out   string // printed on stdout
	value string // shown as the result
	err   string // part of the error; "" for none
}

// runSteps runs cells in one session. What is wrong is collected and reported
// after the session has given standard output back.
func runSteps(t *testing.T, options cell.Options, steps []step) {
	t.Helper()
	s, err := cell.New(options)
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	for i, st := range steps {
		r := &record{}
		value, err := s.Run(context.Background(), st.code, r)
		text := ""
		if value != nil {
			text = value.Text()
		}
		message := ""
		if err != nil {
			message = err.Error()
		}
		if r.out() != st.out || text != st.value || (err != nil) != (st.err != "") || !strings.Contains(message, st.err) {
			wrong = append(wrong, fmt.Sprintf("step %d %q:\n got out %q, value %q, error %q\nwant out %q, value %q, error %q", i+1, st.code, r.out(), text, message, st.out, st.value, st.err))
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

func TestCells(t *testing.T) {
	for name, steps := range map[string][]step{
		"value of the last expression": {
			{code: "1 + 2", value: "3"},
			{code: "x := 4"},
			{code: "x", value: "4"},
			{code: `fmt.Println("a")`, out: "a\n"},
			{code: "nil"},
			{code: `import "strconv"` + "\nstrconv.Atoi(\"12\")", value: "12"},
			{code: `strconv.Atoi("x")`, err: `error: strconv.Atoi: parsing "x": invalid syntax`},
			{code: "type P struct{ a int; B string }\nP{1, \"q\"}", value: "{a:1 B:q}"},
		},
		"functions are replaced and callers see it": {
			{code: "func f() int { return 1 }\nfunc g() int { return f() + 1 }\ng()", value: "2"},
			{code: "func f() int { return 10 }"},
			{code: "g()", value: "11"},
			{code: "func f() string { return \"s\" }"},
			{code: "g()", err: "undefined: g (cell [1] defined it, cell [4] made it impossible to compile)"},
		},
		"variables": {
			{code: "x := 1\nfunc get() int { return x }"},
			{code: "x := 5"},
			{code: "get()", value: "5"},
			{code: `x := "text"`},
			{code: "x", value: "text"},
			{code: "x = 3", err: "cannot use 3"},
			{code: "a, err := 1, fmt.Errorf(\"e\")\nb, err := 2, error(nil)\na + b", value: "3"},
		},
		"types": {
			{code: "type T struct{ N int }\nfunc (t *T) Inc() { t.N++ }\nt := &T{}"},
			{code: "type T struct{ N int }\nfunc (t *T) Inc() { t.N++ }"},
			{code: "t.Inc()\nt.N", value: "1"},
			{code: "type T struct{ N int; M string }\nu := T{2, \"m\"}"},
			{code: "u = *t", err: "keep the old type"},
			{code: "t.Inc()\nt.N", value: "2"},
		},
		"a panic keeps what came before it": {
			{code: "a := 1\nb := []int{1}[a]\nc := 3", err: "panic: runtime error: index out of range"},
			{code: "a", value: "1"},
			{code: "c", err: "undefined: c"},
		},
		"func main runs, package clauses do not matter": {
			{code: "package main\nfunc main() { fmt.Print(\"ran\") }", out: "ran"},
			{code: "func main() { fmt.Print(\"again\") }", out: "again"},
		},
		"names of the language can be taken": {
			{code: "len := 3\nlen + 1", value: "4"},
			{code: `fmt.Println("still", cap([]int{1}))`, out: "still 1\n"},
		},
		"the context of a cell": {
			{code: "ctx.Err() == nil", value: "true"},
			{code: "old := ctx"},
			{code: "old.Err() != nil && ctx.Err() == nil", value: "true"},
		},
		"magics": {
			{code: "!printf hello", out: "hello"},
			{code: "%env GODCPO_CELL_TEST a b\nimport \"os\"\nos.Getenv(\"GODCPO_CELL_TEST\")", value: "a b"},
			{code: "%%bash\necho one\necho two", out: "one\ntwo\n"},
			{code: "!exit 3", err: "command error: run the command: exit status 3"},
			{code: "%lsit", err: "there is no command %lsit: did you mean %list? see %help"},
			{code: "s := `\n%nope\n!x`\ns", value: "\n%nope\n!x"},
			{code: "true &&\n!false", value: "true"},
		},
	} {
		t.Run(name, func(t *testing.T) { runSteps(t, cell.Options{}, steps) })
	}
}

func TestErrorsNameThePlace(t *testing.T) {
	for code, want := range map[string]string{
		"x := 1\ny := foo(x)":                  "compile error: cell [1], line 2:6: undefined: foo",
		"a := 1\nvar b string = a":             "compile error: cell [1], line 2:16: cannot use a (variable of type int) as string value in variable declaration",
		"x := 1 +":                             "compile error: cell [1], line 1:9: syntax error: expected operand, found the end of the cell",
		"f(1":                                  "compile error: cell [1], line 1:2: syntax error: ( is never closed: expected )",
		"a()\n}":                               "compile error: cell [1], line 2:1: syntax error: unexpected }: nothing is open here",
		"var strconv int\nstrconv.Itoa(1)":     "compile error: cell [1], line 2:9: strconv.Itoa undefined (type int has no field or method Itoa)",
		"import \"no/such\"":                   "compile error: cell [1], line 1:8: could not import no/such (package no/such is not available in cells: cells can import the standard library and the packages built into this program)",
		"func f() int { }":                     "compile error: cell [1], line 1:16: missing return",
		"%%\nf(1":                              "compile error: cell [1], line 2:2: syntax error: ( is never closed: expected )",
		"%%\nf(1)":                             "compile error: cell [1], line 2:1: undefined: f",
		"%%\n1 + 2":                            "compile error: cell [1], line 2:1: 1 + 2 (untyped int constant 3) is not used",
		"\n\nvar s []int\ns[2] = 1":            "panic: runtime error: index out of range",
		"import \"os\"\nos.Exit(2)":            "panic: os.Exit(2) was called: the cell ends, the session goes on",
		"func r() int { return r() + 1 }\nr()": "panic: stack overflow: functions of cells call each other without end",
		"check(fmt.Errorf(\"mine\"))":          "error: mine",
	} {
		runSteps(t, cell.Options{}, []step{{code: code, err: want}, {code: "1", value: "1"}})
	}
}

func TestTracebackHasCellLines(t *testing.T) {
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &record{}
	_, first := s.Run(context.Background(), "func at(xs []int, i int) int {\n\treturn xs[i]\n}", r)
	_, err = s.Run(context.Background(), "x := 0\nx = at(nil, 3)", r)
	if closeErr := s.Close(); closeErr != nil || first != nil {
		t.Fatal(closeErr, first)
	}
	var failed *cell.Error
	if !errors.As(err, &failed) {
		t.Fatalf("error %v, want a cell.Error", err)
	}
	got := strings.Join(failed.Traceback, "\n")
	for _, want := range []string{"cell [1], line 2", "in at", "called from cell [2], line 2"} {
		if !strings.Contains(got, want) {
			t.Errorf("traceback lacks %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "yaegi") || strings.Contains(got, "ꞏ") {
		t.Errorf("the traceback shows the interpreter:\n%s", got)
	}
}

// stopping are cells that run until they are stopped.
var stopping = map[string]string{
	"endless loop":            "for {\n}",
	"loop that counts":        "n := 0\nfor { n++ }",
	"loop in a function":      "func spin() { for { } }\nspin()",
	"loop that recovers":      "func f() { defer func() { recover() }(); for { } }\nfor { f() }",
	"sleep":                   "import \"time\"\ntime.Sleep(time.Hour)",
	"goto":                    "again:\ngoto again",
	"loop over a function":    "func ever(yield func(int) bool) { for { if !yield(1) { return } } }\nfor range ever { }",
	"waiting for a goroutine": "done := make(chan bool)\ngo func() { for { } }()\n<-done",
	"context of the cell":     "<-ctx.Done()",
	"shell command":           "!sleep 100",
}

func TestCellsStop(t *testing.T) {
	for name, code := range stopping {
		t.Run(name, func(t *testing.T) { testStops(t, code, 100*time.Millisecond) })
	}
}

// testStops runs a cell that does not end, until a deadline and until it is
// interrupted, and then another.
func testStops(t *testing.T, code string, deadline time.Duration) {
	t.Helper()
	s, err := cell.New(cell.Options{Grace: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	start := time.Now()
	_, timedOut := s.Run(ctx, code, &record{})
	took := time.Since(start)
	stop, interrupt := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, interrupt)
	_, interrupted := s.Run(stop, code, &record{})
	r := &record{}
	_, after := s.Run(context.Background(), "k := 0\nfor i := range 1000 { k += i }\nfmt.Print(k)", r)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	var e *cell.Error
	if !errors.As(timedOut, &e) || e.Name != cell.TimeoutError || !strings.HasPrefix(e.Message, "timed out after ") {
		t.Errorf("after the deadline: %v", timedOut)
	}
	if took > deadline+3*time.Second {
		t.Errorf("it took %v to stop", took)
	}
	if !errors.As(interrupted, &e) || e.Name != cell.InterruptedError {
		t.Errorf("after an interrupt: %v", interrupted)
	}
	if after != nil || r.out() != "499500" {
		t.Errorf("the next cell printed %q, error %v", r.out(), after)
	}
}

func TestClosuresWorkAfterAnInterrupt(t *testing.T) {
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, defined := s.Run(context.Background(), "n := 0\nadd := func(k int) int { n += k; return n }", &record{})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, stopped := s.Run(ctx, "for { add(0) }", &record{})
	r := &record{}
	_, after := s.Run(context.Background(), "fmt.Print(add(3), add(4))", r)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if defined != nil || stopped == nil || after != nil || r.out() != "3 7" {
		t.Errorf("closure printed %q (%v, %v, %v)", r.out(), defined, stopped, after)
	}
}

func TestPanicsInGoroutinesAreErrors(t *testing.T) {
	for name, code := range map[string]string{
		"started by go":                  "go func() { panic(\"lost\") }()\nselect {}",
		"from a timer":                   "import \"time\"\ntime.AfterFunc(time.Millisecond, func() { panic(\"lost\") })\ntime.Sleep(time.Minute)",
		"of a function":                  "func bad(s string) { panic(s) }\ngo bad(\"lost\")\nselect {}",
		"that wakes the cell as it ends": "done := make(chan bool)\ngo func() { defer close(done); panic(\"lost\") }()\n<-done",
		"in a loop":                      "import \"sync\"\nvar wg sync.WaitGroup\nfor i := range 3 { wg.Add(1); go func() { if i == 2 { panic(\"lost\") }; wg.Done() }() }\nwg.Wait()",
	} {
		t.Run(name, func(t *testing.T) {
			runSteps(t, cell.Options{Grace: 200 * time.Millisecond}, []step{
				{code: code, err: "panic: in a goroutine: lost"},
				{code: "7 * 6", value: "42"},
			})
		})
	}
}

func TestPanicInAGoroutineAfterItsCell(t *testing.T) {
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, started := s.Run(context.Background(), "release := make(chan bool)\nended := make(chan bool)\ngo func() { defer close(ended); <-release; panic(\"late\") }()", &record{})
	r := &record{}
	_, err = s.Run(context.Background(), "import \"time\"\nclose(release)\n<-ended\ntime.Sleep(20 * time.Millisecond)\n1", r)
	if closeErr := s.Close(); closeErr != nil || started != nil {
		t.Error(closeErr, started)
	}
	if err != nil || !strings.Contains(r.err(), "a goroutine of cell [1] ended: late") {
		t.Errorf("error %v, stderr %q", err, r.err())
	}
}

func TestOutputArrivesBeforeRunReturnsAndInOrder(t *testing.T) {
	s, err := cell.New(cell.Options{Symbols: symbols.Tables()})
	if err != nil {
		t.Fatal(err)
	}
	r := &ordered{}
	_, err = s.Run(context.Background(), "import \"os\"\nfor i := range 50 {\n\tfmt.Print(i, \";\")\n\tdisplay.Text(fmt.Sprint(\"d\", i))\n}\nos.Stdout.WriteString(\"end\")", r)
	if closeErr := s.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	var want strings.Builder
	for i := range 50 {
		fmt.Fprintf(&want, "%d;<d%d>", i, i)
	}
	if err != nil || r.String() != want.String()+"end" {
		t.Errorf("error %v, got %q", err, r.String())
	}
}

func TestDisplayIsImported(t *testing.T) {
	s, err := cell.New(cell.Options{Symbols: symbols.Tables()})
	if err != nil {
		t.Fatal(err)
	}
	r := &record{}
	_, err = s.Run(context.Background(), "display.HTML(\"<b>x</b>\")\nlive := display.NewLive()\nfor i := range 20 { live.Show(i) }", r)
	if closeErr := s.Close(); closeErr != nil {
		t.Error(closeErr)
	}
	if err != nil || len(r.displays) < 3 {
		t.Fatalf("error %v, displays %v", err, r.displays)
	}
	if last := r.displays[len(r.displays)-1]; last.Text() != "19" || !last.Update || last.ID == "" {
		t.Errorf("the last update is %+v, want 19", last)
	}
	if r.displays[0].Data["text/html"] != "<b>x</b>" {
		t.Errorf("first display %v", r.displays[0])
	}
}

func TestSessionsFollowOneAnother(t *testing.T) {
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cell.New(cell.Options{}); err == nil {
		t.Error("two sessions at a time")
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if _, err := s.Run(context.Background(), "1", &record{}); err == nil {
		t.Error("a closed session ran a cell")
	}
}

func BenchmarkTrivialCell(b *testing.B) {
	s := open(b)
	r := &record{}
	for b.Loop() {
		if _, err := s.Run(context.Background(), "1 + 1", r); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		s, err := cell.New(cell.Options{Symbols: symbols.Tables()})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func ExampleSession_Run() {
	session, err := cell.New(cell.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	out := &record{}
	_, err = session.Run(context.Background(), "x := 20", out)
	if err == nil {
		_, err = session.Run(context.Background(), `fmt.Println("twice x is", 2*x)`, out)
	}
	if closeErr := session.Close(); err != nil || closeErr != nil {
		fmt.Fprintln(os.Stderr, err, closeErr)
		return
	}
	fmt.Print(out.out())
	// Output: twice x is 40
}
