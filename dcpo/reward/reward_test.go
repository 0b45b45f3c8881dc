package reward

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmpopts.EquateApprox(0, 1e-15)

// batch is two interleaved groups: "a" has 3 of 4 right, "b" none of 2.
var batch = []Answer{
	{Group: "a", Correct: true, Confidence: 0.9, HasConfidence: true},
	{Group: "b", Confidence: 0.4, HasConfidence: true},
	{Group: "a", Correct: true, Confidence: 0.5, HasConfidence: true},
	{Group: "a", Confidence: 1, HasConfidence: true},
	{Group: "b"},
	{Group: "a", Correct: true},
}

func TestScoreByHand(t *testing.T) {
	const a, b = 0.75, 0.0
	cases := []struct {
		name string
		opt  Options
		want []Reward
	}{
		{"instance", Options{Target: Instance}, []Reward{
			{1, -.3 * .1 * .1, 1, a}, {0, -.3 * .4 * .4, 0, b}, {1, -.3 * .5 * .5, 1, a}, {0, -.3, 0, a}, {0, -.3, 0, b}, {1, -.3 * 4, 1, a}}},
		{"group", Options{Target: GroupMean}, []Reward{
			{1, -.5 * .15 * .15, .75, a}, {0, -.5 * .16, 0, b}, {1, -.5 * .0625, .75, a}, {0, -.5 * .0625, .75, a}, {0, -.5, 0, b}, {1, -.5 * 1.75 * 1.75, .75, a}}},
		{"hybrid by default", Options{}, []Reward{
			{1, -.5 * .025 * .025, .875, a}, {0, -.5 * .16, 0, b}, {1, -.5 * .375 * .375, .875, a}, {0, -.5 * .625 * .625, .375, a}, {0, -.5, 0, b}, {1, -.5 * 1.875 * 1.875, .875, a}}},
		{"hybrid with gamma and weight", Options{Target: Hybrid, Gamma: .2, Weight: 2}, []Reward{
			{1, -2 * .1 * .1, .8, a}, {0, -2 * .16, 0, b}, {1, -2 * .09, .8, a}, {0, -2 * .16, .6, a}, {0, -2, 0, b}, {1, -2 * 1.8 * 1.8, .8, a}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Score(batch, c.opt)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, near); diff != "" {
				t.Errorf("rewards (-want +got):\n%s", diff)
			}
		})
	}
}

// TestScoreOrder: moving rollouts about moves their rewards, bit for bit.
func TestScoreOrder(t *testing.T) {
	want, err := Score(batch, Options{})
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		order := rng.Perm(len(batch))
		shuffled := make([]Answer, len(batch))
		for to, from := range order {
			shuffled[to] = batch[from]
		}
		got, err := Score(shuffled, Options{})
		if err != nil {
			t.Fatal(err)
		}
		for to, from := range order {
			if got[to] != want[from] {
				t.Fatalf("order %v: rollout %d got %+v, want %+v", order, from, got[to], want[from])
			}
		}
	}
}

// TestMissingIsWorst: no confidence in [0, 1] earns less than a missing one.
func TestMissingIsWorst(t *testing.T) {
	for _, target := range []Target{Instance, GroupMean, Hybrid} {
		for _, correct := range []bool{false, true} {
			for _, c := range []float64{0, .3, 1} {
				got, err := Score([]Answer{{Correct: correct, Confidence: c, HasConfidence: true}, {Correct: correct, Confidence: c}}, Options{Target: target})
				if err != nil {
					t.Fatal(err)
				}
				if stated, missing := got[0].Calibration, got[1].Calibration; missing > stated || missing == stated && !(c == 1 && !correct) {
					t.Errorf("%s, correct %v: stating %v earns %v and stating nothing %v", target, correct, c, stated, missing)
				}
			}
		}
	}
}

func TestScoreFaults(t *testing.T) {
	one := []Answer{{Group: "q7", Confidence: math.NaN(), HasConfidence: true}}
	cases := []struct {
		name    string
		answers []Answer
		opt     Options
		want    []string
	}{
		{"NaN confidence", one, Options{}, []string{"q7", "NaN", "HasConfidence"}},
		{"infinite confidence", []Answer{{Confidence: math.Inf(1), HasConfidence: true}}, Options{}, []string{"+Inf"}},
		{"all options wrong", nil, Options{Target: "own", Gamma: 2, Weight: -1}, []string{`"own"`, "gamma is 2", "weight is -1"}},
		{"NaN options", nil, Options{Gamma: math.NaN(), Weight: math.NaN()}, []string{"gamma is NaN", "weight is NaN"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := Score(c.answers, c.opt)
			if err == nil || got != nil {
				t.Fatalf("got %v, error %v", got, err)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %q", err, part)
				}
			}
		})
	}
	if got, err := Score(nil, Options{}); err != nil || len(got) != 0 {
		t.Errorf("no rollouts: %v, %v", got, err)
	}
	// A NaN that is marked missing is never read.
	one[0].HasConfidence = false
	if got, err := Score(one, Options{}); err != nil || got[0].Calibration != -.5 {
		t.Errorf("missing: %v, %v", got, err)
	}
}
