package notebook_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
	"github.com/google/go-cmp/cmp"
)

func TestParseScript(t *testing.T) {
	type one struct{ Type, Source, Tag string }
	for name, c := range map[string]struct {
		text string
		want []one
	}{
		"one cell keeps its lines":     {"#!/usr/bin/env -S godcpo run\npackage main\n\nfunc main() {}\n", []one{{"code", "\n\n\nfunc main() {}", ""}}},
		"a comment before the package": {"// What it is.\npackage main // it is\nx := 1", []one{{"code", "// What it is.\n\nx := 1", ""}}},
		"cells":                        {"x := 1\n// %% next\n\n\ny := 2\n//%%\nz := 3", []one{{"code", "x := 1", ""}, {"code", "y := 2", ""}, {"code", "z := 3", ""}}},
		"Markdown":                     {"// %% [markdown]\n// # Title\n//\n//   text\n// %%\n1", []one{{"markdown", "# Title\n\n  text", ""}, {"code", "1", ""}}},
		"parameters":                   {"// %% the settings tags=[\"parameters\"]\nn := 3", []one{{"code", "n := 3", "parameters"}}},
		"a mark in code is none":       {"s := `\n x // %% no\n`", []one{{"code", "s := `\n x // %% no\n`", ""}}},
		"Windows line ends":            {"a := 1\r\n// %%\r\nb := 2\r\n", []one{{"code", "a := 1", ""}, {"code", "b := 2", ""}}},
		"a variable called package":    {"x := 1\npackage_ := 2", []one{{"code", "x := 1\npackage_ := 2", ""}}},
	} {
		n, err := notebook.ParseScript(c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var got []one
		for _, cell := range n.Cells {
			got = append(got, one{cell.Type, cell.Source, strings.Join(cell.Tags, " ")})
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	for text, want := range map[string]string{"": "no code", "\n\n// %%\n \n": "no code", "// %% tags=[parameters]\nx := 1": "line 1: tags=[parameters]"} {
		if _, err := notebook.ParseScript(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzParseScript(f *testing.F) {
	f.Add("#!x\npackage main\n// %% [markdown]\n// a\n// %% tags=[\"parameters\"]\nx := 1\n")
	f.Add("// %%\n//%% [markdown]\n")
	f.Fuzz(func(t *testing.T, text string) {
		n, err := notebook.ParseScript(text)
		if err != nil {
			return
		}
		raw, err := n.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := notebook.Parse(raw)
		if err != nil || len(again.Cells) != len(n.Cells) {
			t.Errorf("%d cells, as a notebook %v", len(n.Cells), err)
		}
	})
}

// script writes a script and runs it.
func script(t *testing.T, text string, opt notebook.Options) (stdout, stderr string, err error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.go")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	var out, complaints bytes.Buffer
	opt.Stdout, opt.Stderr = &out, &complaints
	err = notebook.Run(context.Background(), path, opt)
	if _, statErr := os.Stat(notebook.OutputPath(path)); opt.Output == "" && !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("a notebook was written that nobody asked for (%v)", statErr)
	}
	return out.String(), complaints.String(), err
}

func TestScripts(t *testing.T) {
	out, complaints, err := script(t, "package main\n\nimport (\n\t\"fmt\"\n\t\"os\"\n)\n\nfunc main() {\n\tfmt.Println(\"out\")\n\tfmt.Fprintln(os.Stderr, \"err\")\n}\n", notebook.Options{})
	if out != "out\n" || complaints != "err\n" || err != nil {
		t.Errorf("printed %q and %q, %v", out, complaints, err)
	}
	out, complaints, err = script(t, "import \"os\"\nfmt.Println(1)\nos.Exit(7)\nfmt.Println(2)", notebook.Options{})
	var failed *notebook.CellError
	if out != "1\n" || complaints != "" || !errors.As(err, &failed) {
		t.Fatalf("printed %q and %q, %v", out, complaints, err)
	}
	if status, ok := failed.Exit(); status != 7 || !ok {
		t.Errorf("exit status %d, %v", status, ok)
	}
	_, complaints, err = script(t, "x := 1\n// %%\n\ny := 2\n// %% b\n\nx + z", notebook.Options{})
	if !errors.As(err, &failed) || failed.Script != 7 || !strings.Contains(complaints, "line 1:5: undefined: z") || !strings.Contains(err.Error(), "from line 7 on") {
		t.Errorf("%q, %v", complaints, err)
	}
	if _, ok := failed.Exit(); ok {
		t.Error("a cell that does not compile wants no exit status")
	}
}

// TestPage: what a page shows of each kind of output, and that it needs nothing else.
func TestPage(t *testing.T) {
	target := filepath.Join(t.TempDir(), "page.html")
	text := "// %% [markdown]\n// # A *title*\n// %%\nimport \"github.com/dcpo-go/godcpo/kernel/display\"\nfmt.Println(\"1 < 2\", \"\\x1b[31mred\\x1b[0m\")\n" +
		"display.HTML(\"<b>bold</b>\")\ndisplay.SVG(`<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"2\" height=\"2\"/>`)\ndisplay.Markdown(\"*lean*\")\n42\n// %%\npanic(\"<lost>\")"
	_, _, err := script(t, text, notebook.Options{HTML: target, Session: cell.Options{Symbols: symbols.Tables()}})
	if err == nil {
		t.Error("the panic is no error")
	}
	raw, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	page := string(raw)
	for _, want := range []string{"<title>A *title*</title>", "<h1", "<em>title</em>", "1 &lt; 2", `<span class="term-fg31">red</span>`, "<b>bold</b>", "data:image/svg+xml;base64,",
		"<em>lean</em>", "<pre>42</pre>", "&lt;lost&gt;", `<span class="kn">import</span>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, bad := range []string{"http://fonts", "https://", " src=\"http", "<link"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %s", bad)
		}
	}
}
