package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// show rewrites the cell's last expression: its value is handed to the runtime,
// a trailing error fails the cell.
func (l *lowerer) show(s *ast.ExprStmt) []ast.Stmt {
	values, silent := l.unit.Values(s.X)
	holder := &ast.BlockStmt{List: []ast.Stmt{s}}
	if len(values) == 0 || silent {
		l.apply(holder)
		return holder.List
	}
	names := make([]string, len(values))
	lhs := make([]ast.Expr, len(values))
	for i := range values {
		names[i] = l.temp("value")
		lhs[i] = ast.NewIdent(names[i])
	}
	l.apply(holder)
	expr := holder.List[len(holder.List)-1].(*ast.ExprStmt).X
	stmts := holder.List[:len(holder.List)-1]
	if len(values) == 1 {
		stmts = append(stmts, l.stmts("var "+names[0]+" $T = $E", map[string]ast.Node{"T": l.typeExpr(values[0]), "E": expr})...)
	} else {
		stmts = append(stmts, &ast.AssignStmt{Lhs: lhs, Tok: token.DEFINE, Rhs: []ast.Expr{expr}})
	}
	shown := len(values)
	if last := values[shown-1]; types.Identical(last, types.Universe.Lookup("error").Type()) {
		shown--
		stmts = append(stmts, l.stmts(runtimeAlias+".Check("+names[shown]+")", nil)...)
	}
	if shown == 0 {
		return stmts
	}
	stmts = append(stmts, l.stmts(runtimeAlias+".Begin()", nil)...)
	for i := range shown {
		stmts = append(stmts, l.stmts(l.showOne(names[i], values[i]), nil)...)
	}
	return stmts
}

// showOne writes the call that shows one value in the form its static type asks
// for. Methods of cell types are called here, as compiled code cannot see them.
func (l *lowerer) showOne(name string, t types.Type) string {
	r := runtimeAlias + "."
	if mentionsCell(t) && !types.IsInterface(t) {
		guard := func(call string) string {
			if isPointer(t) {
				return "if " + name + " == nil { " + r + "Text(\"<nil>\") } else { " + call + " }"
			}
			return call
		}
		switch {
		case hasMethod(t, "MIMEBundle", "func() map[string]any"):
			return guard(r + "Bundle(" + name + ".MIMEBundle())")
		case hasMethod(t, "Error", "func() string"):
			return guard(r + "Text(" + name + ".Error())")
		case hasMethod(t, "String", "func() string"):
			return guard(r + "Text(" + name + ".String())")
		}
		l.program.Shown = append(l.program.Shown, t)
		return fmt.Sprintf("%sTyped(%s, %d)", r, name, len(l.program.Shown)-1)
	}
	return r + "Value(" + name + ")"
}

// hasMethod says that a value of type t has a method of that signature.
func hasMethod(t types.Type, name, signature string) bool {
	method := types.NewMethodSet(t).Lookup(nil, name)
	return method != nil && types.TypeString(method.Type(), nil) == signature
}

// callMain calls the cell's func main.
func (l *lowerer) callMain() []ast.Stmt {
	return l.stmts(l.names.Of(l.unit.Main)+"()", nil)
}
