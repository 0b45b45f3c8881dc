package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// stmt notes the edits of one statement: loops look whether the cell is to stop,
// and every local variable counts as used, as in a notebook it may.
func (f *file) stmt(s ast.Stmt) {
	poll := " " + runAlias + ".Poll();"
	switch s := s.(type) {
	case *ast.BlockStmt:
		f.locals(s.List)
	case *ast.CaseClause:
		f.locals(s.Body)
	case *ast.CommClause:
		f.locals(s.Body)
		if names := f.defined(s.Comm); names != "" {
			f.insert(s.Colon+1, names)
		}
	case *ast.ForStmt:
		f.insert(s.Body.Lbrace+1, poll+f.defined(s.Init))
	case *ast.RangeStmt:
		names := ""
		if s.Tok == token.DEFINE {
			names = f.using(s.Key) + f.using(s.Value)
		}
		f.insert(s.Body.Lbrace+1, poll+names)
	case *ast.IfStmt:
		if names := f.defined(s.Init); names != "" {
			f.insert(s.Body.Lbrace+1, names)
		}
	case *ast.SwitchStmt:
		f.inClauses(s.Body, f.defined(s.Init))
	case *ast.TypeSwitchStmt:
		names := f.defined(s.Init)
		if assign, ok := s.Assign.(*ast.AssignStmt); ok {
			if id, ok := assign.Lhs[0].(*ast.Ident); ok && id.Name != "_" {
				names += " _ = " + id.Name + ";"
			}
		}
		f.inClauses(s.Body, names)
	case *ast.BranchStmt:
		if s.Tok == token.GOTO {
			f.insert(s.Pos(), runAlias+".Poll(); ")
		}
	}
}

func (f *file) inClauses(body *ast.BlockStmt, names string) {
	if names == "" {
		return
	}
	for _, clause := range body.List {
		if clause, ok := clause.(*ast.CaseClause); ok {
			f.insert(clause.Colon+1, names)
		}
	}
}

// locals marks the variables that a list of statements defines as used.
func (f *file) locals(list []ast.Stmt) {
	for _, s := range list {
		if labeled, ok := s.(*ast.LabeledStmt); ok {
			s = labeled.Stmt
		}
		if names := f.defined(s); names != "" {
			f.insert(s.End(), ";"+strings.TrimSuffix(names, ";"))
		}
	}
}

// defined writes uses of the local variables that a statement defines.
func (f *file) defined(s ast.Stmt) string {
	names := ""
	switch s := s.(type) {
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			for _, lhs := range s.Lhs {
				names += f.using(lhs)
			}
		}
	case *ast.DeclStmt:
		if gen, ok := s.Decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
			for _, spec := range gen.Specs {
				for _, id := range spec.(*ast.ValueSpec).Names {
					names += f.using(id)
				}
			}
		}
	}
	return names
}

func (f *file) using(e ast.Expr) string {
	id, ok := e.(*ast.Ident)
	if !ok || id.Name == "_" || f.info.Defs[id] == nil || isSession(f.info.Defs[id]) {
		return ""
	}
	return " _ = " + id.Name + ";"
}

// enter makes functions that call functions of cells watch the depth of the
// stack, whose overflow would end the process.
func (f *file) enter(body *ast.BlockStmt) {
	if body == nil {
		return
	}
	calls := false
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && f.mayRecur(call) {
			calls = true
		}
		_, lit := n.(*ast.FuncLit)
		return !calls && !lit
	})
	if calls {
		f.insert(body.Lbrace+1, " "+runAlias+".Enter();")
	}
}

func (f *file) mayRecur(call *ast.CallExpr) bool {
	fun := ast.Unparen(call.Fun)
	if tv := f.info.Types[fun]; tv.IsType() || tv.IsBuiltin() {
		return false
	}
	if sel, ok := fun.(*ast.SelectorExpr); ok {
		if fn, ok := f.info.Uses[sel.Sel].(*types.Func); ok {
			return fn.Pkg() != nil && fn.Pkg().Path() == sessionPkg
		}
	}
	_, lit := fun.(*ast.FuncLit)
	return !lit
}

// goStmt starts a goroutine through the runtime, which turns a panic in it into
// an error of the cell. The function value and arguments are evaluated first.
func (f *file) goStmt(s *ast.GoStmt) {
	f.walk(s.Call)
	call, fun := s.Call, ast.Unparen(s.Call.Fun)
	if lit, ok := fun.(*ast.FuncLit); ok && len(call.Args) == 0 && lit.Type.Results == nil {
		f.replace(s, func() string { return runAlias + ".Go(" + f.render(lit) + ")" })
		return
	}
	f.replace(s, func() string {
		var b strings.Builder
		b.WriteString("{ ")
		callee := f.callee(&b, call, fun)
		args := f.heldArgs(&b, call)
		fmt.Fprintf(&b, "%s.Go(func() { %s(%s) }) }", runAlias, callee, strings.Join(args, ", "))
		return b.String()
	})
}

// callee evaluates what is called, unless that is a function with a name.
func (f *file) callee(b *strings.Builder, call *ast.CallExpr, fun ast.Expr) string {
	tv := f.info.Types[fun]
	named := tv.IsBuiltin() || tv.IsType()
	for e := fun; !named && e != nil; {
		switch x := e.(type) {
		case *ast.Ident:
			_, named = f.info.Uses[x].(*types.Func)
			e = nil
		case *ast.SelectorExpr:
			_, named = f.info.Uses[x.Sel].(*types.Func)
			named = named && f.info.Selections[x] == nil
			e = nil
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		default:
			e = nil
		}
	}
	if named {
		return f.render(call.Fun)
	}
	fmt.Fprintf(b, "f%s := %s; ", dot, f.render(call.Fun))
	return "f" + dot
}

// heldArgs evaluates the arguments of a call and returns what to call with.
func (f *file) heldArgs(b *strings.Builder, call *ast.CallExpr) []string {
	var args []string
	if len(call.Args) == 1 {
		if tuple, ok := f.typeOf(call.Args[0]).(*types.Tuple); ok {
			for i := range tuple.Len() {
				args = append(args, fmt.Sprint("a", dot, i))
			}
			fmt.Fprintf(b, "%s := %s; ", strings.Join(args, ", "), f.render(call.Args[0]))
			return args
		}
	}
	for i, a := range call.Args {
		if tv := f.info.Types[a]; tv.Value != nil || tv.IsNil() || tv.IsType() {
			args = append(args, f.render(a))
			continue
		}
		name := fmt.Sprint("a", dot, i)
		fmt.Fprintf(b, "%s := %s; ", name, f.render(a))
		args = append(args, name)
	}
	if call.Ellipsis.IsValid() {
		args[len(args)-1] += "..."
	}
	return args
}
