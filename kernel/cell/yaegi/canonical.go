package yaegi

import (
	"reflect"
	"unsafe"
)

// A composite type without a name, such as map[string]func(int) int, is one type wherever compiled code mentions it. Where none does and the interpreter has
// reflection make it, a plug-in that mentions it later brings another one with it, its twin: a type assertion in a compiled cell would not recognise the value.

// typesByString gives the types of compiled code that are written so. Reflection itself looks there before it makes a type.
//
//go:linkname typesByString reflect.typesByString
func typesByString(s string) []unsafe.Pointer

// twin returns what compiled code has for a type that was made by reflection; nil if it is compiled code's own, or compiled code has none.
func twin(t reflect.Type) reflect.Type {
	if t.Name() != "" || plain(t.Kind()) || t.Kind() == reflect.UnsafePointer {
		return nil
	}
	var found reflect.Type
	for _, known := range typesByString(t.String()) {
		if known == typeWords(&t)[1] {
			return nil
		}
		candidate := t
		typeWords(&candidate)[1] = known
		if found == nil && t.ConvertibleTo(candidate) { // of two types without a name: they are built alike
			found = candidate
		}
	}
	return found
}

// typeWords are those of a reflect.Type: the table of its methods, and the type.
func typeWords(t *reflect.Type) *[2]unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(t)) }

// retyper gives the values in interfaces the types that compiled code has for them.
type retyper struct {
	left   int // values that may still be looked at
	seen   map[uintptr]bool
	twins  map[reflect.Type]reflect.Type
	failed reflect.Type // what could not be given its twin
	opaque bool         // there is a channel, or a function that the interpreter has made
}

// made is the code of functions that reflection makes, as the interpreter's are.
var made = reflect.MakeFunc(reflect.TypeFor[func()](), func([]reflect.Value) []reflect.Value { return nil }).Pointer()

func newRetyper() *retyper {
	return &retyper{left: maxLooked, seen: map[uintptr]bool{}, twins: map[reflect.Type]reflect.Type{}}
}

func (r *retyper) twin(t reflect.Type) reflect.Type {
	found, known := r.twins[t]
	if !known {
		found = twin(t)
		r.twins[t] = found
	}
	return found
}

// walk goes through what v holds and says whether it has changed v itself, which matters where v is a copy.
func (r *retyper) walk(v reflect.Value) (changed bool) {
	if r.left--; r.left <= 0 || !v.IsValid() || r.failed != nil || plain(v.Kind()) {
		return false
	}
	switch v.Kind() {
	case reflect.Interface:
		return !v.IsNil() && r.within(v)
	case reflect.Chan:
		r.opaque = r.opaque || !v.IsNil()
	case reflect.Func:
		r.opaque = r.opaque || v.Pointer() == made
	case reflect.Pointer:
		if !v.IsNil() && !r.seen[v.Pointer()] {
			r.seen[v.Pointer()] = true
			r.walk(v.Elem())
		}
	case reflect.Struct:
		if v.Type().PkgPath() != "" {
			return false // what structs of compiled packages hold, compiled code has made
		}
		for i := range v.NumField() {
			changed = r.walk(v.Field(i)) || changed
		}
	case reflect.Slice, reflect.Array:
		if plain(v.Type().Elem().Kind()) {
			return false
		}
		for i := range v.Len() {
			changed = r.walk(v.Index(i)) || changed
		}
		return changed && v.Kind() == reflect.Array
	case reflect.Map:
		if !r.seen[v.Pointer()] {
			r.seen[v.Pointer()] = true
			r.entries(v)
		}
	}
	return changed
}

// within gives the value in an interface its type.
func (r *retyper) within(v reflect.Value) bool {
	inner := v.Elem()
	to := r.twin(inner.Type())
	if to == nil && !(inner.Kind() == reflect.Struct || inner.Kind() == reflect.Array) {
		r.walk(inner)
		return false
	}
	held := reflect.New(inner.Type())
	held.Elem().Set(open(inner))
	changed := r.walk(held.Elem())
	if to == nil && !changed || r.failed != nil {
		return false
	}
	if !v.CanAddr() || v.NumMethod() > 0 {
		r.failed = inner.Type()
		return false
	}
	if to == nil {
		to = inner.Type()
	}
	reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem().Set(reflect.NewAt(to, held.UnsafePointer()).Elem())
	return true
}

// entries goes through a map, whose keys and values are copies.
func (r *retyper) entries(m reflect.Value) {
	if t := m.Type(); plain(t.Key().Kind()) && plain(t.Elem().Kind()) {
		return
	}
	type entry struct{ old, key, value reflect.Value }
	var changed []entry
	for it := m.MapRange(); it.Next(); {
		key, value := reflect.New(m.Type().Key()).Elem(), reflect.New(m.Type().Elem()).Elem()
		key.Set(open(it.Key()))
		value.Set(open(it.Value()))
		one, two := r.walk(key), r.walk(value)
		if one || two {
			changed = append(changed, entry{open(it.Key()), key, value})
		}
	}
	for _, e := range changed {
		open(m).SetMapIndex(e.old, reflect.Value{})
		open(m).SetMapIndex(e.key, e.value)
	}
}

// open returns a value that may be read although it comes from a field without an exported name.
func open(v reflect.Value) reflect.Value {
	if v.CanInterface() {
		return v
	}
	if v.CanAddr() {
		return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	// The flag is all that bars a copy: let reflection make a fresh one.
	fresh := reflect.New(v.Type()).Elem()
	if v.Kind() == reflect.Map {
		*(*unsafe.Pointer)(fresh.Addr().UnsafePointer()) = v.UnsafePointer()
		return fresh
	}
	return v
}
