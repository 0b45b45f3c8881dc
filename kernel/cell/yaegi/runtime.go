package yaegi

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	goruntime "runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dcpo-go/godcpo/kernel/cell/goroutine"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
)

// maxDepth is how many stack frames of this process a cell may use. A Go stack
// that overflows ends the process; this is far below its limit of 1 GB.
const maxDepth = 100_000

// runtime is what lowered code calls, with the state that it shares with the
// engine: the run in progress and the goroutines of cells.
type runtime struct {
	stop  *bool // variables of the interpreter
	place *int
	step  *int

	entered atomic.Uint32 // calls of functions, to look at the depth now and then

	mu         sync.Mutex
	run        *run
	goroutines map[uint64]*run // goroutines of cells → the run that started them
	traces     map[uint64]*trace
	flights    map[uint64]*flight // panics that deferred functions may recover
	left       map[uint64]error   // goroutines that are ending → why
	unwinding  map[uint64]*run    // goroutines on their way up from a panic
	settled    *sync.Cond         // on mu: one of unwinding has settled
}

func newRuntime() *runtime {
	rt := &runtime{goroutines: map[uint64]*run{}, traces: map[uint64]*trace{}, flights: map[uint64]*flight{}, left: map[uint64]error{}, unwinding: map[uint64]*run{}}
	rt.settled = sync.NewCond(&rt.mu)
	return rt
}

// symbols is the package that lowered code imports.
func (rt *runtime) symbols() map[string]reflect.Value {
	out := genericSymbols()
	for name, v := range map[string]reflect.Value{
		"OnlyCellTypes": reflect.ValueOf(onlyCellTypes),
		"Interrupted":   reflect.ValueOf(rt.interrupted),
		"Enter":         reflect.ValueOf(rt.enter),
		"Go":            reflect.ValueOf(rt.start),
		"NewDefers":     reflect.ValueOf(rt.newDefers),
		"Recover":       reflect.ValueOf(rt.recovered),
		"Check":         reflect.ValueOf(check),
		"Begin":         reflect.ValueOf(rt.begin),
		"Value":         reflect.ValueOf(rt.value),
		"Text":          reflect.ValueOf(rt.text),
		"Bundle":        reflect.ValueOf(rt.bundle),
		"Typed":         reflect.ValueOf(rt.typed),
		"Clear":         reflect.ValueOf(clearAny),
		"MinFloat":      reflect.ValueOf(minFloat),
		"MaxFloat":      reflect.ValueOf(maxFloat),
	} {
		out[name] = v
	}
	return out
}

// onlyCellTypes fails for a compiled value with the methods of an interface of
// a cell, which the interpreter would say it does not implement.
func onlyCellTypes(v any, methods string) {
	if v == nil {
		return
	}
	t := reflect.TypeOf(v)
	for _, name := range strings.Fields(methods) {
		if _, ok := t.MethodByName(name); !ok {
			return
		}
	}
	panic(fmt.Sprintf("not supported in interpreted cells: asking a compiled %s for an interface of a cell (%s)", t, methods))
}

// leave ends the calling goroutine of a cell for a reason that a cell cannot
// recover from. Unlike a panic, which the interpreter throws anew in every
// function on the way, it takes time in proportion to the depth only.
func (rt *runtime) leave(reason error) {
	id := goroutine.ID()
	rt.mu.Lock()
	rt.left[id] = reason
	rt.mu.Unlock()
	goruntime.Goexit()
}

// reason returns why the calling goroutine left, nil if it did not.
func (rt *runtime) reason() error {
	id := goroutine.ID()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	err := rt.left[id]
	delete(rt.left, id)
	return err
}

// errTooDeep is how endless recursion ends.
var errTooDeep = errors.New("stack overflow: functions of cells call each other without end")

func check(err error) {
	if err != nil {
		panic(&Failure{Err: err})
	}
}

// interrupted is called by loops while a cell is being stopped. Goroutines of
// other cells go on.
func (rt *runtime) interrupted() {
	id := goroutine.ID()
	rt.mu.Lock()
	r := rt.goroutines[id]
	stop := r != nil && r.stopping
	rt.mu.Unlock()
	if stop {
		rt.leave(errStopped)
	}
}

// enter is called by functions that call others. Every thousandth call looks
// whether the stack is too deep: looking costs time in proportion to the depth.
func (rt *runtime) enter() {
	if rt.entered.Add(1)%1024 != 0 {
		return
	}
	var pc [1]uintptr
	if goruntime.Callers(maxDepth, pc[:]) > 0 {
		rt.leave(&PanicError{Value: errTooDeep, Message: errTooDeep.Error(), Trace: (&trace{place: *rt.place}).describe(&run{})})
	}
	if *rt.stop {
		rt.interrupted()
	}
}

func clearAny(v any) { reflect.ValueOf(v).Clear() }

func minFloat(xs ...float64) float64 {
	best := xs[0]
	for _, x := range xs[1:] {
		best = math.Min(best, x)
	}
	return best
}

func maxFloat(xs ...float64) float64 {
	best := xs[0]
	for _, x := range xs[1:] {
		best = math.Max(best, x)
	}
	return best
}

// trace is what is known of a panic on its way up.
type trace struct {
	place int
	funcs []string // innermost first
}

// Write takes the interpreter's report of a panic: one line for each function
// that it leaves, "place: panic: package.function(...)".
func (rt *runtime) Write(p []byte) (int, error) {
	id := goroutine.ID()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	t := rt.traces[id]
	if t == nil {
		t = &trace{place: *rt.place}
		rt.traces[id] = t
	}
	for line := range strings.Lines(string(p)) {
		if _, name, ok := strings.Cut(line, "panic: main."); ok {
			name, _, _ = strings.Cut(name, "(")
			t.funcs = append(t.funcs, name)
		}
	}
	return len(p), nil
}

// takeTrace returns what is known of the panic of the calling goroutine.
func (rt *runtime) takeTrace() *trace {
	id := goroutine.ID()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	t := rt.traces[id]
	delete(rt.traces, id)
	if t == nil {
		return &trace{place: *rt.place}
	}
	return t
}

// maxCallers bounds the functions that a traceback lists.
const maxCallers = 20

// describe names the place of a panic and the functions it left, each run of
// the same function once.
func (t *trace) describe(r *run) []string {
	cell, line := lower.Place(t.place)
	if cell == 0 {
		return nil
	}
	lines := []string{fmt.Sprintf("  cell [%d], line %d", cell, line)}
	for i := 0; i < len(t.funcs) && len(lines) < maxCallers; {
		name, count := sourceName(t.funcs[i]), 0
		for ; i < len(t.funcs) && sourceName(t.funcs[i]) == name; i++ {
			count++
		}
		switch {
		case name == "cell":
			if step := r.stepPlace(); step != "" && len(lines) > 1 {
				lines = append(lines, "  called from "+step)
			}
			return lines
		case count > 1:
			name += fmt.Sprintf(" (%d calls)", count)
		}
		lines = append(lines, "  in "+name)
	}
	return lines
}

// sourceName is what a function is called in its cell.
func sourceName(name string) string {
	name, _, _ = strings.Cut(name, "ꞏ")
	return name
}
