package lower

import (
	"go/ast"
	"go/types"
	"strconv"
	"strings"
)

// assertOperand guards the operand of an assertion to an interface type of a
// cell. The interpreter finds the methods of cell types only, so a compiled
// value that has them would be missed: the guard makes that an error.
func (l *lowerer) assertOperand(x ast.Expr, from, target types.Type) ast.Expr {
	if !types.IsInterface(target) || !cellInterface(target) {
		return x
	}
	iface := target.Underlying().(*types.Interface)
	names := make([]string, iface.NumMethods())
	for i := range names {
		names[i] = iface.Method(i).Name()
	}
	v, t := l.temp("v"), l.typeText(from)
	lit := l.parseExpr("func(" + v + " " + t + ") " + t + " { " + runtimeAlias + ".OnlyCellTypes(" + v + ", " + strconv.Quote(strings.Join(names, " ")) + "); return " + v + " }")
	return &ast.CallExpr{Fun: lit, Args: []ast.Expr{x}}
}

// cellInterface says that an interface with methods is not a named one of
// compiled code.
func cellInterface(t types.Type) bool {
	if t.Underlying().(*types.Interface).NumMethods() == 0 {
		return false
	}
	named, ok := types.Unalias(t).(*types.Named)
	return !ok || isCell(named.Obj().Pkg())
}
