package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// call rewrites calls of builtins that the interpreter lacks and of generic
// functions of compiled packages.
func (l *lowerer) call(e *ast.CallExpr) ast.Expr {
	fun := ast.Unparen(e.Fun)
	tv := l.info.Types[fun]
	if tv.IsBuiltin() {
		if id, ok := fun.(*ast.Ident); ok {
			return l.builtin(e, id.Name)
		}
	}
	if f := l.compiled(fun); f != nil && l.goTypes.Declared(f.Pkg().Path()) {
		return l.genericCall(e, f)
	} else if f != nil {
		l.keepClosures(e)
		if formats(f) && strings.HasSuffix(f.Name(), "f") {
			l.typeVerbs(f, e)
		}
	}
	return e
}

// genericCall calls a generic function of the standard library through the
// runtime, which has it by reflection.
func (l *lowerer) genericCall(e *ast.CallExpr, f *types.Func) ast.Expr {
	name := f.Pkg().Name() + "." + f.Name()
	for _, arg := range e.Args {
		if t := l.typeOf(arg); looksInside(f.Name()) && holdsInterface(t, map[types.Type]bool{}) {
			l.refuse(e.Pos(), "%s of interface values", name)
		}
	}
	call := &ast.CallExpr{Fun: l.runtime(strings.ToUpper(name[:1]) + name[1:len(f.Pkg().Name())] + f.Name()), Args: e.Args, Ellipsis: e.Ellipsis}
	generic, ok := f.Origin().Type().(*types.Signature)
	if !ok || generic.Results().Len() != 1 {
		return call
	}
	if _, basic := generic.Results().At(0).Type().(*types.Basic); basic {
		return call
	}
	return &ast.TypeAssertExpr{X: call, Type: l.typeExpr(l.typeOf(e))}
}

// looksInside says that a generic function compares elements.
func looksInside(name string) bool {
	return strings.HasPrefix(name, "Contains") || strings.HasPrefix(name, "Index") || name == "Equal"
}

// typeVerbs answers %T for types that have no name in the interpreter.
func (l *lowerer) typeVerbs(f *types.Func, e *ast.CallExpr) {
	at := f.Signature().Params().Len() - 2
	if at < 0 || at >= len(e.Args) {
		return
	}
	format := l.info.Types[e.Args[at]].Value
	if format == nil || format.Kind() != constant.String {
		return
	}
	text := []byte(constant.StringVal(format))
	verbs, ok := parseFormat(string(text))
	if !ok {
		return
	}
	for i, v := range verbs {
		if at+1+i >= len(e.Args) || v.verb != 'T' {
			continue
		}
		arg := e.Args[at+1+i]
		if t := l.typeOf(arg); mentionsCell(t) && !types.IsInterface(t) {
			text[v.at] = 's'
			name := types.TypeString(t, func(p *types.Package) string {
				if isCell(p) {
					return "main"
				}
				return p.Name()
			})
			e.Args[at+1+i] = &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(name)}
		}
	}
	e.Args[at] = l.replaced(e.Args[at], &ast.BasicLit{Kind: token.STRING, Value: strconv.Quote(string(text))})
}

func (l *lowerer) builtin(e *ast.CallExpr, name string) ast.Expr {
	t := l.typeOf(e)
	switch name {
	case "min", "max":
		return l.extremum(e, name, t)
	case "recover":
		return &ast.CallExpr{Fun: l.runtime("Recover")}
	case "clear":
		return &ast.CallExpr{Fun: l.runtime("Clear"), Args: e.Args}
	case "new":
		if !l.info.Types[e.Args[0]].IsType() {
			elem := l.typeText(t.Underlying().(*types.Pointer).Elem())
			v := l.temp("v")
			lit := l.parseExpr("func(" + v + " " + elem + ") *" + starred(elem) + " { return &" + v + " }")
			return &ast.CallExpr{Fun: lit, Args: e.Args}
		}
	}
	return e
}

// starred makes a type's text safe to stand after an asterisk.
func starred(text string) string {
	if strings.HasPrefix(text, "func") {
		return "(" + text + ")"
	}
	return text
}

// extremum writes min and max as a function literal; floating-point numbers go
// to compiled code, which knows about NaN and signed zero.
func (l *lowerer) extremum(e *ast.CallExpr, name string, t types.Type) ast.Expr {
	text := l.typeText(t)
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsFloat != 0 {
		args := make([]ast.Expr, len(e.Args))
		for i, a := range e.Args {
			args[i] = &ast.CallExpr{Fun: ast.NewIdent("float64"), Args: []ast.Expr{a}}
		}
		call := &ast.CallExpr{Fun: l.runtime(map[string]string{"min": "MinFloat", "max": "MaxFloat"}[name]), Args: args}
		return l.conversion(t, call)
	}
	better := map[string]string{"min": "<", "max": ">"}[name]
	v := l.temp("v")
	lit := l.parseExpr("func(" + v + " ..." + text + ") " + text + " { best := " + v + "[0]; for _, x := range " + v + " { if x " + better + " best { best = x } }; return best }")
	return &ast.CallExpr{Fun: lit, Args: e.Args}
}

func (l *lowerer) runtime(name string) ast.Expr {
	return &ast.SelectorExpr{X: ast.NewIdent(l.imported(runtimePath)), Sel: ast.NewIdent(name)}
}

// goStmt starts a goroutine through the runtime, which turns a panic in it into
// an error of the cell. The function value and arguments are evaluated first.
func (l *lowerer) goStmt(s *ast.GoStmt) ast.Stmt {
	stmts, call := l.capture(s.Call)
	lit := &ast.FuncLit{Type: &ast.FuncType{Params: &ast.FieldList{}}, Body: &ast.BlockStmt{List: []ast.Stmt{&ast.ExprStmt{X: call}}}}
	if f, ok := call.Fun.(*ast.FuncLit); ok && len(call.Args) == 0 && f.Type.Results == nil {
		lit = f
	}
	started := ast.Expr(lit)
	if l.inLoop() {
		started = l.ownFrame(lit, types.NewSignatureType(nil, nil, nil, nil, nil, false))
	}
	fn := l.temp("started")
	stmts = append(stmts, l.stmts(fn+" := $F; "+l.imported(runtimePath)+".Go("+fn+")", map[string]ast.Node{"F": started})...)
	return &ast.BlockStmt{Lbrace: s.Pos(), List: stmts}
}

// capture evaluates what a call needs into variables and returns the call with
// these in their place.
func (l *lowerer) capture(call *ast.CallExpr) ([]ast.Stmt, *ast.CallExpr) {
	var stmts []ast.Stmt
	out := &ast.CallExpr{Fun: call.Fun, Ellipsis: call.Ellipsis}
	keep := func(e ast.Expr, t types.Type) ast.Expr {
		if tv := l.info.Types[e]; tv.Value != nil || tv.IsType() {
			return e
		}
		name := l.temp("arg")
		stmts = append(stmts, l.stmts("var "+name+" $T = $E", map[string]ast.Node{"T": l.typeExpr(t), "E": e})...)
		return ast.NewIdent(name)
	}
	fun := ast.Unparen(call.Fun)
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		if selection := l.info.Selections[f]; selection != nil && selection.Kind() == types.MethodVal {
			recv := selection.Obj().(*types.Func).Signature().Recv().Type()
			x, t := f.X, l.typeOf(f.X)
			if isPointer(recv) && !isPointer(t) && !types.IsInterface(t) {
				x, t = &ast.UnaryExpr{Op: token.AND, X: f.X}, types.NewPointer(t)
			}
			out.Fun = &ast.SelectorExpr{X: keep(x, t), Sel: f.Sel}
		} else if selection != nil {
			out.Fun = keep(f, l.typeOf(f))
		}
	case *ast.Ident:
		if v, ok := l.info.Uses[f].(*types.Var); ok {
			out.Fun = keep(f, v.Type())
		}
	case *ast.FuncLit:
	default:
		if tv := l.info.Types[fun]; !tv.IsBuiltin() && !tv.IsType() {
			out.Fun = keep(fun, tv.Type)
		}
	}
	signature, _ := l.typeOf(fun).Underlying().(*types.Signature)
	if signature != nil && len(call.Args) == 1 {
		if tuple, ok := l.typeOf(call.Args[0]).(*types.Tuple); ok {
			names := make([]string, tuple.Len())
			for i := range names {
				names[i] = l.temp("arg")
				out.Args = append(out.Args, ast.NewIdent(names[i]))
			}
			return append(stmts, l.stmts(strings.Join(names, ", ")+" := $E", map[string]ast.Node{"E": call.Args[0]})...), out
		}
	}
	for i, a := range call.Args {
		out.Args = append(out.Args, keep(a, l.argType(signature, i, a, call.Ellipsis.IsValid())))
	}
	return stmts, out
}

// argType returns the type that the i-th argument is converted to.
func (l *lowerer) argType(signature *types.Signature, i int, arg ast.Expr, spread bool) types.Type {
	if signature == nil { // a builtin or conversion
		return types.Default(l.typeOf(arg))
	}
	last := signature.Params().Len() - 1
	if signature.Variadic() && i >= last {
		t := signature.Params().At(last).Type()
		if spread {
			return t
		}
		if slice, ok := t.Underlying().(*types.Slice); ok {
			return slice.Elem()
		}
	}
	if i > last {
		return types.Default(l.typeOf(arg))
	}
	return signature.Params().At(i).Type()
}
