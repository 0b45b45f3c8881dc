package main

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// plotFiles writes inputs of plot into a new folder.
func plotFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// plot runs godcpo plot in a folder, with something on standard input.
func plot(t *testing.T, dir, stdin, args string) (status int, stdout, stderr string) {
	t.Helper()
	cmd := command(t, append([]string{"plot"}, strings.Fields(args)...)...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	return execute(t, cmd)
}

const (
	plotGRPO = `{"confidence": 0.9, "correct": true, "problem": "a"}
{"confidence": 0.9, "correct": 0, "problem": 2, "extra": [1]}
{"confidence": null, "correct": false}
`
	plotMixed = `{"id": 1, "confidence": 0.8, "correct": 1, "method": "DCPO"}
{"id": 2, "confidence": 0.2, "correct": 0, "method": "DCPO"}
{"id": 3, "confidence": 0.7, "correct": 0, "method": "GRPO"}
`
	plotSaved = `{"name":"after","task":"arithmetic","bins":20,"seed":1}
{"problem":"","group":3,"question":"1+1","correct":true,"confidence":0.5,"logprobs":[-0.1,-0.2]}
`
	plotRun = `{"step": 2, "accuracy": 0.9, "auroc": 0.9}
{"step": 1, "accuracy": 0.3, "confidence": 0.7, "auroc": 0.5, "note": "warm"}
{"step": 2, "accuracy": 0.4, "confidence": 0.6, "auroc": null, "gradient/reasoning": 0.3, "gradient/confidence": 0.2, "gradient/cosine": -0.1}
`
	plotLogProbs = `{"ids": [1, 2], "logprobs": [null, -0.5]}
{"logprobs": [-0.1, 1e-9], "method": "DCPO"}
`
)

// Each kind draws what its input says, tells of it, and writes the format of the extension.
func TestPlot(t *testing.T) {
	dir := plotFiles(t, map[string]string{"grpo.jsonl": plotGRPO, "mixed.jsonl": plotMixed, "saved.jsonl": plotSaved, "empty.jsonl": "",
		"runs/dcpo/metrics.jsonl": plotRun, "runs/grpo/metrics.jsonl": plotRun, "tokens.jsonl": plotLogProbs})
	for _, c := range []struct{ args, stdin, start, caption string }{
		{"reliability -o one.pdf --in grpo.jsonl", "", "%PDF", "one.pdf: Reliability diagram. grpo: 3 answers, accuracy 0.333"},
		{"reliability -o two.svg --in GRPO=grpo.jsonl --in mixed.jsonl --columns 2", "", "<?xml", "GRPO: 4 answers, accuracy 0.250, mean confidence 0.600, ECE 0.375, PCE 0.375, AUROC 0.833; DCPO: 2 answers"},
		{"reliability -o in.png --reference", plotMixed, "\x89PNG", "DCPO: 2 answers, accuracy 0.500, mean confidence 0.500, ECE 0.200, PCE 0.100, AUROC 1.000; GRPO: 1 answer"},
		{"reliability -o s.svg --in new=mixed.jsonl", "", "<?xml", "new, DCPO: 2 answers"},
		{"reliability -o s.svg --in saved.jsonl", "", "<?xml", "after: 1 answer"},
		{"reliability -o e.svg --in empty.jsonl", "", "<?xml", "empty: no answers"},
		{"reliability -o n.svg", "", "<?xml", "Reliability diagram. no answers."},
		{"histogram -o h.png --in mixed.jsonl", "", "\x89PNG", "DCPO: 1 right with mean confidence 0.800, 1 wrong with 0.200"},
		{"risk-coverage -o r.pdf --in mixed.jsonl --resamples 50", "", "%PDF", "DCPO, AURC 0.250; GRPO, AURC 1.000"},
		{"bars -o b.svg --in mixed.jsonl --no-band", "", "<?xml", "accuracy ↑ of DCPO 0.500"},
		{"tokens -o t.svg --in GRPO=tokens.jsonl", "", "<?xml", "GRPO, 1 response; GRPO, DCPO, 1 response"},
		{"tokens -o t.svg --in saved.jsonl", "", "<?xml", "after, 1 response"},
		{"curves -o c.svg --in runs/dcpo --in old=runs/grpo/metrics.jsonl", "", "<?xml", "accuracy of dcpo 0.4 at 2; accuracy of old 0.4 at 2; confidence of dcpo 0.6 at 2"},
		{"curves -o c.svg --metrics gradient/cosine,accuracy --in runs/dcpo/metrics.jsonl", "", "<?xml", "Training curves. gradient/cosine of dcpo -0.1 at 2; accuracy of dcpo 0.4 at 2."},
		{"curves -o c.svg", `{"step": 1, "odd": 2}`, "<?xml", "odd 2 at 1"},
		{"curves -o c.svg", "", "<?xml", "no values yet"},
		{"accuracy-confidence -o a.svg --in runs/dcpo --smooth 2", "", "<?xml", "accuracy of dcpo 0.4 at 2; mean confidence of dcpo 0.6 at 2"},
		{"gradients -o g.svg --in runs/dcpo", "", "<?xml", "gradient norm of dcpo, reasoning tokens 0.3 at 2"},
		{"gradients -o g.svg --in runs/dcpo --reasoning accuracy", "", "<?xml", "gradient norm of dcpo, reasoning tokens 0.4 at 2"},
	} {
		status, stdout, stderr := plot(t, dir, c.stdin, c.args)
		if status != exitOK || stdout != "" || !strings.Contains(stderr, c.caption) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: status %d, stdout %q, stderr %q, want %q", c.args, status, stdout, stderr, c.caption)
			continue
		}
		out := strings.Fields(c.args)[2]
		if raw, err := os.ReadFile(filepath.Join(dir, out)); err != nil || !bytes.HasPrefix(raw, []byte(c.start)) {
			t.Errorf("%s: it starts with %.8q, error %v", c.args, raw, err)
		}
	}
}

// The reference's file name is the default where the parts of it are given.
func TestPlotReferencePath(t *testing.T) {
	dir := plotFiles(t, nil)
	status, stdout, stderr := plot(t, dir, plotGRPO, "reliability --quiet --model Qwen/Qwen3-8B --type logits --dataset AIME24 --bins 10")
	if status != exitOK || stdout != "" || stderr != "" {
		t.Errorf("status %d, stdout %q, stderr %q", status, stdout, stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "figs", "Qwen", "Qwen3-8B", "10_calibration_logits_AIME24.pdf")); err != nil {
		t.Error(err)
	}
}

// Lines that cannot be used are answered one by one; the figure is drawn of the others, and the exit status tells.
func TestPlotBadLines(t *testing.T) {
	dir := plotFiles(t, map[string]string{"good.jsonl": plotGRPO, "bad.jsonl": `{"id": "x", "confidence": 0.5}
{"correct": true}

{"id": 7, "confidence": "0.5", "correct": true}
{"confidence": 0.5, "correct": 0.5}
{"confidence": 0.5, "correct": tru}
[1]
{"confidence": 0.5, "correct": true}
`, "tokens.jsonl": `{"logprobs": [0.5]}
{"logprobs": "none"}
{"text": "no log-probs"}`, "run.jsonl": `{"accuracy": 1}
{"step": "one", "accuracy": 1}`})
	for _, c := range []struct {
		args   string
		errors []string
		last   string
	}{
		{"reliability -o f.svg --in bad.jsonl", []string{`line 1: expected a field "correct"`, `line 2: expected a field "confidence", a number, or null`,
			`line 4: field "confidence": expected a number, found "0.5"`, `line 5: field "correct": expected true, false, 1 or 0, found 0.5`,
			"line 6: not valid JSON", "line 7: expected a JSON object, found [1]"}, "6 of 7 lines could not be used; the first: line 1: expected"},
		{"histogram -o f.svg --in good.jsonl --in bad.jsonl", []string{"line 1 of bad.jsonl: expected", "line 2 of bad.jsonl", "line 4 of", "line 5 of", "line 6 of", "line 7 of"}, "6 of 10 lines"},
		{"tokens -o f.svg --in tokens.jsonl", []string{`value 0 is 0.5: expected 0 or less`, `field "logprobs"`, `expected a field "logprobs"`}, "3 of 3 lines"},
		{"curves -o f.svg --in run.jsonl", []string{`expected a field "step"`, `field "step": expected a number`}, "2 of 2 lines"},
	} {
		if err := os.RemoveAll(filepath.Join(dir, "f.svg")); err != nil {
			t.Fatal(err)
		}
		status, stdout, stderr := plot(t, dir, "", c.args)
		if status != exitFailed || !strings.Contains(stderr, c.last) {
			t.Errorf("%s: status %d, stderr %q, want %q", c.args, status, stderr, c.last)
		}
		lines := strings.Split(strings.TrimSpace(stdout), "\n")
		if len(lines) != len(c.errors) {
			t.Errorf("%s: %d lines are answered, want %d:\n%s", c.args, len(lines), len(c.errors), stdout)
			continue
		}
		for i, line := range lines {
			var answer map[string]any
			if err := json.Unmarshal([]byte(line), &answer); err != nil {
				t.Fatalf("%v in %s", err, line)
			}
			if text, _ := answer["error"].(string); !strings.Contains(text, c.errors[i]) {
				t.Errorf("%s: %s does not say %q", c.args, line, c.errors[i])
			}
			if _, ok := answer["id"]; !ok {
				t.Errorf("%s: %s has no id", c.args, line)
			}
		}
		if _, err := os.Stat(filepath.Join(dir, "f.svg")); err != nil {
			t.Errorf("%s: the figure of the other lines is missing: %v", c.args, err)
		}
	}
}

func TestPlotUsage(t *testing.T) {
	dir := plotFiles(t, map[string]string{"a/x.jsonl": plotGRPO, "b/x.jsonl": plotGRPO, "run.jsonl": plotRun, "file": ""})
	for _, c := range []struct {
		args, want string
		status     int
	}{
		{"", "expected one of the commands accuracy-confidence, bars, curves", exitUsage},
		{"pie", "pie", exitUsage},
		{"reliability", "-o is missing", exitUsage},
		{"reliability -o x.jpg", ".svg, .png or .pdf", exitUsage},
		{"reliability -o x.svg --in absent.jsonl", "absent.jsonl", exitUsage},
		{"reliability -o x.svg --in =", `expected a file`, exitUsage},
		{"reliability -o x.svg --in a/x.jsonl --in b/x.jsonl", "--in NAME=FILE", exitUsage},
		{"reliability -o x.svg --bins -1 --resamples 0 --level 2", "Bins is -1", exitUsage},
		{"reliability --model m", "dataset", exitUsage},
		{"reliability -o x.svg --model m --dataset d", "output", exitUsage},
		{"tokens -o x.svg --band 1", "--band 1", exitUsage},
		{"curves -o x.svg --smooth 0", "--smooth 0", exitUsage},
		{"curves -o x.svg --in run.jsonl --metrics ece", "no run has ece; there are: accuracy, auroc, confidence", exitUsage},
		{"curves -o x.svg --in r=run.jsonl --in r=run.jsonl", `two runs are named "r"`, exitUsage},
		{"gradients -o x.svg --in run.jsonl --reasoning a --confidence b", "no run has a or b (see --reasoning, --confidence)", exitUsage},
		{"reliability -o file/x.svg --in a/x.jsonl", "save figure", exitFailed},
	} {
		status, stdout, stderr := plot(t, dir, "", c.args)
		if status != c.status || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: status %d, want %d; stdout %q, stderr %q, want %q", c.args, status, c.status, stdout, stderr, c.want)
		}
	}
}

// FuzzPlotLine: whatever a line holds, it is used or refused, and what is used can be drawn.
func FuzzPlotLine(f *testing.F) {
	for _, seed := range []string{plotGRPO, plotMixed, plotRun, plotLogProbs, plotSaved} {
		for line := range strings.Lines(seed) {
			f.Add([]byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r := newRecord(1, line)
		if r.err != nil {
			return
		}
		a, err := answerOf(r)
		if err == nil && (math.IsNaN(a.Confidence) || math.IsInf(a.Confidence, 0)) {
			t.Errorf("confidence %v", a.Confidence)
		}
		logProbs, err := logProbsOf(r)
		for i, v := range logProbs {
			if err == nil && v > 1e-3 {
				t.Errorf("log-prob %d is %v", i, v)
			}
		}
		step, values, err := stepOf(r)
		if err != nil {
			return
		}
		if run := runOf("r", map[float64]map[string]float64{step: values}); len(run.Steps) != 1 {
			t.Errorf("steps %v", run.Steps)
		}
	})
}
