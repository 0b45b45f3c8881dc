package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// show rewrites the cell's last expression: its value is handed to the runtime,
// a trailing error fails the cell.
func (l *lowerer) show(s *ast.ExprStmt) []ast.Stmt {
	t := l.typeOf(s.X)
	values, silent := l.valuesOf(s.X, t)
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

// valuesOf returns the types of an expression's values; silent says that nobody
// wants to see them.
func (l *lowerer) valuesOf(e ast.Expr, t types.Type) (values []types.Type, silent bool) {
	tv := l.info.Types[e]
	switch {
	case tv.IsVoid() || tv.IsType() || tv.IsBuiltin():
		return nil, false
	case tv.IsNil():
		return nil, true
	}
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		silent = l.prints(call)
	}
	if tuple, ok := t.(*types.Tuple); ok {
		for i := range tuple.Len() {
			values = append(values, tuple.At(i).Type())
		}
		return values, silent
	}
	if t == types.Typ[types.Invalid] {
		return nil, false
	}
	return []types.Type{types.Default(t)}, silent
}

// prints says that a call is made for its effect: what it returns is the number
// of bytes it wrote.
func (l *lowerer) prints(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	obj := l.info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || isCell(obj.Pkg()) {
		return false
	}
	name := obj.Name()
	return obj.Pkg().Path() == "fmt" && (strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Fprint")) || name == "Write" || name == "WriteString"
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
