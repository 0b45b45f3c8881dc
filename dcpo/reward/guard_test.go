package reward

import (
	"context"
	"errors"
	"math"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestStuckAndPanickingRewards: they cost their rollout that reward, and nothing else.
func TestStuckAndPanickingRewards(t *testing.T) {
	never := make(chan struct{})
	bad := func(s Sample) float64 {
		switch s.Response {
		case "right":
			panic("no")
		case "wrong":
			<-never
		}
		return math.NaN()
	}
	earned, lost := score(t, Composition{Timeout: 20 * time.Millisecond, Components: []Component{Accuracy(1), {Name: "bad", Weight: 1, Func: bad}}}, three)
	for i, want := range []float64{1, 0, 0} {
		if earned[i].Answer != want {
			t.Errorf("rollout %d earned %g, want %g", i, earned[i].Answer, want)
		}
	}
	for i, want := range []string{"panic: no", "time-out: no value after 20ms", "not finite: NaN"} {
		if accuracy, bad := earned[i].Parts[0], earned[i].Parts[1]; accuracy.Lost != "" || bad.Lost != want || bad.Value != 0 {
			t.Errorf("rollout %d lost %q and %q, want %q for the second", i, accuracy.Lost, bad.Lost, want)
		}
	}
	if lost[Panicked] != 1 || lost[TimedOut] != 1 || lost[NotFinite] != 1 {
		t.Errorf("lost %v, want one of each cause", lost)
	}
}

// TestHopelessFunction: one that never returns is given up after some calls, so that a step waits for those alone; one that is late now and
// then is called for every rollout. The clock is the test's own.
func TestHopelessFunction(t *testing.T) {
	for _, c := range []struct {
		name   string
		stuck  func(i int) bool
		lost   int
		calls  int64
		waited time.Duration
	}{
		{"always", func(int) bool { return true }, 40, manyLate, manyLate * defaultTimeout},
		{"every third", func(i int) bool { return i%3 == 0 }, 14, 40, 14 * defaultTimeout},
	} {
		synctest.Test(t, func(t *testing.T) {
			var calls atomic.Int64 // a late call is never waited for
			release, begin := make(chan struct{}), time.Now()
			judge := func(s Sample) float64 {
				calls.Add(1)
				if c.stuck(s.Length) {
					<-release
				}
				return 1
			}
			samples := make([]Sample, 40)
			for i := range samples {
				samples[i].Length = i
			}
			earned, lost := score(t, Composition{Components: []Component{{Name: "judge", Weight: 1, Func: judge}}}, samples)
			if lost[TimedOut] != c.lost || calls.Load() != c.calls || time.Since(begin) != c.waited {
				t.Errorf("%s: %d lost after %d calls and %v, want %d, %d and %v", c.name, lost[TimedOut], calls.Load(), time.Since(begin), c.lost, c.calls, c.waited)
			}
			for i, e := range earned {
				if part := e.Parts[0]; part.Lost == "" != (part.Value == 1) {
					t.Errorf("%s: rollout %d has %+v", c.name, i, part)
				}
			}
			close(release)
		})
	}
}

// TestCallsAtATime: one after the other in order by default, so many at once where asked for.
func TestCallsAtATime(t *testing.T) {
	samples := make([]Sample, 12)
	for i := range samples {
		samples[i].Length = i
	}
	for _, parallel := range []int{0, 4} {
		synctest.Test(t, func(t *testing.T) {
			var running, most atomic.Int64
			var order []int
			f := func(s Sample) float64 {
				if n := running.Add(1); n > most.Load() {
					most.Store(n)
				}
				if parallel == 0 {
					order = append(order, s.Length)
				}
				time.Sleep(time.Second)
				running.Add(-1)
				return float64(s.Length)
			}
			begin := time.Now()
			earned, _ := score(t, Composition{Components: []Component{{Name: "f", Weight: 1, Func: f, Parallel: parallel}}}, samples)
			if want := time.Duration(12/max(1, parallel)) * time.Second; time.Since(begin) != want || most.Load() != int64(max(1, parallel)) {
				t.Errorf("%d at a time: %v with up to %d at once, want %v", parallel, time.Since(begin), most.Load(), want)
			}
			for i, e := range earned {
				if e.Answer != float64(i) || parallel == 0 && order[i] != i {
					t.Errorf("%d at a time: rollout %d earned %g; order %v", parallel, i, e.Answer, order)
				}
			}
		})
	}
}

// TestScoreEndsWithItsContext: a user who interrupts does not wait for a stuck function.
func TestScoreEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		stuck := Component{Name: "stuck", Func: func(Sample) float64 { <-release; return 0 }}
		if _, _, err := (Composition{Components: []Component{stuck}}).Score(ctx, three); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stuck") {
			t.Errorf("error %v, want the context's, with the reward's name", err)
		}
		close(release)
	})
}

// TestGuard: what may become of a function.
func TestGuard(t *testing.T) {
	for _, c := range []struct {
		name  string
		f     func() int
		value int
		cause string
	}{
		{"returns", func() int { return 7 }, 7, ""},
		{"panics", func() int { panic(errors.New("no")) }, 0, Panicked},
		{"panics with nil", func() int { panic(nil) }, 0, Panicked},
		{"divides by zero", func() int { zero := 0; return 1 / zero }, 0, Panicked},
		{"panics with what panics", func() int { panic(hostile{}) }, 0, Panicked},
		{"ends its goroutine", func() int { runtime.Goexit(); return 1 }, 0, Panicked},
		{"sleeps", func() int { time.Sleep(time.Hour); return 1 }, 0, TimedOut},
	} {
		synctest.Test(t, func(t *testing.T) {
			if value, cause := Guard(0, c.f); value != c.value || cause != c.cause {
				t.Errorf("a function that %s: %d, %q, want %d, %q", c.name, value, cause, c.value, c.cause)
			}
			time.Sleep(2 * time.Hour) // what was left behind ends
		})
	}
}

// hostile panics when it is printed.
type hostile struct{}

func (hostile) Error() string { panic("again") }
