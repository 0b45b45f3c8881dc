package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// typeSwitch writes a type switch as a switch over type assertions: the
// interpreter's own misses interfaces such as error and types of cells.
func (l *lowerer) typeSwitch(s *ast.TypeSwitchStmt) ast.Stmt {
	var x ast.Expr
	var name *ast.Ident
	switch assign := s.Assign.(type) {
	case *ast.ExprStmt:
		x = assign.X.(*ast.TypeAssertExpr).X
	case *ast.AssignStmt:
		x, name = assign.Rhs[0].(*ast.TypeAssertExpr).X, identOf(assign.Lhs[0])
	}
	operand := l.temp("x")
	block := &ast.BlockStmt{Lbrace: s.Pos()}
	if s.Init != nil {
		block.List = append(block.List, s.Init)
	}
	block.List = append(block.List, l.stmts("var "+operand+" $T = $X", map[string]ast.Node{"T": l.typeExpr(l.typeOf(x)), "X": x})...)
	out := &ast.SwitchStmt{Body: &ast.BlockStmt{}}
	for _, clause := range s.Body.List {
		out.Body.List = append(out.Body.List, l.typeCase(clause.(*ast.CaseClause), operand, l.typeOf(x), name))
	}
	block.List = append(block.List, out)
	l.moved[block] = out
	return block
}

// typeCase writes one clause. A single type gives the variable that type.
func (l *lowerer) typeCase(clause *ast.CaseClause, operand string, from types.Type, name *ast.Ident) *ast.CaseClause {
	out := &ast.CaseClause{Case: clause.Case, Body: clause.Body}
	for _, t := range clause.List { // one condition: the interpreter looks at the first only
		is := l.isType(operand, from, t)
		if out.List == nil {
			out.List = []ast.Expr{is}
		} else {
			out.List[0] = &ast.BinaryExpr{X: out.List[0], Op: token.LOR, Y: is}
		}
	}
	if name == nil || name.Name == "_" {
		return out
	}
	value := ast.Expr(ast.NewIdent(operand))
	if len(clause.List) == 1 && !l.info.Types[clause.List[0]].IsNil() {
		value = &ast.TypeAssertExpr{X: ast.NewIdent(operand), Type: l.typeExpr(l.typeOf(clause.List[0]))}
	}
	bind := []ast.Stmt{&ast.AssignStmt{Lhs: []ast.Expr{ast.NewIdent(name.Name)}, Tok: token.DEFINE, Rhs: []ast.Expr{value}}}
	out.Body = append(append(bind, l.use(ast.NewIdent(name.Name))...), clause.Body...)
	return out
}

// isType asks whether the operand holds a type, or is nil.
func (l *lowerer) isType(operand string, from types.Type, t ast.Expr) ast.Expr {
	if l.info.Types[t].IsNil() {
		return l.parseExpr(operand + " == nil")
	}
	ok, target := l.temp("ok"), l.typeOf(t)
	test := l.parseExpr("func() bool { _, " + ok + " := x.(" + l.typeText(target) + "); return " + ok + " }").(*ast.FuncLit)
	test.Body.List[0].(*ast.AssignStmt).Rhs[0].(*ast.TypeAssertExpr).X = l.assertOperand(ast.NewIdent(operand), from, target)
	return &ast.CallExpr{Fun: test}
}
