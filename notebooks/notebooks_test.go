package notebooks_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/notebook"
	"github.com/dcpo-go/godcpo/kernel/symbols"
)

// executed is a notebook with its outputs.
type executed struct {
	t *testing.T
	*notebook.Notebook
}

// fullVariable makes the tests run the notebooks as they are, with default parameters.
const fullVariable = "GODCPO_TEST_NOTEBOOKS"

// runNotebook runs a notebook as godcpo run does: with these parameters, which make it shorter, or as it is where the variable says so. A cell that fails,
// fails the test.
func runNotebook(t *testing.T, name string, shorter map[string]string) executed {
	t.Helper()
	if testing.Short() {
		t.Skip("trains models")
	}
	parameters := shorter
	if os.Getenv(fullVariable) == "full" {
		parameters = nil
	}
	began := time.Now()
	defer func() { t.Logf("%s took %.0f s", name, time.Since(began).Seconds()) }()
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

// between checks that a pattern finds numbers, so many at least, and that all of them lie within bounds.
func (e executed) between(what, pattern string, least int, low, high float64) {
	e.t.Helper()
	found := e.numbers(pattern)
	if len(found) < least {
		e.t.Errorf("%s: %d found, want %d", what, len(found), least)
	}
	for _, x := range found {
		if !(x >= low && x <= high) { // NaN fails
			e.t.Errorf("%s: %v, want %v to %v", what, x, low, high)
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
	for _, name := range []string{"base", "γ = 0, w = 0.5", "γ = 1, w = 0.5", "γ = 0.5, w = 2"} { // among those that it sweeps by default, too
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

// TestGradientConflict measures at the start and once on the way.
func TestGradientConflict(t *testing.T) {
	e := runNotebook(t, "paper_gradient_conflict", map[string]string{"steps": "6", "every": "3", "measured": "16", "prompts": "8"})
	e.pictures(1)
	e.between("cosine on shared tokens", `mean of their cosine is ([+-]\d+\.\d+)`, 2, -1, 1)
	e.between("cosine of separated gradients", `Separated, it is ([+-]\d+\.\d+)`, 2, -0.3, 0.3)
	e.between("leak", `make up (\d+) % of what moves`, 2, 5, 95)
}

// TestTable1 trains six methods for a few steps.
func TestTable1(t *testing.T) {
	e := runNotebook(t, "paper_table1", map[string]string{"steps": "6", "rows": "96"})
	e.pictures(1)
	for _, row := range []string{"Base +verbal", "Base +logits", "GRPO +verbal", "GRPO +logits", "ConfClass", "RLCR +verbal", "CCGPSG +logits", "DCPO +verbal", "DCPO-G +verbal", "DCPO-I +verbal"} {
		e.between(row+": accuracy", `(?m)^`+row+` +(\d+\.\d+)\x{a0}±`, 1, 0.02, 0.98)
		e.between(row+": the paper's AUROC", `(?m)^`+row+` .* (\d+\.\d+)$`, 1, 0.5, 0.9)
	}
	e.between("pairs in the paper's order", `(\d+) of \d+ pairs stand`, 3, 0, 45)
}

// TestCalibrationCurves trains three methods for a few steps.
func TestCalibrationCurves(t *testing.T) {
	e := runNotebook(t, "paper_calibration_curves", map[string]string{"steps": "6", "rows": "96"})
	e.pictures(3)
	e.between("wrong answers", `of all answers (\d+) %`, 3, 2, 98)
	e.between("wrong answers of the surer half", `surer half (\d+) %`, 3, 0, 98)
}

// TestTutorial goes the whole way: the interrupted training ends where it says, and the served model answers.
func TestTutorial(t *testing.T) {
	e := runNotebook(t, "tutorial", map[string]string{"steps": "9"})
	e.pictures(2)
	text := e.text()
	if !strings.Contains(text, "context canceled") {
		t.Error("the training was not interrupted")
	}
	made := e.numbers(`steps made: (\d+)`)
	if len(made) != 2 || made[0] >= made[1] || made[0] == 0 {
		t.Errorf("steps made: %v, want some and then more", made)
	}
	if n := len(regexp.MustCompile(`right: (true|false)`).FindAllString(text, -1)); n != 3 {
		t.Errorf("%d answers of the served model, want 3", n)
	}
	e.between("accuracy", `(?m)^(?:before|after) +(\d+\.\d+) `, 2, 0.02, 0.98)
}

// TestTraining makes a run with its folder, from a short warm-up.
func TestTraining(t *testing.T) {
	e := runNotebook(t, "training", map[string]string{"steps": "4", "overrides": "train.parts_every=2 warmup.lessons=300 warmup.habits=200 data.eval_rows=64"})
	e.pictures(4)
	text := e.text()
	for _, want := range []string{"8.191 billion parameters", "KV cache", "tokens a second", "metrics.jsonl", "checkpoints", "tensorboard"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing", want)
		}
	}
	e.between("share of a phase", `(?m)^(?:rollout|score|update) +\S+ +(\d+\.\d+)$`, 3, 0.001, 0.999)
}

// TestEvaluation asks a model that the notebook serves itself.
func TestEvaluation(t *testing.T) {
	e := runNotebook(t, "evaluation", map[string]string{"limit": "12", "samples": "2"})
	e.pictures(3)
	e.between("right answers", `answers (\d+\.\d+) % are right`, 2, 5, 95)
	e.between("ECE", `ECE (\d+\.\d+) \(`, 2, 0.001, 0.9)
	e.between("refused", `answers, (\d+) refused`, 1, 0, 0)
	e.between("without an answer", `(\d+) without an answer`, 1, 0, 0)
}

// TestCurriculum trains uniformly, adaptively and in stages for a few steps.
func TestCurriculum(t *testing.T) {
	e := runNotebook(t, "curriculum", map[string]string{"steps": "8", "problems": "300"})
	e.pictures(2)
	e.between("AdaRFT's target", `Its target ended at (\d+)`, 1, 0, 100)
	e.between("tokens of staged training", `sampled (\d+) % of the tokens`, 1, 40, 99)
	for _, run := range []string{"base", "uniform", "AdaRFT", "staged"} {
		e.between(run+": accuracy", `(?m)^`+run+` +(\d+\.\d+) `, 1, 0.02, 0.98)
	}
}

// TestLogicPuzzles shows the form to a model and reinforces it.
func TestLogicPuzzles(t *testing.T) {
	e := runNotebook(t, "logic_puzzles", map[string]string{"examples": "120", "steps": "4"})
	e.pictures(2)
	e.between("solutions", `solutions found by trying all: (\d+)`, 1, 1, 1)
	example, _, _ := strings.Cut(e.text(), "tokens of the question")
	if n := strings.Count(example, "yes\n"); n != 1 {
		t.Errorf("the worked example calls %d ways possible, want 1", n)
	}
	e.between("shares of answers", `(?m)^(?:base|GRPO|DCPO) +reasoned wrong +(\d+\.\d+) `, 3, 0, 1)
}

// TestLopti compares four ways to weigh unlikely tokens.
func TestLopti(t *testing.T) {
	e := runNotebook(t, "lopti", map[string]string{"steps": "6"})
	e.pictures(3)
	tokens, pull, reweighted := e.numbers(`below 0.6 are \*\*(\d+) %`), e.numbers(`do \*\*(\d+) %`), e.numbers(`with AR (\d+) %`)
	if len(tokens) == 0 || len(pull) == 0 || len(reweighted) == 0 || pull[0] <= tokens[0] || reweighted[0] >= pull[0] {
		t.Errorf("shares of tokens %v, pull %v and pull with AR %v: want the second above the others", tokens, pull, reweighted)
	}
	e.between("accuracy", `\*\*: accuracy (\d+\.\d+), `, 3, 0.02, 0.98)
}

// TestEveryNotebookIsTested: the notebooks of this folder and those that the tests above run, or the tests in the kernel and CI, are the same.
func TestEveryNotebookIsTested(t *testing.T) {
	source, err := os.ReadFile("notebooks_test.go")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("*.ipynb")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		name = strings.TrimSuffix(name, ".ipynb")
		if name != "quickstart" && !strings.HasSuffix(name, ".executed") && !strings.Contains(string(source), `runNotebook(t, "`+name+`"`) {
			t.Errorf("no test runs %s", name)
		}
	}
}
