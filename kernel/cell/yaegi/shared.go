package yaegi

import (
	"go/ast"
	"go/types"
	"reflect"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
)

// Address returns the address of a session variable. A variable that no cell of
// the interpreter has defined is declared, if the interpreter can name its type;
// otherwise ok is false.
func (e *Engine) Address(v *types.Var) (p reflect.Value, ok bool) {
	if !e.declared[v] {
		program, err := lower.Declare(v, e.names, e.goTypes)
		if err != nil || e.load(program) != nil || e.eval(program.Source) != nil {
			return reflect.Value{}, false
		}
		e.declared[v] = true
	}
	p, err := e.slot(v)
	return p, err == nil && p.Kind() == reflect.Pointer
}

// took records what a cell has defined in the interpreter.
func (e *Engine) took(u *front.Unit) {
	for _, v := range u.Vars {
		e.declared[v] = true
	}
	for _, d := range u.Decls {
		for _, name := range d.Names {
			if obj := u.Object(name); obj != nil {
				e.declared[obj] = true
			}
		}
	}
}

// Missing lists the session objects that a cell uses and the interpreter does
// not have: those that only compiled cells defined.
func (e *Engine) Missing(u *front.Unit) []types.Object {
	own := map[types.Object]bool{}
	for _, v := range u.Vars {
		own[v] = true
	}
	for _, d := range u.Decls {
		for _, name := range d.Names {
			own[u.Object(name)] = true
		}
	}
	var missing []types.Object
	seen := map[types.Object]bool{}
	look := func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj := u.Info.Uses[id]
		if obj == nil || seen[obj] || own[obj] || e.declared[obj] || !lower.IsSession(obj) {
			return true
		}
		seen[obj] = true
		switch obj := obj.(type) {
		case *types.Var:
			if _, ok := e.Address(obj); ok {
				return true
			}
		case *types.Const:
			return true // folded
		}
		missing = append(missing, obj)
		return true
	}
	for _, d := range u.Decls {
		ast.Inspect(d.Node, look)
	}
	for _, s := range u.Body {
		ast.Inspect(s, look)
	}
	return missing
}
