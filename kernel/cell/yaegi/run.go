package yaegi

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"github.com/traefik/yaegi/interp"

	"github.com/dcpo-go/godcpo/kernel/cell/goroutine"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
	"github.com/dcpo-go/godcpo/kernel/cell/patience"
)

// run is one execution of a cell.
type run struct {
	cell     int
	ctx      context.Context
	program  *lower.Program
	step     *int
	stopping bool
	failed   error // the panic of a goroutine that the cell started
	fail     chan struct{}
	done     chan struct{}
	over     bool  // Run has returned, or is about to: panics are only reported
	err      error // how the cell's own goroutine ended; set before done is closed
	shown    []any
}

// How runs end; see package outcome.
type (
	Outcome      = outcome.Outcome
	PanicError   = outcome.PanicError
	Failure      = outcome.Failure
	StillRunning = outcome.StillRunning
)

// Run executes a compiled cell. When ctx ends it tells the cell to stop and
// returns as soon as the cell has, or with StillRunning when package patience has
// lost its own.
func (e *Engine) Run(ctx context.Context, c *Compiled, grace time.Duration) (Outcome, error) {
	rt := e.runtime
	r := &run{
		cell: c.unit.Cell, ctx: ctx, program: c.program, step: rt.step,
		fail: make(chan struct{}), done: make(chan struct{}),
	}
	rt.mu.Lock()
	rt.run = r
	*rt.step, *rt.place = 0, 0
	rt.mu.Unlock()
	go e.call(r)
	stopErr := rt.wait(ctx, r, grace)
	e.trim.compiled()
	e.trim.forget(c.program.Entry)
	rt.mu.Lock()
	defer rt.mu.Unlock()
	rt.run = nil
	r.over = true
	steps, err := *rt.step, r.err
	if stopErr != nil && (err == nil || errors.Is(err, errStopped) || !goroutine.Done(r.done)) {
		err = stopErr
	} else if stopErr == nil && err == nil {
		steps = len(c.program.Steps)
	}
	return Outcome{Values: r.shown, Steps: steps}, err
}

// wait returns when the cell has ended. The error is the reason for which it was
// told to stop, nil if it was not.
func (rt *runtime) wait(ctx context.Context, r *run, grace time.Duration) error {
	var cause error
	select {
	case <-r.done:
		rt.awaitUnwinding(ctx, r, grace)
		rt.mu.Lock()
		defer rt.mu.Unlock()
		r.over = true
		return r.failed
	case <-r.fail:
		rt.mu.Lock()
		cause = r.failed
		rt.mu.Unlock()
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	rt.mu.Lock()
	r.stopping = true
	*rt.stop = true
	rt.mu.Unlock()
	if !patience.Await(r.done, grace, patience.Own, func() map[uint64]bool { return rt.members(r) }) {
		return &StillRunning{Cause: cause}
	}
	rt.release()
	return cause
}

// members are the numbers of a run's goroutines.
func (rt *runtime) members(r *run) map[uint64]bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	out := map[uint64]bool{}
	for id, of := range rt.goroutines {
		if of == r {
			out[id] = true
		}
	}
	return out
}

// release lets loops run freely again once no goroutine has to be stopped.
func (rt *runtime) release() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for _, r := range rt.goroutines {
		if r.stopping {
			return
		}
	}
	*rt.stop = false
}

// call executes the cell's function in the calling goroutine.
func (e *Engine) call(r *run) {
	defer close(r.done)
	leave := e.runtime.join(r)
	defer leave()
	normal := false
	defer func() {
		if v := recover(); v != nil {
			r.err = e.runtime.panicked(r, v, false)
		} else if !normal {
			if r.err = e.runtime.reason(); r.err == nil {
				r.err = errors.New("the cell ended its goroutine (runtime.Goexit)")
			}
		}
	}()
	_, err := e.interp.Eval(r.program.Entry + "()")
	normal = true
	var p interp.Panic
	if errors.As(err, &p) {
		err = e.runtime.panicked(r, p.Value, false)
	}
	r.err = err
}

// join makes the calling goroutine one of the run's.
func (rt *runtime) join(r *run) (leave func()) {
	id := goroutine.ID()
	rt.mu.Lock()
	rt.goroutines[id] = r
	rt.mu.Unlock()
	return func() {
		rt.mu.Lock()
		delete(rt.goroutines, id)
		delete(rt.traces, id)
		delete(rt.unwinding, id)
		rt.settled.Broadcast()
		rt.mu.Unlock()
		if r.stopping {
			rt.release()
		}
	}
}

// start runs f in a goroutine of the run to which the caller belongs.
func (rt *runtime) start(f func()) {
	id := goroutine.ID()
	rt.mu.Lock()
	r := rt.goroutines[id]
	if r == nil {
		r = rt.run
	}
	rt.mu.Unlock()
	if r == nil {
		r = &run{done: make(chan struct{}), fail: make(chan struct{}), step: rt.step, over: true}
		close(r.done)
	}
	go func() {
		leave := rt.join(r)
		defer leave()
		defer rt.report(r)
		f()
	}()
}

// report is deferred in goroutines of cells.
func (rt *runtime) report(r *run) {
	if v := recover(); v != nil {
		rt.goroutinePanic(r, rt.panicked(r, v, true))
	} else if err := rt.reason(); err != nil {
		rt.goroutinePanic(r, err)
	}
}

// goroutinePanic fails the cell while it runs; later it is only reported.
func (rt *runtime) goroutinePanic(r *run, err error) {
	var p *PanicError
	if !errors.As(err, &p) && !errors.As(err, new(*Failure)) {
		return // the goroutine was stopped
	}
	rt.mu.Lock()
	running := !r.over
	if running && r.failed == nil {
		r.failed = err
		close(r.fail)
	}
	rt.mu.Unlock()
	if !running {
		fmt.Fprintf(os.Stderr, "%s: a goroutine of cell [%d] ended: %v\n", time.Now().Format(time.TimeOnly), r.cell, err)
	}
}

// panicked turns what was recovered into an error.
func (rt *runtime) panicked(r *run, v any, goroutine bool) error {
	t := rt.takeTrace()
	if rv, ok := v.(reflect.Value); ok && rv.IsValid() && rv.CanInterface() {
		v = rv.Interface()
	}
	if f, ok := v.(*Failure); ok {
		return f
	}
	return &PanicError{Value: v, Message: panicMessage(v), Goroutine: goroutine, Trace: t.describe(r)}
}

var errStopped = errors.New("stopped")

// stepPlace names the top-level statement the cell is in.
func (r *run) stepPlace() string {
	if r.program == nil || *r.step >= len(r.program.Steps) {
		return ""
	}
	p := r.program.Steps[*r.step]
	return fmt.Sprintf("cell [%d], line %d", r.cell, p.Line)
}
