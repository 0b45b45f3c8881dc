package cell_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// TestACellLeftBehindGoesNoFurther: what an interrupted cell waited for may come later; its next statement is not run then.
func TestACellLeftBehindGoesNoFurther(t *testing.T) {
	for name, magic := range map[string]string{"interpreted": "", "compiled": "%%go\n"} {
		t.Run(name, func(t *testing.T) {
			if magic != "" {
				needsCompiler(t)
			}
			s, err := cell.New(cell.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, defined := s.Run(context.Background(), magic+"x := 1\nch := make(chan int)\nwoken := make(chan bool, 1)", &record{})
			ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second) // time to build it
			defer cancel()
			_, stopped := s.Run(ctx, magic+"defer func() { woken <- true }()\n<-ch\nx = 2", &record{})
			r := &record{}
			_, after := s.Run(context.Background(), magic+"ch <- 1\n<-woken\nfmt.Print(x)", r)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if stopped == nil || !strings.Contains(stopped.Error(), "goes on in the background") {
				t.Errorf("the cell that waits ended with %v", stopped)
			}
			if defined != nil || after != nil || r.out() != "1" {
				t.Errorf("x is %q afterwards (%v, %v), want 1: its statement was not reached", r.out(), defined, after)
			}
		})
	}
}

// TestWhatEndsAProcessEndsACell: os.Exit and log.Fatal in each of their forms, interpreted or compiled as the session sees fit.
func TestWhatEndsAProcessEndsACell(t *testing.T) {
	needsCompiler(t)
	for _, code := range []string{
		"import \"os\"\nos.Exit(1)",
		"import \"log\"\nlog.Fatal(\"x\")",
		"import \"log\"\nlog.Fatalf(\"%d\", 1)",
		"import \"log\"\nlog.Default().Fatalln(\"x\")",
		"import (\"log\"; \"os\")\nl := log.New(os.Stdout, \"\", 0)\nfunc end(l *log.Logger) { l.Fatal(\"x\") }\nend(l)",
		"import \"log\"\nend := log.Fatal\nend(\"x\")",
	} {
		runSteps(t, cell.Options{}, []step{
			{code: "x := 3"},
			{code: "import \"log\"\nlog.SetOutput(log.Default().Writer())\nlog.SetFlags(0)"},
			{code: "func quiet(f func()) { defer func() { recover() }(); f() }\nquiet(func() { x = 4 })"},
			{code: code, err: "panic: os.Exit(1) was called: the cell ends, the session goes on", out: outOf(code)},
			{code: "x", value: "4"},
		})
	}
}

// outOf is what a cell of TestWhatEndsAProcessEndsACell prints to stdout.
func outOf(code string) string {
	if strings.Contains(code, "os.Stdout") {
		return "x\n"
	}
	return ""
}
