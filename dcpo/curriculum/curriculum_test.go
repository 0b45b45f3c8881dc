package curriculum

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// percent makes n problems of difficulty 0, 100/n, …
func percent(n int) func(int) (float64, bool) {
	return func(i int) (float64, bool) { return float64((i*37)%n) * 100 / float64(n), true }
}

func open(t *testing.T, kind string, n int) Sampler {
	t.Helper()
	s, err := New(kind, n, 5, percent(n), AdaRFT{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func draw(t *testing.T, s Sampler, n int) []int {
	t.Helper()
	got, err := s.Next(n)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var kinds = []string{"uniform", "sequential", "adarft"}

// TestEpochsAskEachProblemOnce: whatever the numbers drawn and the rewards, every stretch of n from the start on holds each problem once.
func TestEpochsAskEachProblemOnce(t *testing.T) {
	for _, kind := range kinds {
		const n = 53
		s, r := open(t, kind, n), rand.New(rand.NewPCG(1, 2))
		var all []int
		for len(all) < 5*n {
			all = append(all, draw(t, s, 1+r.IntN(2*n))...)
			s.Learn(r.Float64())
		}
		for epoch := range 5 {
			part := slices.Sorted(slices.Values(all[epoch*n : (epoch+1)*n]))
			if !slices.Equal(part, sequence(n)) {
				t.Errorf("%s, epoch %d: %v", kind, epoch, part)
			}
		}
	}
}

// TestRestoreGoesOn: a sampler that is put back anywhere draws what the first one does.
func TestRestoreGoesOn(t *testing.T) {
	for _, kind := range kinds {
		const n = 29
		first, r := open(t, kind, n), rand.New(rand.NewPCG(3, 4))
		for range 40 {
			draw(t, first, r.IntN(17))
			first.Learn(r.Float64())
			state, err := first.State()
			if err != nil {
				t.Fatal(err)
			}
			second := open(t, kind, n)
			if err := second.Restore(state); err != nil {
				t.Fatal(err)
			}
			draw(t, second, 5) // a restore later than the start forgets what came between
			second.Learn(0.9)
			if err := second.Restore(state); err != nil {
				t.Fatal(err)
			}
			k := r.IntN(40)
			if a, b := draw(t, first, k), draw(t, second, k); !slices.Equal(a, b) {
				t.Fatalf("%s: %v, then %v", kind, a, b)
			}
		}
	}
}

func TestUniformShufflesEachEpoch(t *testing.T) {
	s := open(t, "uniform", 50)
	a, b := draw(t, s, 50), draw(t, s, 50)
	if slices.Equal(a, b) || slices.IsSorted(a) {
		t.Errorf("two epochs: %v and %v", a, b)
	}
	other, err := New("uniform", 50, 6, nil, AdaRFT{})
	if err != nil {
		t.Fatal(err)
	}
	if slices.Equal(a, draw(t, other, 50)) {
		t.Error("another seed gives the same order")
	}
}

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

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func() error
	}{
		{"no problems", "no problems", func() error { _, err := New("uniform", 0, 0, nil, AdaRFT{}); return err }},
		{"kind", "random", func() error { _, err := New("random", 3, 0, nil, AdaRFT{}); return err }},
		{"no difficulty", "problem 2 of 3", func() error {
			_, err := New("adarft", 3, 0, func(i int) (float64, bool) { return 1, i != 1 }, AdaRFT{})
			return err
		}},
		{"bounds", "least", func() error { _, err := New("adarft", 3, 0, percent(3), AdaRFT{Least: 5, Most: 4}); return err }},
		{"another set", "4 problems", func() error { return open(t, "uniform", 3).Restore(json.RawMessage(`{"problems":4,"drawn":1}`)) }},
		{"another set for adarft", "4 problems", func() error { return open(t, "adarft", 3).Restore(json.RawMessage(`{"problems":4,"asked":[0,1]}`)) }},
		{"no JSON", "curriculum", func() error { return open(t, "adarft", 3).Restore(json.RawMessage(`{`)) }},
	} {
		if err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

func TestStages(t *testing.T) {
	s := Stages{{0, 8}, {10, 16}, {15, 24}}
	for step, want := range map[int]int{0: 8, 9: 8, 10: 16, 14: 16, 15: 24, 100: 24} {
		if got := s.At(step); got != want {
			t.Errorf("step %d: %d, want %d", step, got, want)
		}
	}
	if got := (Stages)(nil).At(3); got != 0 {
		t.Errorf("without stages: %d", got)
	}
}
