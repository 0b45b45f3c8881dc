package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// evalServer is a server of a made-up model, and a file of six problems to ask it.
func evalServer(t *testing.T, opt vllmtest.Options) (s *vllmtest.Server, bench string) {
	t.Helper()
	s = vllmtest.New(opt)
	t.Cleanup(s.Close)
	var lines strings.Builder
	for i := range 6 {
		fmt.Fprintf(&lines, `{"id": "sum/%d", "problem": "What is %d + %d?", "answer": "%d"}`+"\n", i, i, i, 2*i)
	}
	bench = filepath.Join(t.TempDir(), "sums.jsonl")
	if err := os.WriteFile(bench, []byte(lines.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	return s, bench
}

// asked is how many answers the server sent.
func asked(s *vllmtest.Server) (n int) {
	for _, k := range s.Answers() {
		n += k
	}
	return n
}

// An evaluation leaves journal, report, figures and logs; a second one asks only what is new; other settings are refused, and --from asks nothing.
func TestEval(t *testing.T) {
	s, bench := evalServer(t, vllmtest.Options{})
	dir := filepath.Join(t.TempDir(), "out")
	eval := func(more ...string) []string {
		return append([]string{"eval", "--endpoint", s.URL + "/v1", "--model", "tiny", "--bench", bench, "--out", dir, "--max-tokens", "16", "--resamples", "20"}, more...)
	}
	status, stdout, stderr := godcpo(t, eval("--samples", "2", "--limit", "3")...)
	if status != exitOK || asked(s) != 6 || !strings.Contains(stdout, "verbal, sums") || !strings.Contains(stdout, "report.html") || !strings.Contains(stderr, "6 of 6 answers") {
		t.Fatalf("status %d, %d asked\n%s\n%s", status, asked(s), stdout, stderr)
	}
	for _, name := range []string{"journal.jsonl", "report.html", "report.md", "results.json", "figs/tiny/15_calibration_verbal_sums.pdf", "figs/tiny/15_calibration_logits_sums.pdf", "logs/tiny/sums_Main_verbal.log"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
	if status, _, stderr = godcpo(t, eval("--samples", "2", "--limit", "3")...); status != exitOK || asked(s) != 6 || !strings.Contains(stderr, "all 6 answers are there already") {
		t.Errorf("again: status %d, %d asked\n%s", status, asked(s), stderr)
	}
	if status, stdout, stderr = godcpo(t, eval("--quiet")...); status != exitOK || asked(s) != 24 || stderr != "" {
		t.Errorf("extended: status %d, %d asked\n%s", status, asked(s), stderr)
	}
	if status, _, stderr = godcpo(t, eval("--temperature", "1")...); status != exitUsage || !strings.Contains(stderr, "temperature is 0.7 there and 1 now") || asked(s) != 24 {
		t.Errorf("other settings: status %d\n%s", status, stderr)
	}
	s.Close()
	if status, again, stderr := godcpo(t, "eval", "--from", dir, "--resamples", "20"); status != exitOK || again != stdout {
		t.Errorf("from the journal: status %d\n%s\n%s\nwant\n%s", status, stderr, again, stdout)
	}
	both := filepath.Join(t.TempDir(), "both")
	if status, _, stderr := godcpo(t, "eval", "--from", "one="+dir, "--from", "other="+dir, "--out", both, "--resamples", "20", "--policy", "last"); status != exitOK {
		t.Errorf("side by side: status %d\n%s", status, stderr)
	}
	raw, err := os.ReadFile(filepath.Join(both, "results.json"))
	var data struct{ Comparisons []any }
	if err == nil {
		err = json.Unmarshal(raw, &data)
	}
	if err != nil || len(data.Comparisons) != 2 {
		t.Errorf("%d comparisons, want 2; %v", len(data.Comparisons), err)
	}
}

// Requests that get no answer are told of, with exit status 1, and the report is there all the same; the key is sent and stands nowhere.
func TestEvalFailures(t *testing.T) {
	s, bench := evalServer(t, vllmtest.Options{Key: "sesame-2026", Faults: map[vllmtest.Fault]float64{vllmtest.Broken: 0.4}, Seed: 2})
	dir := t.TempDir()
	args := []string{"eval", "--endpoint", s.URL, "--model", "tiny", "--bench", bench, "--out", dir, "--max-tokens", "16", "--resamples", "0", "--retries", "0", "--key-var", "MY_KEY", "--log-level", "debug"}
	cmd := command(t, args...)
	cmd.Env = append(cmd.Env, "MY_KEY=sesame-2026")
	status, stdout, stderr := execute(t, cmd)
	if status != exitFailed || !strings.Contains(stderr, "puts them again") || !strings.Contains(stderr, "status 500") || !strings.Contains(stdout, "report.html") {
		t.Errorf("status %d\n%s\n%s", status, stdout, stderr)
	}
	for _, name := range []string{"journal.jsonl", "report.html", "report.md", "results.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || strings.Contains(string(text), "sesame") {
			t.Errorf("%s holds the key, or is not there: %v", name, err)
		}
	}
	if strings.Contains(stderr+stdout, "sesame") {
		t.Error("the key was printed")
	}
	if status, _, stderr = godcpo(t, args...); status != exitFailed || !strings.Contains(stderr, "API key") {
		t.Errorf("without a key: status %d\n%s", status, stderr)
	}
}

func TestEvalWrongUsage(t *testing.T) {
	_, bench := evalServer(t, vllmtest.Options{})
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"--bench is missing"}},
		{[]string{"--bench", bench, "--samples", "-1", "--temperature", "9", "--confidence", "gut"}, []string{"no endpoint", "no name", "no folder", "samples are -1", "temperature is 9", `"gut"`}},
		{[]string{"--bench", "absent"}, []string{"absent"}},
		{[]string{"--from", "absent"}, []string{"absent"}},
		{[]string{"--from", "a", "--from", "b"}, []string{"--out is missing"}},
		{[]string{"--from", "a", "--model", "m"}, []string{"--model goes with asking"}},
		{[]string{"--from", "a", "--policy", "mean", "--bins", "-1", "--resamples", "-5"}, []string{"mean", "bins are -1", "--resamples -5"}},
		{[]string{"--bench", bench, "--endpoint", "http://u:p@host", "--model", "m", "--out", "x"}, []string{"keys are taken from the environment"}},
		{[]string{"--bench", bench, "--template-arg", "enable_thinking=true"}, []string{"use --enable-thinking"}},
	} {
		status, stdout, stderr := godcpo(t, append([]string{"eval"}, c.args...)...)
		if status != exitUsage || stdout != "" {
			t.Errorf("%v: status %d, %q", c.args, status, stdout)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%v: stderr lacks %q:\n%s", c.args, want, stderr)
			}
		}
	}
}
