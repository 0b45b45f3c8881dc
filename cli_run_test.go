package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// notebookFile writes a notebook of code cells; the first one may be replaced by parameters.
func notebookFile(t *testing.T, dir string, cells ...string) string {
	t.Helper()
	var list []map[string]any
	for i, code := range cells {
		metadata := map[string]any{}
		if i == 0 {
			metadata["tags"] = []string{"parameters"}
		}
		list = append(list, map[string]any{"cell_type": "code", "id": "c" + string(rune('a'+i)), "source": code, "metadata": metadata,
			"outputs": []any{}, "execution_count": nil})
	}
	raw, err := json.Marshal(map[string]any{"nbformat": 4, "nbformat_minor": 5, "metadata": map[string]any{}, "cells": list})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "made-up.ipynb")
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// A run ends with the status, a message that names the cell, and the outputs so far saved, whatever the cells do.
func TestRunNotebook(t *testing.T) {
	first := `fmt.Println("before")`
	cases := map[string]struct {
		cells  []string
		args   []string
		status int
		stderr []string
		saved  []string // in the executed notebook
	}{
		"all well": {cells: []string{"n := 1", `fmt.Println("n is", n)`}, status: exitOK, saved: []string{"n is 1"}},
		"with a parameter": {cells: []string{"n := 1", `fmt.Println("n is", n)`}, args: []string{"-p", "n=7"}, status: exitOK,
			saved: []string{"n is 7"}},
		"a Go error": {cells: []string{first, "undefinedName + 1"}, status: exitFailed, stderr: []string{"cell 2", "undefinedName"},
			saved: []string{"before", "undefinedName"}},
		"a panic": {cells: []string{first, `panic("on purpose")`, `fmt.Println("after")`}, status: exitFailed,
			stderr: []string{"cell 2", "on purpose"}, saved: []string{"before", "on purpose"}},
		"a panic in a goroutine": {cells: []string{first, "go func() { var m map[string]int; m[\"x\"] = 1 }()\ntime.Sleep(time.Minute)"}, status: exitFailed,
			stderr: []string{"cell 2", "nil map"}, saved: []string{"before", "nil map"}},
		"an endless loop": {cells: []string{first, "for {\n}"}, args: []string{"--timeout", "2s"}, status: exitTimeout, stderr: []string{"cell 2"},
			saved: []string{"before"}},
		"an endless cell": {cells: []string{first, "for {\n}"}, args: []string{"--cell-timeout", "1s"}, status: exitTimeout, stderr: []string{"cell 2"},
			saved: []string{"before"}},
		"a missing file": {cells: []string{first, `raw, err := os.ReadFile("absent.txt"); check(err); fmt.Println(len(raw))`}, status: exitFailed,
			stderr: []string{"cell 2", "absent.txt"}, saved: []string{"before", "absent.txt"}},
		"an unknown parameter": {cells: []string{"n := 1"}, args: []string{"-p", "m=7"}, status: exitUsage, stderr: []string{`"m"`, "n"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, code := range c.cells { // the packages that cells use beside fmt
				if strings.Contains(code, "time.") || strings.Contains(code, "os.") {
					c.cells[i] = "import (\"os\"; \"time\")\nvar _, _ = os.Args, time.Now\n" + code
				}
			}
			dir := t.TempDir()
			out := filepath.Join(dir, "out.ipynb")
			status, _, stderr := godcpo(t, append([]string{"run", notebookFile(t, dir, c.cells...), "-o", out}, c.args...)...)
			if status != c.status {
				t.Errorf("status %d, want %d\n%s", status, c.status, stderr)
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr lacks %q:\n%s", want, stderr)
				}
			}
			saved, err := os.ReadFile(out)
			if err != nil && c.status != exitUsage {
				t.Errorf("the executed notebook: %v", err)
			}
			for _, want := range c.saved {
				if !bytes.Contains(saved, []byte(want)) {
					t.Errorf("the executed notebook lacks %q:\n%s", want, saved)
				}
			}
			if strings.Contains(stderr, "goroutine 1 [") {
				t.Errorf("the process crashed:\n%s", stderr)
			}
		})
	}
}

// An interrupt ends the cell that runs, saves the outputs so far, and has status 130.
func TestRunInterrupted(t *testing.T) {
	dir := t.TempDir()
	out, started := filepath.Join(dir, "out.ipynb"), filepath.Join(dir, "started")
	path := notebookFile(t, dir, `fmt.Println("before")`, "import \"os\"\ncheck(os.WriteFile(`"+started+"`, nil, 0o644))\nfor {\n}")
	cmd := command(t, "run", path, "-o", out)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(started); err == nil {
			break
		}
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("the second cell did not start\n%s", stderr.String())
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		_ = cmd.Process.Kill()
		t.Skipf("this system cannot interrupt a process: %v", err)
	}
	_ = cmd.Wait() // the status is checked below
	if status := cmd.ProcessState.ExitCode(); status != exitInterrupted {
		t.Errorf("status %d, want %d\n%s", status, exitInterrupted, stderr.String())
	}
	if saved, err := os.ReadFile(out); err != nil || !bytes.Contains(saved, []byte("before")) {
		t.Errorf("the outputs so far: %v\n%s", err, saved)
	}
}
