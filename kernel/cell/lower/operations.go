package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

func (r *review) note(iface, target types.Type, what string, pos token.Pos) {
	if !types.IsInterface(iface) {
		return
	}
	r.operations = append(r.operations, operation{iface: iface, target: target, what: what, where: r.l.unit.Fset.Position(pos)})
}

// comparison of interfaces looks at dynamic types; with nil or a basic value of
// a compiled type it does not matter.
func (r *review) comparison(x, y ast.Expr, pos token.Pos) {
	if r.l.info.Types[x].IsNil() || r.l.info.Types[y].IsNil() {
		return
	}
	r.note(r.l.typeOf(x), nil, "a comparison of interface values", pos)
	r.note(r.l.typeOf(y), nil, "a comparison of interface values", pos)
	r.convertSide(x, y)
	r.convertSide(y, x)
}

func (r *review) convertSide(e, other ast.Expr) {
	if types.IsInterface(r.l.typeOf(other)) {
		r.convert(e, r.l.typeOf(other))
	}
}

func (r *review) mapKey(m *types.Map, pos token.Pos) {
	r.note(m.Key(), nil, "a map with interface keys", pos)
}

func (r *review) switchOn(s *ast.SwitchStmt) {
	if s.Tag == nil {
		return
	}
	r.note(r.l.typeOf(s.Tag), nil, "a switch over interface values", s.Tag.Pos())
}

func (r *review) assertion(x ast.Expr, target types.Type, pos token.Pos) {
	r.note(r.l.typeOf(x), target, "a type assertion to "+typeName(target), pos)
	r.basicTarget(x, target, pos)
}

// basicTarget refuses asking an empty interface for a cell type that is not a
// struct: any value of its underlying type would do for the interpreter.
func (r *review) basicTarget(x ast.Expr, target types.Type, pos token.Pos) {
	if !types.IsInterface(target) && isEmpty(r.l.typeOf(x)) && mentionsCell(target) && !isStructLike(target) {
		r.l.refuse(pos, "asking an any for the cell type %s, which looks like its underlying type", typeName(target))
	}
}

// typeSwitch is a list of assertions.
func (r *review) typeSwitch(s *ast.TypeSwitchStmt) {
	var x ast.Expr
	switch assign := s.Assign.(type) {
	case *ast.ExprStmt:
		x = assign.X.(*ast.TypeAssertExpr).X
	case *ast.AssignStmt:
		x = assign.Rhs[0].(*ast.TypeAssertExpr).X
	}
	for _, clause := range s.Body.List {
		for _, t := range clause.(*ast.CaseClause).List {
			if r.l.info.Types[t].IsNil() {
				continue
			}
			target := r.l.typeOf(t)
			r.basicTarget(x, target, t.Pos())
			r.note(r.l.typeOf(x), target, "a type switch with case "+typeName(target), t.Pos())
		}
	}
}
