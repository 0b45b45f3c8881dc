package lower

import (
	"go/ast"
	"go/token"
)

// receive refuses the cases of a select that the interpreter gets wrong: one that gives what it receives to variables from outside, where it would make
// variables of its own; one that receives a value and whether there was one from a channel that a call returns, where it would find none; and one
// that sends what is not at hand.
func (l *lowerer) receive(s *ast.CommClause) {
	switch comm := s.Comm.(type) {
	case *ast.AssignStmt:
		if comm.Tok == token.ASSIGN {
			l.refuse(comm.Pos(), "a case of a select that receives into a variable from outside")
		} else if from, ok := ast.Unparen(comm.Rhs[0]).(*ast.UnaryExpr); ok && len(comm.Lhs) > 1 && !atHand(from.X) {
			l.refuse(comm.Pos(), "a case of a select that receives two values from a channel that is not in a variable")
		}
	case *ast.SendStmt:
		if !atHand(comm.Chan) || !atHand(comm.Value) {
			l.refuse(comm.Pos(), "a case of a select that sends what has to be computed")
		}
	}
}

// atHand tells whether an expression calls nothing and makes nothing.
func atHand(e ast.Expr) bool {
	plain := true
	ast.Inspect(e, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.CallExpr, *ast.FuncLit, *ast.CompositeLit, *ast.UnaryExpr:
			plain = false
		}
		return plain
	})
	return plain
}
