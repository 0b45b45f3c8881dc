package curriculum

import (
	"encoding/json"
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

var kinds = []string{uniform, sequential, adarft}

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

// TestRestoreRefuses: a state that would repeat or skip problems is refused, and the sampler stays where it was.
func TestRestoreRefuses(t *testing.T) {
	const n = 4
	for _, c := range []struct{ kind, state, want string }{
		{uniform, `{"kind":"uniform","problems":5,"seed":5,"drawn":1}`, "over 5 problems"},
		{uniform, `{"kind":"uniform","problems":4,"seed":6,"drawn":1}`, "seed 6"},
		{uniform, `{"kind":"sequential","problems":4,"drawn":1}`, `kind "sequential"`},
		{uniform, `{"kind":"uniform","problems":4,"seed":5,"drawn":-1}`, "-1 problems were drawn"},
		{sequential, `{"kind":"uniform","problems":4,"seed":5,"drawn":1}`, "seed 5"},
		{sequential, `{}`, `kind ""`},
		{adarft, `{"kind":"adarft","problems":5,"asked":[0,1]}`, "over 5 problems"},
		{adarft, `{"kind":"adarft","problems":4,"asked":[0]}`, "rising pairs"},
		{adarft, `{"kind":"adarft","problems":4,"asked":[2,1]}`, "rising pairs"},
		{adarft, `{"kind":"adarft","problems":4,"asked":[-1,1]}`, "rising pairs"},
		{adarft, `{"kind":"adarft","problems":4,"asked":[0,5]}`, "from 0 to 4"},
		{adarft, `{`, "read the saved state"},
		{sequential, `7`, "read the saved state"},
	} {
		s, twin := open(t, c.kind, n), open(t, c.kind, n)
		draw(t, s, 3)
		draw(t, twin, 3)
		if err := s.Restore(json.RawMessage(c.state)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s: error %v, want one with %q", c.kind, c.state, err, c.want)
		}
		if a, b := draw(t, s, 6), draw(t, twin, 6); !slices.Equal(a, b) {
			t.Errorf("%s: %s: refused, and yet %v comes after it, want %v", c.kind, c.state, a, b)
		}
	}
}

// TestStateIsSmall: what follows from seed and epoch is not kept.
func TestStateIsSmall(t *testing.T) {
	const n = 10_000
	for _, kind := range kinds {
		s := open(t, kind, n)
		draw(t, s, n+n/2)
		s.Learn(1)
		draw(t, s, n/4)
		state, err := s.State()
		if err != nil || len(state) > 200 {
			t.Errorf("%s: %v, a state of %d bytes: %.200s", kind, err, len(state), state)
		}
		t.Logf("%s: %s", kind, state)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func() error
	}{
		{"no problems", "no problems", func() error { _, err := New("uniform", 0, 0, nil, AdaRFT{}); return err }},
		{"kind", "random", func() error { _, err := New("random", 3, 0, nil, AdaRFT{}); return err }},
		{"bounds", "least", func() error { _, err := New("adarft", 3, 0, percent(3), AdaRFT{Least: 5, Most: 4}); return err }},
		{"a negative number", "asked for -1", func() error { _, err := open(t, uniform, 3).Next(-1); return err }},
		{"a negative number for adarft", "asked for -1", func() error { _, err := open(t, adarft, 3).Next(-1); return err }},
	} {
		if err := c.make(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, err, c.want)
		}
	}
}

// FuzzRestore: whatever is accepted is a place from which the pass at hand ends and the next asks each problem once, and is kept as it
// was read.
func FuzzRestore(f *testing.F) {
	f.Add(`{"kind":"uniform","problems":7,"seed":5,"drawn":9}`)
	f.Add(`{"kind":"sequential","problems":7,"drawn":3}`)
	f.Add(`{"kind":"adarft","problems":7,"target":40,"asked":[0,2,3,7]}`)
	f.Add(`{"kind":"adarft","problems":7,"target":1e300,"asked":[1,1]}`)
	f.Fuzz(func(t *testing.T, state string) {
		const n = 7
		for _, kind := range kinds {
			s := open(t, kind, n)
			if s.Restore(json.RawMessage(state)) != nil {
				continue
			}
			kept, err := s.State()
			if err != nil {
				t.Fatal(err)
			}
			twin := open(t, kind, n)
			if err := twin.Restore(kept); err != nil {
				t.Fatalf("%s: %s was read, its state %s is not: %v", kind, state, kept, err)
			}
			var all []int
			for range 3 * n {
				all = append(all, draw(t, s, 1)...)
			}
			if !slices.Equal(all, draw(t, twin, 3*n)) {
				t.Errorf("%s: %s and its state %s go on differently", kind, state, kept)
			}
			passes := 0
			for from := 0; from+n <= len(all); from++ {
				if slices.Equal(slices.Sorted(slices.Values(all[from:from+n])), sequence(n)) {
					passes++
				}
			}
			if passes == 0 {
				t.Errorf("%s: %s: no whole pass in %v", kind, state, all)
			}
		}
	})
}
