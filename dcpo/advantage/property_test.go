package advantage

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// randomBatch makes rollouts with every field an estimator may read: groups of
// unequal size, empty responses, missing confidences, spans anywhere.
func randomBatch(rng *rand.Rand) []Rollout {
	noise := func(n int) []float64 {
		out := make([]float64, n)
		for i := range out {
			out[i] = rng.NormFloat64()
		}
		return out
	}
	batch := make([]Rollout, 1+rng.IntN(24))
	for i := range batch {
		r := Rollout{Group: fmt.Sprint(rng.IntN(5)), Correct: rng.IntN(2) == 0, Answer: float64(rng.IntN(3)), Calibration: -rng.Float64(),
			Length: rng.IntN(7), Baseline: rng.Float64(), MeanLogProb: -rng.ExpFloat64()}
		if r.Length > 0 && rng.IntN(4) > 0 {
			start := rng.IntN(r.Length)
			r.HasConfidence, r.Span = true, verbal.Span{Start: start, End: start + 1 + rng.IntN(r.Length-start)}
		}
		r.Values, r.Parts = noise(r.Length), []Part{{"answer", r.Answer, 1}, {"calibration", r.Calibration, .5}}
		if rng.IntN(2) == 0 {
			r.TokenRewards = noise(r.Length)
		}
		batch[i] = r
	}
	return batch
}

func mustEstimate(t *testing.T, name string, opt Options, rollouts []Rollout) []Advantage {
	t.Helper()
	e, err := New(name, opt)
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Estimate(rollouts)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// FuzzOrder: permuting the batch permutes the result, whatever the estimator;
// each response token has one finite advantage; nothing that was passed in changes.
func FuzzOrder(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	options := []Options{{}, {Placement: Released, Discount: .9, Lambda: .8}, {Scaling: Scaling{NoStd: true}}, {Scaling: Scaling{StdFloor: .3}}}
	f.Fuzz(func(t *testing.T, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 1))
		batch := randomBatch(rng)
		order := rng.Perm(len(batch))
		shuffled := make([]Rollout, len(batch))
		for to, from := range order {
			shuffled[to] = batch[from]
		}
		before := fmt.Sprint(batch)
		for _, name := range Names() {
			needs, err := Requires(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, opt := range options {
				want, got := mustEstimate(t, name, opt, batch), mustEstimate(t, name, opt, shuffled)
				for to, from := range order {
					if diff := cmp.Diff(want[from], got[to], cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
						t.Fatalf("%s %+v, rollout %d (-want +got):\n%s", name, opt, from, diff)
					}
					checkShape(t, name, batch[from], want[from], needs.Values)
				}
			}
		}
		if fmt.Sprint(batch) != before {
			t.Error("an estimator changed its input")
		}
	})
}

func checkShape(t *testing.T, name string, r Rollout, a Advantage, returns bool) {
	t.Helper()
	if len(a.Tokens) != r.Length || returns != (a.Returns != nil) || returns && len(a.Returns) != r.Length {
		t.Errorf("%s: %d advantages and %d returns for %d tokens", name, len(a.Tokens), len(a.Returns), r.Length)
	}
	if !finite(a.Answer, a.Confidence) || !finite(a.Tokens...) || !finite(a.Returns...) {
		t.Errorf("%s: %+v is not finite", name, a)
	}
}

// equals says what makes all advantages of an estimator exactly 0.
var equals = map[string]string{
	"bae_ocb": "group", "ccgspg": "group", "dcpo": "group", "dr_grpo": "group", "gpg": "group", "grpo": "group", "opo": "group", "rlcr": "group", "rloo": "group",
	"gdpo": "all groups", "reinforce++-baseline": "all groups", // the batch's mean over tokens moves the rest
	"reinforce++": "batch",
	"remax":       "baseline", "gae": "values", // groups play no part
}

// TestEqual: rewards that are all equal within a group, or in the whole batch
// for estimators that whiten it, give exactly 0.
func TestEqual(t *testing.T) {
	for _, name := range Names() {
		for _, answer := range []float64{.1, 1. / 3, -.0845, 1, -4418} {
			var batch []Rollout
			for i := range 12 {
				r := Rollout{Group: fmt.Sprint(i % 3), Correct: true, Answer: answer, Calibration: -answer, Length: 2 + i, MeanLogProb: -.2, Baseline: answer}
				if equals[name] != "batch" {
					r.Answer += float64(i%3) * .7
					r.Baseline = r.Answer
				}
				r.Parts = []Part{{"answer", r.Answer, 1}, {"calibration", r.Calibration, .3}}
				r.Values = fill(r.Length, r.Answer) // exact predictions
				batch = append(batch, r)
			}
			if equals[name] == "group" { // another group that varies
				batch = append(batch, Rollout{Group: "x", Length: 3, Answer: 1}, Rollout{Group: "x", Length: 3, Correct: true, Calibration: -2})
			}
			if equals[name] == "" {
				t.Fatalf("say in this test what makes the advantages of %s 0", name)
			}
			got := mustEstimate(t, name, Options{}, batch)
			for i := range 12 {
				if got[i].Answer != 0 || got[i].Confidence != 0 || slices.ContainsFunc(got[i].Tokens, func(v float64) bool { return v != 0 }) {
					t.Errorf("%s, rewards %v, rollout %d: %+v, want exactly 0", name, answer, i, got[i])
				}
			}
		}
	}
}

// TestAlone: a group of one, in a batch of such groups. Where the baseline is the
// group's, it has none, and the reward stays as it is, as in the reference.
func TestAlone(t *testing.T) {
	batch := []Rollout{
		{Group: "a", Answer: 1, Calibration: -.3, HasConfidence: true, Length: 2, Span: verbal.Span{Start: 1, End: 2}, MeanLogProb: -.5, Baseline: .25},
		{Group: "b", Answer: 0, Calibration: -.1, Length: 2, MeanLogProb: -.5, Baseline: .25},
	}
	for i := range batch {
		batch[i].Values = []float64{.5, .5}
		batch[i].Parts = []Part{{"answer", batch[i].Answer, 1}}
	}
	w := .5 / math.Sqrt(1./3) // 1 1 0 0 whitened
	want := map[string][2][]float64{
		"bae_ocb":              {{1, 0}, {0, 0}},
		"ccgspg":               {{0, 0}, {0, 0}},
		"dcpo":                 {{1, -.3}, {0, -.1}},
		"dr_grpo":              {{1, 1}, {0, 0}},
		"gae":                  {{w, w}, {-w, -w}},
		"gdpo":                 {{w, w}, {-w, -w}},
		"gpg":                  {{2, 2}, {0, 0}},
		"grpo":                 {{1, 1}, {0, 0}},
		"opo":                  {{1, 1}, {0, 0}},
		"reinforce++":          {{w, w}, {-w, -w}},
		"reinforce++-baseline": {{w, w}, {-w, -w}},
		"remax":                {{.75, .75}, {-.25, -.25}},
		"rlcr":                 {{1, 1}, {0, 0}},
		"rloo":                 {{1, 1}, {0, 0}},
	}
	for _, name := range Names() {
		got := mustEstimate(t, name, Options{}, batch)
		if diff := cmp.Diff(want[name], [2][]float64{got[0].Tokens, got[1].Tokens}, near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestEmpty: a batch without rollouts, or without tokens, has no advantages.
func TestEmpty(t *testing.T) {
	for _, name := range Names() {
		if got := mustEstimate(t, name, Options{}, nil); got == nil || len(got) != 0 {
			t.Errorf("%s: %v", name, got)
		}
		for _, a := range mustEstimate(t, name, Options{}, []Rollout{{Answer: 1, Parts: []Part{{"answer", 1, 1}}}, {Parts: []Part{{"answer", 0, 1}}}}) {
			if len(a.Tokens) != 0 || !finite(a.Answer, a.Confidence) {
				t.Errorf("%s: %+v for a response without tokens", name, a)
			}
		}
	}
}
