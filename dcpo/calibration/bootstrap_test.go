package calibration

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// draw makes answers to problems of varied difficulty, each asked k times; all
// answers to a problem agree with it in correctness.
func draw(rng *rand.Rand, problems, k int) []Answer {
	var answers []Answer
	for p := range problems {
		right := rng.IntN(2) == 0
		for range k {
			answers = append(answers, Answer{Confidence: rng.Float64(), HasConfidence: true, Correct: right, Problem: fmt.Sprint("p", p)})
		}
	}
	return answers
}

func TestBootstrapSeed(t *testing.T) {
	answers := draw(rand.New(rand.NewPCG(1, 1)), 40, 2)
	one, two := Bootstrap{Resamples: 200, Seed: 7}, Bootstrap{Resamples: 200, Seed: 8}
	if diff := cmp.Diff(one.Summarize(answers, 10), one.Summarize(answers, 10), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("one seed gives two results:\n%s", diff)
	}
	if reflect.DeepEqual(one.Summarize(answers, 10).Intervals, two.Summarize(answers, 10).Intervals) {
		t.Error("two seeds give the same intervals")
	}
}

// TestBootstrapClusters: four agreeing answers a problem carry the information
// of one, so the interval of the accuracy must be that of the problems, about
// ±1.96·0.5/√100, and not half as wide.
func TestBootstrapClusters(t *testing.T) {
	answers := draw(rand.New(rand.NewPCG(2, 2)), 100, 4)
	clustered := Bootstrap{Resamples: 2000}.Summarize(answers, 10)
	for i := range answers {
		answers[i].Problem = ""
	}
	independent := Bootstrap{Resamples: 2000}.Summarize(answers, 10)
	width := func(s Summary) float64 { return s.Intervals.Accuracy.High - s.Intervals.Accuracy.Low }
	if w := width(clustered); math.Abs(w-2*1.96*.05) > .02 {
		t.Errorf("interval of 100 problems is %.3f wide, want about %.3f", w, 2*1.96*.05)
	}
	if w := width(independent); math.Abs(w-1.96*.05) > .015 {
		t.Errorf("interval of 400 answers is %.3f wide, want about %.3f", w, 1.96*.05)
	}
	if a := clustered.Accuracy; a < clustered.Intervals.Accuracy.Low || a > clustered.Intervals.Accuracy.High {
		t.Errorf("accuracy %v is outside its interval %v", a, clustered.Intervals.Accuracy)
	}
}

// TestBootstrapCoverage: over repeated draws the 90 % interval of the Brier
// score holds the true value about 90 % of the time.
func TestBootstrapCoverage(t *testing.T) {
	const trials, truth = 300, 1. / 3 // E (u − r)² for u uniform and r any coin
	rng, held := rand.New(rand.NewPCG(3, 3)), 0
	for i := range trials {
		answers := draw(rng, 80, 1)
		of := Bootstrap{Resamples: 200, Level: .9, Seed: uint64(i)}.Summarize(answers, 10).Intervals.Brier
		if of.Low <= truth && truth <= of.High {
			held++
		}
	}
	if share := float64(held) / trials; share < .84 || share > .95 {
		t.Errorf("the 90 %% interval held the truth in %.1f %% of %d trials", 100*share, trials)
	}
}

func TestBootstrapBand(t *testing.T) {
	var answers []Answer
	for i := range 60 {
		answers = append(answers, stated(.9, i%3 > 0), stated(.25, false))
	}
	band := Bootstrap{Resamples: 500}.Band(answers, 2)
	if b := band[1]; !(b.Low < .667 && .667 < b.High && b.Low > .4 && b.High < .9) {
		t.Errorf("upper bin, two thirds right of 60: %v", b)
	}
	if b := band[0]; b != (Interval{0, 0}) {
		t.Errorf("lower bin, all wrong: %v", b)
	}
	for _, b := range (Bootstrap{Resamples: 10}).Band(answers[:1], 3) {
		if b.Defined() {
			t.Errorf("one problem says nothing about variation, got %v", b)
		}
	}
	if band := (Bootstrap{}).Band(nil, 3); len(band) != 3 || band[0].Defined() {
		t.Errorf("no answers: %v", band)
	}
}

// TestBootstrapUndefined: intervals are undefined where the measure is, in most
// resamples.
func TestBootstrapUndefined(t *testing.T) {
	s := Bootstrap{Resamples: 50}.Summarize([]Answer{stated(.5, true), stated(.7, true), {Correct: true}}, 10)
	if s.Intervals.AUROC.Defined() || s.Intervals.PCEConditional.Defined() || !s.Intervals.Accuracy.Defined() {
		t.Errorf("intervals: %+v", *s.Intervals)
	}
	if s.Intervals.Level != .95 || s.Intervals.Resamples != 50 {
		t.Errorf("defaults: %+v", *s.Intervals)
	}
}

func BenchmarkBootstrap(b *testing.B) {
	answers := draw(rand.New(rand.NewPCG(4, 4)), 500, 4)
	for b.Loop() {
		Bootstrap{}.Summarize(answers, 20)
	}
}
