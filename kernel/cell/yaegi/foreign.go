package yaegi

import (
	"fmt"
	"go/types"
	"reflect"

	"github.com/traefik/yaegi/interp"

	"github.com/dcpo-go/godcpo/kernel/cell/lower"
)

// A value of a type of a cell that the interpreter has put into an interface has
// lost its type there. Compiled code must not see it: it would take it for
// something else. What follows finds such values in variables.

// maxLooked bounds the values looked at in one variable.
const maxLooked = 100_000

// Clean gives the values in the interfaces of a variable the types that compiled
// code knows them by. It reports an error if the variable holds, or may hold,
// values whose type compiled code cannot see.
func (e *Engine) Clean(v *types.Var, p reflect.Value) error {
	const again = "run the cell that defines it again with %%go as its first line"
	r := newRetyper()
	if lower.HasInterface(v.Type()) {
		r.walk(p.Elem())
		doubled := e.hazards.Doubled()
		if r.failed != nil {
			doubled = r.failed.String()
		}
		if r.failed != nil || r.left <= 0 && doubled != "" {
			return fmt.Errorf("not supported in compiled cells: the variable %s may hold a %s in an interface, which the interpreter made and compiled code would not recognise: %s", v.Name(), doubled, again)
		}
	}
	if what := e.hazards.Hidden(v.Type()); what != "" && (r.opaque || r.left <= 0) {
		return fmt.Errorf("not supported in compiled cells: values may pass through the variable %s whose type, such as %s, is another one to the interpreter than to compiled code: %s", v.Name(), what, again)
	}
	escaped := e.hazards.MayHold(v.Type())
	if escaped == nil {
		return nil
	}
	l := looker{left: maxLooked, seen: map[uintptr]bool{}}
	if !e.hazards.Structured(v.Type()) || l.foreign(p.Elem()) || l.left <= 0 {
		return fmt.Errorf("not supported in compiled cells: the variable %s may hold a %s that the interpreter made: %s",
			v.Name(), types.TypeString(escaped, func(*types.Package) string { return "" }), again)
	}
	return nil
}

type looker struct {
	left int
	seen map[uintptr]bool
}

var interpreterValue = reflect.TypeFor[interp.Exports]().PkgPath()

// foreign looks for interface values of types that the interpreter made up.
func (l *looker) foreign(v reflect.Value) bool {
	if l.left--; l.left <= 0 || !v.IsValid() {
		return false
	}
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return false
		}
		return madeUp(v.Elem().Type(), 0) || l.foreign(v.Elem())
	case reflect.Pointer:
		if v.IsNil() || l.seen[v.Pointer()] {
			return false
		}
		l.seen[v.Pointer()] = true
		return l.foreign(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if l.foreign(v.Field(i)) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		if plain(v.Type().Elem().Kind()) {
			return false
		}
		for i := range v.Len() {
			if l.foreign(v.Index(i)) {
				return true
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			if l.foreign(it.Key()) || l.foreign(it.Value()) {
				return true
			}
		}
	}
	return false
}

func plain(k reflect.Kind) bool { return k <= reflect.Complex128 || k == reflect.String }

// madeUp says that a type may be the interpreter's form of a type of a cell.
func madeUp(t reflect.Type, depth int) bool {
	const deep = 8
	if t.Name() != "" {
		return t.PkgPath() == interpreterValue
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Func:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		return depth > deep || madeUp(t.Elem(), depth+1)
	case reflect.Map:
		return depth > deep || madeUp(t.Key(), depth+1) || madeUp(t.Elem(), depth+1)
	}
	return false
}

// Native tells the interpreter that compiled cells have values of types of
// cells, which it does not recognise in interfaces.
func (e *Engine) Native(types []types.Type) { e.hazards.Native(types) }

// Blind says that functions of the interpreter would misread values of compiled
// cells: what calls them has to be compiled.
func (e *Engine) Blind() bool { return e.hazards.Blind() }
