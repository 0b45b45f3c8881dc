package lower

import (
	"go/ast"

	"golang.org/x/tools/go/ast/astutil"
)

// In the interpreter a function's named results are the variables that the caller assigns to: they begin with what those hold, so that
//
//	func count() (n int) { n++; return }
//
// counts on from call to call, and what the function writes to them is seen before it returns. So named results become variables of the function:
//
//	func count() int { var n int; n++; return n }

// ownResults turns the named results of a function into variables of its own.
func (l *lowerer) ownResults(typ *ast.FuncType, body *ast.BlockStmt) {
	if body == nil || typ.Results == nil || len(typ.Results.List) == 0 || len(typ.Results.List[0].Names) == 0 {
		return
	}
	names := l.nameResults(typ)
	var declared []ast.Stmt
	unnamed := &ast.FieldList{Opening: typ.Results.Opening, Closing: typ.Results.Closing}
	for _, field := range typ.Results.List {
		for _, name := range field.Names {
			declared = append(declared, l.stmts("var "+name.Name+" $T; _ = "+name.Name, map[string]ast.Node{"T": field.Type})...)
			unnamed.List = append(unnamed.List, &ast.Field{Type: field.Type})
		}
	}
	astutil.Apply(body, func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 0 {
				c.Replace(&ast.ReturnStmt{Return: n.Return, Results: append([]ast.Expr(nil), names...)})
				return false
			}
		}
		return true
	}, nil)
	typ.Results = unnamed
	body.List = append(declared, body.List...)
}
