package compiled

import (
	"fmt"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// typeText writes a type as this file can name it.
func (f *file) typeText(t types.Type) string {
	switch t := t.(type) {
	case *types.Alias:
		return f.typeText(types.Unalias(t))
	case *types.Basic:
		return f.basicText(t)
	case *types.Named:
		return f.namedText(t)
	case *types.TypeParam:
		return t.Obj().Name()
	case *types.Pointer:
		return "*" + f.typeText(t.Elem())
	case *types.Slice:
		return "[]" + f.typeText(t.Elem())
	case *types.Array:
		return fmt.Sprintf("[%d]%s", t.Len(), f.typeText(t.Elem()))
	case *types.Map:
		return "map[" + f.typeText(t.Key()) + "]" + f.typeText(t.Elem())
	case *types.Chan:
		arrow := map[types.ChanDir]string{types.SendRecv: "chan ", types.SendOnly: "chan<- ", types.RecvOnly: "<-chan "}[t.Dir()]
		return arrow + "(" + f.typeText(t.Elem()) + ")"
	case *types.Signature:
		return "func" + f.signatureText(t)
	case *types.Struct:
		return f.structText(t)
	case *types.Interface:
		return f.interfaceText(t)
	}
	f.refuse(token.NoPos, "the type %s", t)
	return "any"
}

func (f *file) basicText(t *types.Basic) string {
	switch {
	case t.Kind() == types.UnsafePointer:
		f.imports["unsafe"] = "unsafe"
		return "unsafe.Pointer"
	case t.Info()&types.IsUntyped != 0 && t.Kind() != types.UntypedNil:
		return types.Default(t).(*types.Basic).Name()
	}
	return t.Name()
}

func (f *file) namedText(t *types.Named) string {
	obj := t.Obj()
	switch {
	case obj.Pkg() == nil:
		return obj.Name()
	case obj.Pkg().Path() == sessionPkg:
		if !isSession(obj) {
			f.refuse(token.NoPos, "a variable of the session of type %s, which is local to a function", obj.Name())
			return "any"
		}
		name := obj.Name()
		if h := f.refer(obj, token.NoPos); h != nil {
			name = f.cellImport(h) + "." + exported(name)
		}
		return name + f.argsText(t.TypeArgs())
	case !token.IsExported(obj.Name()) || strings.ContainsAny(obj.Name(), "/. "):
		f.refuse(token.NoPos, "a variable of type %s, which has no name outside its package", types.TypeString(t, nil))
		return "any"
	}
	alias := "p" + dot + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, obj.Pkg().Path())
	f.importAs(alias, obj.Pkg().Path())
	return alias + "." + obj.Name() + f.argsText(t.TypeArgs())
}

func (f *file) argsText(args *types.TypeList) string {
	if args.Len() == 0 {
		return ""
	}
	texts := make([]string, args.Len())
	for i := range texts {
		texts[i] = f.typeText(args.At(i))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func (f *file) signatureText(t *types.Signature) string {
	params := make([]string, t.Params().Len())
	for i := range params {
		pt := t.Params().At(i).Type()
		if s, ok := pt.(*types.Slice); ok && t.Variadic() && i == len(params)-1 {
			params[i] = "..." + f.typeText(s.Elem())
			continue
		}
		params[i] = f.typeText(pt)
	}
	results := make([]string, t.Results().Len())
	for i := range results {
		results[i] = f.typeText(t.Results().At(i).Type())
	}
	return "(" + strings.Join(params, ", ") + ") (" + strings.Join(results, ", ") + ")"
}

func (f *file) structText(t *types.Struct) string {
	fields := make([]string, t.NumFields())
	for i := range fields {
		v := t.Field(i)
		fields[i] = f.typeText(v.Type())
		if !v.Embedded() {
			fields[i] = v.Name() + " " + fields[i]
		}
		if tag := t.Tag(i); tag != "" {
			fields[i] += " " + strconv.Quote(tag)
		}
	}
	return "struct{" + strings.Join(fields, "; ") + "}"
}

func (f *file) interfaceText(t *types.Interface) string {
	if t.NumMethods() == 0 {
		return "any"
	}
	methods := make([]string, t.NumMethods())
	for i := range methods {
		m := t.Method(i)
		name := m.Name()
		if m.Pkg() != nil && m.Pkg().Path() == sessionPkg {
			name = exported(name)
		}
		methods[i] = name + f.signatureText(m.Type().(*types.Signature))
	}
	return "interface{" + strings.Join(methods, "; ") + "}"
}
