package notebooks_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// executed is a notebook with its outputs.
type executed struct {
	t *testing.T
	*notebook.Notebook
}

// runNotebook runs a notebook with parameters, as godcpo run does. A cell that fails, fails the test.
func runNotebook(t *testing.T, name string, parameters map[string]string) executed {
	t.Helper()
	if testing.Short() {
		t.Skip("trains models")
	}
	out := filepath.Join(t.TempDir(), "executed.ipynb")
	var complaints bytes.Buffer
	err := notebook.Run(context.Background(), name+".ipynb", notebook.Options{Output: out, Parameters: parameters, Stdout: io.Discard, Stderr: &complaints,
		Session: cell.Options{Symbols: symbols.Tables()}})
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	n, err := notebook.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range n.Cells {
		if c.Type == "code" && c.Count == 0 {
			t.Errorf("cell %d has not run", i+1)
		}
	}
	return executed{t, n}
}

// text is all that the notebook prints and shows as text.
func (e executed) text() string {
	var b strings.Builder
	for _, c := range e.Cells {
		for _, o := range c.Outputs {
			b.WriteString(o.Text + "\n")
			for _, kind := range []string{"text/plain", "text/markdown"} {
				if s, ok := o.Data[kind].(string); ok {
					b.WriteString(s + "\n")
				}
			}
		}
	}
	return b.String()
}

// numbers are what a pattern with one group finds in the text.
func (e executed) numbers(pattern string) (found []float64) {
	e.t.Helper()
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(e.text(), -1) {
		x, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			e.t.Errorf("%q: %v", m[0], err)
		}
		found = append(found, x)
	}
	return found
}

// pictures checks that the notebook draws at least so many, none of them blank.
func (e executed) pictures(least int) {
	e.t.Helper()
	n := 0
	for i, c := range e.Cells {
		for _, o := range c.Outputs {
			s, ok := o.Data["image/png"].(string)
			if !ok {
				continue
			}
			n++
			if colours, err := coloursOf(s); err != nil || colours < 3 {
				e.t.Errorf("cell %d: a picture of %d colours, %v", i+1, colours, err)
			}
		}
	}
	if n < least {
		e.t.Errorf("%d pictures, want %d", n, least)
	}
}

// coloursOf counts the colours of a picture.
func coloursOf(text string) (int, error) {
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
	if err != nil {
		return 0, err
	}
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	seen := map[string]bool{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y += 2 {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x += 2 {
			seen[fmt.Sprint(img.At(x, y))] = true
		}
	}
	return len(seen), nil
}

// TestForm: each notebook says what it shows and how long it takes, names its parameters, ends with what was learned, and is kept without outputs.
func TestForm(t *testing.T) {
	names, err := filepath.Glob("*.ipynb")
	if err != nil || len(names) == 0 {
		t.Fatal("no notebooks: ", err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, ".executed.ipynb") {
			continue
		}
		n, err := notebook.Read(name)
		if err != nil {
			t.Error(err)
			continue
		}
		first, last := n.Cells[0], n.Cells[len(n.Cells)-1]
		for _, want := range []string{"# ", "| Shows |", "| Takes |", "go run . run notebooks/" + name} {
			if !strings.Contains(first.Source, want) {
				t.Errorf("%s: its first cell lacks %q", name, want)
			}
		}
		if last.Type != "markdown" || !strings.HasPrefix(last.Source, "## What ") {
			t.Errorf("%s does not end with what was learned", name)
		}
		tagged := 0
		for i, c := range n.Cells {
			for _, tag := range c.Tags {
				if tag == "parameters" {
					tagged++
				}
			}
			if len(c.Outputs) > 0 || c.Count > 0 {
				t.Errorf("%s: cell %d is kept with its outputs", name, i+1)
			}
		}
		if tagged != 1 {
			t.Errorf("%s has %d cells of parameters, want 1", name, tagged)
		}
	}
}

// TestOverconfidence trains for fewer steps than the notebook does.
func TestOverconfidence(t *testing.T) {
	e := runNotebook(t, "paper_overconfidence", map[string]string{"steps": "30"})
	e.pictures(2)
	for _, method := range []string{"GRPO", "DCPO"} {
		accuracy := e.numbers(method + `\*\*: accuracy \w+ \(([\d.]+) to`)
		confidence := e.numbers(method + `\*\*: .*stated confidence \w+ \([\d.]+ to ([\d.]+)\)`)
		if len(accuracy) == 0 || len(confidence) == 0 || accuracy[0] <= 0 || accuracy[0] >= 1 || confidence[0] <= 0 || confidence[0] >= 1 {
			t.Errorf("%s: accuracy %v, confidence %v", method, accuracy, confidence)
		}
	}
}

// TestConfidenceTokens looks at an answer of a small model before and after a little training.
func TestConfidenceTokens(t *testing.T) {
	e := runNotebook(t, "confidence_tokens", map[string]string{"steps": "10"})
	means := append(e.numbers(`mean of the distribution ([\d.]+)[ ;]`), e.numbers(`([\d.]+) after`)...)
	if len(means) != 3 {
		t.Errorf("%d means of distributions, want 3", len(means))
	}
	for _, m := range means {
		if m <= 0 || m >= 1 {
			t.Errorf("a mean confidence of %v", m)
		}
	}
	frames := 0
	for _, c := range e.Cells {
		for _, o := range c.Outputs {
			if s, ok := o.Data["text/html"].(string); ok && strings.Contains(s, "<iframe") {
				frames++
			}
		}
	}
	if frames != 3 {
		t.Errorf("%d pages of tokens, want 3: the answer, the what-ifs, before and after", frames)
	}
}

// TestAblation sweeps two γ and one w, for fewer steps than the notebook does.
func TestAblation(t *testing.T) {
	e := runNotebook(t, "ablation_gamma", map[string]string{"steps": "8", "gammas": "0 1", "weights": "2"})
	e.pictures(1)
	for _, name := range []string{"base", "γ = 0, w = 0.5", "γ = 1, w = 0.5", "γ = 0.5, w = 2"} {
		if found := e.numbers(regexp.QuoteMeta(name) + ` +([\d.]+)`); len(found) == 0 || found[len(found)-1] <= 0 || found[len(found)-1] >= 1 { // behind the progress bar's
			t.Errorf("%s: accuracy %v", name, found)
		}
	}
	for _, ece := range e.numbers(`ECE ([\d.]+), AUROC`) {
		if ece <= 0 || ece >= 1 {
			t.Errorf("a calibration error of %v", ece)
		}
	}
}
