package cellrun

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell/goroutine"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
	"github.com/dcpo-go/godcpo/kernel/cell/patience"
)

// Run is one execution of a cell.
type Run struct {
	Number int                          // of the cell
	Trace  func(pcs []uintptr) []string // describes the place of a panic

	ctx      context.Context
	stopping bool
	over     bool // the cell has been answered: panics are only reported
	failed   error
	fail     chan struct{} // closed when a goroutine of the cell has panicked
	done     chan struct{} // closed when the cell's own goroutine has ended
	err      error         // how it ended; set before done is closed
	shown    []any
}

// runs is the run in progress and the goroutines of cells.
var runs struct {
	sync.Mutex
	current *Run
	of      map[uint64]*Run  // goroutine → the run that started it
	left    map[uint64]error // goroutines that are ending → why
	pulse   bool             // function pulse is at work
}

func init() {
	runs.of, runs.left = map[uint64]*Run{}, map[uint64]error{}
}

var errStopped = errors.New("stopped")

// Do runs a cell. When ctx ends it tells the cell to stop and returns as soon as
// the cell has, or with outcome.StillRunning when package patience has lost its own.
func Do(ctx context.Context, c *Cell, r *Run, grace time.Duration) (outcome.Outcome, error) {
	r.ctx, r.fail, r.done = ctx, make(chan struct{}), make(chan struct{})
	runs.Lock()
	runs.current = r
	*c.Step = 0
	stop.Store(false)
	if leftBehind() && !runs.pulse {
		runs.pulse = true
		go pulse()
	}
	runs.Unlock()
	go r.call(c.Run)
	cause := r.wait(grace)
	runs.Lock()
	defer runs.Unlock()
	runs.current, r.over = nil, true
	stopCurrent.Store(false)
	err := cause
	if goroutine.Done(r.done) && r.err != nil && !errors.Is(r.err, errStopped) {
		err = r.err
	}
	return outcome.Outcome{Values: r.shown, Steps: *c.Step}, err
}

// wait returns when the cell has ended or will not stop. The error is the reason
// for which it was told to stop, nil if it was not.
func (r *Run) wait(grace time.Duration) error {
	var cause error
	select {
	case <-r.done:
		runs.Lock()
		defer runs.Unlock()
		r.over = true
		return r.failed
	case <-r.fail:
		runs.Lock()
		cause = r.failed
		runs.Unlock()
	case <-r.ctx.Done():
		cause = context.Cause(r.ctx)
	}
	runs.Lock()
	r.stopping = true
	stop.Store(true)
	stopCurrent.Store(true)
	runs.Unlock()
	if !patience.Await(r.done, grace, patience.Own, r.members) {
		return &outcome.StillRunning{Cause: cause}
	}
	release()
	return cause
}

// members are the numbers of the run's goroutines.
func (r *Run) members() map[uint64]bool {
	runs.Lock()
	defer runs.Unlock()
	out := map[uint64]bool{}
	for id, of := range runs.of {
		if of == r {
			out[id] = true
		}
	}
	return out
}

// call executes the cell's statements in the calling goroutine.
func (r *Run) call(run func()) {
	defer close(r.done)
	id, leave := r.join()
	defer leave()
	normal := false
	defer func() {
		if v := recover(); v != nil {
			r.err = r.panicked(v, false)
		} else if !normal {
			if r.err = reason(id); r.err == nil {
				r.err = errors.New("the cell ended its goroutine (runtime.Goexit)")
			}
		}
	}()
	run()
	normal = true
}

// join makes the calling goroutine one of the run's. Its number is read here,
// where the stack is not deep.
func (r *Run) join() (id uint64, leave func()) {
	id = goroutine.ID()
	runs.Lock()
	runs.of[id] = r
	runs.Unlock()
	return id, func() {
		runs.Lock()
		delete(runs.of, id)
		delete(runs.left, id)
		stopping := r.stopping
		runs.Unlock()
		if stopping {
			release()
		}
	}
}

// mine returns the run to which the calling goroutine belongs. Goroutines that
// compiled packages start are counted to the cell that runs.
func mine() *Run {
	id := goroutine.ID()
	runs.Lock()
	defer runs.Unlock()
	if r := runs.of[id]; r != nil {
		return r
	}
	if runs.current != nil {
		return runs.current
	}
	r := &Run{fail: make(chan struct{}), done: make(chan struct{}), over: true}
	close(r.done)
	return r
}

// Guard makes a function that is called in a goroutine of its own report its
// panic instead of ending the process.
func Guard(f func()) func() {
	r := mine()
	return func() {
		id, leave := r.join()
		defer leave()
		defer r.report(id)
		f()
	}
}

// Go runs f in a goroutine of the run to which the caller belongs.
func Go(f func()) { go Guard(f)() }

// report is deferred in goroutines of cells.
func (r *Run) report(id uint64) {
	if v := recover(); v != nil {
		r.lost(r.panicked(v, true))
	} else if err := reason(id); err != nil && !errors.Is(err, errStopped) {
		r.lost(err)
	}
}

// lost fails the cell while it runs; later the panic is only reported.
func (r *Run) lost(err error) {
	runs.Lock()
	running := !r.over
	if running && r.failed == nil {
		r.failed = err
		close(r.fail)
	}
	runs.Unlock()
	if !running {
		fmt.Fprintf(os.Stderr, "%s: a goroutine of cell [%d] ended: %v\n", time.Now().Format(time.TimeOnly), r.Number, err)
	}
}

// panicked turns what was recovered into an error. It is called by a deferred
// function, above the frames that panicked.
func (r *Run) panicked(v any, goroutine bool) error {
	if f, ok := v.(*outcome.Failure); ok {
		return f
	}
	message := fmt.Sprint(v)
	if err, ok := v.(error); ok {
		message = err.Error()
	}
	e := &outcome.PanicError{Value: v, Message: message, Goroutine: goroutine}
	if r.Trace != nil {
		pcs := make([]uintptr, maxFrames)
		e.Trace = r.Trace(pcs[:runtime.Callers(2, pcs)])
	}
	return e
}

// maxFrames bounds the frames looked at for a traceback.
const maxFrames = 256
