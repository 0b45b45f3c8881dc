// Package lower turns a checked cell into Go that the yaegi interpreter runs
// correctly. Constants are folded, loops get a variable an iteration, newer
// constructs (range over integers and functions, min, max, clear, new of a
// value) are written in older ones, deferred and started calls have their
// arguments evaluated at once, session objects get names that are never reused.
// What the interpreter is known to get wrong and that cannot be written
// otherwise is refused with an error that names the construct; see hazard.go.
//
// The code is also instrumented: loops look at a stop flag, functions guard the
// depth of recursion, and statements record their place for error messages.
package lower

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"go/types"
	"reflect"
	"sort"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// Program is a lowered cell.
type Program struct {
	Imports []string                // import paths, to be imported as Alias says
	Types   map[string]reflect.Type // types to add to the runtime package
	Source  string                  // declarations, variables and the cell's function
	Entry   string                  // name of the cell's function
	Steps   []token.Position        // place of each top-level statement
	Shown   []types.Type            // types of values given to runtime.Show, by index

	instances []string // generic instances that this program is the first to hold
	names     *Names
	review    *review
}

// Commit records that the interpreter has taken the program, Discard that it
// has not. One of them must be called.
func (p *Program) Commit() { p.review.known.commit(p.review) }

// Discard takes back what later programs would rely on.
func (p *Program) Discard() {
	for _, key := range p.instances {
		delete(p.names.instances, key)
	}
}

// Lower translates a unit. names and hazards belong to the session. The error
// is front.Problems; the constructs refused are in it.
func Lower(u *front.Unit, names *Names, hazards *Hazards, goTypes GoTypes) (*Program, error) {
	u = copyUnit(u)
	l := &lowerer{
		unit: u, info: u.Info, names: names, goTypes: goTypes,
		imports: map[string]bool{runtimePath: true}, called: map[ast.Expr]bool{}, moved: map[*ast.BlockStmt]ast.Stmt{},
		topLevel: map[ast.Stmt]bool{}, signatures: map[*ast.FuncDecl]*types.Signature{}, copies: map[ast.Expr]bool{},
	}
	l.check = hazards.begin(l)
	hazards.unnamed.use(u.Info)
	l.program = &Program{Entry: fmt.Sprintf("cell%s%d", dot, u.Cell), names: names, review: l.check}
	plain := l.collectGenerics()
	for _, d := range plain {
		l.check.walk(d)
	}
	for _, s := range u.Body {
		l.check.walk(s)
	}
	l.build(plain)
	l.check.meet()
	if len(l.problems) > 0 {
		l.program.Discard()
		return nil, l.problems
	}
	return l.program, nil
}

type lowerer struct {
	unit    *front.Unit
	info    *types.Info
	names   *Names
	goTypes GoTypes
	check   *review

	program    *Program
	problems   front.Problems
	imports    map[string]bool
	temps      int
	called     map[ast.Expr]bool // functions in call position
	moved      map[*ast.BlockStmt]ast.Stmt
	topLevel   map[ast.Stmt]bool // the cell's own := statements
	results    []*types.Signature
	copies     map[ast.Expr]bool                  // variables to be copied where they stand
	loops      []int                              // for each enclosing function: how many loops enclose the place in it
	defers     []bool                             // for each enclosing function: it defers
	signatures map[*ast.FuncDecl]*types.Signature // of instances
	queue      []instance
}

// refuse reports a construct that this engine cannot run.
func (l *lowerer) refuse(pos token.Pos, format string, args ...any) {
	cell, line, column := front.Place(l.unit.Fset, pos)
	if cell == 0 {
		cell = l.unit.Cell
	}
	l.refusePlace(cell, line, column, format, args...)
}

func (l *lowerer) refusePlace(cell, line, column int, format string, args ...any) {
	l.problems = append(l.problems, front.Problem{
		Cell: cell, Line: line, Column: column,
		Message: "not supported in interpreted cells: " + fmt.Sprintf(format, args...),
	})
}

// build rewrites everything and prints it.
func (l *lowerer) build(plain []ast.Decl) {
	var out bytes.Buffer
	out.WriteString("package main\n")
	fresh := map[*types.Var]bool{}
	for _, v := range l.unit.Vars {
		fresh[v] = !l.names.known(v)
	}
	var body bytes.Buffer
	for _, d := range plain {
		l.print(&body, l.rewriteDecl(d))
	}
	l.print(&body, l.cellFunc())
	for _, v := range l.unit.Vars {
		if fresh[v] {
			fmt.Fprintf(&body, "var %s %s\n", l.names.Of(v), l.typeText(v.Type()))
			fresh[v] = false
		}
	}
	l.writeInstances(func(n ast.Node) { l.print(&body, n) })
	paths := make([]string, 0, len(l.imports))
	for p := range l.imports {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	l.program.Imports, l.program.Types = paths, l.names.typed
	out.Write(body.Bytes())
	l.program.Source = out.String()
}

func (l *lowerer) print(out *bytes.Buffer, node ast.Node) {
	config := printer.Config{Mode: printer.RawFormat}
	if err := config.Fprint(out, token.NewFileSet(), node); err != nil {
		l.refuse(node.Pos(), "this code (%v)", err)
	}
	out.WriteString("\n")
}

// imported notes that a package is used and returns the name it goes by.
func (l *lowerer) imported(importPath string) string {
	l.imports[importPath] = true
	return Alias(importPath)
}

// temp returns a new name.
func (l *lowerer) temp(what string) string {
	l.temps++
	return fmt.Sprintf("%s%s%d", what, dot, l.temps)
}

// typeExpr returns t as syntax.
func (l *lowerer) typeExpr(t types.Type) ast.Expr { return l.parseExpr(l.typeText(t)) }

func (l *lowerer) parseExpr(text string) ast.Expr {
	e, err := parser.ParseExpr(text)
	if err != nil {
		l.refuse(token.NoPos, "%s (%v)", text, err)
		return ast.NewIdent("nil")
	}
	clearPositions(e)
	return e
}

// conversion converts x to t. Parentheses stand only where Go needs them: the
// interpreter does not look through them.
func (l *lowerer) conversion(t types.Type, x ast.Expr) ast.Expr {
	fun := l.typeExpr(t)
	switch fun.(type) {
	case *ast.StarExpr, *ast.FuncType, *ast.ChanType:
		fun = &ast.ParenExpr{X: fun}
	}
	return &ast.CallExpr{Fun: fun, Args: []ast.Expr{x}}
}

// stmts parses statements written with $names, which stand for syntax. The
// first statement takes the place of pos.
func (l *lowerer) stmts(text string, with map[string]ast.Node) []ast.Stmt {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+strings.ReplaceAll(text, "$", "arg"+dot)+"\n}", parser.SkipObjectResolution)
	if err != nil {
		panic(fmt.Sprintf("lower: template %q: %v", text, err)) // a fault of this package
	}
	body := file.Decls[0].(*ast.FuncDecl).Body
	clearPositions(body)
	fill(body, with)
	return body.List
}

// resultOf returns the type of an expression as checked.
func (l *lowerer) typeOf(e ast.Expr) types.Type {
	if t := l.info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

// replaced hands on what is known of an expression to the one in its place.
func (l *lowerer) replaced(old, with ast.Expr) ast.Expr {
	if tv, ok := l.info.Types[old]; ok && old != with {
		l.info.Types[with] = tv
	}
	return with
}
