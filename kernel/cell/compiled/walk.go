package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/gonb/synced"
)

// walk notes the edits of a tree.
func (f *file) walk(root ast.Node) { ast.Inspect(root, f.visit) }

func (f *file) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Ident:
		f.ident(n)
	case *ast.SelectorExpr:
		return f.selector(n)
	case *ast.UnaryExpr:
		if lit, ok := ast.Unparen(n.X).(*ast.CompositeLit); ok && n.Op == token.AND && f.closed(lit) {
			f.literal(n, lit, true)
			return false
		}
	case *ast.CompositeLit:
		if f.closed(n) {
			f.literal(n, n, isPointer(f.typeOf(n)))
			return false
		}
	case *ast.StructType:
		f.embedded(n)
	case *ast.CallExpr:
		f.guardArgument(n)
	case *ast.GoStmt:
		f.goStmt(n)
		return false
	case *ast.FuncDecl:
		f.funcDecl(n)
		f.enter(n.Body)
	case *ast.FuncLit:
		f.enter(n.Body)
	case ast.Stmt:
		f.stmt(n)
	}
	return true
}

// funcDecl makes functions methods of the exported empty type: the names that a
// plug-in exports must not meet those of another.
func (f *file) funcDecl(n *ast.FuncDecl) {
	if n.Recv != nil {
		return // its name is a method like any other
	}
	f.skip[n.Name] = true
	name := exported(n.Name.Name)
	if n.Type.TypeParams == nil {
		name = "(" + exporter + ") " + name
	}
	f.replaceWith(n.Name, name)
}

// ident writes a name as this package has it.
func (f *file) ident(id *ast.Ident) {
	if f.skip[id] {
		return
	}
	obj := f.info.Uses[id]
	if obj == nil {
		obj = f.info.Defs[id]
	}
	switch obj := obj.(type) {
	case *types.PkgName:
		f.importAs(id.Name, obj.Imported().Path())
	case *types.Var:
		if !obj.IsField() && isSession(obj) {
			f.replaceWith(id, "(*"+f.variable(obj)+")")
		}
	case *types.Func:
		if obj.Signature().Recv() != nil {
			if obj.Pkg() != nil && obj.Pkg().Path() == sessionPkg && !obj.Exported() {
				f.replaceWith(id, exported(id.Name))
			}
			return
		}
		if isSession(obj) {
			f.replaceWith(id, f.function(obj, id.Pos()))
		}
	case *types.TypeName, *types.Const:
		if isSession(obj) && f.info.Uses[id] != nil {
			if h := f.refer(obj, id.Pos()); h != nil {
				f.replaceWith(id, f.cellImport(h)+"."+exported(obj.Name()))
			}
		}
	}
}

// function writes a function of a cell.
func (f *file) function(obj *types.Func, pos token.Pos) string {
	h := f.refer(obj, pos)
	prefix := ""
	if h != nil {
		prefix = f.cellImport(h) + "."
	}
	if obj.Signature().TypeParams().Len() > 0 {
		return prefix + exported(obj.Name())
	}
	return "(" + prefix + exporter + "{})." + exported(obj.Name())
}

func (f *file) cellImport(h *home) string {
	f.uses[h] = true
	f.imports[h.alias()] = h.path
	return h.alias()
}

func (f *file) importAs(name, path string) {
	if path == checkPath {
		path = runPath
	}
	if path != "unsafe" {
		f.paths[path] = true
	}
	f.imports[name] = path
}

// replacements are functions that must know of the cell that calls them.
var replacements = map[string]string{
	"os.Exit": "Exit", "time.Sleep": "Sleep", "time.AfterFunc": "AfterFunc", "context.AfterFunc": "AfterContext",
	"log.Fatal": "Fatal", "log.Fatalf": "Fatalf", "log.Fatalln": "Fatalln",
}

// Functions of gonbui are replaced by those of package synced.
const (
	syncedAlias = "synced" + dot
	syncedPath  = "github.com/dcpo-go/godcpo/kernel/gonb/synced"
)

// selector handles what follows a dot; it reports whether the parts are still to
// be walked.
func (f *file) selector(e *ast.SelectorExpr) bool {
	obj := f.info.Uses[e.Sel]
	if fn, ok := obj.(*types.Func); ok && fn.Signature().Recv() == nil && fn.Pkg() != nil {
		if name := replacements[fn.Pkg().Path()+"."+fn.Name()]; name != "" {
			f.replaceWith(e, runAlias+"."+name)
			return false
		}
		if _, ok := synced.Symbols[fn.Name()]; ok && fn.Pkg().Path() == synced.Path {
			f.importAs(syncedAlias, syncedPath)
			f.replaceWith(e, fmt.Sprintf("%s.Call[%s](%q)", syncedAlias, f.typeText(fn.Type()), fn.Name()))
			return false
		}
	}
	selection := f.info.Selections[e]
	if fn, ok := obj.(*types.Func); ok && selection != nil && strings.HasPrefix(fn.FullName(), "(*log.Logger).Fatal") {
		f.loggerFatal(e, selection)
		return false
	}
	if selection == nil || selection.Kind() != types.FieldVal || obj.Exported() {
		return true
	}
	if a := f.accessor(obj); a == nil {
		return true
	}
	f.walk(e.X)
	f.replace(e, func() string { return f.fieldPath(e, selection) })
	return false
}

// loggerFatal has a logger end the cell instead of the process.
func (f *file) loggerFatal(e *ast.SelectorExpr, s *types.Selection) {
	if len(s.Index()) > 1 || s.Kind() != types.MethodVal {
		f.refuse(e.Pos(), "%s of a logger that is embedded or a method expression: call it on the *log.Logger itself", e.Sel.Name)
		return
	}
	f.walk(e.X)
	f.replace(e, func() string {
		logger := f.render(e.X)
		if !isPointer(s.Recv()) {
			logger = "&" + logger
		}
		return runAlias + ".Logger" + e.Sel.Name + "(" + logger + ")"
	})
}

// guardArgument guards functions that packages start in goroutines.
func (f *file) guardArgument(call *ast.CallExpr) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || len(call.Args) != 1 {
		return
	}
	if fn, ok := f.info.Uses[sel.Sel].(*types.Func); ok && fn.FullName() == "(*sync.WaitGroup).Go" {
		f.insert(call.Args[0].Pos(), runAlias+".Guard(")
		f.insert(call.Args[0].End(), ")")
	}
}

// embedded gives embedded unexported types of other packages a name here, as a
// field is called like its type.
func (f *file) embedded(s *ast.StructType) {
	for _, field := range s.Fields.List {
		if len(field.Names) > 0 {
			continue
		}
		id, ok := baseIdent(field.Type)
		if !ok {
			continue
		}
		obj, isType := f.info.Uses[id].(*types.TypeName)
		if !isType || !isSession(obj) || obj.Exported() {
			continue
		}
		if h := f.refer(obj, id.Pos()); h != nil {
			if named, ok := obj.Type().(*types.Named); ok && named.TypeParams().Len() > 0 {
				f.refuse(id.Pos(), "embedding the generic type %s of another cell", obj.Name())
				continue
			}
			f.skip[id] = true
			alias := fmt.Sprintf("type %s = %s.%s\n", obj.Name(), f.cellImport(h), exported(obj.Name()))
			if f.aliases[obj.Name()] == "" {
				f.aliases[obj.Name()] = alias
				f.body = append(f.body, alias)
			}
		}
	}
}

// baseIdent returns the name of an embedded field's type.
func baseIdent(t ast.Expr) (*ast.Ident, bool) {
	switch t := t.(type) {
	case *ast.StarExpr:
		return baseIdent(t.X)
	case *ast.ParenExpr:
		return baseIdent(t.X)
	case *ast.IndexExpr:
		return baseIdent(t.X)
	case *ast.IndexListExpr:
		return baseIdent(t.X)
	case *ast.Ident:
		return t, true
	}
	return nil, false
}

func (f *file) typeOf(e ast.Expr) types.Type {
	if t := f.info.TypeOf(e); t != nil {
		return t
	}
	return types.Typ[types.Invalid]
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}
