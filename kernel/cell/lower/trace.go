package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// placeShift packs a cell number and a line into one integer.
const placeShift = 20

// Place unpacks the value of the place variable.
func Place(packed int) (cell, line int) {
	return packed >> placeShift, packed & (1<<placeShift - 1)
}

// trace records, before each statement that can fail, where it stands.
func (l *lowerer) trace(list []ast.Stmt) []ast.Stmt {
	out := make([]ast.Stmt, 0, 2*len(list))
	last := 0
	for _, s := range list {
		if s.Pos().IsValid() && risky(s) {
			cell, line, _ := front.Place(l.unit.Fset, s.Pos())
			if packed := cell<<placeShift | line; cell > 0 && packed != last {
				out = append(out, l.stmts(fmt.Sprintf("%s = %d", placeVar, packed), nil)...)
				last = packed
			}
		}
		out = append(out, s)
		if !simple(s) {
			last = 0 // statements inside have changed the place
		}
	}
	return out
}

func simple(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.IncDecStmt, *ast.DeclStmt, *ast.SendStmt, *ast.ReturnStmt:
		return true
	}
	return false
}

// risky says that the statement itself, not a block within, may panic or call.
func risky(s ast.Stmt) bool {
	found := false
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt, *ast.FuncLit, *ast.CaseClause, *ast.CommClause:
			return n == ast.Node(s)
		case *ast.CallExpr, *ast.IndexExpr, *ast.SliceExpr, *ast.StarExpr, *ast.SelectorExpr, *ast.TypeAssertExpr, *ast.SendStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		case *ast.BinaryExpr:
			found = found || n.Op == token.QUO || n.Op == token.REM || n.Op == token.SHL || n.Op == token.SHR || n.Op == token.EQL
		case *ast.AssignStmt:
			found = found || n.Tok == token.QUO_ASSIGN || n.Tok == token.REM_ASSIGN
		case *ast.RangeStmt, *ast.GoStmt, *ast.DeferStmt:
			found = true
		}
		return !found
	})
	return found
}

// guard makes a function that calls functions watch the depth of recursion:
// overflowing the stack would end the process.
func (l *lowerer) guard(body *ast.BlockStmt) {
	if body == nil {
		return
	}
	calls := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok {
				if _, pkg := l.info.Uses[identOf(sel.X)].(*types.PkgName); pkg {
					return true
				}
			}
			calls = true
		}
		return !calls
	})
	if calls {
		body.List = append(l.stmts(l.imported(runtimePath)+".Enter()", nil), body.List...)
	}
}

func identOf(e ast.Expr) *ast.Ident {
	id, _ := e.(*ast.Ident)
	return id
}

// cellFunc makes the function of the cell's statements.
func (l *lowerer) cellFunc() ast.Node {
	l.results, l.defers, l.loops = append(l.results, types.NewSignatureType(nil, nil, nil, nil, nil, false)), append(l.defers, false), append(l.loops, 0)
	body := &ast.BlockStmt{}
	for i, s := range l.unit.Body {
		l.topLevel[s] = true
		if labeled, ok := s.(*ast.LabeledStmt); ok {
			l.topLevel[labeled.Stmt] = true
		}
		l.program.Steps = append(l.program.Steps, l.unit.Fset.Position(s.Pos()))
		step := append(l.stopCheck(), l.stmts(fmt.Sprintf("%s = %d", stepVar, i), nil)...) // one that was left behind goes no further
		var result []ast.Stmt
		if i == len(l.unit.Body)-1 && l.unit.Shows {
			result = l.show(s.(*ast.ExprStmt))
		} else {
			holder := &ast.BlockStmt{List: []ast.Stmt{s}}
			l.apply(holder)
			result = holder.List
		}
		body.List = append(append(body.List, step...), result...)
	}
	if l.unit.Main != nil {
		body.List = append(body.List, l.callMain()...)
	}
	typ := &ast.FuncType{Params: &ast.FieldList{}}
	l.leaveFunc(typ, body)
	return &ast.FuncDecl{Name: ast.NewIdent(l.program.Entry), Type: typ, Body: body}
}
