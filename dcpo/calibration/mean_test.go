package calibration

import (
	"fmt"
	"math"
	"testing"
)

// TestMean: sets count alike, and the interval of a mean of two like sets is narrower than that of one.
func TestMean(t *testing.T) {
	set := func(problems, right int) (out []Answer) {
		for i := range problems {
			out = append(out, Answer{Confidence: 0.5 + 0.4*float64(i%7)/7, HasConfidence: true, Correct: i*37%problems < right, Problem: fmt.Sprint(i)})
		}
		return out
	}
	small, large := set(40, 10), set(400, 300)
	one, other := Summarize(small, 20), Summarize(large, 20)
	got := Bootstrap{Resamples: 400}.Mean([][]Answer{small, large}, 20)
	if got.N != 440 {
		t.Errorf("%d answers, want 440", got.N)
	}
	for name, v := range map[string][3]float64{
		"accuracy": {got.Accuracy, one.Accuracy, other.Accuracy}, "ECE": {got.ECE, one.ECE, other.ECE},
		"AUROC": {got.AUROC, one.AUROC, other.AUROC}, "conditional PCE": {got.PCEConditional, one.PCEConditional, other.PCEConditional},
	} {
		if math.Abs(v[0]-(v[1]+v[2])/2) > 1e-12 {
			t.Errorf("%s is %v, want the mean of %v and %v", name, v[0], v[1], v[2])
		}
	}
	in := got.Intervals.Accuracy
	if !(in.Low < got.Accuracy && got.Accuracy < in.High) {
		t.Errorf("interval %v does not hold the accuracy %v", in, got.Accuracy)
	}
	width := func(i Interval) float64 { return i.High - i.Low }
	alone := Bootstrap{Resamples: 400}.Summarize(large, 20)
	twice := Bootstrap{Resamples: 400}.Mean([][]Answer{large, large}, 20)
	if r := width(twice.Intervals.Accuracy) / width(alone.Intervals.Accuracy); r < 0.6 || r > 0.85 {
		t.Errorf("the interval of the mean of two is %.2f of one's, want about 0.71", r)
	}
	none := Bootstrap{Resamples: 50}.Mean([][]Answer{small, {{Confidence: 1, HasConfidence: true, Correct: true, Problem: "only"}}}, 20)
	if none.Intervals.Accuracy.Defined() || !math.IsNaN(none.AUROC) {
		t.Errorf("a set of one problem has interval %v, AUROC %v; want none", none.Intervals.Accuracy, none.AUROC)
	}
}
