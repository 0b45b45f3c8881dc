package front

import (
	"go/ast"
	"go/scanner"
	"go/token"
	"go/types"
	"strings"
)

// Expression is what is known of an expression that a cell ends with.
type Expression struct {
	Type types.Type     // nil where it is a package
	Pkg  *types.Package // the package that it names, nil for none
	// IsType says that the expression is a type, not a value.
	IsType bool
}

// Behind finds what the expression is that code ends with, which may break off anywhere: "strings.NewReader(s)" in
//
//	for i, s := range lines {
//		r := strings.NewReader(s)
//
// ok is false where that cannot be told.
func (s *Scope) Behind(code string) (found Expression, ok bool) {
	brackets := open(code)
	for _, more := range []string{"", " {}", "; true {}", ":"} { // after if, for and switch a block follows, after case a colon
		if found, ok = s.endsWith(code, code+more+brackets); ok {
			return found, true
		}
	}
	return Expression{}, false
}

// Locals lists the names that code, which may break off anywhere, has declared at its end and outside of the session.
func (s *Scope) Locals(code string) []string {
	text, err := cut(code+"\n_ = 0"+open(code), 0)
	if err != nil {
		return nil
	}
	a := &attempt{scope: s, text: text, plan: s.plan(text.fresh, map[string]bool{}, map[*Decl]bool{})}
	if a.run() != nil {
		return nil
	}
	line, column := lineColumn(code, len(code))
	names, ends := map[string]bool{}, functionEnds(a.file)
	for node, scope := range a.info.Scopes {
		end := node.End()
		if f, isFunction := node.(*ast.FuncType); isFunction && ends[f].IsValid() {
			end = ends[f]
		}
		_, l1, c1 := Place(a.fset, node.Pos())
		_, l2, c2 := Place(a.fset, end)
		if _, isFile := node.(*ast.File); isFile || before(line, column, l1, c1) || before(l2, c2, line, column) {
			continue
		}
		for _, name := range scope.Names() {
			names[name] = true
		}
	}
	for _, v := range a.vars {
		names[v.Name()] = true
	}
	for name := range a.imports {
		names[name] = true
	}
	for _, d := range text.fresh {
		for _, name := range d.Names {
			names[name] = true
		}
	}
	return sortedKeys(names)
}

// functionEnds tells where functions end: the type checker gives the scope of parameters to the signature alone.
func functionEnds(file *ast.File) map[*ast.FuncType]token.Pos {
	ends := map[*ast.FuncType]token.Pos{}
	ast.Inspect(file, func(n ast.Node) bool {
		switch f := n.(type) {
		case *ast.FuncDecl:
			ends[f.Type] = f.End()
		case *ast.FuncLit:
			ends[f.Type] = f.End()
		}
		return true
	})
	return ends
}

func before(line, column, thanLine, thanColumn int) bool {
	return line < thanLine || line == thanLine && column < thanColumn
}

// endsWith checks a cell made whole and looks for the expression that ends where code does.
func (s *Scope) endsWith(code, whole string) (found Expression, ok bool) {
	text, err := cut(whole, 0)
	if err != nil {
		return found, false
	}
	a := &attempt{scope: s, text: text, plan: s.plan(text.fresh, map[string]bool{}, map[*Decl]bool{})}
	if a.run() != nil { // faults of the types are none: they are in a.problems
		return found, false
	}
	line, column := lineColumn(code, len(code))
	var best ast.Expr
	ast.Inspect(a.file, func(n ast.Node) bool {
		e, isExpr := n.(ast.Expr)
		if !isExpr || !primary(e) {
			return true
		}
		if _, l, c := Place(a.fset, e.End()); l == line && c == column && (best == nil || e.Pos() < best.Pos()) {
			best = e
		}
		return true
	})
	if best == nil {
		return found, false
	}
	if id, isName := best.(*ast.Ident); isName {
		if p, isPackage := a.info.Uses[id].(*types.PkgName); isPackage {
			return Expression{Pkg: p.Imported()}, true
		}
		if obj := a.info.ObjectOf(id); obj != nil && obj.Type() != nil {
			_, isType := obj.(*types.TypeName)
			return Expression{Type: obj.Type(), IsType: isType}, obj.Type() != types.Typ[types.Invalid]
		}
	}
	tv, known := a.info.Types[best]
	if !known || tv.Type == nil || tv.Type == types.Typ[types.Invalid] {
		return found, false
	}
	return Expression{Type: tv.Type, IsType: tv.IsType()}, true
}

// primary are the expressions that a dot can follow.
func primary(e ast.Expr) bool {
	switch e.(type) {
	case *ast.Ident, *ast.SelectorExpr, *ast.CallExpr, *ast.IndexExpr, *ast.IndexListExpr, *ast.SliceExpr, *ast.ParenExpr, *ast.CompositeLit, *ast.BasicLit, *ast.TypeAssertExpr:
		return true
	}
	return false
}

// open lists what closes the brackets that code leaves open.
func open(code string) string {
	set := token.NewFileSet()
	var scan scanner.Scanner
	scan.Init(set.AddFile("", set.Base(), len(code)), []byte(code), func(token.Position, string) {}, 0)
	var closers []string
	for {
		switch _, tok, _ := scan.Scan(); tok {
		case token.EOF:
			var b strings.Builder
			for i := len(closers) - 1; i >= 0; i-- {
				b.WriteString(closers[i])
			}
			return b.String()
		case token.LPAREN:
			closers = append(closers, ")")
		case token.LBRACK:
			closers = append(closers, "]")
		case token.LBRACE:
			closers = append(closers, "\n}")
		case token.RPAREN, token.RBRACK, token.RBRACE:
			closers = closers[:max(0, len(closers)-1)]
		}
	}
}
