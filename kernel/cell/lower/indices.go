package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// The interpreter takes the index of an element for an operation where the literal is part of a condition:
//
//	[3]int{2: 1} == x && y
//
// So literals of arrays and slices are written with every element in its place.

// A constant that is shifted by a variable, within a literal, is mixed up with the amount of the shift. It becomes a value that is computed.

// shift hides that the left operand of a shift is constant.
func (l *lowerer) shift(e *ast.BinaryExpr) {
	if e.Op != token.SHL && e.Op != token.SHR || l.info.Types[e.X].Value == nil {
		return
	}
	t := l.typeText(l.typeOf(e))
	e.X = &ast.CallExpr{Fun: &ast.FuncLit{
		Type: l.parseExpr("func() " + t).(*ast.FuncType),
		Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ReturnStmt{Results: []ast.Expr{e.X}}}},
	}}
}

// mostElements bounds what a literal grows to.
const mostElements = 1024

// positional fills in the elements that a literal with indices leaves out.
func (l *lowerer) positional(e *ast.CompositeLit) {
	var elem types.Type
	switch t := l.typeOf(e).Underlying().(type) {
	case *types.Array:
		elem = t.Elem()
	case *types.Slice:
		elem = t.Elem()
	default:
		return
	}
	var places []ast.Expr
	indexed, at := false, 0
	for _, elt := range e.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			tv := l.info.Types[kv.Key]
			index, exact := int64(0), false
			if tv.Value != nil {
				index, exact = constant.Int64Val(constant.ToInt(tv.Value))
			}
			if !exact || index < 0 || index > mostElements {
				l.refuse(kv.Pos(), "a literal with the index %s", types.ExprString(kv.Key))
				return
			}
			indexed, at, elt = true, int(index), kv.Value
		}
		for len(places) <= at {
			places = append(places, nil)
		}
		places[at] = elt
		at++
	}
	if !indexed {
		return
	}
	for i := range places {
		if places[i] == nil {
			places[i] = l.parseExpr("*new(" + l.typeText(elem) + ")")
		}
	}
	e.Elts = places
}
