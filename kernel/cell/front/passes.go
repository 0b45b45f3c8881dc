package front

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// checkSignaturesAndBody is the first pass: every declaration, functions without
// their bodies, and the cell's statements.
func (a *attempt) checkSignaturesAndBody() {
	except := map[string]bool{}
	for _, d := range a.plan.gone {
		for _, name := range d.Names {
			except[name] = true
		}
	}
	for _, d := range a.decls {
		for _, name := range d.Names {
			except[name] = true
		}
	}
	level := a.emptyScope()
	for name, obj := range a.scope.objects {
		if !except[name] && a.imports[name] == "" {
			level.Insert(obj)
		}
	}
	bodies := map[*ast.FuncDecl]*ast.BlockStmt{}
	for _, d := range a.decls {
		if f, ok := d.Node.(*ast.FuncDecl); ok && f.Body != nil {
			bodies[f] = f.Body
			// An endless loop ends a function of any signature.
			f.Body = &ast.BlockStmt{Lbrace: f.Body.Lbrace, Rbrace: f.Body.Rbrace, List: []ast.Stmt{
				&ast.ForStmt{For: f.Body.Lbrace, Body: &ast.BlockStmt{Lbrace: f.Body.Lbrace, Rbrace: f.Body.Rbrace}},
			}}
		}
	}
	// The errors go to a.problems.
	_ = types.NewChecker(a.config(), a.fset, a.scope.pkg, a.info).Files([]*ast.File{a.file})
	for f, body := range bodies {
		f.Body = body
	}
	a.level = map[string]types.Object{}
	for _, name := range level.Names() {
		a.level[name] = level.Lookup(name)
	}
}

// promote turns the variables of the cell's top level into session variables. A
// variable that exists with the same type is kept.
func (a *attempt) promote() {
	a.defines = map[types.Object]int{}
	inner := map[types.Object]types.Object{}
	for i, stmt := range a.body.Body.List {
		for _, id := range definedBy(stmt) {
			v, ok := a.info.Defs[id].(*types.Var)
			if !ok {
				continue // assigned again by a := that defines another
			}
			session := a.sessionVar(v)
			inner[v] = session
			a.vars = append(a.vars, session)
			a.defines[session] = i
		}
	}
	for id, obj := range a.info.Uses {
		if session := inner[obj]; session != nil {
			a.info.Uses[id] = session
		}
	}
	for id, obj := range a.info.Defs {
		if session := inner[obj]; session != nil {
			a.info.Defs[id] = session
		}
	}
}

func (a *attempt) sessionVar(v *types.Var) *types.Var {
	if old, ok := a.scope.objects[v.Name()].(*types.Var); ok && types.Identical(old.Type(), v.Type()) {
		return old
	}
	return types.NewVar(token.NoPos, a.scope.pkg, v.Name(), v.Type())
}

// checkBodies is the second pass: the bodies of functions and methods, as blank
// functions that take the receiver as a parameter, with the objects of the first
// pass and the cell's variables in scope.
func (a *attempt) checkBodies() error {
	level := a.emptyScope()
	hidden := map[string]bool{}
	for _, v := range a.vars {
		hidden[v.Name()] = true
		if level.Lookup(v.Name()) == nil {
			level.Insert(v)
		}
	}
	for name, obj := range a.level {
		if !hidden[name] {
			level.Insert(obj)
		}
	}
	file := &ast.File{Name: ast.NewIdent(pkgPath), FileStart: a.file.FileStart, FileEnd: a.file.FileEnd, Package: a.file.Package}
	for _, d := range a.file.Decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
			if kept := keepImports(g, hidden, a.scope.importer); len(kept.Specs) > 0 {
				file.Decls = append(file.Decls, kept)
			}
		}
	}
	for _, d := range a.decls {
		f, ok := d.Node.(*ast.FuncDecl)
		if !ok || f.Body == nil {
			continue
		}
		plain, err := a.plainFunc(f)
		if err != nil {
			return err
		}
		file.Decls = append(file.Decls, plain)
	}
	before := len(a.problems)
	_ = types.NewChecker(a.config(), a.fset, a.scope.pkg, a.info).Files([]*ast.File{file})
	a.dropRepeated(before)
	return nil
}

// keepImports leaves out imports whose name is a variable of the cell: inside
// function bodies the variable is meant.
func keepImports(g *ast.GenDecl, hidden map[string]bool, importer Importer) *ast.GenDecl {
	kept := &ast.GenDecl{TokPos: g.TokPos, Tok: token.IMPORT, Lparen: g.Lparen, Rparen: g.Rparen}
	for _, spec := range g.Specs {
		spec := spec.(*ast.ImportSpec)
		name := importer.Name(trimQuotes(spec.Path.Value))
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if !hidden[name] {
			kept.Specs = append(kept.Specs, spec)
		}
	}
	return kept
}

func trimQuotes(s string) string {
	if len(s) < 2 {
		return s
	}
	return s[1 : len(s)-1]
}

// plainFunc makes a blank function of a function or method with the same body.
func (a *attempt) plainFunc(f *ast.FuncDecl) (*ast.FuncDecl, error) {
	plain := &ast.FuncDecl{Name: &ast.Ident{NamePos: f.Name.Pos(), Name: "_"}, Type: f.Type, Body: f.Body}
	if f.Recv == nil || len(f.Recv.List) != 1 {
		return plain, nil
	}
	params := &ast.FieldList{Opening: f.Type.Params.Opening, Closing: f.Type.Params.Closing}
	recv := *f.Recv.List[0]
	if len(recv.Names) == 0 {
		recv.Names = []*ast.Ident{{NamePos: recv.Type.Pos(), Name: "_"}}
	}
	params.List = append(params.List, &recv)
	for _, field := range f.Type.Params.List {
		if len(field.Names) == 0 {
			unnamed := *field
			unnamed.Names = []*ast.Ident{{NamePos: field.Pos(), Name: "_"}}
			field = &unnamed
		}
		params.List = append(params.List, field)
	}
	typ := &ast.FuncType{Func: f.Type.Func, Params: params, Results: f.Type.Results}
	base, names := receiver(recv.Type)
	if len(names) > 0 {
		typeParams, err := a.typeParams(base, names)
		if err != nil {
			return nil, err
		}
		typ.TypeParams = typeParams
	}
	plain.Type = typ
	return plain, nil
}

// typeParams returns the type parameters of a generic type, for a method whose
// receiver names them alike.
func (a *attempt) typeParams(base string, names []ast.Expr) (*ast.FieldList, error) {
	for _, d := range a.decls {
		if d.Kind != split.Type {
			continue
		}
		for _, spec := range d.Node.(*ast.GenDecl).Specs {
			spec, ok := spec.(*ast.TypeSpec)
			if !ok || spec.Name.Name != base || spec.TypeParams == nil {
				continue
			}
			if i := differs(spec.TypeParams, names); i >= 0 {
				cell, line, column := Place(a.fset, names[i].Pos())
				return nil, Problems{{cell, line, column, "in a cell a method's receiver must name the type parameters of " + base + " as its type declaration does"}}
			}
			return spec.TypeParams, nil
		}
	}
	return nil, nil
}

// differs returns the index of the first name that is not the parameter's.
func differs(params *ast.FieldList, names []ast.Expr) int {
	i := 0
	for _, field := range params.List {
		for _, p := range field.Names {
			if i >= len(names) {
				return -1 // a wrong number: the type checker says so
			}
			if id, ok := names[i].(*ast.Ident); !ok || id.Name != p.Name {
				return i
			}
			i++
		}
	}
	return -1
}

// dropRepeated removes problems of the second pass that the first found too, as
// both see the signatures.
func (a *attempt) dropRepeated(from int) {
	seen := map[Problem]bool{}
	kept := a.problems[:0:0]
	for _, p := range a.problems {
		if !seen[p] {
			kept = append(kept, p)
		}
		seen[p] = true
	}
	a.problems = kept
}

// unit returns what an engine needs.
func (a *attempt) unit(notes []string) *Unit {
	u := &Unit{
		Cell: a.text.number, Fset: a.fset, Decls: a.decls, Body: a.body.Body.List, Vars: a.vars, Info: a.info,
		Shows: a.lastExpr() != nil, Notes: notes, Source: a.source,
		pkg: a.scope.pkg, imports: a.imports, objects: map[string]types.Object{}, gone: a.plan.gone, defines: a.defines,
	}
	for _, d := range a.decls {
		for _, name := range d.Names {
			if obj := a.level[name]; obj != nil {
				u.objects[name] = obj
			}
		}
		d.Uses, d.unit = a.uses(d.Node), u
	}
	for _, d := range a.text.fresh {
		if d.Kind == split.Func && d.Names[0] == "main" {
			u.Main, _ = a.level["main"].(*types.Func)
		}
	}
	return u
}

// uses lists the session's names in a declaration.
func (a *attempt) uses(node ast.Node) map[string]bool {
	used := map[string]bool{}
	ast.Inspect(node, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		obj := a.info.Uses[id]
		if obj == nil || obj.Pkg() == nil {
			return true
		}
		if _, field := obj.(*types.Var); field && obj.(*types.Var).IsField() {
			return true
		}
		if a.isSession(id.Name, obj) {
			used[id.Name] = true
		}
		return true
	})
	return used
}

func (a *attempt) isSession(name string, obj types.Object) bool {
	if a.level[name] == obj || a.scope.objects[name] == obj {
		return true
	}
	_, defined := a.defines[obj]
	return defined
}
