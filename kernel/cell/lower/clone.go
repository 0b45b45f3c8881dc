package lower

import (
	"go/ast"
	"go/types"
	"reflect"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// clone copies syntax, with what is known of each node under a binding of type
// parameters.
func clone[N ast.Node](n N, from, to *types.Info, b binding) N {
	c := &cloner{from: from, to: to, bind: b}
	return c.value(reflect.ValueOf(n)).Interface().(N)
}

// copyUnit returns a unit whose syntax can be rewritten: the original may still
// be compiled.
func copyUnit(u *front.Unit) *front.Unit {
	out := *u
	out.Info = &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Selections: map[*ast.SelectorExpr]*types.Selection{}, Instances: map[*ast.Ident]types.Instance{},
	}
	out.Decls = make([]*front.Decl, len(u.Decls))
	for i, d := range u.Decls {
		copied := *d
		copied.Node = clone(d.Node, u.Info, out.Info, nil)
		out.Decls[i] = &copied
	}
	out.Body = make([]ast.Stmt, len(u.Body))
	for i, s := range u.Body {
		out.Body[i] = clone(s, u.Info, out.Info, nil)
	}
	return &out
}

type cloner struct {
	from, to *types.Info
	bind     binding
}

// value copies v and everything below that is syntax.
func (c *cloner) value(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		out := reflect.New(v.Type()).Elem()
		out.Set(c.value(v.Elem()))
		return out
	case reflect.Pointer:
		if v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return v
		}
		//lint:ignore SA1019 the parser still hangs these on identifiers; they lead back to declarations and are not copied
		if _, old := v.Interface().(*ast.Object); old {
			return reflect.Zero(v.Type())
		}
		out := reflect.New(v.Type().Elem())
		for i := range v.Elem().NumField() {
			out.Elem().Field(i).Set(c.value(v.Elem().Field(i)))
		}
		if n, ok := v.Interface().(ast.Node); ok {
			c.know(n, out.Interface().(ast.Node))
		}
		return out
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			out.Index(i).Set(c.value(v.Index(i)))
		}
		return out
	}
	return v
}

// know hands on what the type checker found out about a node.
func (c *cloner) know(old, copied ast.Node) {
	if e, ok := old.(ast.Expr); ok {
		if tv, ok := c.from.Types[e]; ok {
			tv.Type = c.bind.of(tv.Type)
			c.to.Types[copied.(ast.Expr)] = tv
		}
	}
	switch n := old.(type) {
	case *ast.Ident:
		id := copied.(*ast.Ident)
		if obj := c.from.Uses[n]; obj != nil {
			c.to.Uses[id] = obj
		}
		if obj, ok := c.from.Defs[n]; ok {
			c.to.Defs[id] = c.local(obj)
		}
		if instance, ok := c.from.Instances[n]; ok && len(c.bind) == 0 {
			c.to.Instances[id] = instance
		} else if ok {
			args := make([]types.Type, instance.TypeArgs.Len())
			for i := range args {
				args[i] = c.bind.of(instance.TypeArgs.At(i))
			}
			c.to.Instances[id] = types.Instance{TypeArgs: typeList(args), Type: c.bind.of(instance.Type)}
		}
	case *ast.SelectorExpr:
		if s := c.from.Selections[n]; s != nil {
			c.to.Selections[copied.(*ast.SelectorExpr)] = s
		}
	}
}

// local returns a defined variable with its bound type.
func (c *cloner) local(obj types.Object) types.Object {
	v, ok := obj.(*types.Var)
	if !ok || len(c.bind) == 0 {
		return obj
	}
	return types.NewParam(v.Pos(), v.Pkg(), v.Name(), c.bind.of(v.Type()))
}

// typeList makes a list of types as the type checker has it; only
// instantiation can.
func typeList(args []types.Type) *types.TypeList {
	params := make([]*types.TypeParam, len(args))
	for i := range params {
		name := types.NewTypeName(0, nil, "T", nil)
		params[i] = types.NewTypeParam(name, types.Universe.Lookup("any").Type())
	}
	named := types.NewNamed(types.NewTypeName(0, nil, "T", nil), types.Typ[types.Int], nil)
	named.SetTypeParams(params)
	instance, err := types.Instantiate(nil, named, args, false)
	if err != nil {
		return nil
	}
	return instance.(*types.Named).TypeArgs()
}
