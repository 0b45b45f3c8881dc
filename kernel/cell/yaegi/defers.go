package yaegi

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell/goroutine"
)

// defers are the deferred calls of one call of a function.
type defers struct {
	rt    *runtime
	calls []func()
}

// flight is a panic that deferred functions may recover.
type flight struct {
	value     any
	recovered bool
	outer     *flight
}

func (rt *runtime) newDefers() *defers { return &defers{rt: rt} }

// Push defers a call.
func (d *defers) Push(f func()) { d.calls = append(d.calls, f) }

// Run executes a function's body and then what it deferred, last first, as Go
// does: a panic goes on after them unless one of them recovered it, and a new
// panic takes its place.
func (d *defers) Run(body func()) {
	defer func() {
		var f *flight
		if v := recover(); v != nil {
			f = &flight{value: v}
			d.rt.unwind(true)
		}
		for len(d.calls) > 0 {
			call := d.calls[len(d.calls)-1]
			d.calls = d.calls[:len(d.calls)-1]
			if thrown := d.rt.deferred(call, f); thrown != nil {
				f = thrown
				d.rt.unwind(true)
			}
		}
		if f == nil {
			return
		}
		if !f.recovered {
			panic(f.value)
		}
		d.rt.unwind(false)
	}()
	body()
}

// unwind notes that the calling goroutine is, or no longer is, on its way up from
// a panic. Its deferred calls may wake the cell, which must not end before the
// panic is known.
func (rt *runtime) unwind(on bool) {
	id := goroutine.ID()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if r := rt.goroutines[id]; on && r != nil {
		rt.unwinding[id] = r
		return
	}
	delete(rt.unwinding, id)
	rt.settled.Broadcast()
}

// awaitUnwinding returns when no goroutine of the run is unwinding any more, or
// ctx ends, or the time is up.
func (rt *runtime) awaitUnwinding(ctx context.Context, r *run, most time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	defer context.AfterFunc(ctx, func() {
		rt.mu.Lock()
		defer rt.mu.Unlock()
		rt.settled.Broadcast()
	})()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	for ctx.Err() == nil && slices.Contains(slices.Collect(maps.Values(rt.unwinding)), r) {
		rt.settled.Wait()
	}
}

// deferred runs one call while a panic f, if any, is on its way. It returns the
// panic of the call itself.
func (rt *runtime) deferred(call func(), f *flight) (thrown *flight) {
	if f != nil && !f.recovered {
		id := goroutine.ID()
		rt.mu.Lock()
		f.outer = rt.flights[id]
		rt.flights[id] = f
		rt.mu.Unlock()
		defer func() {
			rt.mu.Lock()
			if rt.flights[id] = f.outer; f.outer == nil {
				delete(rt.flights, id)
			}
			rt.mu.Unlock()
		}()
	}
	defer func() {
		if v := recover(); v != nil {
			thrown = &flight{value: v}
		}
	}()
	call()
	return nil
}

// recovered is recover.
func (rt *runtime) recovered() any {
	id := goroutine.ID()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	f := rt.flights[id]
	if f == nil || f.recovered {
		return nil
	}
	f.recovered = true
	delete(rt.traces, id)
	return recoveredValue(f.value)
}

// recoveredValue is what a cell sees of a panic's value.
func recoveredValue(v any) any {
	if rv, ok := v.(reflect.Value); ok && rv.IsValid() && rv.CanInterface() {
		v = rv.Interface()
	}
	switch v := v.(type) {
	case *Failure:
		return v.Err
	case error:
		if words := panicMessage(v); words != v.Error() {
			return runtimeError(words)
		}
	case string:
		if words := panicMessage(v); words != v && isRuntime(words) {
			return runtimeError(words)
		}
	}
	return v
}

// runtimeError is an error of the Go runtime in Go's words.
type runtimeError string

func (e runtimeError) Error() string { return string(e) }

// RuntimeError marks it as a runtime.Error.
func (runtimeError) RuntimeError() {}
