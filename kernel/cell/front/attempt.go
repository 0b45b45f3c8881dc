package front

import (
	"errors"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strconv"
	"strings"
)

// attempt is one try to check a cell with a given plan.
type attempt struct {
	scope *Scope
	text  *cellText
	plan  *plan

	fset     *token.FileSet
	source   string
	file     *ast.File
	body     *ast.FuncDecl
	decls    []*Decl // plan.compile, each with the Node of this attempt
	info     *types.Info
	level    map[string]types.Object // the package's scope after the first pass
	imports  map[string]string
	vars     []*types.Var // session variables the body defines
	defines  map[types.Object]int
	problems Problems
}

// run parses and checks; what the type checker finds goes to a.problems.
func (a *attempt) run() error {
	if err := a.parse(); err != nil {
		return err
	}
	a.info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Scopes: map[ast.Node]*types.Scope{}, Instances: map[*ast.Ident]types.Instance{},
	}
	a.checkSignaturesAndBody()
	a.promote()
	return a.checkBodies()
}

// parse puts the file together: imports, declarations, then all statements in
// one function.
func (a *attempt) parse() error {
	src := &source{}
	src.line("package " + pkgPath)
	for _, d := range a.text.imports {
		src.piece(d)
	}
	declared := map[string]bool{}
	for _, d := range a.plan.compile {
		for _, name := range d.Names {
			declared[name] = true
		}
	}
	own, err := importNames(a.text, a.scope.importer)
	if err != nil {
		return err
	}
	a.imports = own
	for _, name := range sortedKeys(a.scope.imports) {
		if own[name] == "" && !declared[name] {
			src.line("import " + name + " " + strconv.Quote(a.scope.imports[name]))
		}
	}
	for _, d := range a.plan.compile {
		src.decl(d)
	}
	src.line("func _() {")
	for _, d := range a.text.body {
		src.piece(d)
	}
	src.line("}")
	a.source = src.b.String()
	a.file, a.fset, err = src.parse(a.text.number)
	if err != nil {
		return err
	}
	return a.sortDecls()
}

// sortDecls pairs the parsed declarations with the plan's.
func (a *attempt) sortDecls() error {
	var nodes []ast.Decl
	for _, d := range a.file.Decls {
		if g, ok := d.(*ast.GenDecl); !ok || g.Tok != token.IMPORT {
			nodes = append(nodes, d)
		}
	}
	body, ok := nodes[len(nodes)-1].(*ast.FuncDecl)
	if !ok || len(nodes) != len(a.plan.compile)+1 || body.Name.Name != "_" {
		return Problems{{Cell: a.text.number, Message: "syntax error: the cell's brackets do not match"}}
	}
	a.body, a.decls = body, a.plan.compile
	for i, d := range a.decls {
		d.describe(nodes[i])
	}
	return nil
}

// importNames lists the cell's own imports by local name.
func importNames(text *cellText, importer Importer) (map[string]string, error) {
	names := map[string]string{}
	for _, d := range text.imports {
		src := &source{}
		src.line("package cell")
		src.piece(d)
		file, fset, err := src.parse(d.Cell)
		if err != nil {
			return nil, err
		}
		for _, spec := range file.Imports {
			importPath, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				continue // reported by the type checker
			}
			name := importer.Name(importPath)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			cell, line, column := Place(fset, spec.Pos())
			if name == "." {
				return nil, Problems{{cell, line, column, "dot imports are not supported in cells: name the package"}}
			}
			if name != "_" && name != "" {
				names[name] = importPath
			}
		}
	}
	return names, nil
}

// config returns the type checker's settings; problems are collected.
func (a *attempt) config() *types.Config {
	return &types.Config{
		GoVersion: goVersion, Importer: a.scope.importer,
		Error: func(err error) {
			var e types.Error
			if errors.As(err, &e) && !tolerated(e) {
				a.report(e.Pos, e.Msg)
			}
		},
	}
}

// tolerated says that an error is none in a notebook: things not used yet.
func tolerated(e types.Error) bool {
	if !e.Soft || strings.HasPrefix(e.Msg, "label ") {
		return false
	}
	return strings.HasPrefix(e.Msg, "declared and not used") || strings.HasSuffix(e.Msg, "declared and not used") || strings.Contains(e.Msg, "imported") && strings.HasSuffix(e.Msg, "and not used")
}

func (a *attempt) report(pos token.Pos, msg string) {
	if strings.HasPrefix(msg, "\t") {
		return // the second half of an error already reported
	}
	if last := a.lastExpr(); last != nil && strings.HasSuffix(msg, "is not used") && pos >= last.Pos() && pos <= last.End() {
		return // the cell's value
	}
	cell, line, column := Place(a.fset, pos)
	if cell == 0 {
		cell = a.text.number
	}
	a.problems = append(a.problems, Problem{cell, line, column, a.scope.explain(msg)})
}

// lastExpr returns the expression that ends the cell, nil if there is none.
func (a *attempt) lastExpr() ast.Expr {
	if n := len(a.body.Body.List); n > 0 {
		if stmt, ok := a.body.Body.List[n-1].(*ast.ExprStmt); ok {
			return stmt.X
		}
	}
	return nil
}

// emptyScope empties the scope of the package that all cells are part of. Both
// stay the same to the type checker, which compares pointers.
func (a *attempt) emptyScope() *types.Scope {
	scope := a.scope.pkg.Scope()
	*scope = *types.NewScope(types.Universe, token.NoPos, token.NoPos, "session")
	return scope
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
