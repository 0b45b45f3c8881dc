package yaegi

import (
	"errors"
	"go/token"
	"reflect"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// The interpreter keeps the syntax tree of all that it was ever given, for its debugger, and each cell's function by its name. A session of many cells would
// grow without end: what no cell can reach any more is let go here. The interpreter has no call for it, so its fields are reached by reflection; where another
// version has other fields, newTrimmer fails, and the session's tests with it.

// trimmer reaches the parts of an interpreter that grow.
type trimmer struct {
	interp *interp.Interpreter
	roots  reflect.Value // []*node: every syntax tree
	scopes reflect.Value // map[string]*scope: packages
	all    reflect.Value // scope: that around all packages
}

func newTrimmer(i *interp.Interpreter) (*trimmer, error) {
	t := &trimmer{interp: i}
	fields := reflect.ValueOf(i).Elem()
	t.roots, t.scopes = reachable(fields.FieldByName("roots")), reachable(fields.FieldByName("scopes"))
	universe := reachable(fields.FieldByName("universe"))
	if !kindIs(t.roots, reflect.Slice) || !kindIs(t.scopes, reflect.Map) || !kindIs(universe, reflect.Pointer) || universe.IsNil() {
		return nil, errFields
	}
	t.all = universe.Elem()
	if !kindIs(reachable(t.all.FieldByName("child")), reflect.Slice) || !kindIs(reachable(t.all.FieldByName("sym")), reflect.Map) {
		return nil, errFields
	}
	return t, nil
}

// reachable is an unexported field, to be read and written.
func reachable(field reflect.Value) reflect.Value {
	if !field.IsValid() || !field.CanAddr() {
		return reflect.Value{}
	}
	return reflect.NewAt(field.Type(), unsafe.Pointer(field.UnsafeAddr())).Elem()
}

var errFields = errors.New("the interpreter has other fields than v0.16.1: its memory cannot be kept small")

func kindIs(v reflect.Value, k reflect.Kind) bool { return v.IsValid() && v.Kind() == k }

// compiled lets go of what was needed to compile: syntax trees, the scopes of blocks, and positions, which cells have of their own.
func (t *trimmer) compiled() {
	t.roots.SetZero()
	reachable(t.all.FieldByName("child")).SetZero()
	if main := t.cells(); main.IsValid() {
		reachable(main.FieldByName("child")).SetZero()
	}
	set := t.interp.FileSet()
	var files []*token.File
	set.Iterate(func(f *token.File) bool {
		files = append(files, f)
		return true
	})
	for _, f := range files {
		set.RemoveFile(f)
	}
}

// cells is the scope of the cells' package; invalid before there is one.
func (t *trimmer) cells() reflect.Value {
	scope := t.scopes.MapIndex(reflect.ValueOf("main"))
	if !scope.IsValid() || scope.IsNil() {
		return reflect.Value{}
	}
	return scope.Elem()
}

// forget takes a function of a cell, which is called once, out of the cells' package.
func (t *trimmer) forget(function string) {
	if main := t.cells(); main.IsValid() {
		reachable(main.FieldByName("sym")).SetMapIndex(reflect.ValueOf(function), reflect.Value{})
	}
}
