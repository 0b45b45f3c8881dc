package lower

import "go/types"

// Compiled cells have values of types of cells too, whose dynamic types the
// interpreter does not know.

// Native records types of which compiled code may have made interface values.
func (h *Hazards) Native(ts []types.Type) {
	for _, t := range ts {
		h.native = append(h.native, t, types.NewPointer(t))
	}
}

// seesNative refuses an operation that asks for a type of a cell, or compares,
// where the value may come from compiled code.
func (r *review) seesNative(op operation) {
	if t := r.known.misread(op); t != nil {
		cell, line, column := placeOf(op.where)
		r.l.refusePlace(cell, line, column, "%s where the value may be a %s of a compiled cell", op.what, typeName(t))
	}
}

// misread returns a type of compiled code that an operation would not recognise.
func (h *Hazards) misread(op operation) types.Type {
	if op.target != nil && !mentionsCell(op.target) {
		return nil
	}
	for _, t := range h.native {
		if assignable(t, op.iface) {
			return t
		}
	}
	return nil
}

// Blind says that functions which the interpreter has taken look into interface
// values that may now come from compiled code, and would misread them.
func (h *Hazards) Blind() bool {
	for _, op := range h.operations {
		if h.misread(op) != nil {
			return true
		}
	}
	return false
}

// MayHold returns a type of a cell that the interpreter has made interface
// values of and that a value of type t may hold, nil if there is none.
func (h *Hazards) MayHold(t types.Type) types.Type {
	var found types.Type
	interfaces(t, map[types.Type]bool{}, func(iface types.Type) {
		for _, e := range h.escaped {
			if found == nil && assignable(e, iface) {
				found = e
			}
		}
	})
	return found
}

// Structured says that the interpreter's values of all such types can be told
// from others: those of structs can, a number has only its underlying type left.
func (h *Hazards) Structured(t types.Type) bool {
	ok := true
	interfaces(t, map[types.Type]bool{}, func(iface types.Type) {
		for _, e := range h.escaped {
			if assignable(e, iface) && !isStructLike(e) {
				ok = false
			}
		}
	})
	return ok
}

// HasInterface says that a value of type t can hold values of interface types.
func HasInterface(t types.Type) (found bool) {
	interfaces(t, map[types.Type]bool{}, func(types.Type) { found = true })
	return found
}

// interfaces visits the interface types within t.
func interfaces(t types.Type, seen map[types.Type]bool, visit func(types.Type)) {
	if seen[t] {
		return
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Interface:
		visit(t)
	case *types.Pointer:
		interfaces(u.Elem(), seen, visit)
	case *types.Slice:
		interfaces(u.Elem(), seen, visit)
	case *types.Array:
		interfaces(u.Elem(), seen, visit)
	case *types.Chan:
		interfaces(u.Elem(), seen, visit)
	case *types.Map:
		interfaces(u.Key(), seen, visit)
		interfaces(u.Elem(), seen, visit)
	case *types.Struct:
		if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil && !isCell(named.Obj().Pkg()) {
			return // what compiled packages keep inside is theirs
		}
		for i := range u.NumFields() {
			interfaces(u.Field(i).Type(), seen, visit)
		}
	}
}
