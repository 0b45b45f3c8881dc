package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// fold replaces a constant expression by its value: the interpreter's own
// constant arithmetic is not Go's.
func (l *lowerer) fold(e ast.Expr, tv types.TypeAndValue) ast.Expr {
	if lit, ok := e.(*ast.BasicLit); ok && plainLiteral(lit, tv.Type) {
		return e
	}
	basic, ok := tv.Type.Underlying().(*types.Basic)
	if !ok {
		return e // a constant that became an interface: its own type is kept below
	}
	lit := literal(tv.Value, basic)
	if lit == nil {
		return e
	}
	if basic == tv.Type && (basic.Info()&types.IsUntyped != 0 && basic.Kind() != types.UntypedRune || plain(basic.Kind())) {
		return lit
	}
	return l.conversion(tv.Type, lit)
}

// plain kinds are those that the literal has by itself.
func plain(k types.BasicKind) bool {
	return k == types.Int || k == types.String || k == types.Bool || k == types.Float64
}

// plainLiteral says that a literal in the source has its type without help.
func plainLiteral(lit *ast.BasicLit, t types.Type) bool {
	basic, ok := t.(*types.Basic)
	if !ok {
		return false
	}
	switch lit.Kind {
	case token.INT:
		return basic.Kind() == types.Int || basic.Kind() == types.UntypedInt
	case token.FLOAT:
		return basic.Kind() == types.Float64 || basic.Kind() == types.UntypedFloat
	case token.STRING:
		return basic.Kind() == types.String || basic.Kind() == types.UntypedString
	case token.CHAR:
		return basic.Kind() == types.Int32 || basic.Kind() == types.UntypedRune
	}
	return false
}

// literal writes a constant of a basic type.
func literal(v constant.Value, basic *types.Basic) ast.Expr {
	info := basic.Info()
	switch {
	case info&types.IsBoolean != 0:
		return ast.NewIdent(strconv.FormatBool(constant.BoolVal(v)))
	case info&types.IsString != 0:
		return &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(constant.StringVal(v))}
	case info&types.IsInteger != 0:
		if whole := constant.ToInt(v); whole.Kind() == constant.Int {
			return intLiteral(whole)
		}
	case info&types.IsFloat != 0:
		return floatLiteral(v, basic.Kind() == types.Float32)
	case info&types.IsComplex != 0:
		call := &ast.CallExpr{Fun: ast.NewIdent("complex")}
		for _, part := range []constant.Value{constant.Real(v), constant.Imag(v)} {
			call.Args = append(call.Args, floatLiteral(part, basic.Kind() == types.Complex64))
		}
		return call
	}
	return nil
}

func intLiteral(v constant.Value) ast.Expr {
	text := v.ExactString()
	if digits, negative := strings.CutPrefix(text, "-"); negative {
		return &ast.ParenExpr{X: &ast.UnaryExpr{Op: token.SUB, X: &ast.BasicLit{Kind: token.INT, Value: digits}}}
	}
	return &ast.BasicLit{Kind: token.INT, Value: text}
}

func floatLiteral(v constant.Value, single bool) ast.Expr {
	bits := 64
	f, _ := constant.Float64Val(v)
	if single {
		bits = 32
		f32, _ := constant.Float32Val(v)
		f = float64(f32)
	}
	text := strconv.FormatFloat(f, 'g', -1, bits)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	if digits, negative := strings.CutPrefix(text, "-"); negative {
		return &ast.ParenExpr{X: &ast.UnaryExpr{Op: token.SUB, X: &ast.BasicLit{Kind: token.FLOAT, Value: digits}}}
	}
	return &ast.BasicLit{Kind: token.FLOAT, Value: text}
}
