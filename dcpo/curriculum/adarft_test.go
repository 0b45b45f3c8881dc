package curriculum

import (
	"math"
	"slices"
	"strings"
	"testing"
)

// TestAdaRFTFollowsTheReward works three steps of the formula by hand.
func TestAdaRFTFollowsTheReward(t *testing.T) {
	s, err := New("adarft", 100, 0, func(i int) (float64, bool) { return float64(i), true }, AdaRFT{Target: 10})
	if err != nil {
		t.Fatal(err)
	}
	if got := draw(t, s, 3); !slices.Equal(got, []int{10, 9, 11}) {
		t.Errorf("nearest to 10: %v", got)
	}
	for _, c := range []struct{ reward, want float64 }{
		{1, 10 + 50*math.Tanh(1)},                        // all right: harder
		{0.5, 10 + 50*math.Tanh(1)},                      // as wanted: it stands
		{0.25, 10 + 50*math.Tanh(1) - 50*math.Tanh(0.5)}, // too hard
		{0, 0}, // bounded below
	} {
		s.Learn(c.reward)
		if got := s.Difficulty(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("after reward %g: target %g, want %g", c.reward, got, c.want)
		}
	}
	if got := draw(t, s, 2); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("nearest to 0: %v", got)
	}
	if got := draw(t, s, 9)[8]; got != 13 {
		t.Errorf("asked ones are passed over: the eleventh is %d, want 13", got)
	}
}

// TestAdaRFTTrace works the defaults by hand: 50·tanh(2·0.5) = 38.0797077977882, 50·tanh(2·0.25) = 23.1058578630005.
func TestAdaRFTTrace(t *testing.T) {
	s := open(t, adarft, 100)
	if got := s.Difficulty(); got != 0 {
		t.Errorf("the first target is %g, want 0", got)
	}
	for _, c := range []struct{ reward, want float64 }{
		{0, 0}, // bounded below
		{1, 38.0797077977882},
		{0.75, 61.1855656607887},
		{0.5, 61.1855656607887},
		{math.NaN(), 61.1855656607887}, // nothing was graded
		{0.25, 38.0797077977882},
		{1, 76.1594155955764},
		{1, 100}, // bounded above
		{0, 61.9202922022118},
	} {
		s.Learn(c.reward)
		if got := s.Difficulty(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("after reward %g: target %.15g, want %.15g", c.reward, got, c.want)
		}
	}
}

// TestAdaRFTRisesAndFalls: while all answers are right, what is asked gets harder; while all are wrong, easier.
func TestAdaRFTRisesAndFalls(t *testing.T) {
	const n, batch = 1000, 20
	s, err := New(adarft, n, 0, percent(n), AdaRFT{StepSize: 10})
	if err != nil {
		t.Fatal(err)
	}
	step := func(reward float64) (mean float64) {
		for _, i := range draw(t, s, batch) {
			d, _ := percent(n)(i)
			mean += d / batch
		}
		s.Learn(reward)
		return mean
	}
	last := step(1)
	for range 10 {
		mean := step(1)
		if mean <= last {
			t.Errorf("all right: after difficulty %g comes %g", last, mean)
		}
		last = mean
	}
	if last < 70 {
		t.Errorf("after ten steps the difficulty is %g: want ten times 7.6", last)
	}
	last = step(0)
	for range 8 {
		mean := step(0)
		if mean >= last {
			t.Errorf("all wrong: after difficulty %g comes %g", last, mean)
		}
		last = mean
	}
}

// TestAdaRFTStandsStill: a target that does not move asks other problems each time, farther and farther from it.
func TestAdaRFTStandsStill(t *testing.T) {
	s, err := New(adarft, 20, 0, func(i int) (float64, bool) { return float64(i), true }, AdaRFT{Target: 10})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]int{{10, 9, 11, 8}, {12, 7, 13, 6}, {14, 5, 15, 4}} {
		if got := draw(t, s, 4); !slices.Equal(got, want) {
			t.Errorf("drew %v, want %v", got, want)
		}
		s.Learn(0.5)
	}
}

func TestAdaRFTFaults(t *testing.T) {
	for _, c := range []struct {
		name       string
		difficulty func(i int) (float64, bool)
		opt        AdaRFT
		want       []string
	}{
		{"one without difficulty", func(i int) (float64, bool) { return 1, i != 2 }, AdaRFT{}, []string{"1 of 9 problems", "indices [2]:"}},
		{"one that is NaN", func(i int) (float64, bool) { return map[bool]float64{true: math.NaN()}[i == 3], true }, AdaRFT{}, []string{"1 of 9", "[3]"}},
		{"none with difficulty", nil, AdaRFT{}, []string{"9 of 9", "[0 1 2 3 4] and others"}},
		{"many faults", percent(9), AdaRFT{Target: math.NaN(), StepSize: -1, Most: -1}, []string{"curriculum.target is NaN", "least < most", "more than 0"}},
		{"target beyond the bounds", percent(9), AdaRFT{Target: 101}, []string{"least ≤ target ≤ most"}},
	} {
		_, err := New(adarft, 9, 0, c.difficulty, c.opt)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want one with %q", c.name, err, want)
			}
		}
	}
}
