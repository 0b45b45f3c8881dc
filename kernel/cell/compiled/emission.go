package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"sort"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// Names in generated code. Nobody types the letter they contain.
const (
	dot        = "ꞏ"
	runAlias   = "cellrun" + dot
	runPath    = "github.com/dcpo-go/godcpo/kernel/cell/compiled/cellrun"
	exporter   = "X" + dot // the empty type whose methods are functions of cells
	sessionPkg = "main"    // the type checker's package of all cells
	checkPath  = "cell" + dot + "runtime"
)

// emission writes the package of one cell.
type emission struct {
	engine *Engine
	scope  *front.Scope
	unit   *front.Unit

	files    map[*front.Unit]*file
	order    []*file
	mine     map[types.Object]*front.Decl // what this package declares
	vars     []*types.Var                 // session variables, in the order met
	varNames map[*types.Var]string
	names    map[string]int
	cells    []int // cell numbers by the index that line directives use
	uses     map[*home]bool
	paths    map[string]bool // packages imported, beside those of cells
	aliases  map[string]string
	problems front.Problems
}

// file holds what comes from one unit: the cell itself, or an earlier one of
// which a declaration has not been compiled yet.
type file struct {
	*emission
	unit    *front.Unit
	info    *types.Info
	source  *token.File
	decls   []*front.Decl
	walked  int
	edits   []edit
	sorted  bool
	skip    map[*ast.Ident]bool
	imports map[string]string // local name → import path
	body    []string
}

func (e *Engine) emit(u *front.Unit, scope *front.Scope) *emission {
	em := &emission{
		engine: e, scope: scope, unit: u, files: map[*front.Unit]*file{}, mine: map[types.Object]*front.Decl{},
		varNames: map[*types.Var]string{}, names: map[string]int{}, uses: map[*home]bool{}, paths: map[string]bool{runPath: true}, aliases: map[string]string{},
	}
	f := em.file(u)
	for _, d := range u.Decls {
		em.declare(d)
	}
	f.statements()
	for em.walkNew() {
	}
	return em
}

func (em *emission) file(u *front.Unit) *file {
	if f := em.files[u]; f != nil {
		return f
	}
	f := &file{emission: em, unit: u, info: u.Info, skip: map[*ast.Ident]bool{}, imports: map[string]string{runAlias: runPath}}
	u.Fset.Iterate(func(t *token.File) bool { f.source = t; return false })
	em.files[u] = f
	em.order = append(em.order, f)
	return f
}

// walkNew walks the declarations added since it was last called.
func (em *emission) walkNew() bool {
	found := false
	for i := 0; i < len(em.vars); i++ { // their types may need further declarations
		em.file(em.unit).typeText(em.vars[i].Type())
	}
	for i := 0; i < len(em.order); i++ {
		f := em.order[i]
		for ; f.walked < len(f.decls); f.walked++ {
			found = true
			f.walk(f.decls[f.walked].Node)
		}
	}
	return found
}

// declare makes a declaration part of this package, a type with its methods.
func (em *emission) declare(d *front.Decl) {
	u := d.Unit()
	for _, name := range d.Names {
		obj := u.Object(name)
		if obj == nil || em.mine[obj] != nil || em.engine.homes[obj] != nil {
			return
		}
		em.mine[obj] = d
	}
	f := em.file(u)
	for _, known := range f.decls {
		if known == d {
			return
		}
	}
	f.decls = append(f.decls, d)
	if u == em.unit {
		return // its methods are declarations of the unit too
	}
	for _, name := range d.Names {
		if _, isType := u.Object(name).(*types.TypeName); isType {
			for _, m := range em.scope.Methods(name) {
				if m.Unit() == u {
					f.decls = append(f.decls, m)
				}
			}
		}
	}
}

// refer makes sure that a session object other than a variable can be used in
// this package. It returns the package that declares it, nil for this one.
func (em *emission) refer(obj types.Object, pos token.Pos) *home {
	if h := em.engine.homes[obj]; h != nil {
		em.uses[h] = true
		return h
	}
	if em.mine[obj] != nil {
		return nil
	}
	d, ok := em.scope.Definition(obj.Name())
	if !ok || d.Unit() == nil || d.Unit().Object(obj.Name()) != obj {
		em.refuse(pos, "%s has been defined again since: values of the older one cannot be used here", obj.Name())
		return nil
	}
	em.declare(d)
	return nil
}

func (em *emission) refuse(pos token.Pos, format string, args ...any) {
	cell, line, column := front.Place(em.unit.Fset, pos)
	if cell == 0 {
		cell = em.unit.Cell
	}
	em.problems = append(em.problems, front.Problem{Cell: cell, Line: line, Column: column, Message: "not supported in compiled cells: " + fmt.Sprintf(format, args...)})
}

// variable returns the name of the pointer to a session variable.
func (em *emission) variable(v *types.Var) string {
	name, ok := em.varNames[v]
	if !ok {
		em.names[v.Name()]++
		name = "v" + dot + v.Name()
		if n := em.names[v.Name()]; n > 1 {
			name += fmt.Sprint(dot, n)
		}
		em.varNames[v] = name
		em.vars = append(em.vars, v)
	}
	return name
}

// cellFile returns the name that line directives use for a cell. It does not
// contain the cell's number, so that the same cell run again is the same text.
func (em *emission) cellFile(number int) string {
	for i, n := range em.cells {
		if n == number {
			return fmt.Sprintf("c%d.cell", i)
		}
	}
	em.cells = append(em.cells, number)
	return fmt.Sprintf("c%d.cell", len(em.cells)-1)
}

// place writes a line directive for a position.
func (f *file) place(pos token.Pos) string {
	cell, line, column := front.Place(f.unit.Fset, pos)
	if line == 0 {
		return ""
	}
	return fmt.Sprintf("/*line %s:%d:%d*/", f.cellFile(cell), line, column)
}

// isSession says that an object stands at the session's top level.
func isSession(obj types.Object) bool {
	if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != sessionPkg || obj.Name() == "_" {
		return false
	}
	if v, ok := obj.(*types.Var); ok {
		return v.Kind() == types.PackageVar
	}
	return obj.Parent() == nil || obj.Parent().Parent() == types.Universe
}

// exported returns the name by which other packages know a name of this one.
func exported(name string) string {
	if token.IsExported(name) {
		return name
	}
	return exporter + name
}

// aliasOf returns the name under which generated code imports a cell's package.
func (h *home) alias() string { return "c" + dot + h.path[strings.LastIndexByte(h.path, '/')+1:] }

// finish writes the file's text.
func (f *file) finish() string {
	var decls strings.Builder
	for _, d := range f.decls {
		f.writeDecl(&decls, d)
	}
	for _, text := range f.body {
		decls.WriteString(text)
	}
	var b strings.Builder
	b.WriteString("package main\n")
	for _, name := range sortedKeys(f.imports) {
		if strings.Contains(name, dot) && !strings.Contains(decls.String(), name+".") {
			continue // noted for a text that was not needed
		}
		fmt.Fprintf(&b, "import %s %q\n", name, f.imports[name])
	}
	b.WriteString(decls.String())
	return b.String()
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
