package yaegi

import (
	"context"
	"flag"
	"fmt"
	"go/types"
	"os"
	"reflect"
	"sort"
	"strings"
	"time"

	"github.com/traefik/yaegi/interp"

	"github.com/dcpo-go/godcpo/kernel/cell/goroutine"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
	"github.com/dcpo-go/godcpo/kernel/cell/reflected"
	"github.com/dcpo-go/godcpo/kernel/gonb/synced"
)

// These take what the cell's last expression shows.

func (rt *runtime) show(v any) {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.run != nil {
		rt.run.shown = append(rt.run.shown, v)
	}
}

func (rt *runtime) begin() {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.run != nil {
		rt.run.shown = nil
	}
}

func (rt *runtime) value(v any)             { rt.show(v) }
func (rt *runtime) text(s string)           { rt.show(s) }
func (rt *runtime) bundle(m map[string]any) { rt.show(shownBundle(m)) }
func (rt *runtime) typed(v any, index int) {
	rt.mu.Lock()
	r := rt.run
	rt.mu.Unlock()
	if r == nil || index >= len(r.program.Shown) {
		return
	}
	t := r.program.Shown[index]
	if rows := describeTable(t, reflect.ValueOf(v)); rows != nil {
		rt.show(rows)
		return
	}
	rt.show(describe(t, reflect.ValueOf(v)))
}

// describeTable makes a table of a slice of structs of cells, header first, as
// package display does of compiled ones; nil for anything else.
func describeTable(t types.Type, v reflect.Value) [][]string {
	slice, ok := t.Underlying().(*types.Slice)
	if !ok || v.Kind() != reflect.Slice || v.Len() == 0 {
		return nil
	}
	elem := slice.Elem()
	if pointer, ok := elem.Underlying().(*types.Pointer); ok {
		elem = pointer.Elem()
	}
	u, ok := elem.Underlying().(*types.Struct)
	if !ok || u.NumFields() == 0 {
		return nil
	}
	rows := [][]string{make([]string, u.NumFields())}
	for i := range u.NumFields() {
		rows[0][i] = u.Field(i).Name()
	}
	for i := range v.Len() {
		row, item := make([]string, u.NumFields()), v.Index(i)
		if item.Kind() == reflect.Pointer {
			item = item.Elem()
		}
		for c := range row {
			if !item.IsValid() {
				break // a nil pointer is an empty row
			}
			if f := item.Field(c); f.CanFloat() {
				row[c] = fmt.Sprintf("%.4g", f.Float())
			} else {
				row[c] = describe(u.Field(c).Type(), f)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// shownBundle makes content a display.Bundler.
type shownBundle map[string]any

// MIMEBundle implements display.Bundler.
func (b shownBundle) MIMEBundle() map[string]any { return b }

// describe prints a value as %+v does, with the field names of its cell types.
func describe(t types.Type, v reflect.Value) string {
	if !v.IsValid() {
		return "<nil>"
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() != "main" && v.CanInterface() {
		return fmt.Sprintf("%+v", v.Interface())
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		parts := make([]string, u.NumFields())
		for i := range parts {
			parts[i] = u.Field(i).Name() + ":" + describe(u.Field(i).Type(), v.Field(i))
		}
		return "{" + strings.Join(parts, " ") + "}"
	case *types.Pointer:
		if v.Kind() == reflect.Pointer && !v.IsNil() {
			if _, ok := u.Elem().Underlying().(*types.Struct); ok {
				return "&" + describeFlat(u.Elem(), v.Elem())
			}
		}
	case *types.Slice:
		return describeList(u.Elem(), v)
	case *types.Array:
		return describeList(u.Elem(), v)
	case *types.Map:
		parts := make([]string, 0, v.Len())
		for it := v.MapRange(); it.Next(); {
			parts = append(parts, describe(u.Key(), it.Key())+":"+describe(u.Elem(), it.Value()))
		}
		sort.Strings(parts)
		return "map[" + strings.Join(parts, " ") + "]"
	}
	if !v.CanInterface() {
		return v.String()
	}
	return fmt.Sprintf("%+v", v.Interface())
}

// describeFlat prints a struct behind a pointer; pointers inside it are printed
// as addresses, so that cycles end.
func describeFlat(t types.Type, v reflect.Value) string {
	u := t.Underlying().(*types.Struct)
	parts := make([]string, u.NumFields())
	for i := range parts {
		f := u.Field(i)
		if _, pointer := f.Type().Underlying().(*types.Pointer); pointer {
			parts[i] = fmt.Sprintf("%s:%v", f.Name(), v.Field(i))
			continue
		}
		parts[i] = f.Name() + ":" + describe(f.Type(), v.Field(i))
	}
	return "{" + strings.Join(parts, " ") + "}"
}

func describeList(elem types.Type, v reflect.Value) string {
	const most = 1000
	n := min(v.Len(), most)
	parts := make([]string, n)
	for i := range n {
		parts[i] = describe(elem, v.Index(i))
	}
	if v.Len() > most {
		parts = append(parts, fmt.Sprintf("… %d more", v.Len()-most))
	}
	return "[" + strings.Join(parts, " ") + "]"
}

// overrides replaces functions that must know of the session: sleeping ends
// when the cell is stopped, and functions that compiled code calls in a
// goroutine of its own may panic.
func (rt *runtime) overrides(tables []reflected.Symbols) interp.Exports {
	known := map[string]bool{}
	for _, table := range tables {
		for key := range table {
			known[key] = true
		}
	}
	all := interp.Exports{
		"time/time": {
			"Sleep":     reflect.ValueOf(rt.sleep),
			"AfterFunc": reflect.ValueOf(func(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, rt.guarded(f)) }),
		},
		"context/context": {
			"AfterFunc": reflect.ValueOf(func(ctx context.Context, f func()) func() bool { return context.AfterFunc(ctx, rt.guarded(f)) }),
		},
		"os/os": {
			"Exit": reflect.ValueOf(func(code int) { panic(outcome.Exit(code)) }),
			"Args": reflect.ValueOf(&os.Args).Elem(), // not the interpreter's own copy
		},
		synced.Path + "/gonbui": synced.Symbols,
		"flag/flag":             {"CommandLine": reflect.ValueOf(&flag.CommandLine).Elem()},
	}
	for key := range all {
		if !known[key] {
			delete(all, key)
		}
	}
	return all
}

// sleep is time.Sleep that ends when the cell is stopped.
func (rt *runtime) sleep(d time.Duration) {
	id := goroutine.ID()
	rt.mu.Lock()
	r := rt.goroutines[id]
	rt.mu.Unlock()
	if r == nil || r.ctx == nil {
		time.Sleep(d)
		return
	}
	if !goroutine.Sleep(r.ctx, d, r.fail, r.done) {
		rt.leave(errStopped)
	}
}

// guarded makes a function that a goroutine of compiled code calls report its
// panic instead of ending the process.
func (rt *runtime) guarded(f func()) func() {
	id := goroutine.ID()
	rt.mu.Lock()
	r := rt.goroutines[id]
	rt.mu.Unlock()
	if r == nil {
		r = &run{done: make(chan struct{}), fail: make(chan struct{}), step: rt.step, over: true}
		close(r.done)
	}
	return func() {
		leave := rt.join(r)
		defer leave()
		defer rt.report(r)
		f()
	}
}
