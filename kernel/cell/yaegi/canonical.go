package yaegi

import (
	"reflect"
	"unsafe"
)

// A composite type without a name, such as map[string]func(int) int, is one type wherever compiled code mentions it. Where none does and the interpreter has
// reflection make it, a plug-in that mentions it later brings another one with it: a type assertion in a compiled cell would not recognise the value.

// typesByString gives the types of compiled code that are written so. Reflection itself looks there before it makes a type.
//
//go:linkname typesByString reflect.typesByString
func typesByString(s string) []unsafe.Pointer

// onlyReflected says that a type without a name was made by reflection.
func onlyReflected(t reflect.Type) bool {
	if t.Name() != "" || plain(t.Kind()) || t.Kind() == reflect.UnsafePointer {
		return false
	}
	own := (*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1] // of the interface: its table, and the type
	for _, known := range typesByString(t.String()) {
		if known == own {
			return false
		}
	}
	return true
}
