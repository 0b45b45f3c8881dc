// Package reflected describes the packages built into this program to the Go
// type checker. What it knows comes from symbol tables, as yaegi extracts them,
// and from reflection, so cells are checked against the very code they will
// call, with no Go toolchain, source or export data at hand.
//
// What reflection does not tell is missing: parameter names, generic functions
// (see declared.go) and unexported methods.
package reflected

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"path"
	"reflect"
	"sort"
	"strings"
)

// Symbols is a set of packages: "import/path/name" → exported name → value, in
// the form of yaegi's symbol tables: functions, addressable variables,
// constants and, for types, nil pointers.
type Symbols = map[string]map[string]reflect.Value

// Importer is a go/types importer. It is not safe for concurrent use.
type Importer struct {
	symbols  map[string]map[string]reflect.Value // by import path
	names    map[string]string                   // import path → package name
	packages map[string]*types.Package           // finished
	started  map[string]*types.Package           // known by path, perhaps only from a type's home
	named    map[reflect.Type]types.Type
	goTypes  map[*types.TypeName]reflect.Type
	pending  []func() // method sets still to be filled in
	declared map[string]bool
	all      bool // every package of the tables has been imported
}

// New returns an importer of the packages in the tables.
func New(tables ...Symbols) *Importer {
	m := &Importer{
		symbols: map[string]map[string]reflect.Value{}, names: map[string]string{},
		packages: map[string]*types.Package{"unsafe": types.Unsafe}, started: map[string]*types.Package{},
		named: map[reflect.Type]types.Type{}, goTypes: map[*types.TypeName]reflect.Type{},
		declared: map[string]bool{},
	}
	for _, table := range tables {
		for key, symbols := range table {
			importPath, name := path.Dir(key), path.Base(key)
			if importPath == "." {
				continue // yaegi's own bookkeeping
			}
			if m.symbols[importPath] == nil {
				m.symbols[importPath] = map[string]reflect.Value{}
				m.names[importPath] = name
			}
			for s, v := range symbols {
				m.symbols[importPath][s] = v
			}
		}
	}
	m.declareGeneric()
	return m
}

// Declared reports whether a package is known by its declarations only, see
// declared.go.
func (m *Importer) Declared(importPath string) bool { return m.declared[importPath] }

// Paths lists the import paths known, sorted.
func (m *Importer) Paths() []string {
	paths := make([]string, 0, len(m.names))
	for p := range m.names {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return paths
}

// Name returns the name of the package at a path, "" when it is not known.
func (m *Importer) Name(importPath string) string { return m.names[importPath] }

// Find returns the import paths of the packages with a name, sorted.
func (m *Importer) Find(name string) []string {
	var paths []string
	for _, p := range m.Paths() {
		if m.names[p] == name {
			paths = append(paths, p)
		}
	}
	return paths
}

// GoType returns the reflection type behind a type name of an imported package.
func (m *Importer) GoType(name *types.TypeName) (reflect.Type, bool) {
	t, ok := m.goTypes[name]
	return t, ok
}

// Import implements types.Importer.
func (m *Importer) Import(importPath string) (*types.Package, error) {
	if pkg := m.packages[importPath]; pkg != nil {
		return pkg, nil
	}
	symbols, ok := m.symbols[importPath]
	if !ok {
		return nil, m.unknown(importPath)
	}
	pkg := m.home(importPath)
	for name, v := range symbols {
		if token.IsExported(name) && pkg.Scope().Lookup(name) == nil {
			if obj := m.object(pkg, name, v); obj != nil {
				pkg.Scope().Insert(obj)
			}
		}
	}
	m.settle()
	pkg.MarkComplete()
	m.packages[importPath] = pkg
	return pkg, nil
}

// unknown explains what can be imported, naming packages of the same last name.
func (m *Importer) unknown(importPath string) error {
	var similar []string
	for _, p := range m.Paths() {
		if path.Base(p) == path.Base(importPath) {
			similar = append(similar, p)
		}
	}
	hint := "cells can import the standard library and the packages built into this program"
	if len(similar) > 0 {
		hint = "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return fmt.Errorf("package %s is not available in cells: %s", importPath, hint)
}

// home returns the package at a path, empty until it is imported.
func (m *Importer) home(importPath string) *types.Package {
	if pkg := m.packages[importPath]; pkg != nil {
		return pkg
	}
	pkg := m.started[importPath]
	if pkg == nil {
		name := m.names[importPath]
		if name == "" {
			name = path.Base(importPath)
		}
		pkg = types.NewPackage(importPath, name)
		m.started[importPath] = pkg
	}
	return pkg
}

// object makes the type checker's object for one symbol.
func (m *Importer) object(pkg *types.Package, name string, v reflect.Value) types.Object {
	if !v.IsValid() {
		return nil
	}
	if v.CanAddr() {
		return types.NewVar(token.NoPos, pkg, name, m.Type(v.Type()))
	}
	if c, ok := v.Interface().(constant.Value); ok {
		return types.NewConst(token.NoPos, pkg, name, untyped(pkg.Path(), name, c), c)
	}
	switch v.Kind() {
	case reflect.Func:
		signature, _ := m.Type(v.Type()).Underlying().(*types.Signature)
		return types.NewFunc(token.NoPos, pkg, name, signature)
	case reflect.Pointer:
		return m.typeName(pkg, name, v.Type().Elem())
	}
	if value := constantOf(v); value != nil {
		return types.NewConst(token.NoPos, pkg, name, m.Type(v.Type()), value)
	}
	return nil
}

// typeName returns the name of a defined type in its home package, or an alias
// where a type goes by another name.
func (m *Importer) typeName(pkg *types.Package, name string, t reflect.Type) types.Object {
	typ := m.Type(t)
	if named, ok := typ.(*types.Named); ok && named.Obj().Pkg() == pkg && named.Obj().Name() == name {
		return named.Obj()
	}
	alias := types.NewTypeName(token.NoPos, pkg, name, nil)
	types.NewAlias(alias, typ)
	return alias
}
