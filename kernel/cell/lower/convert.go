package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// walk visits every expression that is converted to another type without the
// source saying so, and every operation on interfaces.
func (r *review) walk(root ast.Node) {
	var results []*types.Tuple
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			if n.Body == nil {
				return false
			}
			results = append(results, r.l.signatureOf(n).Results())
			ast.Inspect(n.Body, visit)
			results = results[:len(results)-1]
			return false
		case *ast.FuncLit:
			signature, _ := r.l.typeOf(n).(*types.Signature)
			results = append(results, signature.Results())
			ast.Inspect(n.Body, visit)
			results = results[:len(results)-1]
			return false
		case *ast.ReturnStmt:
			if len(results) > 0 {
				r.assignTuple(n.Results, results[len(results)-1])
			}
		case *ast.AssignStmt:
			r.assignment(n)
		case *ast.ValueSpec:
			if n.Type != nil {
				for _, v := range n.Values {
					r.convert(v, r.l.typeOf(n.Type))
				}
			}
		case *ast.SendStmt:
			if ch, ok := r.l.typeOf(n.Chan).Underlying().(*types.Chan); ok {
				r.convert(n.Value, ch.Elem())
			}
		case ast.Expr:
			r.expression(n)
		case *ast.SwitchStmt:
			r.switchOn(n)
		case *ast.TypeSwitchStmt:
			r.typeSwitch(n)
		case *ast.GoStmt:
			r.goroutine(n)
		}
		return true
	}
	ast.Inspect(root, visit)
}

func (r *review) expression(e ast.Expr) {
	switch e := e.(type) {
	case *ast.CallExpr:
		r.call(e)
	case *ast.CompositeLit:
		r.composite(e)
	case *ast.BinaryExpr:
		if e.Op == token.EQL || e.Op == token.NEQ {
			r.comparison(e.X, e.Y, e.OpPos)
		}
	case *ast.IndexExpr:
		if m, ok := r.l.typeOf(e.X).Underlying().(*types.Map); ok {
			r.mapKey(m, e.Index.Pos())
			r.convert(e.Index, m.Key())
		}
	case *ast.TypeAssertExpr:
		if e.Type != nil {
			r.assertion(e.X, r.l.typeOf(e.Type), e.Pos())
		}
	}
}

// convert notes that an expression becomes a value of type to.
func (r *review) convert(e ast.Expr, to types.Type) {
	from := r.l.typeOf(e)
	if to == nil || !types.IsInterface(to) || types.IsInterface(from) {
		return
	}
	r.l.mustCopy(e, from)
	r.promotes(e, from, to)
	if mentionsCell(from) {
		r.escaped = append(r.escaped, escape{from, e.Pos()})
	} else if text := reflectText(from); text != "" {
		r.unnamed = append(r.unnamed, text)
	}
}

// mustCopy marks a struct or array variable that becomes an interface value:
// the interpreter would share it.
func (l *lowerer) mustCopy(e ast.Expr, from types.Type) {
	switch from.Underlying().(type) {
	case *types.Struct, *types.Array:
		switch ast.Unparen(e).(type) {
		case *ast.Ident, *ast.SelectorExpr, *ast.IndexExpr, *ast.StarExpr:
			l.copies[e] = true
		}
	}
}

// copied returns a copy of a marked variable.
func (l *lowerer) copied(e ast.Expr, t types.Type) ast.Expr {
	text := l.typeText(t)
	return &ast.CallExpr{Fun: l.parseExpr("func(v " + text + ") " + text + " { return v }"), Args: []ast.Expr{e}}
}

// promotes refuses to make an interface value of a cell type that has a method
// of the interface only through an embedded interface: the interpreter does not
// find it.
func (r *review) promotes(e ast.Expr, from, to types.Type) {
	iface, ok := to.Underlying().(*types.Interface)
	if !ok || !mentionsCell(from) {
		return
	}
	for i := range iface.NumMethods() {
		obj, index, _ := types.LookupFieldOrMethod(from, true, r.l.unit.Package(), iface.Method(i).Name())
		f, ok := obj.(*types.Func)
		if ok && len(index) > 1 && f.Signature().Recv() != nil && types.IsInterface(f.Signature().Recv().Type()) {
			r.l.refuse(e.Pos(), "the method %s of %s by way of an embedded interface", f.Name(), typeName(from))
		}
	}
}

func (r *review) assignTuple(exprs []ast.Expr, to *types.Tuple) {
	if to == nil || len(exprs) != to.Len() {
		return
	}
	for i, e := range exprs {
		r.convert(e, to.At(i).Type())
	}
}

func (r *review) assignment(s *ast.AssignStmt) {
	if len(s.Lhs) != len(s.Rhs) || s.Tok == token.DEFINE {
		return
	}
	for i, lhs := range s.Lhs {
		if !isBlank(lhs) {
			r.convert(s.Rhs[i], r.l.typeOf(lhs))
		}
	}
}

func (r *review) composite(e *ast.CompositeLit) {
	t := r.l.typeOf(e).Underlying()
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem().Underlying()
	}
	for i, elt := range e.Elts {
		kv, keyed := elt.(*ast.KeyValueExpr)
		value := elt
		if keyed {
			value = kv.Value
		}
		switch t := t.(type) {
		case *types.Struct:
			if keyed {
				if field, ok := r.l.info.Uses[identOf(kv.Key)].(*types.Var); ok {
					r.convert(value, field.Type())
				}
			} else if i < t.NumFields() {
				r.convert(value, t.Field(i).Type())
			}
		case *types.Slice:
			r.convert(value, t.Elem())
		case *types.Array:
			r.convert(value, t.Elem())
		case *types.Map:
			r.convert(value, t.Elem())
			if keyed {
				r.mapKey(t, kv.Key.Pos())
				r.convert(kv.Key, t.Key())
			}
		}
	}
}

// call notes conversions of arguments; those to compiled functions are sinks.
func (r *review) call(e *ast.CallExpr) {
	fun := ast.Unparen(e.Fun)
	tv := r.l.info.Types[fun]
	switch {
	case tv.IsType():
		if len(e.Args) == 1 {
			r.convert(e.Args[0], tv.Type)
		}
		return
	case tv.IsBuiltin():
		r.builtin(e, fun)
		return
	}
	signature, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		return
	}
	callee := r.l.compiled(fun)
	for i, arg := range e.Args {
		if _, tuple := r.l.typeOf(arg).(*types.Tuple); tuple {
			continue
		}
		to := r.l.argType(signature, i, arg, e.Ellipsis.IsValid())
		if callee != nil {
			r.sink(callee, e, i, to)
			if keeps(callee) && (isEmpty(to) || isErrorLike(to)) {
				r.convert(arg, to)
			}
			continue
		}
		r.convert(arg, to)
	}
}

// builtin notes the values that append adds and panic throws.
func (r *review) builtin(e *ast.CallExpr, fun ast.Expr) {
	id, ok := fun.(*ast.Ident)
	if !ok || id.Name != "append" || e.Ellipsis.IsValid() || len(e.Args) == 0 {
		return
	}
	if slice, ok := r.l.typeOf(e.Args[0]).Underlying().(*types.Slice); ok {
		for _, arg := range e.Args[1:] {
			r.convert(arg, slice.Elem())
		}
	}
}

// compiled returns the compiled function that is called, nil for code of cells
// and for function values.
func (l *lowerer) compiled(fun ast.Expr) *types.Func {
	var id *ast.Ident
	if e, ok := indexed(fun); ok {
		switch e := e.(type) {
		case *ast.IndexExpr:
			fun = ast.Unparen(e.X)
		case *ast.IndexListExpr:
			fun = ast.Unparen(e.X)
		}
	}
	switch fun := fun.(type) {
	case *ast.SelectorExpr:
		id = fun.Sel
	case *ast.Ident:
		id = fun
	default:
		return nil
	}
	f, ok := l.info.Uses[id].(*types.Func)
	if !ok || f.Pkg() == nil || isCell(f.Pkg()) {
		return nil
	}
	return f
}

// mentionsCell says that a value of type t is or holds values of types that the
// interpreter keeps without their name: types of cells and struct literals.
func mentionsCell(t types.Type) bool { return mentions(t, map[types.Type]bool{}) }

func mentions(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Alias:
		return mentions(types.Unalias(t), seen)
	case *types.Named:
		return isCell(t.Obj().Pkg()) && !types.IsInterface(t)
	case *types.Pointer:
		return mentions(t.Elem(), seen)
	case *types.Slice:
		return mentions(t.Elem(), seen)
	case *types.Array:
		return mentions(t.Elem(), seen)
	case *types.Chan:
		return mentions(t.Elem(), seen)
	case *types.Map:
		return mentions(t.Key(), seen) || mentions(t.Elem(), seen)
	case *types.Struct:
		return true
	}
	return false
}
