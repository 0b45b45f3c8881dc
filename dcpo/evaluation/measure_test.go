package evaluation

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

func openSample(t *testing.T, o MeasureOptions) *Result {
	t.Helper()
	r, err := Open(sampleDir, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestReference: on the sample journal, every figure is the one that the released evaluation's formulas give.
func TestReference(t *testing.T) {
	raw, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string]float64
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, m := range openSample(t, MeasureOptions{NoIntervals: true}).Methods {
		for _, s := range m.Sets {
			name := strings.TrimSpace(string(m.Confidence) + " " + s.Benchmark)
			sum := s.Summary()
			for measure, got := range map[string]float64{"n": float64(sum.N), "accuracy": sum.Accuracy, "mean_confidence": sum.MeanConfidence, "ece": sum.ECE, "pce": sum.PCE,
				"pce_conditional": sum.PCEConditional, "mce": sum.MCE, "brier": sum.Brier, "auroc": sum.AUROC} {
				seen++
				if w, ok := want[name][measure]; !ok || math.Abs(got-w) > 1e-12 {
					t.Errorf("%s: %s is %.15g, the reference's formula gives %.15g", name, measure, got, w)
				}
			}
		}
	}
	if seen != 6*9 {
		t.Errorf("%d figures were compared, want 54", seen)
	}
}

func TestCounts(t *testing.T) {
	r := openSample(t, MeasureOptions{NoIntervals: true})
	if len(r.Methods) != 2 || r.Methods[0].Confidence != Verbal || r.Methods[1].Confidence != Logits || len(r.Methods[0].Sets) != 3 {
		t.Fatalf("methods %+v", r.Methods)
	}
	if r.Missing != 1 || r.FailedNow != 1 {
		t.Errorf("%d missing, %d failed; want 1 and 1", r.Missing, r.FailedNow)
	}
	if got := r.Methods[1].Title(); got != "logits (of the verbal answers)" {
		t.Errorf("title %q", got)
	}
	all := r.Methods[0].Sets[2]
	c := all.Counts
	want := Counts{Problems: 20, Answers: 79, Truncated: 2, Refused: 4, NoAnswer: c.NoAnswer, NoConfidence: 8, OutOfRange: 2, Ambiguous: 4, Unclear: c.Unclear, Tokens: c.Tokens, Seconds: c.Seconds}
	if c != want || c.Tokens == 0 {
		t.Errorf("counts %+v, want %+v", c, want)
	}
	math500 := r.Methods[0].Sets[0]
	if math500.Title != "MATH-500" || math500.Note != "12 of its 500 problems; made-up problems" {
		t.Errorf("title %q, note %q", math500.Title, math500.Note)
	}
	var names []string
	for _, row := range all.Rows {
		names = append(names, row.Name)
	}
	if got := strings.Join(names, "; "); got != "verbal; answer probability; vote share; base rate; temperature, cross-fitted; isotonic, cross-fitted" {
		t.Errorf("rows %s", got)
	}
	if base := all.Rows[3].Summary; base.ECE > 1e-12 || base.AUROC != 0.5 {
		t.Errorf("base rate: %+v", base)
	}
	if b, v := all.Rows[0].Summary, all.Rows[4].Summary; v.ECE >= b.ECE+1 || v.Accuracy != b.Accuracy {
		t.Errorf("recalibrated: accuracy %v, want %v", v.Accuracy, b.Accuracy)
	}
}

// TestPolicy: the strict reading takes the last word, and nothing outside [0, 1].
func TestPolicy(t *testing.T) {
	r := openSample(t, MeasureOptions{NoIntervals: true, Policy: verbal.Last, Confidences: []Confidence{Verbal}})
	if len(r.Methods) != 1 {
		t.Fatalf("%d methods, want 1", len(r.Methods))
	}
	for _, a := range r.Methods[0].Sets[0].Answers {
		switch {
		case a.Problem == "math500/1" && a.Sample == 0 && a.Stated != 0.85:
			t.Errorf("the last of two is %v", a.Stated)
		case a.Problem == "math500/3" && a.Sample == 2 && a.HasStated:
			t.Errorf("95 %% was read as %v", a.Stated)
		}
	}
}

// TestIntervals: every figure of the confidence itself has one, and an equal run gives equal ones.
func TestIntervals(t *testing.T) {
	o := MeasureOptions{Bootstrap: calibration.Bootstrap{Resamples: 50}}
	a, b := openSample(t, o), openSample(t, o)
	x, y := a.Methods[0].Sets[2].Summary(), b.Methods[0].Sets[2].Summary()
	if x.Intervals == nil || x.Intervals.Further == nil || x.Intervals.ECE != y.Intervals.ECE || !(x.Intervals.Accuracy.Low < x.Accuracy && x.Accuracy < x.Intervals.Accuracy.High) {
		t.Errorf("intervals %+v and %+v", x.Intervals, y.Intervals)
	}
	if base := a.Methods[0].Sets[2].Rows[2].Summary; base.Intervals == nil || base.Further != nil {
		t.Errorf("a baseline has %+v", base)
	}
}

// TestVotes works shares and elections out by hand.
func TestVotes(t *testing.T) {
	answers := []Answer{
		{Key: journal.Key{Problem: "p", Sample: 0}, Answer: `\frac12`, Correct: true, Stated: 0.2, HasStated: true},
		{Key: journal.Key{Problem: "p", Sample: 1}, Answer: "0.5", Correct: true, Stated: 0.2, HasStated: true},
		{Key: journal.Key{Problem: "p", Sample: 2}, Answer: "3", Stated: 0.9, HasStated: true},
		{Key: journal.Key{Problem: "p", Sample: 3}},
		{Key: journal.Key{Problem: "q", Sample: 0}, Answer: "1"},
		{Key: journal.Key{Problem: "q", Sample: 1}, Answer: "2", Correct: true, Stated: 0.1, HasStated: true},
	}
	vote(answers, func(journal.Key) *journal.Problem { return &journal.Problem{} })
	for i, want := range []float64{.5, .5, .25, 0, .5, .5} {
		if answers[i].VoteShare != want {
			t.Errorf("answer %d has %v of the votes, want %v", i, answers[i].VoteShare, want)
		}
	}
	if v := votesOf(answers, Verbal); v != (Votes{Majority: (1 + .5) / 2, Weighted: (0. + 1) / 2}) {
		t.Errorf("votes %+v", v)
	}
}

// TestByPart: token i of n belongs to part ⌊100·i/n⌋, empty parts repeat the one before.
func TestByPart(t *testing.T) {
	parts := byPart([]float32{0, float32(math.Log(.5))})
	if parts[49] != 0 || math.Abs(float64(parts[50])-math.Log(.5)) > 1e-6 || parts[99] != parts[50] {
		t.Errorf("two tokens: %v", parts)
	}
	long := make([]float32, 200)
	for i := range long {
		long[i] = float32(math.Log(.25 + .5*float64(i%2)))
	}
	if parts := byPart(long); math.Abs(float64(parts[7])-math.Log(.5)) > 1e-6 {
		t.Errorf("two tokens a part: %v", parts[7])
	}
}

func TestCompare(t *testing.T) {
	o := MeasureOptions{Name: "one", Bootstrap: calibration.Bootstrap{Resamples: 50}}
	one := openSample(t, o)
	o.Name = "other"
	other := openSample(t, o)
	got, err := Compare([]*Result{one, other})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 6 || got[0].One != "one, verbal" || got[0].Other != "other, verbal" || got[2].Problems != 20 || got[0].Left != 0 {
		t.Fatalf("%+v", got)
	}
	for _, d := range got[2].Differences {
		if d.Difference != 0 && !math.IsNaN(d.Difference) {
			t.Errorf("a journal differs from itself in %s by %v", d.Measure, d.Difference)
		}
	}
	a := []calibration.Answer{{Problem: "x"}, {Problem: "y"}}
	b := []calibration.Answer{{Problem: "y"}, {Problem: "y"}, {Problem: "z"}}
	if x, y, left := common(a, b); len(x) != 1 || len(y) != 2 || left != 2 {
		t.Errorf("common: %v, %v, %d left", x, y, left)
	}
}

func TestOpenErrors(t *testing.T) {
	if _, err := Open(t.TempDir(), MeasureOptions{}); !os.IsNotExist(errRoot(err)) {
		t.Errorf("no journal: %v", err)
	}
	j, err := journal.Open(t.TempDir(), journal.Reference("x"))
	if err != nil {
		t.Fatal(err)
	}
	j.Close()
	if _, err := Open(sampleDir, MeasureOptions{Policy: "mean", Bins: -1, Confidences: []Confidence{"gut"}}); err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("faults are not all told: %v", err)
	}
}

// errRoot unwraps an error to its end.
func errRoot(err error) error {
	for {
		inner, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = inner.Unwrap()
	}
}
