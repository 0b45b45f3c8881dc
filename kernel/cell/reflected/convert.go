package reflected

import (
	"go/token"
	"go/types"
	"reflect"
)

var basics = map[reflect.Kind]types.BasicKind{
	reflect.Bool: types.Bool, reflect.String: types.String, reflect.UnsafePointer: types.UnsafePointer,
	reflect.Int: types.Int, reflect.Int8: types.Int8, reflect.Int16: types.Int16, reflect.Int32: types.Int32, reflect.Int64: types.Int64,
	reflect.Uint: types.Uint, reflect.Uint8: types.Uint8, reflect.Uint16: types.Uint16, reflect.Uint32: types.Uint32,
	reflect.Uint64: types.Uint64, reflect.Uintptr: types.Uintptr, reflect.Float32: types.Float32, reflect.Float64: types.Float64,
	reflect.Complex64: types.Complex64, reflect.Complex128: types.Complex128,
}

// Type returns the type checker's form of t. The same t always gives the same
// named type.
func (m *Importer) Type(t reflect.Type) types.Type {
	if known, ok := m.named[t]; ok {
		return known
	}
	switch {
	case t.Name() == "error" && t.PkgPath() == "":
		return types.Universe.Lookup("error").Type()
	case t.PkgPath() != "" && t.Name() != "":
		return m.defined(t)
	}
	return m.literal(t)
}

// defined makes a named type. Its methods are filled in after the import, so
// that types which mention each other need no order.
func (m *Importer) defined(t reflect.Type) types.Type {
	pkg := m.home(t.PkgPath())
	name := types.NewTypeName(token.NoPos, pkg, t.Name(), nil)
	named := types.NewNamed(name, nil, nil)
	m.named[t] = named
	m.goTypes[name] = t
	named.SetUnderlying(m.literal(t))
	if t.Kind() != reflect.Interface {
		m.pending = append(m.pending, func() { m.addMethods(named, t) })
	}
	return named
}

// settle fills in the method sets of all types met since the last call, and of
// those met on the way.
func (m *Importer) settle() {
	for len(m.pending) > 0 {
		next := m.pending[0]
		m.pending = m.pending[1:]
		next()
	}
}

// addMethods gives a named type its exported methods, promoted ones included.
func (m *Importer) addMethods(named *types.Named, t reflect.Type) {
	pointer := reflect.PointerTo(t)
	for i := range pointer.NumMethod() {
		method := pointer.Method(i)
		receiver := types.Type(types.NewPointer(named))
		if _, byValue := t.MethodByName(method.Name); byValue {
			receiver = named
		}
		recv := types.NewParam(token.NoPos, named.Obj().Pkg(), "", receiver)
		signature := m.signature(method.Type, 1, recv)
		named.AddMethod(types.NewFunc(token.NoPos, named.Obj().Pkg(), method.Name, signature))
	}
}

// literal returns the underlying type of t.
func (m *Importer) literal(t reflect.Type) types.Type {
	if basic, ok := basics[t.Kind()]; ok {
		return types.Typ[basic]
	}
	switch t.Kind() {
	case reflect.Array:
		return types.NewArray(m.Type(t.Elem()), int64(t.Len()))
	case reflect.Slice:
		return types.NewSlice(m.Type(t.Elem()))
	case reflect.Pointer:
		return types.NewPointer(m.Type(t.Elem()))
	case reflect.Map:
		return types.NewMap(m.Type(t.Key()), m.Type(t.Elem()))
	case reflect.Chan:
		return types.NewChan(direction(t.ChanDir()), m.Type(t.Elem()))
	case reflect.Func:
		return m.signature(t, 0, nil)
	case reflect.Struct:
		return m.structure(t)
	default:
		return m.iface(t)
	}
}

func direction(d reflect.ChanDir) types.ChanDir {
	switch d {
	case reflect.RecvDir:
		return types.RecvOnly
	case reflect.SendDir:
		return types.SendOnly
	}
	return types.SendRecv
}

// signature converts a function type, leaving out its first skip parameters.
func (m *Importer) signature(t reflect.Type, skip int, recv *types.Var) *types.Signature {
	var params, results []*types.Var
	for i := skip; i < t.NumIn(); i++ {
		params = append(params, types.NewParam(token.NoPos, nil, "", m.Type(t.In(i))))
	}
	for i := range t.NumOut() {
		results = append(results, types.NewParam(token.NoPos, nil, "", m.Type(t.Out(i))))
	}
	return types.NewSignatureType(recv, nil, nil, types.NewTuple(params...), types.NewTuple(results...), t.IsVariadic())
}

func (m *Importer) structure(t reflect.Type) types.Type {
	fields, tags := make([]*types.Var, t.NumField()), make([]string, t.NumField())
	for i := range fields {
		f := t.Field(i)
		var pkg *types.Package
		if f.PkgPath != "" {
			pkg = m.home(f.PkgPath)
		} else if t.PkgPath() != "" {
			pkg = m.home(t.PkgPath())
		}
		fields[i] = types.NewField(token.NoPos, pkg, f.Name, m.Type(f.Type), f.Anonymous)
		tags[i] = string(f.Tag)
	}
	return types.NewStruct(fields, tags)
}

// iface converts an interface type. Unexported methods are left out: whether a
// compiled type has them cannot be seen by reflection either.
func (m *Importer) iface(t reflect.Type) types.Type {
	var methods []*types.Func
	for i := range t.NumMethod() {
		method := t.Method(i)
		if method.PkgPath != "" {
			continue
		}
		var pkg *types.Package
		if t.PkgPath() != "" {
			pkg = m.home(t.PkgPath())
		}
		methods = append(methods, types.NewFunc(token.NoPos, pkg, method.Name, m.signature(method.Type, 0, nil)))
	}
	return types.NewInterfaceType(methods, nil).Complete()
}
