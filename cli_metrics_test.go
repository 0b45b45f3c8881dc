package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// metricsOf runs the command on lines and decodes its last line, the summary, and those before it.
func metricsOf(t *testing.T, args []string, lines ...string) (status int, summary map[string]any, before []map[string]any, stderr string) {
	t.Helper()
	status, out, stderr := answers(t, command(t, append([]string{"metrics", "--json"}, args...)...), lines...)
	if len(out) == 0 {
		t.Fatalf("status %d, no answer, %s", status, stderr)
	}
	return status, out[len(out)-1], out[:len(out)-1], stderr
}

func TestMetricsFixtures(t *testing.T) {
	raw, err := os.ReadFile(shared(t, "fixtures", "metrics", "public.json"))
	if err != nil {
		t.Fatal(err)
	}
	type binned struct{ ECE, Overconf_ECE, MCE float64 }
	var file struct {
		Cases []struct {
			Name                string
			Confidence, Correct []float64
			Expected            struct {
				Bins20, Bins15  binned
				Accuracy, Brier float64
				Mean_confidence float64
				AUROC           *float64
			}
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	for i, c := range file.Cases {
		var lines []string
		for k := range c.Confidence {
			lines = append(lines, fmt.Sprintf(`{"confidence":%v,"correct":%v}`, c.Confidence[k], c.Correct[k]))
		}
		bins, want := "20", c.Expected.Bins20
		if i%2 == 1 {
			bins, want = "15", c.Expected.Bins15
		}
		status, got, before, stderr := metricsOf(t, []string{"--bins", bins, "--resamples", "0"}, lines...)
		if status != exitOK || len(before) > 0 || stderr != "" || got["n"] != float64(len(lines)) {
			t.Errorf("%s: status %d, n %v, %v, %s", c.Name, status, got["n"], before, stderr)
		}
		auroc := any(nil)
		if c.Expected.AUROC != nil {
			auroc = *c.Expected.AUROC
		}
		for key, want := range map[string]any{"ece": want.ECE, "pce": want.Overconf_ECE, "mce": want.MCE, "accuracy": c.Expected.Accuracy,
			"mean_confidence": c.Expected.Mean_confidence, "brier": c.Expected.Brier, "auroc": auroc} {
			x, isNumber := want.(float64)
			y, has := got[key].(float64)
			if isNumber != has || math.Abs(x-y) > 1e-12 {
				t.Errorf("%s: %s is %v, want %v", c.Name, key, got[key], want)
			}
		}
	}
}

func TestMetricsBadLines(t *testing.T) {
	status, got, before, stderr := metricsOf(t, nil,
		`{"id":"a","confidence":0.9,"correct":true,"problem":"p","more":[1]}`,
		`{"id":"b","confidence":"0.9","correct":true}`,
		`{"id":"c","confidence":0.9}`,
		`{"id":"d","correct":true}`,
		`{"id":"e","confidence":null,"correct":0,"problem":7}`,
		`{"id":"f","confidence":0.9,"correct":2}`,
		`not JSON`,
		``,
		`{"id":"g","confidence":0.5,"correct":1.0,"problem":"q"}`,
		`{"id":"h","confidence":0.5,"correct":false,"problem":["q"]}`)
	wants := []struct{ id, fault string }{
		{"b", `line 2: field "confidence": expected a number, found "0.9"`}, {"c", `line 3: field "correct" is missing`},
		{"d", `line 4: field "confidence" is missing`}, {"f", `line 6: field "correct": expected true, false or a share from 0 to 1, found 2`},
		{"", "line 7: not valid JSON"}, {"h", `line 10: field "problem": expected a string or a number, found ["q"]`},
	}
	if status != exitFailed || len(before) != len(wants) || !strings.Contains(stderr, "6 of 9 lines could not be used; the first: line 2: ") {
		t.Fatalf("status %d, %d answers, %s", status, len(before), stderr)
	}
	for i, want := range wants {
		fault, _ := before[i]["error"].(string)
		if id, _ := before[i]["id"].(string); id != want.id || !strings.HasPrefix(fault, want.fault) {
			t.Errorf("answer %d: %v, want %v", i, before[i], want)
		}
	}
	if got["n"] != 3. || got["accuracy"] != 2./3 || got["share_missing"] != 1./3 || got["auroc"] != 1. || got["nll"] == nil {
		t.Errorf("%v", got)
	}
	if intervals, _ := got["intervals"].(map[string]any); intervals["resamples"] != 1000. || intervals["accuracy"] == nil || intervals["smooth_ece"] == nil {
		t.Errorf("intervals %v", got["intervals"])
	}
}

// Intervals draw problems, not lines: a hundred answers to two problems say little.
func TestMetricsProblems(t *testing.T) {
	width := func(problem func(i int) string) float64 {
		var lines []string
		for i := range 100 {
			lines = append(lines, fmt.Sprintf(`{"confidence":0.5,"correct":%v,"problem":%q}`, i%2 == 0, problem(i)))
		}
		_, got, _, _ := metricsOf(t, []string{"--resamples", "200", "--seed", "3"}, lines...)
		of, _ := got["intervals"].(map[string]any)["accuracy"].([]any)
		if len(of) != 2 {
			t.Fatalf("intervals %v", got["intervals"])
		}
		return of[1].(float64) - of[0].(float64)
	}
	two, many := width(func(i int) string { return fmt.Sprint(i % 2) }), width(func(i int) string { return fmt.Sprint(i) })
	if two != 1 || many > .25 {
		t.Errorf("widths %v of two problems and %v of many", two, many)
	}
}

func TestMetricsText(t *testing.T) {
	cmd := command(t, "metrics", "--bins", "10", "--resamples", "50")
	cmd.Stdin = strings.NewReader("{\"confidence\":0.8,\"correct\":true}\n{\"confidence\":0.6,\"correct\":false}\n")
	status, stdout, stderr := execute(t, cmd)
	for _, want := range []string{"measure", "95 % interval", "ECE (10 bins)", "AUROC", "ECE, smooth", "coverage at 10 % risk"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if status != exitOK || stderr != "" {
		t.Errorf("status %d, %s", status, stderr)
	}
}

func TestMetricsEdges(t *testing.T) {
	status, got, _, stderr := metricsOf(t, nil)
	if status != exitOK || stderr != "" || got["n"] != 0. || got["ece"] != nil || got["aurc"] != nil {
		t.Errorf("no lines: status %d, %v, %s", status, got, stderr)
	}
	for args, want := range map[string]string{"--bins 0": "--bins 0: expected 1 or more", "--resamples -1": "--resamples -1", "--level 95": "--level 95", "extra": "extra"} {
		status, stdout, stderr := godcpo(t, append([]string{"metrics"}, strings.Fields(args)...)...)
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, want) {
			t.Errorf("%s: status %d, %q, %q", args, status, stdout, stderr)
		}
	}
}
