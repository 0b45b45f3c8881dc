package lower

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"
)

// keeps says that a compiled function may hand its argument back to a cell, as
// a value of an interface.
func keeps(f *types.Func) bool {
	switch f.Pkg().Path() {
	case "fmt", "log", "encoding/json", "sort":
		return false
	}
	return true
}

// sink examines one argument of a compiled function. Values that would look
// different there than in compiled Go are refused.
func (r *review) sink(f *types.Func, call *ast.CallExpr, i int, to types.Type) {
	arg := call.Args[i]
	from := r.l.typeOf(arg)
	if !types.IsInterface(to) {
		return // the types are those of compiled code
	}
	name := f.Pkg().Name() + "." + f.Name()
	if types.IsInterface(from) || holdsInterface(from, map[types.Type]bool{}) {
		r.dynamic(f, from, arg)
	}
	if types.IsInterface(from) || !mentionsCell(from) {
		return
	}
	switch {
	case !isEmpty(to):
		if name == "errors.Is" || name == "errors.As" {
			r.l.refuse(arg.Pos(), "%s with an error type of a cell", name)
		}
	case formats(f):
		r.formatted(f, call, i, from)
	case f.Pkg().Path() == "sort" && strings.HasPrefix(f.Name(), "Slice"):
	case f.Pkg().Path() == "reflect":
		r.l.refuse(arg.Pos(), "reflection on the cell type %s", typeName(from))
	case name == "errors.As":
		r.l.refuse(arg.Pos(), "errors.As with an error type of a cell")
	default:
		r.plain(name, arg, from)
	}
}

// dynamic notes that compiled code will look into interface values.
func (r *review) dynamic(f *types.Func, from types.Type, arg ast.Expr) {
	name := f.Pkg().Name() + "." + f.Name()
	pos := r.l.unit.Fset.Position(arg.Pos())
	what := "handing interface values to " + name
	if types.IsInterface(from) {
		if isEmpty(from) || isErrorLike(from) && (name == "errors.Is" || name == "errors.As") {
			r.operations = append(r.operations, operation{iface: from, what: what, where: pos, direct: isEmpty(from), prints: prints(f)})
		}
		return
	}
	r.operations = append(r.operations, operation{iface: types.NewInterfaceType(nil, nil), what: what, where: pos, prints: prints(f)})
}

// prints says that a function writes its arguments down, whatever their types are.
func prints(f *types.Func) bool { return formats(f) || f.Pkg().Path() == "encoding/json" }

func isErrorLike(t types.Type) bool {
	return types.Identical(t.Underlying(), types.Universe.Lookup("error").Type().Underlying())
}

// holdsInterface says that a value has interfaces inside.
func holdsInterface(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok && !isCell(named.Obj().Pkg()) {
		return false
	}
	switch t := t.Underlying().(type) {
	case *types.Interface:
		return true
	case *types.Pointer:
		return holdsInterface(t.Elem(), seen)
	case *types.Slice:
		return holdsInterface(t.Elem(), seen)
	case *types.Array:
		return holdsInterface(t.Elem(), seen)
	case *types.Map:
		return holdsInterface(t.Key(), seen) || holdsInterface(t.Elem(), seen)
	case *types.Struct:
		for i := range t.NumFields() {
			if holdsInterface(t.Field(i).Type(), seen) {
				return true
			}
		}
	}
	return false
}

// formats says that a function prints its arguments as fmt does.
func formats(f *types.Func) bool {
	return (f.Pkg().Path() == "fmt" || f.Pkg().Path() == "log") && (strings.Contains(f.Name(), "rint") || f.Name() == "Errorf" || strings.HasPrefix(f.Name(), "Fatal") || strings.HasPrefix(f.Name(), "Panic"))
}

// formatted examines an argument that is printed.
func (r *review) formatted(f *types.Func, call *ast.CallExpr, i int, from types.Type) {
	arg := call.Args[i]
	verb, flags, known := byte('v'), "", true
	if strings.HasSuffix(f.Name(), "f") {
		verb, flags, known = r.verbFor(f, call, i)
	}
	switch {
	case !known:
		r.l.refuse(arg.Pos(), "printing the cell type %s with a format that is not a constant", typeName(from))
	case verb == 'T':
		if !types.IsInterface(from) {
			return // rewritten, see typeVerbs
		}
	case verb == 'p':
	case strings.Contains(flags, "#"):
		r.l.refuse(arg.Pos(), "%%#%c of the cell type %s", verb, typeName(from))
	case strings.Contains(flags, "+") && renamesFields(from):
		r.l.refuse(arg.Pos(), "%%+%c of the cell type %s, which has unexported or embedded fields", verb, typeName(from))
	default:
		r.ownForm(arg, from, verb)
	}
}

// ownForm refuses types whose methods fmt would call where the interpreter does
// not let it, or lets it too often.
func (r *review) ownForm(arg ast.Expr, from types.Type, verb byte) {
	if !formatMethods(from, map[types.Type]bool{}) {
		return
	}
	direct := hasMethod(from, "String", "func() string") || hasMethod(from, "Error", "func() string")
	inner := from
	if p, ok := inner.Underlying().(*types.Pointer); ok {
		inner = p.Elem()
	}
	if direct && (verb == 'v' || verb == 's') && !nestedFormat(inner) {
		return
	}
	r.l.refuse(arg.Pos(), "printing a value of type %s, whose method String or Error is not seen there: call it yourself", typeName(from))
}

// formatMethods says that t or a type inside it has a method that fmt calls.
func formatMethods(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if !isCell(named.Obj().Pkg()) {
			return false
		}
		for _, m := range []string{"String", "Error", "Format", "GoString"} {
			if types.NewMethodSet(types.NewPointer(named)).Lookup(nil, m) != nil {
				return true
			}
		}
	}
	return nested(t, func(inner types.Type) bool { return formatMethods(inner, seen) })
}

// nestedFormat says that the parts of t have such methods.
func nestedFormat(t types.Type) bool {
	return nested(t, func(inner types.Type) bool { return formatMethods(inner, map[types.Type]bool{}) })
}

// nested asks whether something holds for a type directly inside t.
func nested(t types.Type, holds func(types.Type) bool) bool {
	switch t := t.Underlying().(type) {
	case *types.Pointer:
		return holds(t.Elem())
	case *types.Slice:
		return holds(t.Elem())
	case *types.Array:
		return holds(t.Elem())
	case *types.Map:
		return holds(t.Key()) || holds(t.Elem())
	case *types.Struct:
		for i := range t.NumFields() {
			if holds(t.Field(i).Type()) {
				return true
			}
		}
	}
	return false
}

// renamesFields says that the interpreter's form of t has other field names.
func renamesFields(t types.Type) bool { return renames(t, map[types.Type]bool{}) }

func renames(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok && !isCell(named.Obj().Pkg()) {
		return false
	}
	if s, ok := t.Underlying().(*types.Struct); ok {
		for i := range s.NumFields() {
			if f := s.Field(i); !f.Exported() || f.Embedded() {
				return true
			}
		}
	}
	return nested(t, func(inner types.Type) bool { return renames(inner, seen) })
}

// plain allows values that are the same to compiled code: no methods, no
// unexported or embedded fields.
func (r *review) plain(name string, arg ast.Expr, from types.Type) {
	switch {
	case renamesFields(from):
		r.l.refuse(arg.Pos(), "handing the cell type %s, which has unexported or embedded fields, to %s", typeName(from), name)
	case anyMethods(from, map[types.Type]bool{}):
		r.l.refuse(arg.Pos(), "handing the cell type %s, whose methods compiled code does not see, to %s", typeName(from), name)
	}
}

func anyMethods(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if !isCell(named.Obj().Pkg()) {
			return false
		}
		if types.NewMethodSet(types.NewPointer(named)).Len() > 0 {
			return true
		}
	}
	return nested(t, func(inner types.Type) bool { return anyMethods(inner, seen) })
}

// verbFor finds the verb of a constant format that prints argument i.
func (r *review) verbFor(f *types.Func, call *ast.CallExpr, i int) (verb byte, flags string, ok bool) {
	signature := f.Signature()
	at := signature.Params().Len() - 2
	if at < 0 || at >= len(call.Args) || call.Ellipsis.IsValid() {
		return 0, "", false
	}
	format := r.l.info.Types[call.Args[at]].Value
	if format == nil || format.Kind() != constant.String {
		return 0, "", false
	}
	verbs, ok := parseFormat(constant.StringVal(format))
	n := i - at - 1
	if !ok || n < 0 || n >= len(verbs) {
		return 'v', "", ok
	}
	return verbs[n].verb, verbs[n].flags, true
}

type verbSpec struct {
	verb  byte
	flags string
	at    int // index of the verb in the format
}

// parseFormat lists the verbs of a format that uses its arguments in order;
// explicit indexes and starred widths are not followed.
func parseFormat(format string) (verbs []verbSpec, ok bool) {
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		i++
		start := i
		for i < len(format) && strings.IndexByte("+-# 0123456789.", format[i]) >= 0 {
			i++
		}
		if i >= len(format) || format[i] == '[' || format[i] == '*' {
			return nil, false
		}
		if format[i] != '%' {
			verbs = append(verbs, verbSpec{format[i], format[start:i], i})
		}
	}
	return verbs, true
}
