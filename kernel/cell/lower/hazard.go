package lower

import (
	"fmt"
	"go/token"
	"go/types"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// The interpreter keeps values of types defined in cells as values of unnamed
// types. Inside an interface that compiled code sees, or that is looked into,
// such a value has lost its type's name, methods, unexported field names and
// embedding. This file and its neighbours find where that would change a
// result:
//
//   - conversions of cell types to interfaces are noted (convert.go),
//   - so are operations that look at the dynamic type of an interface
//     (operations.go): type assertions and switches, comparisons, map keys,
//   - arguments to compiled functions are checked for what these will see
//     (sinks.go).
//
// A conversion and an operation that may meet, in any order over the cells of a
// session, are refused. The analysis does not follow values: it may refuse a
// cell that would have run correctly.

// Hazards remembers, over the cells of a session, which cell types have been
// converted to interfaces and which operations would misread them.
type Hazards struct {
	escaped    []types.Type
	native     []types.Type // types of cells that compiled code has values of
	operations []operation
	unnamed    unnamed
}

// operation looks at the dynamic type of a value of an interface type.
type operation struct {
	iface  types.Type
	target types.Type // what an assertion asks for; nil for comparisons
	what   string
	where  token.Position
	direct bool // compiled code gets the value itself, where plain ones are right
	prints bool // compiled code only prints the value
}

// review is the examination of one unit. Its findings are added to the
// session's when the unit is committed.
type review struct {
	l          *lowerer
	known      *Hazards
	escaped    []escape
	unnamed    []string // types without a name converted to interfaces, as reflection writes them
	operations []operation
}

// escape is a conversion of a cell type to an interface.
type escape struct {
	from types.Type
	pos  token.Pos
}

func (h *Hazards) begin(l *lowerer) *review { return &review{l: l, known: h} }

// Commit makes the findings of a lowered unit part of the session's.
func (h *Hazards) commit(r *review) {
	for _, e := range r.escaped {
		h.escape(e.from)
	}
	h.unnamed.escape(r.unnamed)
	h.operations = append(h.operations, r.operations...)
}

func (h *Hazards) escape(t types.Type) {
	for _, known := range h.escaped {
		if types.Identical(known, t) {
			return
		}
	}
	h.escaped = append(h.escaped, t)
}

// meet refuses operations that may see an escaped cell type, new ones against
// all and old ones against the new.
func (r *review) meet() {
	for _, op := range r.operations {
		r.seesNative(op)
		for _, t := range r.known.escaped {
			r.clash(op, t, op.where)
		}
		for _, e := range r.escaped {
			r.clash(op, e.from, op.where)
		}
	}
	for _, e := range r.escaped {
		for _, op := range r.known.operations {
			r.clash(op, e.from, r.l.unit.Fset.Position(e.pos))
		}
	}
}

// clash refuses an operation that misreads a type.
func (r *review) clash(op operation, t types.Type, at token.Position) {
	if !assignable(t, op.iface) || !op.misreads(t) {
		return
	}
	cell, line, column := placeOf(at)
	for _, p := range r.l.problems {
		if p.Line == line && p.Column == column {
			return
		}
	}
	message := fmt.Sprintf("not supported in interpreted cells: %s where the value may be a %s, a type of a cell", op.what, typeName(t))
	if at != op.where {
		c, n, _ := placeOf(op.where)
		message = fmt.Sprintf("not supported in interpreted cells: making a %s an interface value, because cell [%d], line %d has %s that would misread it", typeName(t), c, n, op.what)
	}
	r.l.problems = append(r.l.problems, front.Problem{Cell: cell, Line: line, Column: column, Message: message})
}

func placeOf(p token.Position) (cell, line, column int) {
	if _, err := fmt.Sscanf(p.Filename, "cell%d", &cell); err != nil {
		return 0, p.Line, p.Column
	}
	return cell, p.Line, p.Column
}

// misreads says whether the interpreter may give a wrong answer for a dynamic
// value of type t.
func (op operation) misreads(t types.Type) bool {
	if op.direct {
		return renamesFields(t) || anyMethods(t, map[types.Type]bool{})
	}
	if op.target == nil {
		return true
	}
	if types.IsInterface(op.target) {
		// From a non-empty interface the interpreter still knows the type.
		return isEmpty(op.iface) && assignable(t, op.target)
	}
	if types.Identical(op.target, t) {
		return isEmpty(op.iface) && !isStructLike(t)
	}
	return types.Identical(shape(op.target), shape(t)) && isEmpty(op.iface)
}

// shape is what the interpreter keeps of a type: its structure.
func shape(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return types.NewPointer(shape(p.Elem()))
	}
	return t.Underlying()
}

func isStructLike(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := t.Underlying().(*types.Struct)
	return ok
}

func isEmpty(t types.Type) bool {
	iface, ok := t.Underlying().(*types.Interface)
	return ok && iface.NumMethods() == 0
}

// assignable says that a value of concrete type t can be in an interface.
func assignable(t, iface types.Type) bool {
	it, ok := iface.Underlying().(*types.Interface)
	return ok && types.Implements(t, it)
}

func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if isCell(p) {
			return ""
		}
		return p.Name()
	})
}
