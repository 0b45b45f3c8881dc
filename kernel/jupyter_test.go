package kernel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel"
	"github.com/dcpo-go/godcpo/kernel/kernelspec"
)

// pythonVariable names a Python in whose environment the Jupyter packages are installed that .ci/run lists.
const pythonVariable = "GODCPO_TEST_JUPYTER"

// TestMain lets the test binary be the kernel that Jupyter starts: the tests install it as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == "kernel" && os.Args[2] == "start" {
		if err := kernel.Start(context.Background(), os.Args[4], kernel.Options{Version: "test"}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// jupyter is a Python environment in which the kernel is installed, with folders of its own.
type jupyter struct {
	python string
	env    []string
	folder string
}

// newJupyter installs the test binary as kernel godcpo, or skips the test.
func newJupyter(t *testing.T) jupyter {
	t.Helper()
	python := os.Getenv(pythonVariable)
	if python == "" {
		t.Skipf("%s is not set: it names a Python with the Jupyter packages that .ci/run lists", pythonVariable)
	}
	folder := t.TempDir()
	t.Setenv("JUPYTER_DATA_DIR", filepath.Join(folder, "data"))
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := kernelspec.Install(kernelspec.Options{Binary: self, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(),
		"JUPYTER_CONFIG_DIR="+filepath.Join(folder, "config"),
		"JUPYTER_RUNTIME_DIR="+filepath.Join(folder, "runtime"),
		"IPYTHONDIR="+filepath.Join(folder, "ipython"),
		"JUPYTER_PREFER_ENV_PATH=0",
	)
	return jupyter{python: python, env: env, folder: folder}
}

// run runs Python with arguments and returns standard output; standard error goes to the test's log.
func (j jupyter) run(t *testing.T, limit time.Duration, arguments ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, j.python, arguments...)
	command.Env = j.env
	var out, log bytes.Buffer
	command.Stdout, command.Stderr = &out, &log
	err := command.Run()
	t.Logf("%s\n%s", strings.Join(arguments, " "), log.String())
	return out.String(), err
}

// notebook writes a notebook of code cells for our kernel.
func notebook(t *testing.T, path string, cells ...string) {
	t.Helper()
	var list []map[string]any
	for i, code := range cells {
		list = append(list, map[string]any{"cell_type": "code", "id": fmt.Sprintf("cell%d", i), "source": code,
			"metadata": map[string]any{}, "outputs": []any{}, "execution_count": nil})
	}
	raw, err := json.Marshal(map[string]any{
		"nbformat": 4, "nbformat_minor": 5, "cells": list,
		"metadata": map[string]any{"kernelspec": map[string]any{"name": "godcpo", "display_name": "Go (godcpo)", "language": "go"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// executed is what the tests read of an executed notebook.
type executed struct {
	Cells []struct {
		Count   int `json:"execution_count"`
		Outputs []struct {
			Type string         `json:"output_type"`
			Text string         `json:"text"`
			Data map[string]any `json:"data"`
		} `json:"outputs"`
	} `json:"cells"`
}

func TestNbconvert(t *testing.T) {
	j := newJupyter(t)
	in, out := filepath.Join(j.folder, "in.ipynb"), filepath.Join(j.folder, "out.ipynb")
	notebook(t, in, "x := 20", "x += 22\nfmt.Println(\"x is\", x)", "x")
	if _, err := j.run(t, 2*time.Minute, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", out, in); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	// nbformat keeps text as a string or as lines; lines are joined first.
	var got executed
	if err := json.Unmarshal(joinLines(t, raw), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Cells) != 3 || len(got.Cells[1].Outputs) != 1 || len(got.Cells[2].Outputs) != 1 {
		t.Fatalf("got %+v", got)
	}
	if o := got.Cells[1].Outputs[0]; o.Type != "stream" || o.Text != "x is 42\n" {
		t.Errorf("cell 2: %+v", o)
	}
	if o := got.Cells[2].Outputs[0]; o.Type != "execute_result" || o.Data["text/plain"] != "42" {
		t.Errorf("cell 3: %+v", o)
	}
	for i, c := range got.Cells {
		if c.Count != i+1 {
			t.Errorf("cell %d is numbered %d", i+1, c.Count)
		}
	}
}

// joinLines replaces every list of strings in a JSON text by the strings joined.
func joinLines(t *testing.T, raw []byte) []byte {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	var walk func(any) any
	walk = func(v any) any {
		switch v := v.(type) {
		case map[string]any:
			for k := range v {
				v[k] = walk(v[k])
			}
		case []any:
			var lines []string
			for i := range v {
				v[i] = walk(v[i])
				if line, ok := v[i].(string); ok {
					lines = append(lines, line)
				}
			}
			if len(v) > 0 && len(lines) == len(v) {
				return strings.Join(lines, "")
			}
		}
		return v
	}
	joined, err := json.Marshal(walk(v))
	if err != nil {
		t.Fatal(err)
	}
	return joined
}

// TestFailingNotebook checks that a failing cell ends nbconvert with an error that shows ours.
func TestFailingNotebook(t *testing.T) {
	j := newJupyter(t)
	in := filepath.Join(j.folder, "in.ipynb")
	notebook(t, in, `panic("on purpose")`, "1 + 1")
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, j.python, "-m", "nbconvert", "--to", "notebook", "--execute", "--output", "out.ipynb", in)
	command.Env = j.env
	text, err := command.CombinedOutput()
	if err == nil || !strings.Contains(string(text), "on purpose") {
		t.Errorf("error %v, output\n%s", err, text)
	}
}

func TestJupyterKernelTest(t *testing.T) {
	j := newJupyter(t)
	if _, err := j.run(t, 5*time.Minute, filepath.Join("testdata", "protocol_test.py")); err != nil {
		t.Error(err)
	}
}

// TestClients runs the kernel from nbclient, papermill and jupyter console.
func TestClients(t *testing.T) {
	j := newJupyter(t)
	if _, err := j.run(t, 5*time.Minute, filepath.Join("testdata", "clients.py")); err != nil {
		t.Error(err)
	}
}

// TestLatencies runs the benchmark of kernel/bench, so that it stays able to run, and logs what it says: a busy machine fails no test.
func TestLatencies(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles cells")
	}
	j := newJupyter(t)
	out, err := j.run(t, 5*time.Minute, filepath.Join("bench", "latency.py"), "20", "godcpo")
	if err != nil {
		t.Fatal(err)
	}
	t.Log("\n" + out)
	if n := strings.Count(out, `"kernel": "godcpo"`); n != 4 {
		t.Errorf("it measures %d kinds of cells, want 4", n)
	}
}
