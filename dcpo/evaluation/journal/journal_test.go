package journal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func open(t *testing.T, dir string, s Settings) *Journal {
	t.Helper()
	j, err := Open(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func answer(problem string, sample int) Answer {
	return Answer{Key: Key{Benchmark: "bench", Problem: problem, Sample: sample, Prompt: "boxed"}, Seed: 7, Text: "\\boxed{1} <&> \u2028 é", Tokens: []int32{3, 2}, LogProbs: []float32{-0.1, -9999},
		Finish: "stop", PromptTokens: 5, ResponseTokens: 2, Endpoint: "http://here", Attempts: 2, Seconds: 1.5}
}

var bench = Benchmark{Name: "bench", Size: 2, Note: "a part"}

func problemsOf(ids ...string) (out []Problem) {
	for _, id := range ids {
		out = append(out, Problem{Benchmark: "bench", ID: id, Question: "What is " + id + "?", Answer: "1", Choices: []string{"1", "2"}})
	}
	return out
}

// written is a closed journal with two answers.
func written(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	j := open(t, dir, Reference("tiny"))
	if err := j.Declare(bench, problemsOf("a", "b")); err != nil {
		t.Fatal(err)
	}
	for _, a := range []Answer{answer("a", 0), answer("b", 0)} {
		if err := j.Append(a); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// read gives all answers of a journal.
func read(t *testing.T, dir string) (c *Contents, answers []Answer) {
	t.Helper()
	c, err := Read(dir, func(*Problem) {}, func(a *Answer, at int64) error {
		again, err := At(dir, at)
		if err != nil || !cmp.Equal(a, again) {
			t.Errorf("at %d stands %+v, %v; want %+v", at, again, err, a)
		}
		answers = append(answers, *a)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, answers
}

func TestRoundTrip(t *testing.T) {
	dir := written(t)
	c, answers := read(t, dir)
	if diff := cmp.Diff(problemsOf("a", "b"), c.Problems["bench"]); diff != "" || len(c.Benchmarks) != 1 || c.Benchmarks[0] != bench {
		t.Errorf("benchmarks %+v, problems (-want +got):\n%s", c.Benchmarks, diff)
	}
	if !cmp.Equal(c.Settings, Reference("tiny")) {
		t.Errorf("settings %+v", c.Settings)
	}
	want := []Answer{answer("a", 0), answer("b", 0)}
	for i := range want {
		want[i].Settings, want[i].At = answers[i].Settings, answers[i].At
	}
	if diff := cmp.Diff(want, answers); diff != "" || answers[0].At.IsZero() || answers[0].Settings == "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTornAnywhere cuts a journal at many bytes: Open takes back what is torn, keeps each whole line, and goes on.
func TestTornAnywhere(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(written(t), Name))
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 7 {
		dir := t.TempDir()
		path := filepath.Join(dir, Name)
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		j := open(t, dir, Reference("tiny"))
		kept := strings.Count(string(whole[:cut]), `{"answer":`)
		if strings.Count(string(whole[:cut]), "\n") < 4+kept { // the last answer's line has no end
			kept--
		}
		if got := j.Answered(); got != max(0, kept) {
			t.Fatalf("cut at %d: %d answers, want %d", cut, got, kept)
		}
		if err := j.Declare(bench, problemsOf("a", "b")); err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		for _, a := range []Answer{answer("a", 0), answer("b", 0)} {
			if !j.Settled(a.Key) {
				if err := j.Append(a); err != nil {
					t.Fatalf("cut at %d: %v", cut, err)
				}
			}
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		c, answers := read(t, dir)
		if len(answers) != 2 || len(c.Problems["bench"]) != 2 || c.Repeated != 0 {
			t.Fatalf("cut at %d: %d answers and %d problems in the end", cut, len(answers), len(c.Problems["bench"]))
		}
	}
}

// TestZeros: what a failing machine may leave at the end is taken back too.
func TestZeros(t *testing.T) {
	dir := written(t)
	f, err := os.OpenFile(filepath.Join(dir, Name), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(append(make([]byte, 3000), "\n\x00\x00"...)); err != nil {
		t.Fatal(err)
	}
	f.Close()
	j := open(t, dir, Reference("tiny"))
	defer j.Close()
	if j.Answered() != 2 {
		t.Errorf("%d answers, want 2", j.Answered())
	}
}

func TestMismatch(t *testing.T) {
	dir := written(t)
	other := Reference("tiny")
	other.Temperature, other.MaxTokens = 1, 100
	_, err := Open(dir, other)
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) || len(mismatch.Differences) != 2 {
		t.Fatalf("got %v", err)
	}
	for _, want := range []string{"temperature is 0.7 there and 1 now", "max_tokens is 3000 there and 100 now"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %q", err, want)
		}
	}
	j := open(t, dir, Reference("tiny"))
	defer j.Close()
	changed := problemsOf("a", "b")
	changed[1].Answer = "2"
	if err := j.Declare(bench, changed); !errors.As(err, &mismatch) || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("another answer to a problem: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	dir := written(t)
	j := open(t, dir, Reference("tiny"))
	if _, err := Open(dir, Reference("tiny")); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a journal that is being written was opened again: %v", err)
	}
	if err := j.Append(answer("a", 0)); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a second answer to a question: %v", err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, Name)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for _, c := range []struct{ name, text, want string }{
		{"no journal", "a shopping list\n", "no journal"},
		{"no journal, torn", "a shopping list", "no journal"},
		{"another JSON file", `{"answer":{}}` + "\n", "not the head"},
		{"damaged in the middle", lines[0] + lines[1] + "{\n" + lines[2], "line 3 cannot be read"},
		{"newer", `{"head":{"version":99}}` + "\n", "version 99"},
	} {
		if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir, Reference("tiny")); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if after, _ := os.ReadFile(path); string(after) != c.text {
			t.Errorf("%s: the file was changed", c.name)
		}
	}
	if _, err := Open(t.TempDir(), Settings{Temperature: -1, TopP: 2}); err == nil || strings.Count(err.Error(), "\n") < 3 {
		t.Errorf("faults are not all told: %v", err)
	}
}

// TestFailedIsAskedAgain: a request that failed is open until it is answered; one that was refused is not.
func TestFailedIsAskedAgain(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Reference("tiny"))
	failed := Answer{Key: Key{Benchmark: "bench", Problem: "a", Prompt: "boxed"}, Error: "reset"}
	refused := Answer{Key: Key{Benchmark: "bench", Problem: "b", Prompt: "boxed"}, Error: "too long", Status: 400, Final: true}
	for _, a := range []Answer{failed, refused} {
		if err := j.Append(a); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	j = open(t, dir, Reference("tiny"))
	if j.Settled(failed.Key) || !j.Settled(refused.Key) {
		t.Errorf("settled: failed %v, refused %v", j.Settled(failed.Key), j.Settled(refused.Key))
	}
	if c, answers := read(t, dir); len(answers) != 1 || c.Failed[failed.Key] != "reset" {
		t.Errorf("%d answers, failed %v", len(answers), c.Failed)
	}
	if err := j.Append(answer("a", 0)); err != nil {
		t.Fatal(err)
	}
	j.Close()
	if c, answers := read(t, dir); len(answers) != 2 || len(c.Failed) != 0 {
		t.Errorf("%d answers, failed %v", len(answers), c.Failed)
	}
}
