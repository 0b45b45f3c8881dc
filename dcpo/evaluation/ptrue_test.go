package evaluation

import (
	"fmt"
	"math"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// TestPTrue: each answer is asked about once, after a broken-off run too, and is given the model's own verdict on it.
func TestPTrue(t *testing.T) {
	s := start(t, vllmtest.Options{Faults: map[vllmtest.Fault]float64{vllmtest.Broken: 0.2, vllmtest.Garbage: 0.1, vllmtest.WrongModel: 0.1}, Seed: 5})
	o := quick(t.TempDir(), s.URL, sums(6))
	if _, err := Run(t.Context(), o); err != nil { // without
		t.Fatal(err)
	}
	asked := total(s)
	o.PTrue = true
	p, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if p.All != 48 || p.Before != 24 || p.Answered != 24 || total(s) != asked+24 {
		t.Errorf("progress %+v, %d asked, want 24 answers there and 24 checks put", p, total(s)-asked)
	}
	r, err := Open(o.Dir, MeasureOptions{NoIntervals: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.answers) != 24 || r.Missing != 0 {
		t.Fatalf("%d answers, %d missing, want 24 and none", len(r.answers), r.Missing)
	}
	for i := range r.answers {
		a := &r.answers[i]
		want := vllmtest.Belief(fmt.Sprintf(checkText, r.Problem(a).Question, a.Answer))
		if !a.HasPTrue || math.Abs(a.PTrue-want) > 1e-6 {
			t.Errorf("%v: P(True) is %v of %v, want %v", a.Key, a.PTrue, a.HasPTrue, want)
		}
	}
	found := false
	for _, row := range r.Methods[0].Sets[0].Rows {
		found = found || row.Name == "P(True)" && row.Summary.N == 24 && row.Summary.ShareMissing == 0
	}
	if !found {
		t.Errorf("the table has no row of P(True) over 24 answers")
	}
	if p, err = Run(t.Context(), o); err != nil || p.Before != 48 || total(s) != asked+24 {
		t.Errorf("a third run found %d of %d there and asked %d, %v", p.Before, p.All, total(s)-asked-24, err)
	}
}

// TestPTrueMissing: checks that a run was to put, and did not, are missing.
func TestPTrueMissing(t *testing.T) {
	s := start(t, vllmtest.Options{})
	o := quick(t.TempDir(), s.URL, sums(2))
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	j, err := journal.Open(o.Dir, o.withDefaults().Settings)
	if err != nil {
		t.Fatal(err)
	}
	o.PTrue = true
	o = o.withDefaults()
	todo, err := checks(o, j)
	if err != nil || len(todo.keys) != 8 {
		t.Fatalf("%d open checks, %v, want 8", len(todo.keys), err)
	}
	if err := j.Begin(todo.run); err != nil { // and is killed
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Open(o.Dir, MeasureOptions{NoIntervals: true})
	if err != nil || r.Missing != 8 {
		t.Errorf("%d missing, %v, want 8", r.Missing, err)
	}
}

func TestPTrueReading(t *testing.T) {
	alt := func(text string, p float64) journal.Alternative {
		return journal.Alternative{Text: text, LogProb: float32(math.Log(p))}
	}
	for name, c := range map[string]struct {
		first []journal.Alternative
		want  float64
		ok    bool
	}{
		"both":          {[]journal.Alternative{alt("True", 0.6), alt("False", 0.2), alt("I", 0.1)}, 0.75, true},
		"spellings":     {[]journal.Alternative{alt(" true", 0.2), alt("▁True", 0.1), alt("**FALSE**", 0.1), alt("Ġfalse", 0.2)}, 0.5, true},
		"one":           {[]journal.Alternative{alt("False", 0.9)}, 0, true},
		"neither":       {[]journal.Alternative{alt("The", 0.9), alt("Truth", 0.1)}, 0, false},
		"nothing known": {nil, 0, false},
	} {
		got, ok := pTrue(c.first)
		if math.Abs(got-c.want) > 1e-6 || ok != c.ok {
			t.Errorf("%s: %v, %v, want %v, %v", name, got, ok, c.want, c.ok)
		}
	}
}
