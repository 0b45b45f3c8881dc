package lower

import "go/types"

// binding gives type parameters their arguments.
type binding map[*types.TypeParam]types.Type

// of returns t with its type parameters replaced.
func (b binding) of(t types.Type) types.Type {
	if len(b) == 0 || t == nil {
		return t
	}
	switch t := t.(type) {
	case *types.TypeParam:
		if arg, ok := b[t]; ok {
			return arg
		}
	case *types.Alias:
		return b.of(types.Unalias(t))
	case *types.Named:
		return b.named(t)
	case *types.Pointer:
		return types.NewPointer(b.of(t.Elem()))
	case *types.Slice:
		return types.NewSlice(b.of(t.Elem()))
	case *types.Array:
		return types.NewArray(b.of(t.Elem()), t.Len())
	case *types.Map:
		return types.NewMap(b.of(t.Key()), b.of(t.Elem()))
	case *types.Chan:
		return types.NewChan(t.Dir(), b.of(t.Elem()))
	case *types.Tuple:
		return b.tuple(t)
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, b.tuple(t.Params()), b.tuple(t.Results()), t.Variadic())
	case *types.Struct:
		fields, tags := make([]*types.Var, t.NumFields()), make([]string, t.NumFields())
		for i := range fields {
			f := t.Field(i)
			fields[i], tags[i] = types.NewField(f.Pos(), f.Pkg(), f.Name(), b.of(f.Type()), f.Embedded()), t.Tag(i)
		}
		return types.NewStruct(fields, tags)
	case *types.Interface:
		return b.iface(t)
	}
	return t
}

func (b binding) named(t *types.Named) types.Type {
	if t.TypeArgs().Len() == 0 {
		return t
	}
	args := make([]types.Type, t.TypeArgs().Len())
	for i := range args {
		args[i] = b.of(t.TypeArgs().At(i))
	}
	instance, err := types.Instantiate(nil, t.Origin(), args, false)
	if err != nil {
		return t
	}
	return instance
}

func (b binding) tuple(t *types.Tuple) *types.Tuple {
	vars := make([]*types.Var, t.Len())
	for i := range vars {
		v := t.At(i)
		vars[i] = types.NewParam(v.Pos(), v.Pkg(), v.Name(), b.of(v.Type()))
	}
	return types.NewTuple(vars...)
}

func (b binding) iface(t *types.Interface) types.Type {
	if t.NumMethods() == 0 {
		return t
	}
	methods := make([]*types.Func, t.NumMethods())
	for i := range methods {
		m := t.Method(i)
		methods[i] = types.NewFunc(m.Pos(), m.Pkg(), m.Name(), b.of(m.Type()).(*types.Signature))
	}
	return types.NewInterfaceType(methods, nil).Complete()
}
