package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// goroutine refuses a goroutine that changes variables of its surroundings. The
// interpreter has been seen to lose such changes, and to wait for ever, even
// where the cell guards them by a mutex.
func (r *review) goroutine(s *ast.GoStmt) {
	lit, ok := ast.Unparen(s.Call.Fun).(*ast.FuncLit)
	if !ok {
		return
	}
	outside := func(e ast.Expr) bool {
		id := r.base(e)
		if id == nil || id.Name == "_" {
			return false
		}
		v, ok := r.l.info.Uses[id].(*types.Var)
		return ok && (IsSession(v) || v.Pos() < lit.Pos() || v.Pos() > lit.End())
	}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				if n.Tok != token.DEFINE && outside(lhs) {
					r.l.refuse(lhs.Pos(), "a goroutine that changes %s, a variable of its surroundings", r.base(lhs).Name)
					return false
				}
			}
		case *ast.IncDecStmt:
			if outside(n.X) {
				r.l.refuse(n.Pos(), "a goroutine that changes %s, a variable of its surroundings", r.base(n.X).Name)
			}
		}
		return true
	})
}

// base returns the variable that a left side changes, nil for an element of a
// slice, which goroutines can have to themselves.
func (r *review) base(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.ParenExpr:
		return r.base(e.X)
	case *ast.StarExpr:
		return r.base(e.X)
	case *ast.SelectorExpr:
		return r.base(e.X)
	case *ast.IndexExpr:
		if _, slice := r.l.typeOf(e.X).Underlying().(*types.Slice); slice {
			return nil
		}
		return r.base(e.X)
	}
	return nil
}

// ownFrame makes a function literal in a call of its own. Whenever a literal has
// run, the interpreter puts into its place in the frame that made it what was
// there before. In a loop that is an earlier round's literal; and where that one
// runs in a goroutine meanwhile, the loop would take it for the one it has just
// made: it would be started twice, and another never.
func (l *lowerer) ownFrame(lit *ast.FuncLit, signature *types.Signature) ast.Expr {
	maker := l.parseExpr("func() func" + l.signatureText(signature, nil) + " { return nil }").(*ast.FuncLit)
	maker.Body.List[0].(*ast.ReturnStmt).Results[0] = lit
	return &ast.CallExpr{Fun: maker}
}
