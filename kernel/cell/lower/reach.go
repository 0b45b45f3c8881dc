package lower

import "go/types"

// interfaces visits the interface types within t. Those that are behind a function or a channel hold values which nobody can look at: a function makes
// them when it is called, a channel gives them away.
func interfaces(t types.Type, visit func(iface types.Type, behind bool)) {
	w := &reach{seen: map[reached]bool{}, visit: visit}
	w.walk(t, false)
}

type reached struct {
	t      types.Type
	behind bool
}

type reach struct {
	seen  map[reached]bool
	visit func(iface types.Type, behind bool)
}

func (w *reach) walk(t types.Type, behind bool) {
	if w.seen[reached{t, behind}] {
		return
	}
	w.seen[reached{t, behind}] = true
	switch u := t.Underlying().(type) {
	case *types.Interface:
		w.visit(t, behind)
	case *types.Pointer:
		w.walk(u.Elem(), behind)
	case *types.Slice:
		w.walk(u.Elem(), behind)
	case *types.Array:
		w.walk(u.Elem(), behind)
	case *types.Chan:
		w.walk(u.Elem(), true)
	case *types.Map:
		w.walk(u.Key(), behind)
		w.walk(u.Elem(), behind)
	case *types.Signature:
		for _, tuple := range []*types.Tuple{u.Params(), u.Results()} {
			for v := range tuple.Variables() {
				w.walk(v.Type(), true)
			}
		}
	case *types.Struct:
		if named, ok := types.Unalias(t).(*types.Named); ok && named.Obj().Pkg() != nil && !isCell(named.Obj().Pkg()) {
			return // what compiled packages keep inside is theirs
		}
		for f := range u.Fields() {
			w.walk(f.Type(), behind)
		}
	}
}

// HasInterface says that a value of type t can hold values of interface types.
func HasInterface(t types.Type) (found bool) {
	interfaces(t, func(types.Type, bool) { found = true })
	return found
}

// Hidden says what may pass unseen between an interpreted function or a channel that a value of type t holds and compiled code, of which one of the two takes
// it for something else; "" for nothing.
func (h *Hazards) Hidden(t types.Type) (what string) {
	interfaces(t, func(iface types.Type, behind bool) {
		if !behind || what != "" {
			return
		}
		for _, e := range h.escaped {
			if assignable(e, iface) {
				what = typeName(e)
				return
			}
		}
		for _, op := range h.operations {
			if n := h.misread(op); n != nil && assignable(n, iface) {
				what = typeName(n)
				return
			}
			if text := h.unnamed.misread(op); text != "" && isEmpty(iface) {
				what = text
				return
			}
		}
		if isEmpty(iface) {
			what = h.unnamed.handedOut()
		}
	})
	return what
}
