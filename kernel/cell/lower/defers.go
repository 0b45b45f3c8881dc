package lower

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"
)

// The interpreter's defer evaluates arguments late, mixes up loops, and locks a
// frame while deferred functions run, so that closures of the same function
// hang. So a function that defers becomes
//
//	func f(args) (r1 T1, r2 T2) {
//		defers := runtime.NewDefers()
//		body := func() { … defers.Push(func() { … }) … r1, r2 = x, y; return … }
//		defers.Run(body)
//		return
//	}
//
// where Run, compiled code, calls what was pushed when body has ended, and
// recover is a function of the runtime that knows the panic on its way.

const defersVar = "defers" + dot

// deferStmt pushes a call whose function value and arguments are evaluated now.
func (l *lowerer) deferStmt(s *ast.DeferStmt) ast.Stmt {
	stmts, call := l.capture(s.Call)
	fn := l.temp("deferred")
	lit, plain := call.Fun.(*ast.FuncLit)
	if !plain || len(call.Args) > 0 || lit.Type.Results != nil {
		lit = &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ExprStmt{X: call}}}}
	}
	stmts = append(stmts, l.stmts(fn+" := $F; "+defersVar+".Push("+fn+")", map[string]ast.Node{"F": lit})...)
	l.defers[len(l.defers)-1] = true
	return &ast.BlockStmt{Lbrace: s.Pos(), List: stmts}
}

// withDefers rewrites the body of a function in which something was deferred.
func (l *lowerer) withDefers(typ *ast.FuncType, body *ast.BlockStmt, signature *types.Signature) {
	names := l.nameResults(typ)
	l.assignResults(body, names, signature)
	inner := l.temp("body")
	lit := &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{List: body.List}}
	body.List = l.stmts(defersVar+" := "+l.imported(runtimePath)+".NewDefers(); "+inner+" := $B; "+defersVar+".Run("+inner+")", map[string]ast.Node{"B": lit})
	if len(names) > 0 {
		body.List = append(body.List, &ast.ReturnStmt{})
	}
}

// nameResults gives every result of a function a name.
func (l *lowerer) nameResults(typ *ast.FuncType) []ast.Expr {
	if typ.Results == nil {
		return nil
	}
	var names []ast.Expr
	for _, field := range typ.Results.List {
		if len(field.Names) == 0 {
			field.Names = []*ast.Ident{ast.NewIdent(l.temp("result"))}
		}
		for _, id := range field.Names {
			if id.Name == "_" {
				id.Name = l.temp("result")
			}
			names = append(names, ast.NewIdent(id.Name))
		}
	}
	return names
}

// assignResults turns return with values into assignments and a plain return.
func (l *lowerer) assignResults(body *ast.BlockStmt, names []ast.Expr, signature *types.Signature) {
	astutil.Apply(body, func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) > 0 {
				c.Replace(&ast.BlockStmt{Lbrace: n.Pos(), List: append(l.setResults(names, n.Results, signature), &ast.ReturnStmt{})})
				return false
			}
		}
		return true
	}, nil)
}

// keepClosures hands function literals to compiled code as values of their own:
// given directly, they would share the variables of later rounds of a loop.
func (l *lowerer) keepClosures(e *ast.CallExpr) {
	for i, arg := range e.Args {
		t, ok := l.typeOf(arg).Underlying().(*types.Signature)
		if _, lit := ast.Unparen(arg).(*ast.FuncLit); !lit || !ok {
			continue
		}
		text := "func" + l.signatureText(t, nil)
		keep := l.parseExpr("func(f " + text + ") " + text + " { return f }")
		e.Args[i] = l.replaced(arg, &ast.CallExpr{Fun: keep, Args: []ast.Expr{arg}})
	}
}
