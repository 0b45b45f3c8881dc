package compiled

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"
)

// accessor is the function by which other packages reach an unexported field.
type accessor struct {
	home    *home
	name    string          // "" where there is none
	owner   *types.TypeName // the type in whose declaration the field stands
	generic bool
}

// accessor returns how to reach a field from here, nil for a plain selector.
func (f *file) accessor(field types.Object) *accessor {
	v, ok := field.(*types.Var)
	if !ok || v.Pkg() == nil || v.Pkg().Path() != sessionPkg || v.Exported() {
		return nil
	}
	return f.engine.fields[v.Origin()]
}

// reach writes the address-of-field expression for a value, dereferenced.
func (f *file) reach(a *accessor, field *types.Var, arg string) string {
	f.cellImport(a.home)
	if a.name == "" {
		f.refuse(field.Pos(), "the field %s of an unnamed struct type of another cell: give the type a name", field.Name())
		return "_"
	}
	if a.generic {
		return "(*" + a.home.alias() + "." + a.name + "(" + arg + "))"
	}
	owner := a.home.alias() + "." + exported(a.owner.Name())
	return fmt.Sprintf("(*(%s.%s{}).%s((*%s)(%s)))", a.home.alias(), exporter, a.name, owner, arg)
}

// fieldPath writes a selection that ends in, or leads through, fields that this
// package does not see.
func (f *file) fieldPath(e *ast.SelectorExpr, selection *types.Selection) string {
	cur, t := f.render(e.X), selection.Recv()
	addressable := f.info.Types[e.X].Addressable()
	for _, i := range selection.Index() {
		pointer := isPointer(t)
		if pointer {
			t = t.Underlying().(*types.Pointer).Elem()
		}
		field := t.Underlying().(*types.Struct).Field(i)
		if a := f.accessor(field); a == nil {
			cur += "." + field.Name()
		} else {
			switch {
			case pointer:
			case addressable:
				cur = "&" + cur
			default:
				cur = runAlias + ".Ref(" + cur + ")"
			}
			cur = f.reach(a, field, cur)
			addressable = true
		}
		addressable = addressable || pointer
		t = field.Type()
	}
	return cur
}

// structOf returns the struct type that a literal makes, through a pointer where
// the & is left out.
func structOf(t types.Type) (named types.Type, s *types.Struct) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, _ = t.Underlying().(*types.Struct)
	return t, s
}

// closed says that a literal sets fields which this package does not see.
func (f *file) closed(lit *ast.CompositeLit) bool {
	_, s := structOf(f.typeOf(lit))
	if s == nil {
		return false
	}
	for i := range lit.Elts {
		if field, _ := f.element(lit, s, i); field != nil && f.accessor(field) != nil {
			return true
		}
	}
	return false
}

// element returns the field that the i-th element of a struct literal sets, and
// its value.
func (f *file) element(lit *ast.CompositeLit, s *types.Struct, i int) (*types.Var, ast.Expr) {
	if kv, ok := lit.Elts[i].(*ast.KeyValueExpr); ok {
		if id, ok := kv.Key.(*ast.Ident); ok {
			field, _ := f.info.Uses[id].(*types.Var)
			return field, kv.Value
		}
		return nil, kv.Value
	}
	if i < s.NumFields() {
		return s.Field(i), lit.Elts[i]
	}
	return nil, lit.Elts[i]
}

// literal writes a struct literal as a function that sets the fields one by one.
func (f *file) literal(n ast.Node, lit *ast.CompositeLit, pointer bool) {
	t, s := structOf(f.typeOf(lit))
	text := f.typeText(t)
	for i := range lit.Elts {
		_, value := f.element(lit, s, i)
		f.walk(value)
	}
	f.replace(n, func() string {
		var b strings.Builder
		self := "s" + dot
		fmt.Fprintf(&b, "func() *%s { %s := new(%s); ", text, self, text)
		for i := range lit.Elts {
			field, value := f.element(lit, s, i)
			if field == nil || field.Name() == "_" {
				continue
			}
			place := self + "." + field.Name()
			if a := f.accessor(field); a != nil {
				place = f.reach(a, field, self)
			}
			fmt.Fprintf(&b, "%s = %s; ", place, f.render(value))
		}
		fmt.Fprintf(&b, "return %s }()", self)
		if pointer {
			return b.String()
		}
		return "(*" + b.String() + ")"
	})
}
