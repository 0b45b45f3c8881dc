package front

import (
	"go/ast"
	"go/types"
	"strings"
)

// Values returns the types of the values of the cell's last expression; silent
// says that nobody wants to see them.
func (u *Unit) Values(e ast.Expr) (values []types.Type, silent bool) {
	tv := u.Info.Types[e]
	switch {
	case tv.IsVoid() || tv.IsType() || tv.IsBuiltin():
		return nil, false
	case tv.IsNil():
		return nil, true
	}
	t := u.Info.TypeOf(e)
	if t == nil || t == types.Typ[types.Invalid] {
		return nil, false
	}
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		silent = u.prints(call)
	}
	if tuple, ok := t.(*types.Tuple); ok {
		for i := range tuple.Len() {
			values = append(values, tuple.At(i).Type())
		}
		return values, silent
	}
	return []types.Type{types.Default(t)}, silent
}

// prints says that a call is made for its effect: what it returns is the number
// of bytes it wrote.
func (u *Unit) prints(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	obj := u.Info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() == pkgPath {
		return false
	}
	name := obj.Name()
	return obj.Pkg().Path() == "fmt" && (strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Fprint")) || name == "Write" || name == "WriteString"
}
