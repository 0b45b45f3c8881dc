package lower

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"
)

// The interpreter's assignment of several values loses constants that stand
// beside calls, and evaluates the left side too late. So a, b = x, y becomes
//
//	{ x1 := x; y1 := y; a = x1; b = y1 }
//
// with what the left side needs evaluated first, as Go does.

// assign rewrites one assignment.
func (l *lowerer) assign(c *astutil.Cursor, s *ast.AssignStmt) {
	if s.Tok != token.ASSIGN || len(s.Lhs) < 2 || len(s.Lhs) != len(s.Rhs) {
		return
	}
	targets := make([]types.Type, len(s.Lhs))
	for i, lhs := range s.Lhs {
		targets[i] = types.Default(l.typeOf(s.Rhs[i]))
		if !isBlank(lhs) {
			targets[i] = l.typeOf(lhs)
		}
	}
	if c.Index() < 0 && c.Name() != "Stmt" { // part of a for or if: one statement only
		l.assignInline(s, targets)
		return
	}
	c.Replace(&ast.BlockStmt{Lbrace: s.Pos(), List: l.assignAll(s.Lhs, s.Rhs, targets)})
}

// shelter puts composite literals that are declared together with other values
// into parentheses: of a, b := []int{}, 1 the interpreter would set a alone.
func shelter(values []ast.Expr) {
	if len(values) < 2 {
		return
	}
	for i, e := range values {
		if lit, ok := e.(*ast.CompositeLit); ok {
			values[i] = &ast.ParenExpr{Lparen: lit.Pos(), X: lit, Rparen: lit.End()}
		}
	}
}

// shelterResults puts calls of builtins and receptions that are returned beside
// other values into parentheses: the interpreter would put what they give in the
// place of the first result, or panic.
func shelterResults(s *ast.ReturnStmt) {
	if len(s.Results) < 2 {
		return
	}
	for i, e := range s.Results {
		switch e := e.(type) {
		case *ast.CallExpr:
			id, ok := e.Fun.(*ast.Ident)
			if !ok {
				continue
			}
			if _, builtin := types.Universe.Lookup(id.Name).(*types.Builtin); !builtin {
				continue
			}
		case *ast.UnaryExpr:
			if e.Op != token.ARROW {
				continue
			}
		default:
			continue
		}
		s.Results[i] = &ast.ParenExpr{Lparen: e.Pos(), X: e, Rparen: e.End()}
	}
}

// assignAll assigns values to places of the given types, everything evaluated
// before anything is changed.
func (l *lowerer) assignAll(lhs, rhs []ast.Expr, targets []types.Type) []ast.Stmt {
	var before, after []ast.Stmt
	hold := func(e ast.Expr, t types.Type) ast.Expr {
		name := l.temp("held")
		before = append(before, l.stmts("var "+name+" $T = $E", map[string]ast.Node{"T": l.typeExpr(t), "E": e})...)
		return ast.NewIdent(name)
	}
	places := make([]ast.Expr, len(lhs))
	for i, e := range lhs {
		places[i] = l.place(e, hold)
	}
	for i, e := range rhs {
		after = append(after, &ast.AssignStmt{Lhs: []ast.Expr{places[i]}, Tok: token.ASSIGN, Rhs: []ast.Expr{hold(e, targets[i])}})
	}
	return append(before, after...)
}

// place evaluates the index and pointer operands of a left side.
func (l *lowerer) place(e ast.Expr, hold func(ast.Expr, types.Type) ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return l.place(e.X, hold)
	case *ast.IndexExpr:
		t, index := l.typeOf(e.X), e.Index
		indexType := types.Type(types.Typ[types.Int])
		if m, ok := t.Underlying().(*types.Map); ok {
			indexType = m.Key()
		} else if it := l.typeOf(index); l.info.Types[index].Value == nil {
			indexType = it
		}
		if l.info.Types[index].Value == nil {
			index = hold(index, indexType)
		}
		if _, array := t.Underlying().(*types.Array); array {
			return &ast.IndexExpr{X: l.place(e.X, hold), Index: index}
		}
		return &ast.IndexExpr{X: hold(e.X, t), Index: index}
	case *ast.StarExpr:
		return &ast.StarExpr{X: hold(e.X, l.typeOf(e.X))}
	case *ast.SelectorExpr:
		if l.info.Selections[e] == nil {
			return e // a variable of a package
		}
		if t := l.typeOf(e.X); isPointer(t) {
			return &ast.SelectorExpr{X: hold(e.X, t), Sel: e.Sel}
		}
		return &ast.SelectorExpr{X: l.place(e.X, hold), Sel: e.Sel}
	}
	return e
}

// assignInline assigns to variables in one statement.
func (l *lowerer) assignInline(s *ast.AssignStmt, targets []types.Type) {
	for _, e := range s.Lhs {
		if _, ok := e.(*ast.Ident); !ok {
			l.refuse(e.Pos(), "several assignments at once in the head of a statement, except to plain variables")
			return
		}
	}
	var params, results []*types.Var
	for _, t := range targets {
		results = append(results, types.NewParam(token.NoPos, nil, "", t))
	}
	signature := types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), types.NewTuple(results...), false)
	lit := l.parseExpr("func" + l.signatureText(signature, nil) + " { }").(*ast.FuncLit)
	values := make([]ast.Expr, len(targets))
	for i, t := range targets {
		name := l.temp("held")
		lit.Body.List = append(lit.Body.List, l.stmts("var "+name+" $T = $E", map[string]ast.Node{"T": l.typeExpr(t), "E": s.Rhs[i]})...)
		values[i] = ast.NewIdent(name)
	}
	lit.Body.List = append(lit.Body.List, &ast.ReturnStmt{Results: values})
	s.Rhs = []ast.Expr{&ast.CallExpr{Fun: lit}}
}

// resultTypes lists what a function returns.
func resultTypes(signature *types.Signature) []types.Type {
	out := make([]types.Type, signature.Results().Len())
	for i := range out {
		out[i] = signature.Results().At(i).Type()
	}
	return out
}

// setResults assigns the values of a return statement to variables.
func (l *lowerer) setResults(names, values []ast.Expr, signature *types.Signature) []ast.Stmt {
	if len(values) > 1 && len(values) == len(names) && signature.Results().Len() == len(names) {
		return l.assignAll(names, values, resultTypes(signature))
	}
	return []ast.Stmt{&ast.AssignStmt{Lhs: names, Tok: token.ASSIGN, Rhs: values}}
}
