package calibration

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rival draws two methods' answers to the same problems. Difficulty is shared; the second method's confidences are better by
// skill in 0 to 1, and its answers stand in another order.
func rival(rng *rand.Rand, problems int, skill float64) (one, other []Answer) {
	for p := range problems {
		ease := rng.Float64()
		for range 2 {
			right, guess := rng.Float64() < ease, rng.Float64()
			a := Answer{Confidence: guess, HasConfidence: true, Correct: right, Problem: fmt.Sprint(p)}
			one = append(one, a)
			a.Confidence = (1-skill)*rng.Float64() + skill*ease
			other = append(other, a)
		}
	}
	rng.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	return one, other
}

func find(t *testing.T, p Paired, measure string) Difference {
	t.Helper()
	i := slices.IndexFunc(p.Differences, func(d Difference) bool { return d.Measure == measure })
	if i < 0 {
		t.Fatalf("no measure %s", measure)
	}
	return p.Differences[i]
}

func TestCompare(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 1))
	one, other := rival(rng, 150, .8)
	b := Bootstrap{Resamples: 120, Seed: 5}
	p, err := b.Compare(one, other, 10)
	if err != nil {
		t.Fatal(err)
	}
	if p.Problems != 150 || p.Resamples != 120 || p.Level != .95 || len(p.Differences) != measures+furthers {
		t.Errorf("%+v", p)
	}
	x, y := Report(one, 10), Report(other, 10)
	for measure, want := range map[string][2]float64{"auroc": {x.AUROC, y.AUROC}, "brier": {x.Brier, y.Brier}, "aurc": {x.Further.AURC, y.Further.AURC}} {
		d := find(t, p, measure)
		if diff := cmp.Diff(want, [2]float64{d.One, d.Other}, closeTo(1e-12)); diff != "" || d.Difference != d.Other-d.One {
			t.Errorf("%s: %+v", measure, d)
		}
		if d.P > .05 || d.Interval.Low <= 0 && d.Interval.High >= 0 {
			t.Errorf("%s differs plainly, yet p = %v, interval %v", measure, d.P, d.Interval)
		}
	}
	// The verdicts are the same, so nothing can vary.
	if d := find(t, p, "accuracy"); d.Difference != 0 || d.P != 1 || d.Interval != (Interval{}) {
		t.Errorf("accuracy: %+v", d)
	}
	again, err := b.Compare(one, other, 10)
	if diff := cmp.Diff(p, again, closeTo(0)); err != nil || diff != "" {
		t.Errorf("one seed, two results: %v\n%s", err, diff)
	}
}

// TestCompareNull: where the methods are alike, p is below 0.1 about one time in ten.
func TestCompareNull(t *testing.T) {
	rng, low := rand.New(rand.NewPCG(22, 1)), 0
	const trials = 100
	for range trials {
		one, other := rival(rng, 60, 0)
		first, second := newSample(one, 10), newSample(other, 10)
		match, err := matchProblems(one, other)
		if err != nil {
			t.Fatal(err)
		}
		var draws []float64
		b, w := Bootstrap{Resamples: 200, Seed: rng.Uint64()}.withDefaults(), make([]float64, 60)
		b.resample(60, func(weight []float64) {
			for c, k := range weight {
				w[match[c]] = k
			}
			draws = append(draws, second.measure(w)[brier]-first.measure(weight)[brier])
		})
		if (Difference{Interval: b.interval(draws)}).significance(draws) < .1 {
			low++
		}
	}
	if share := float64(low) / trials; share < .03 || share > .2 {
		t.Errorf("p < 0.1 in %.1f %% of %d trials without a difference", 100*share, trials)
	}
}

func TestCompareFaults(t *testing.T) {
	named := func(names ...string) (answers []Answer) {
		for _, n := range names {
			answers = append(answers, Answer{Problem: n})
		}
		return answers
	}
	for want, pair := range map[string][2][]Answer{
		"the first: answer 1 names no problem":           {named("a", ""), named("a")},
		"the second: answer 0 names no problem":          {named("a"), named("")},
		`the second has no answer to problem "b"`:        {named("a", "b"), named("a", "c")},
		`the first has no answer to problem "c": expect`: {named("a", "b"), named("a", "b", "b", "c")},
	} {
		if _, err := (Bootstrap{}).Compare(pair[0], pair[1], 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	p, err := (Bootstrap{Resamples: 10}).Compare(named("a"), named("a"), 10)
	if err != nil || find(t, p, "accuracy").Interval.Defined() {
		t.Errorf("one problem says nothing about variation: %+v, %v", p, err)
	}
	raw, err := json.Marshal(p)
	if err != nil || !strings.Contains(string(raw), `{"measure":"auroc","one":null,"other":null,"difference":null,"interval":null,"p":null}`) {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestFolds(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 1))
	var problems []string
	for range 200 {
		problems = append(problems, fmt.Sprint("p", rng.IntN(37)))
	}
	problems = append(problems, "", "", "")
	folds, err := Folds(problems, 5, 9)
	if err != nil {
		t.Fatal(err)
	}
	of, size := map[string]int{}, make([]int, 5)
	for i, f := range folds {
		size[f]++
		if first, seen := of[problems[i]]; seen && first != f && problems[i] != "" {
			t.Errorf("problem %q is in folds %d and %d", problems[i], first, f)
		}
		of[problems[i]] = f
	}
	if slices.Max(size)-slices.Min(size) > 15 {
		t.Errorf("uneven folds: %v", size)
	}
	if again, _ := Folds(problems, 5, 9); !slices.Equal(folds, again) {
		t.Error("one seed, two results")
	}
	if other, _ := Folds(problems, 5, 10); slices.Equal(folds, other) {
		t.Error("two seeds, one result")
	}
	if few, err := Folds([]string{"a", "b", "a"}, 10, 0); err != nil || few[0] != few[2] || few[0] == few[1] || slices.Max(few) != 1 {
		t.Errorf("two problems: %v, %v", few, err)
	}
	for _, bad := range []struct {
		problems []string
		k        int
	}{{nil, 5}, {[]string{"a", "a"}, 5}, {[]string{"a", "b"}, 1}} {
		if _, err := Folds(bad.problems, bad.k, 0); err == nil || !strings.Contains(err.Error(), "expected at least two of each") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}
