package lower

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// genericDecl is a generic function or type of the session, kept to be
// instantiated by any later cell. Each instance becomes plain code: the
// interpreter's own generics are not Go's.
type genericDecl struct {
	node    ast.Decl
	info    *types.Info
	methods []*ast.FuncDecl
}

// instance is one generic function or type with its type arguments.
type instance struct {
	generic *genericDecl
	origin  types.Object
	args    []types.Type
	name    string
}

// collectGenerics keeps the unit's generic declarations and returns the others.
func (l *lowerer) collectGenerics() []ast.Decl {
	var plain []ast.Decl
	var methods []*ast.FuncDecl
	for _, d := range l.unit.Decls {
		switch {
		case d.Kind == split.Const: // folded wherever they are used
		case d.Kind == split.Method && isGenericReceiver(d.Node.(*ast.FuncDecl).Recv.List[0].Type):
			methods = append(methods, d.Node.(*ast.FuncDecl))
		case typeParams(d.Node) != nil:
			if obj := l.info.Defs[declName(d.Node)]; obj != nil {
				l.names.generics[obj] = &genericDecl{node: d.Node, info: l.info}
			}
		default:
			plain = append(plain, d.Node)
		}
	}
	for _, m := range methods {
		if named := namedOf(l.typeOf(m.Recv.List[0].Type)); named != nil {
			if g := l.names.generics[named.Origin().Obj()]; g != nil {
				g.methods = append(g.methods, m)
			}
		}
	}
	return plain
}

func namedOf(t types.Type) *types.Named {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	named, _ := types.Unalias(t).(*types.Named)
	return named
}

func declName(d ast.Decl) *ast.Ident {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name
	case *ast.GenDecl:
		return d.Specs[0].(*ast.TypeSpec).Name
	}
	return nil
}

func typeParams(d ast.Decl) *ast.FieldList {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Type.TypeParams
	case *ast.GenDecl:
		if spec, ok := d.Specs[0].(*ast.TypeSpec); ok {
			return spec.TypeParams
		}
	}
	return nil
}

func isGenericReceiver(e ast.Expr) bool {
	_, generic := indexed(e)
	return generic
}

func indexed(e ast.Expr) (ast.Expr, bool) {
	switch e := ast.Unparen(e).(type) {
	case *ast.StarExpr:
		return indexed(e.X)
	case *ast.IndexExpr, *ast.IndexListExpr:
		return e, true
	}
	return e, false
}

// instantiate returns the name of a generic function or type with the given
// arguments and queues it to be written if it is new.
func (l *lowerer) instantiate(origin types.Object, args []types.Type) string {
	texts := make([]string, len(args))
	for i, a := range args {
		texts[i] = l.typeText(a)
	}
	key := l.names.Of(origin) + "[" + strings.Join(texts, ",") + "]"
	if name, ok := l.names.instances[key]; ok {
		return name
	}
	g := l.names.generics[origin]
	if g == nil {
		l.refuse(origin.Pos(), "the generic %s", origin.Name())
		return origin.Name()
	}
	name := l.names.fresh(origin.Name())
	l.names.instances[key] = name
	l.program.instances = append(l.program.instances, key)
	l.queue = append(l.queue, instance{g, origin, args, name})
	return name
}

// writeInstances turns queued instances into declarations, those that they need
// in turn included.
func (l *lowerer) writeInstances(write func(ast.Node)) {
	const most = 500
	for written := 0; len(l.queue) > 0; written++ {
		next := l.queue[0]
		l.queue = l.queue[1:]
		if written > most {
			l.refuse(next.origin.Pos(), "more than %d instances of generic code in one cell (%s)", most, next.origin.Name())
			return
		}
		for _, d := range l.write(next) {
			l.check.walk(d)
			write(l.rewriteDecl(d))
		}
	}
}

// write returns the declarations of an instance.
func (l *lowerer) write(in instance) []ast.Decl {
	g := in.generic
	if f, ok := g.node.(*ast.FuncDecl); ok {
		bound := binding{}
		i := 0
		for _, field := range f.Type.TypeParams.List {
			for _, id := range field.Names {
				if t := typeParamOf(g.info.Defs[id]); t != nil && i < len(in.args) {
					bound[t] = in.args[i]
				}
				i++
			}
		}
		copied := clone(f, g.info, l.info, bound)
		copied.Type.TypeParams = nil
		l.finish(copied, in.name)
		return []ast.Decl{copied}
	}
	named, ok := in.origin.Type().(*types.Named)
	if !ok {
		return nil
	}
	bound := binding{}
	for i, a := range in.args {
		bound[named.TypeParams().At(i)] = a
	}
	spec := clone(g.node.(*ast.GenDecl), g.info, l.info, bound)
	spec.Specs[0].(*ast.TypeSpec).TypeParams = nil
	spec.Specs[0].(*ast.TypeSpec).Name = ast.NewIdent(in.name)
	decls := []ast.Decl{spec}
	for _, m := range g.methods {
		bound := binding{}
		if recv := namedOf(g.info.TypeOf(m.Recv.List[0].Type)); recv != nil {
			for i := range recv.TypeArgs().Len() {
				if t, ok := recv.TypeArgs().At(i).(*types.TypeParam); ok {
					bound[t] = in.args[i]
				}
			}
		}
		copied := clone(m, g.info, l.info, bound)
		l.finish(copied, m.Name.Name)
		decls = append(decls, copied)
	}
	return decls
}

// finish names a copied function and notes its signature for what looks at the
// enclosing function's results.
func (l *lowerer) finish(f *ast.FuncDecl, name string) {
	var results []*types.Var
	if f.Type.Results != nil {
		for _, field := range f.Type.Results.List {
			t := l.typeOf(field.Type)
			for range max(1, len(field.Names)) {
				results = append(results, types.NewParam(0, nil, "", t))
			}
		}
	}
	f.Name = ast.NewIdent(name)
	l.signatures[f] = types.NewSignatureType(nil, nil, nil, nil, types.NewTuple(results...), false)
}

func typeParamOf(obj types.Object) *types.TypeParam {
	if obj == nil {
		return nil
	}
	t, _ := obj.Type().(*types.TypeParam)
	return t
}

// generic rewrites the use of a generic function or type.
func (l *lowerer) generic(id *ast.Ident, obj types.Object) (string, bool) {
	in, ok := l.info.Instances[id]
	if !ok || !isCell(obj.Pkg()) {
		return "", false
	}
	args := make([]types.Type, in.TypeArgs.Len())
	for i := range args {
		args[i] = in.TypeArgs.At(i)
	}
	return l.instantiate(obj, args), true
}
