package compiled

import "reflect"

// pair is two types on their way through a comparison.
type pair [2]reflect.Type

// sameLayout says that memory of one type can be used as memory of the other:
// the interpreter has no names for types of cells, but the same structure.
func sameLayout(a, b reflect.Type, seen map[pair]bool) bool {
	if a == b || seen[pair{a, b}] {
		return true
	}
	if a.Kind() != b.Kind() || a.Size() != b.Size() {
		return false
	}
	seen[pair{a, b}] = true
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice:
		return sameLayout(a.Elem(), b.Elem(), seen)
	case reflect.Array:
		return a.Len() == b.Len() && sameLayout(a.Elem(), b.Elem(), seen)
	case reflect.Chan:
		return a.ChanDir() == b.ChanDir() && sameLayout(a.Elem(), b.Elem(), seen)
	case reflect.Map:
		return sameLayout(a.Key(), b.Key(), seen) && sameLayout(a.Elem(), b.Elem(), seen)
	case reflect.Struct:
		if a.NumField() != b.NumField() {
			return false
		}
		for i := range a.NumField() {
			x, y := a.Field(i), b.Field(i)
			if x.Offset != y.Offset || !sameLayout(x.Type, y.Type, seen) {
				return false
			}
		}
		return true
	case reflect.Interface, reflect.Func:
		return identical(a, b)
	case reflect.UnsafePointer:
		return false
	}
	return true // numbers, strings and truth values
}

// identical says that two types are one to the language. A type without a name
// that was made by reflection before a plug-in with the same type was loaded is
// another to package reflect.
func identical(a, b reflect.Type) bool {
	if a == b {
		return true
	}
	if a.Kind() != b.Kind() || a.Name() != "" || b.Name() != "" || a.String() != b.String() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		return identical(a.Elem(), b.Elem())
	case reflect.Map:
		return identical(a.Key(), b.Key()) && identical(a.Elem(), b.Elem())
	case reflect.Func:
		if a.NumIn() != b.NumIn() || a.NumOut() != b.NumOut() {
			return false
		}
		for i := range a.NumIn() {
			if !identical(a.In(i), b.In(i)) {
				return false
			}
		}
		for i := range a.NumOut() {
			if !identical(a.Out(i), b.Out(i)) {
				return false
			}
		}
		return true
	}
	return false
}
