package notebook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// write makes a notebook of code cells; the first is tagged "parameters".
func write(t *testing.T, sources ...string) string {
	t.Helper()
	var cells []map[string]any
	for i, s := range sources {
		metadata := map[string]any{"mine": i}
		if i == 0 {
			metadata["tags"] = []string{"parameters"}
		}
		cells = append(cells, map[string]any{"cell_type": "code", "id": string(rune('a' + i)), "source": strings.SplitAfter(s, "\n"),
			"metadata": metadata, "outputs": []any{}, "execution_count": nil})
	}
	raw, err := json.Marshal(map[string]any{"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{"kept": true}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "n.ipynb")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// run executes a notebook and returns it, what it printed, and the error.
func run(t *testing.T, path string, opt notebook.Options) (*notebook.Notebook, string, error) {
	t.Helper()
	var printed bytes.Buffer
	opt.Stdout, opt.Stderr = &printed, &printed
	opt.Session = cell.Options{Symbols: symbols.Tables()}
	err := notebook.Run(context.Background(), path, opt)
	out := opt.Output
	if out == "" {
		out = notebook.OutputPath(path)
	}
	n, readErr := notebook.Read(out)
	if readErr != nil && err == nil {
		t.Fatal(readErr)
	}
	return n, printed.String(), err
}

func TestOutputsAreKept(t *testing.T) {
	path := write(t, "n := 1", `fmt.Println("one"); fmt.Println("two")`, "n + 41", `live := display.NewLive()
live.Show("first")`, `live.Show("last")`)
	n, printed, err := run(t, path, notebook.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got := n.Cells[1].Outputs; len(got) != 1 || got[0].Text != "one\ntwo\n" {
		t.Errorf("stream outputs %+v", got)
	}
	if got := n.Cells[2].Outputs; len(got) != 1 || got[0].Type != "execute_result" || got[0].Data["text/plain"] != "42" || got[0].Count != 3 {
		t.Errorf("value %+v", got)
	}
	if got := n.Cells[3].Outputs; len(got) != 1 || got[0].Data["text/plain"] != "last" {
		t.Errorf("a display updated by a later cell holds %+v", got)
	}
	if !strings.Contains(printed, "one\ntwo\n42\n") {
		t.Errorf("printed %q", printed)
	}
	raw, err := os.ReadFile(notebook.OutputPath(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"kept": true`, `"mine": 2`, `"iopub.execute_input"`, `"nbformat_minor": 5`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("the executed notebook has no %s", want)
		}
	}
}

func TestParameters(t *testing.T) {
	path := write(t, "seeds := 1\nname := \"a\"\nrate := 0.5\nquick := false", `fmt.Print(seeds, name, rate, quick)`)
	_, printed, err := run(t, path, notebook.Options{Parameters: map[string]string{"seeds": "3", "name": "b=c", "rate": "1e-3", "quick": "true"}})
	if err != nil || !strings.Contains(printed, "3b=c0.001 true") && !strings.Contains(printed, "3b=c 0.001 true") {
		t.Errorf("printed %q, error %v", printed, err)
	}
	for name, bad := range map[string]map[string]string{"no parameter": {"seed": "3"}, "is no int": {"seeds": "many"}, "is no bool": {"quick": "yes"}} {
		_, printed, err := run(t, path, notebook.Options{Parameters: bad})
		var usage *notebook.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), name) || printed != "" {
			t.Errorf("%v: error %v (want a usage error with %q), printed %q", bad, err, name, printed)
		}
	}
}

// TestFailuresAreNamed runs notebooks whose second cell goes wrong: the error names the cell, the outputs before it are saved,
// and the cell after it has not run.
func TestFailuresAreNamed(t *testing.T) {
	cases := []struct {
		name, code, kind, want string
		timeout                time.Duration
	}{
		{"typo", "x := undefinedName + 1", cell.CompileError, "undefinedName", 0},
		{"syntax", "for {", cell.CompileError, "", 0},
		{"panic", `var m map[string]int
m["a"] = 1`, cell.PanicError, "nil map", 0},
		{"goroutine", `done := make(chan int)
go func() { defer close(done); panic("in the back") }()
<-done`, cell.PanicError, "in the back", 0},
		{"check", `check(fmt.Errorf("the disk is full"))`, cell.FailedError, "the disk is full", 0},
		{"loop", "for { }", cell.TimeoutError, "timed out", 2 * time.Second},
		{"busy loop", "i := 0\nfor { i++ }", cell.TimeoutError, "timed out", 2 * time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, `fmt.Println("before")`, c.code, `fmt.Println("after")`)
			start := time.Now()
			n, _, err := run(t, path, notebook.Options{Timeout: c.timeout})
			var failed *notebook.CellError
			if !errors.As(err, &failed) {
				t.Fatalf("error %v, want a *CellError", err)
			}
			if failed.Index != 2 || failed.Err.Name != c.kind || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v of kind %q in cell %d, want %q with %q in cell 2", err, failed.Err.Name, failed.Index, c.kind, c.want)
			}
			if strings.Contains(err.Error(), "goroutine 1 [") {
				t.Errorf("a stack trace of the interpreter is shown: %v", err)
			}
			if len(n.Cells[0].Outputs) != 1 || len(n.Cells[2].Outputs) != 0 {
				t.Errorf("outputs before and after: %+v, %+v", n.Cells[0].Outputs, n.Cells[2].Outputs)
			}
			last := n.Cells[1].Outputs
			if len(last) == 0 || last[len(last)-1].Type != "error" {
				t.Errorf("the failed cell holds %+v", last)
			}
			if c.timeout > 0 && time.Since(start) > c.timeout+20*time.Second {
				t.Errorf("it took %v to stop", time.Since(start))
			}
		})
	}
}

func TestUnusableNotebooks(t *testing.T) {
	dir := t.TempDir()
	files := map[string]string{"missing.ipynb": "", "text.ipynb": "hello", "old.ipynb": `{"nbformat": 3, "worksheets": []}`, "list.ipynb": "[]"}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var usage *notebook.UsageError
		if err := notebook.Run(context.Background(), path, notebook.Options{}); !errors.As(err, &usage) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want a usage error that names the file", name, err)
		}
		if _, err := os.Stat(notebook.OutputPath(path)); err == nil {
			t.Errorf("%s: an executed notebook was written", name)
		}
	}
}

func TestAllowErrorsGoesOn(t *testing.T) {
	path := write(t, `fmt.Println("a")`, "nope", `fmt.Println("b")`)
	n, _, err := run(t, path, notebook.Options{AllowErrors: true})
	if err == nil || len(n.Cells[2].Outputs) != 1 {
		t.Errorf("error %v; the last cell holds %+v", err, n.Cells[2].Outputs)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"code","source":["a\n","b"],"metadata":{"tags":["x"]},"outputs":[{"output_type":"stream","text":"t"}]}]}`))
	f.Add([]byte(`{"nbformat":4,"cells":[{"cell_type":"markdown","source":"x","metadata":null}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		n, err := notebook.Parse(raw)
		if err != nil {
			return
		}
		again, err := n.MarshalJSON()
		if err != nil {
			t.Fatalf("cannot write what was read: %v", err)
		}
		if _, err := notebook.Parse(again); err != nil {
			t.Fatalf("cannot read what was written: %v\n%s", err, again)
		}
	})
}
