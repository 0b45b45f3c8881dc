package lower

import "go/types"

// Compiled cells have values of types of cells too, whose dynamic types the
// interpreter does not know.

// Native records types of which compiled code may have made interface values.
func (h *Hazards) Native(ts []types.Type) {
	for _, t := range ts {
		h.native = append(h.native, t, types.NewPointer(t))
	}
	h.unnamed.outdated = true
}

// seesNative refuses an operation that asks for a type of a cell, or compares,
// where the value may come from compiled code.
func (r *review) seesNative(op operation) {
	if t := r.known.misread(op); t != nil {
		cell, line, column := placeOf(op.where)
		r.l.refusePlace(cell, line, column, "%s where the value may be a %s of a compiled cell", op.what, typeName(t))
	} else if text := r.known.unnamed.misread(op); text != "" {
		cell, line, column := placeOf(op.where)
		r.l.refusePlace(cell, line, column, "%s where the value may be a %s of a compiled cell, which is another type to the interpreter", op.what, text)
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
		if h.misread(op) != nil || h.unnamed.misread(op) != "" {
			return true
		}
	}
	return false
}

// MayHold returns a type of a cell that the interpreter has made interface
// values of and that a value of type t may hold, nil if there is none.
func (h *Hazards) MayHold(t types.Type) types.Type {
	var found types.Type
	interfaces(t, func(iface types.Type, _ bool) {
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
	interfaces(t, func(iface types.Type, _ bool) {
		for _, e := range h.escaped {
			if assignable(e, iface) && !isStructLike(e) {
				ok = false
			}
		}
	})
	return ok
}
