package front

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"sort"
)

// Importer finds packages for cells and knows their names.
type Importer interface {
	types.Importer
	// Name returns the name of the package at an import path, "" if unknown.
	Name(importPath string) string
	// Find returns the import paths of the packages with a name.
	Find(name string) []string
}

// Scope is what a session knows. It is not safe for concurrent use.
type Scope struct {
	importer Importer
	pkg      *types.Package          // of all cells, so that they see each other's unexported fields
	imports  map[string]string       // local name → import path
	objects  map[string]types.Object // newest definition of each name
	decls    []*Decl                 // types, constants, functions, methods in force
	dropped  map[string]string       // names that are gone → why
	known    map[string]bool         // every name ever defined
}

// pkgPath is the path of the package that all cells are part of. Printed types
// of cells bear it as their package's name.
const pkgPath = "main"

// NewScope returns an empty scope.
func NewScope(importer Importer) *Scope {
	return &Scope{importer: importer, pkg: types.NewPackage(pkgPath, pkgPath), imports: map[string]string{}, objects: map[string]types.Object{}, dropped: map[string]string{}, known: map[string]bool{}}
}

// Clone returns a copy that changes by itself.
func (s *Scope) Clone() *Scope {
	c := *s
	c.imports, c.objects, c.dropped = maps.Clone(s.imports), maps.Clone(s.objects), maps.Clone(s.dropped)
	c.known = maps.Clone(s.known)
	c.decls = append([]*Decl(nil), s.decls...)
	return &c
}

// Object returns the newest definition of a name: a *types.Var, *types.Func,
// *types.TypeName, *types.Const or *types.PkgName; nil if there is none.
func (s *Scope) Object(name string) types.Object {
	if obj := s.objects[name]; obj != nil {
		return obj
	}
	if importPath, ok := s.imports[name]; ok {
		if pkg, err := s.importer.Import(importPath); err == nil {
			return types.NewPkgName(token.NoPos, nil, name, pkg)
		}
	}
	return nil
}

// ImportPath returns the path of the package that a name means in a cell, "" if
// it means none.
func (s *Scope) ImportPath(code, name string) string {
	if text, err := cut(code, 0); err == nil {
		if own, err := importNames(text, s.importer); err == nil && own[name] != "" {
			return own[name]
		}
	}
	return s.imports[name]
}

// Names lists the names defined and imported, sorted.
func (s *Scope) Names() []string {
	names := make([]string, 0, len(s.objects)+len(s.imports))
	for name := range s.objects {
		names = append(names, name)
	}
	for name := range s.imports {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Definition returns the declaration in force of a type, constant or function.
func (s *Scope) Definition(name string) (*Decl, bool) {
	for _, d := range s.decls {
		for _, n := range d.Names {
			if n == name {
				return d, true
			}
		}
	}
	return nil, false
}

// Methods returns the methods in force of a type of cells.
func (s *Scope) Methods(name string) []*Decl {
	var methods []*Decl
	for _, d := range s.decls {
		if d.Recv == name {
			methods = append(methods, d)
		}
	}
	return methods
}

// Define makes a variable of the given object part of the scope without a cell.
func (s *Scope) Define(v *types.Var) { s.objects[v.Name()] = v }

// Import makes a package known by a name without a cell that imports it.
func (s *Scope) Import(name, importPath string) { s.imports[name] = importPath }

// Forget removes names, with the methods of types among them.
func (s *Scope) Forget(names ...string) {
	gone := map[string]bool{}
	for _, name := range names {
		gone[name] = true
		delete(s.objects, name)
		delete(s.imports, name)
	}
	kept := s.decls[:0:0]
	for _, d := range s.decls {
		if gone[d.Recv] || len(d.Names) > 0 && all(d.Names, gone) {
			continue
		}
		kept = append(kept, d)
	}
	s.decls = kept
}

func all(names []string, in map[string]bool) bool {
	for _, name := range names {
		if !in[name] {
			return false
		}
	}
	return true
}

// Unit is one checked cell, with the older declarations that must be compiled
// again because of it.
type Unit struct {
	Cell  int
	Fset  *token.FileSet
	Decls []*Decl      // to compile, each with its Node
	Body  []ast.Stmt   // the statements in order
	Vars  []*types.Var // session variables that Body defines
	Info  *types.Info  // of all of the above; session variables are the objects of Vars
	// Shows says that the last statement is an expression whose value the
	// cell displays.
	Shows bool
	// Main is the func main that the cell declares, to be called at its end.
	Main  *types.Func
	Notes []string // older declarations that no longer compile and are dropped
	// Source is the text that was parsed; offsets of Fset's only file are
	// offsets in it.
	Source string

	pkg     *types.Package
	imports map[string]string
	objects map[string]types.Object // what the declarations define
	gone    []*Decl                 // replaced or dropped
	dropped map[string]string       // names that are gone → why
	defines map[types.Object]int    // session variable → index in Body of its first definition
}

// DefinedAt returns the index of the statement that defines v first.
func (u *Unit) DefinedAt(v *types.Var) int { return u.defines[v] }

// Object returns what a declaration of the unit defines by a name, nil if none
// does.
func (u *Unit) Object(name string) types.Object { return u.objects[name] }

// Package returns the package that all cells are part of.
func (u *Unit) Package() *types.Package { return u.pkg }

// Replaced are the functions that a commit of the unit takes out of the scope: no cell can name them afterwards.
func (s *Scope) Replaced(u *Unit) (functions []*types.Func) {
	for _, d := range u.gone {
		for _, name := range d.Names {
			if f, ok := s.objects[name].(*types.Func); ok {
				functions = append(functions, f)
			}
		}
	}
	return functions
}

// Commit makes the unit's names part of the scope. Only variables for which
// reached is true are defined; with a nil reached all are.
func (s *Scope) Commit(u *Unit, reached func(v *types.Var) bool) {
	for name, importPath := range u.imports {
		delete(s.objects, name)
		s.imports[name] = importPath
	}
	gone := map[*Decl]bool{}
	for _, d := range u.gone {
		gone[d] = true
		for _, name := range d.Names {
			delete(s.objects, name)
		}
	}
	kept := s.decls[:0:0]
	for _, d := range s.decls {
		if !gone[d] {
			kept = append(kept, d)
		}
	}
	s.decls = append(kept, u.Decls...)
	for name, why := range u.dropped {
		s.dropped[name] = why
	}
	for name, obj := range u.objects {
		s.define(name, obj)
	}
	for _, v := range u.Vars {
		if reached == nil || reached(v) {
			s.Forget(v.Name())
			s.define(v.Name(), v)
		}
	}
}

func (s *Scope) define(name string, obj types.Object) {
	s.objects[name] = obj
	s.known[name] = true
	delete(s.imports, name)
	delete(s.dropped, name)
}
