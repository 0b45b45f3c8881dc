package kernel_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// gonbExample reads one of GoNB's own notebooks from the module cache.
func gonbExample(t *testing.T, name string) []byte {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/janpfeifer/gonb").Output()
	if err != nil || strings.TrimSpace(string(out)) == "" {
		t.Skipf("the module of GoNB is not in the module cache: %v", err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "examples", "tests", name))
	if err != nil {
		t.Skipf("the module of GoNB has no %s: %v", name, err)
	}
	return text
}

// forOurKernel gives a notebook the name of the test's kernel and nothing else.
func forOurKernel(t *testing.T, text []byte) []byte {
	t.Helper()
	var n map[string]any
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	n["metadata"].(map[string]any)["kernelspec"] = map[string]any{"name": "godcpo", "display_name": "Go (godcpo)", "language": "go"}
	text, err := json.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestGoNBInJupyterLab runs GoNB's notebooks about widgets, the DOM and comms,
// which need a browser, in JupyterLab. The texts are what GoNB's own tests want.
func TestGoNBInJupyterLab(t *testing.T) {
	browser := os.Getenv(browserVariable)
	if browser == "" {
		t.Skipf("%s is not set: it names a Chromium (and %s a Python with jupyterlab and playwright)", browserVariable, pythonVariable)
	}
	j := newJupyter(t)
	j.env = append(j.env, "GONB_GIT_ROOT="+t.TempDir())
	shots := os.Getenv(screenshotVariable)
	if shots == "" {
		shots = t.TempDir()
	}
	work := filepath.Join(j.folder, "work")
	if err := os.Mkdir(work, 0o755); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"widgets.ipynb": {"clicked", "widget tested ok", "widget tested ok"},
		"dom.ipynb":     {"This is a test!<br>\nAnd a second test.<br>\nThis is a test!<br>\nAnd a second test.<br>", "ok"},
		"comms.ipynb":   {"got 2", "got 4", "done", "ok", "No more."},
	}
	for name := range want {
		if err := os.WriteFile(filepath.Join(work, name), forOurKernel(t, gonbExample(t, name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	url := startLab(t, j, work)
	for name, texts := range want {
		log, err := j.run(t, 4*time.Minute, filepath.Join("testdata", "runall.py"), browser, url, name, filepath.Join(shots, name+".png"), "light")
		if err != nil {
			t.Errorf("%s: the browser's script: %v\n%s", name, err, log)
			continue
		}
		all := printed(t, filepath.Join(work, name))
		for _, text := range texts {
			before, after, found := strings.Cut(all, text)
			if !found {
				t.Errorf("%s: no %q in %q\n%s", name, text, all, log)
			}
			all = before + after
		}
		if strings.Contains(strings.ToLower(all), "error") {
			t.Errorf("%s: %q\n%s", name, all, log)
		}
	}
}

// printed is what the cells of a notebook have put out, markup included.
func printed(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var n struct {
		Cells []struct {
			Outputs []struct {
				Type  string
				Text  any
				Value string `json:"evalue"`
				Data  map[string]any
			}
		}
	}
	if err := json.Unmarshal(text, &n); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, c := range n.Cells {
		for _, o := range c.Outputs {
			for _, part := range []any{o.Text, o.Data["text/html"], "\n"} {
				if lines, ok := part.([]any); ok {
					for _, line := range lines {
						all.WriteString(line.(string))
					}
				} else if text, ok := part.(string); ok {
					all.WriteString(text)
				}
			}
			if o.Value != "" {
				all.WriteString("error: " + o.Value)
			}
		}
	}
	return all.String()
}
