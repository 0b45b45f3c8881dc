package reward

import (
	"context"
	"fmt"
	"math"
	"sync"
	"time"
)

// Causes for which a reward is lost.
const (
	Panicked  = "panic"
	TimedOut  = "time-out"
	NotFinite = "not finite"
)

const defaultTimeout = 10 * time.Second

// loss is why there is no value; its zero value says that there is one.
type loss struct{ cause, detail string }

// longestDetail bounds, in bytes, what is kept of a panic.
const longestDetail = 300

func (l loss) String() string {
	if l.detail == "" {
		return l.cause
	}
	return l.cause + ": " + l.detail
}

// Guard calls a function that may panic or hang: it returns its result, or the zero value and why there is none, Panicked or TimedOut.
// A limit of 0 stands for 10 s. A function that does not return in time goes on by itself, its result is lost, and so is its goroutine
// if it never ends: Go cannot stop one.
func Guard[T any](limit time.Duration, f func() T) (result T, cause string) {
	result, lost, _ := guard(context.Background(), limit, f)
	return result, lost.cause
}

// guard is Guard with what the function panicked with; it fails once ctx ends.
func guard[T any](ctx context.Context, limit time.Duration, f func() T) (result T, lost loss, err error) {
	if limit == 0 {
		limit = defaultTimeout
	}
	type outcome struct {
		value T
		lost  loss
	}
	done := make(chan outcome, 1) // room for a result that comes too late
	go func() {
		o := outcome{lost: loss{Panicked, "it ended its goroutine"}} // unless it returns or panics
		defer func() {
			if what := recover(); what != nil {
				o.lost.detail = fmt.Sprint(what)
				o.lost.detail = o.lost.detail[:min(len(o.lost.detail), longestDetail)]
			}
			done <- o
		}()
		o.value = f()
		o.lost = loss{}
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case o := <-done:
		return o.value, o.lost, nil
	case <-timer.C:
		return result, loss{TimedOut, fmt.Sprintf("no value after %v", limit)}, nil
	case <-ctx.Done():
		return result, loss{}, ctx.Err()
	}
}

// calls are those of one component's function for a batch, shared by its goroutines.
type calls struct {
	of      Component
	limit   time.Duration
	samples []Sample
	values  []float64
	lost    []loss

	mu                sync.Mutex
	begun, done, late int
}

func newCalls(of Component, limit time.Duration, samples []Sample) *calls {
	return &calls{of: of, limit: limit, samples: samples, values: make([]float64, len(samples)), lost: make([]loss, len(samples))}
}

// manyLate is how many calls have to be late before a function is given up.
const manyLate = 8

// next makes one call; false when there are no more.
func (c *calls) next(ctx context.Context) bool {
	c.mu.Lock()
	i, hopeless := c.begun, c.late >= manyLate && 2*c.late > c.done
	c.begun++
	c.mu.Unlock()
	if i >= len(c.samples) || ctx.Err() != nil {
		return false
	}
	if hopeless {
		c.lost[i] = loss{TimedOut, "not called: it does not return for most rollouts of this batch"}
		return true
	}
	value, lost, err := guard(ctx, c.limit, func() float64 { return c.of.Func(c.samples[i]) })
	if err != nil {
		return false
	}
	if lost.cause == "" && (math.IsNaN(value) || math.IsInf(value, 0)) {
		lost, value = loss{NotFinite, fmt.Sprint(value)}, 0
	}
	c.values[i], c.lost[i] = value, lost
	c.mu.Lock()
	c.done++
	if lost.cause == TimedOut {
		c.late++
	}
	c.mu.Unlock()
	return true
}
