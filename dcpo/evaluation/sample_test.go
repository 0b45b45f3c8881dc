package evaluation

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

var update = flag.Bool("update", false, "write testdata/journal anew; run testdata/reference.py afterwards")

// sampleDir holds a journal of made-up answers to two benchmarks with all that can go wrong.
const sampleDir = "testdata/journal"

// TestSample checks that the journal in testdata is the one that this file makes, and writes it with -update.
func TestSample(t *testing.T) {
	dir := t.TempDir()
	writeSample(t, dir)
	got, err := os.ReadFile(filepath.Join(dir, journal.Name))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(sampleDir, journal.Name)
	if *update {
		if err := os.MkdirAll(sampleDir, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Error("the journal in testdata is another one: run with -update, then reference.py")
	}
}

func writeSample(t *testing.T, dir string) {
	t.Helper()
	j, err := journal.Open(dir, journal.Reference("lab/tiny-1"))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(err)
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	sets := []journal.RunSet{{Benchmark: "math500", Problems: 12}, {Benchmark: "aime24", Problems: 8}}
	for _, s := range sets {
		b := journal.Benchmark{Name: s.Benchmark, Source: "made up", Licence: "none", Size: s.Problems}
		if s.Benchmark == "math500" {
			b.Size, b.Note = 500, "made-up problems"
		}
		check(j.Declare(b, sampleProblems(s)))
	}
	check(j.Begin(journal.Run{Began: at, Program: "(test)", Endpoints: []string{"http://127.0.0.1:8000"}, Samples: 4, Prompts: []verbal.Prompt{verbal.PromptBoxed}, Sets: sets}))
	rng := rand.New(rand.NewPCG(11, 4))
	for sample := range 4 {
		for _, s := range sets {
			for n, p := range sampleProblems(s) {
				a := sampleAnswer(rng, n, sample)
				a.Key = journal.Key{Benchmark: s.Benchmark, Problem: p.ID, Sample: sample, Prompt: verbal.PromptBoxed}
				a.At, a.Endpoint, a.Attempts = at, "http://127.0.0.1:8000", 1
				if s.Benchmark == "aime24" && n == 7 && sample == 3 {
					a.Error, a.Text, a.Tokens, a.LogProbs = "http://127.0.0.1:8000/v1/chat/completions: connection reset (7 attempts)", "", nil, nil
				}
				check(j.Append(a))
			}
		}
	}
	check(j.Close())
}

func sampleProblems(s journal.RunSet) (out []journal.Problem) {
	for n := range s.Problems {
		question := fmt.Sprintf("What is %d + %d?", n, n)
		if n == 2 {
			question = "Is $a<b$ & $b|c$? <script>alert('question')</script> ![x](http://example.com/x.png)\n\n# heading"
		}
		out = append(out, journal.Problem{Benchmark: s.Benchmark, ID: fmt.Sprintf("%s/%d", s.Benchmark, n), Question: question, Answer: fmt.Sprint(2 * n)})
	}
	return out
}

// sampleAnswer is right more often for the first problems, and sure of itself where it should not be.
func sampleAnswer(rng *rand.Rand, n, sample int) journal.Answer {
	a := journal.Answer{Seed: uint64(rng.Uint32()), Finish: "stop", PromptTokens: 40 + n, Seconds: float64(sample) + 0.25}
	right := rng.Float64() > float64(n)/14
	answer := fmt.Sprint(2 * n)
	if !right {
		answer = fmt.Sprint(2*n + 1 + rng.IntN(2))
	} else if rng.IntN(3) == 0 {
		answer += ".0"
	}
	confidence := fmt.Sprintf("%.2f", 0.45+0.55*rng.Float64())
	if right {
		confidence = fmt.Sprintf("%.2f", 0.6+0.4*rng.Float64())
	}
	a.Text = "Thinking.\nSo it is \\boxed{" + answer + "}.\nCONFIDENCE: " + confidence
	switch {
	case n == 1 && sample == 0:
		a.Text = "I will say CONFIDENCE: 0.3 at first.\n\\boxed{" + answer + "}\nCONFIDENCE: 0.85"
	case n == 2 && sample == 1:
		a.Text = "</pre><script>alert('answer')</script>\n```\n\\boxed{77}\nCONFIDENCE: 1"
	case n == 3 && sample == 2:
		a.Text = "\\boxed{" + answer + "}\nCONFIDENCE: 95%"
	case n == 4 && sample == 3:
		a.Text = "\\boxed{" + answer + "}"
	case n == 5 && sample == 0:
		a.Text, a.Finish = strings.Repeat("and so on ", 12), "length"
	case n == 6 && sample == 1:
		a.Text, a.Refusal = "", "I cannot help with that."
	case n == 6 && sample == 2:
		a.Text = "\\boxed{" + answer + "}\nCONFIDENCE: 0"
	}
	for range 3 + rng.IntN(140) {
		a.Tokens = append(a.Tokens, int32(8+rng.IntN(500)))
		a.LogProbs = append(a.LogProbs, -float32(rng.IntN(200)*rng.IntN(12))/4000)
	}
	a.ResponseTokens = len(a.Tokens)
	if n == 6 && sample == 3 {
		a.Text, a.Tokens, a.LogProbs, a.Error, a.Status, a.Final = "", nil, nil, "http://127.0.0.1:8000/v1/chat/completions: status 400: too long", 400, true
		a.ResponseTokens, a.Finish = 0, ""
	}
	return a
}
