package lower

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"
)

// GoTypes finds the reflected type behind a type name of a compiled package.
type GoTypes interface {
	GoType(name *types.TypeName) (reflect.Type, bool)
	// Declared reports whether a package is known by declarations of generic
	// functions and types only, which the interpreter does not have.
	Declared(importPath string) bool
}

// typeText writes t as the interpreter names it.
func (l *lowerer) typeText(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return l.typeText(types.Unalias(t))
	case *types.Basic:
		return l.basicText(t)
	case *types.Named:
		return l.namedText(t)
	case *types.Pointer:
		return "*" + l.typeText(t.Elem())
	case *types.Slice:
		return "[]" + l.typeText(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), l.typeText(t.Elem()))
	case *types.Map:
		return "map[" + l.typeText(t.Key()) + "]" + l.typeText(t.Elem())
	case *types.Chan:
		arrow := map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()]
		return arrow + "(" + l.typeText(t.Elem()) + ")"
	case *types.Signature:
		return "func" + l.signatureText(t, nil)
	case *types.Struct:
		return l.structText(t)
	case *types.Interface:
		return l.interfaceText(t)
	}
	l.refuse(token.NoPos, "the type %s", t)
	return "any"
}

func (l *lowerer) basicText(t *types.Basic) string {
	switch {
	case t.Kind() == types.UnsafePointer:
		l.refuse(token.NoPos, "unsafe.Pointer")
		return "uintptr"
	case t.Info()&types.IsUntyped != 0:
		return l.typeText(types.Default(t))
	}
	return t.Name()
}

func (l *lowerer) namedText(t *types.Named) string {
	obj := t.Obj()
	switch {
	case t.TypeArgs().Len() > 0 && obj.Pkg() != nil && l.goTypes.Declared(obj.Pkg().Path()):
		return l.typeText(t.Underlying())
	case obj.Pkg() == nil:
		return obj.Name()
	case isCell(obj.Pkg()):
		if !l.isSession(obj) {
			return obj.Name()
		}
		if t.TypeArgs().Len() > 0 {
			args := make([]types.Type, t.TypeArgs().Len())
			for i := range args {
				args[i] = t.TypeArgs().At(i)
			}
			return l.instantiate(obj, args)
		}
		return l.names.Of(obj)
	}
	if token.IsExported(obj.Name()) && !strings.Contains(obj.Name(), "[") && obj.Pkg().Scope().Lookup(obj.Name()) == obj {
		return l.imported(obj.Pkg().Path()) + "." + obj.Name()
	}
	if goType, ok := l.goTypes.GoType(obj); ok {
		return l.imported(runtimePath) + "." + l.names.typeName(goType)
	}
	l.refuse(token.NoPos, "the type %s", t)
	return "any"
}

// signatureText writes parameters and results; names, if given, name the
// parameters.
func (l *lowerer) signatureText(t *types.Signature, names []string) string {
	params := make([]string, t.Params().Len())
	for i := range params {
		text := l.typeText(t.Params().At(i).Type())
		if t.Variadic() && i == len(params)-1 {
			text = "..." + strings.TrimPrefix(text, "[]")
		}
		if names != nil {
			text = names[i] + " " + text
		}
		params[i] = text
	}
	results := make([]string, t.Results().Len())
	for i := range results {
		results[i] = l.typeText(t.Results().At(i).Type())
	}
	return "(" + strings.Join(params, ", ") + ") (" + strings.Join(results, ", ") + ")"
}

func (l *lowerer) structText(t *types.Struct) string {
	fields := make([]string, t.NumFields())
	for i := range fields {
		f := t.Field(i)
		text := l.typeText(f.Type())
		if !f.Embedded() {
			text = f.Name() + " " + text
		}
		if tag := t.Tag(i); tag != "" {
			text += " " + strconv.Quote(tag)
		}
		fields[i] = text
	}
	return "struct{" + strings.Join(fields, "; ") + "}"
}

func (l *lowerer) interfaceText(t *types.Interface) string {
	if t.NumMethods() == 0 {
		return "any"
	}
	methods := make([]string, t.NumMethods())
	for i := range methods {
		m := t.Method(i)
		methods[i] = m.Name() + l.signatureText(m.Type().(*types.Signature), nil)
	}
	return "interface{" + strings.Join(methods, "; ") + "}"
}

// isCell says that a package stands for a cell.
func isCell(pkg *types.Package) bool { return pkg != nil && pkg.Path() == "main" }
