package cellrun

import (
	"context"
	"errors"
	"runtime"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell/goroutine"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
)

// stop is true while goroutines of a cell are being stopped, stopCurrent while
// they are those of the cell that runs.
var stop, stopCurrent atomic.Bool

// Poll is called in every round of a loop of a cell.
func Poll() {
	if stop.Load() {
		interrupted()
	}
}

// Next is called before every statement of a cell: one that was left behind, and
// whose wait has come to an end, goes no further while others run either.
func Next() {
	runs.Lock()
	behind := leftBehind()
	runs.Unlock()
	if behind {
		interrupted()
	}
}

// release lets loops run freely again once no goroutine has to be stopped.
func release() {
	runs.Lock()
	defer runs.Unlock()
	if !leftBehind() {
		stop.Store(false)
	}
}

// leftBehind says that goroutines of a cell have been told to stop and have not.
// The caller holds runs.
func leftBehind() bool {
	for _, r := range runs.of {
		if r.stopping {
			return true
		}
	}
	return false
}

// pulse tells what is left of former cells to stop, now and then, while another
// runs: looking who is meant costs a loop much more than its round.
func pulse() {
	const every, long = 100 * time.Millisecond, time.Millisecond
	for {
		time.Sleep(every)
		runs.Lock()
		if runs.current == nil || !leftBehind() {
			runs.pulse = false
			runs.Unlock()
			return
		}
		stop.Store(true)
		runs.Unlock()
		time.Sleep(long)
		runs.Lock()
		if runs.current != nil && !stopCurrent.Load() {
			stop.Store(false)
		}
		runs.Unlock()
	}
}

// interrupted ends the calling goroutine if its cell is being stopped.
// Goroutines of other cells go on.
func interrupted() {
	id := goroutine.ID()
	runs.Lock()
	r := runs.of[id]
	stopping := r != nil && r.stopping
	runs.Unlock()
	if stopping {
		leave(id, errStopped)
	}
}

// leave ends the calling goroutine for a reason that a cell cannot recover from.
func leave(id uint64, why error) {
	runs.Lock()
	runs.left[id] = why
	runs.Unlock()
	runtime.Goexit()
}

// reason returns why a goroutine left, nil if it did not.
func reason(id uint64) error {
	runs.Lock()
	defer runs.Unlock()
	err := runs.left[id]
	delete(runs.left, id)
	return err
}

// entered counts calls of functions that call others. Lost counts do not matter.
var entered uint32

// Enter is called by such functions: a Go stack that overflows would end the
// process.
func Enter() {
	if entered++; entered&(1<<12-1) == 0 {
		watchStack()
	}
}

const (
	manyBytes  = 100 << 20 // of stacks in the process: Go ends it at 1 GB for one
	deepFrames = 10_000    // calls within calls, from where on a goroutine may be the reason
)

// watchStack ends a goroutine that has filled a large part of the memory there is
// for a stack. Looking at all its frames would take long where there are many
// plug-ins, so that only the memory of all stacks is measured.
func watchStack() {
	if stopCurrent.Load() {
		interrupted()
	}
	var pc [1]uintptr
	if stackBytes() < manyBytes || runtime.Callers(deepFrames, pc[:]) == 0 {
		return
	}
	runtime.GC() // stacks of former calls may still count
	if stackBytes() >= manyBytes {
		leave(goroutine.ID(), &outcome.PanicError{Value: errTooDeep, Message: errTooDeep.Error()})
	}
}

func stackBytes() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return sample[0].Value.Uint64()
}

// errTooDeep is how endless recursion ends.
var errTooDeep = errors.New("stack overflow: functions of cells call each other without end")

// Exit stands for os.Exit.
func Exit(code int) { panic(outcome.Exit(code)) }

// Sleep is time.Sleep that ends when the cell is stopped.
func Sleep(d time.Duration) {
	id := goroutine.ID()
	runs.Lock()
	r := runs.of[id]
	runs.Unlock()
	if r == nil || r.ctx == nil {
		time.Sleep(d)
		return
	}
	if !goroutine.Sleep(r.ctx, d, r.fail, r.done) {
		leave(id, errStopped)
	}
}

// AfterFunc is time.AfterFunc whose function may panic.
func AfterFunc(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, Guard(f)) }

// AfterContext is context.AfterFunc whose function may panic.
func AfterContext(ctx context.Context, f func()) func() bool { return context.AfterFunc(ctx, Guard(f)) }
