package lower

import (
	"go/ast"
	"go/token"
)

// receive refuses a case of a select that gives what it receives to variables from outside: the interpreter would make variables of its own.
func (l *lowerer) receive(s *ast.CommClause) {
	if comm, ok := s.Comm.(*ast.AssignStmt); ok && comm.Tok == token.ASSIGN {
		l.refuse(comm.Pos(), "a case of a select that receives into a variable from outside")
	}
}
