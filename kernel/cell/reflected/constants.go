package reflected

import (
	"go/constant"
	"go/token"
	"go/types"
	"reflect"
)

// untyped returns the type of an untyped constant. Its value does not tell
// characters from integers, so the packages that declare them are named here.
func untyped(importPath, name string, value constant.Value) types.Type {
	switch value.Kind() {
	case constant.Bool:
		return types.Typ[types.UntypedBool]
	case constant.String:
		return types.Typ[types.UntypedString]
	case constant.Int:
		if isRune(importPath, name) {
			return types.Typ[types.UntypedRune]
		}
		return types.Typ[types.UntypedInt]
	case constant.Float:
		return types.Typ[types.UntypedFloat]
	default:
		return types.Typ[types.UntypedComplex]
	}
}

func isRune(importPath, name string) bool {
	switch importPath {
	case "unicode":
		switch name {
		case "MaxRune", "ReplacementChar", "MaxASCII", "MaxLatin1":
			return true
		}
	case "unicode/utf8":
		return name == "RuneError" || name == "MaxRune"
	case "path/filepath", "os":
		return name == "Separator" || name == "ListSeparator" || name == "PathSeparator" || name == "PathListSeparator"
	}
	return false
}

// constantOf returns the value of a typed constant, nil if v is none.
func constantOf(v reflect.Value) constant.Value {
	switch {
	case v.Kind() == reflect.Bool:
		return constant.MakeBool(v.Bool())
	case v.Kind() == reflect.String:
		return constant.MakeString(v.String())
	case v.CanInt():
		return constant.MakeInt64(v.Int())
	case v.CanUint():
		return constant.MakeUint64(v.Uint())
	case v.CanFloat():
		return constant.MakeFloat64(v.Float())
	case v.CanComplex():
		return constant.BinaryOp(constant.MakeFloat64(real(v.Complex())), token.ADD, constant.MakeImag(constant.MakeFloat64(imag(v.Complex()))))
	}
	return nil
}
