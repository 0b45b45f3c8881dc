package front

import (
	"go/types"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// plan says which declarations one attempt to check a cell compiles.
type plan struct {
	compile []*Decl // the cell's own that are new, then older ones that depend on them
	older   map[*Decl]bool
	gone    []*Decl // declarations of the scope that are replaced, compiled again or dropped
	names   map[string]bool
}

// plan finds the declarations to compile for a cell whose own are fresh.
// changed are names that mean something else after the cell for another reason:
// variables of a new type. A fresh declaration equal to the one in force, none
// of whose names changes, is left alone, so that running a cell of definitions
// again keeps the values of its types usable.
func (s *Scope) plan(fresh []*Decl, changed map[string]bool, drop map[*Decl]bool) *plan {
	names := map[string]bool{}
	for name := range changed {
		names[name] = true
	}
	replaced := s.replaced(fresh)
	taken := map[*Decl]bool{}
	for d := range drop {
		markChanged(d, names)
	}
	for grew := true; grew; {
		before := len(names) + len(taken)
		for _, d := range fresh {
			if old := replaced[d]; !taken[d] && (old == nil || old.Text != d.Text || touches(old, names)) {
				taken[d] = true
				markChanged(d, names)
			}
		}
		for _, d := range s.decls {
			if !taken[d] && !drop[d] && touches(d, names) {
				taken[d] = true
				markChanged(d, names)
			}
		}
		grew = len(names)+len(taken) > before
	}
	return s.settle(fresh, taken, drop, replaced, names)
}

// settle turns the marks into lists.
func (s *Scope) settle(fresh []*Decl, taken, drop map[*Decl]bool, replaced map[*Decl]*Decl, names map[string]bool) *plan {
	p := &plan{older: map[*Decl]bool{}, names: names}
	superseded := map[*Decl]bool{}
	defined := map[string]bool{}
	for _, d := range fresh {
		if !taken[d] {
			continue
		}
		p.compile = append(p.compile, d)
		if replaced[d] != nil {
			superseded[replaced[d]] = true
		}
		for _, name := range d.Names {
			defined[name] = true
		}
	}
	for _, d := range s.decls {
		switch {
		case drop[d], superseded[d], overlaps(d, defined), s.leftBehind(d, fresh, taken):
			p.gone = append(p.gone, d)
		case taken[d]:
			older := *d
			p.compile = append(p.compile, &older)
			p.older[&older] = true
			p.gone = append(p.gone, d)
		}
	}
	return p
}

// replaced pairs the cell's declarations with those of the same key in force.
func (s *Scope) replaced(fresh []*Decl) map[*Decl]*Decl {
	byKey := map[string]*Decl{}
	for _, d := range s.decls {
		byKey[d.key()] = d
	}
	pairs := map[*Decl]*Decl{}
	for _, d := range fresh {
		if old := byKey[d.key()]; old != nil {
			pairs[d] = old
		}
	}
	return pairs
}

// leftBehind says that d is a method which stood in the same cell as its type
// and is missing where the type is now defined again.
func (s *Scope) leftBehind(d *Decl, fresh []*Decl, taken map[*Decl]bool) bool {
	if d.Kind != split.Method {
		return false
	}
	home, ok := s.Definition(d.Recv)
	if !ok || home.Cell != d.Cell {
		return false
	}
	redefined := false
	for _, f := range fresh {
		if !taken[f] {
			continue
		}
		if f.key() == d.key() {
			return false
		}
		for _, name := range f.Names {
			redefined = redefined || name == d.Recv
		}
	}
	return redefined
}

// touches says that d has to be compiled again when names change: it uses one,
// is a method of one, or defines one (a type that gets a new method).
func touches(d *Decl, names map[string]bool) bool {
	if names[d.Recv] || overlaps(d, names) {
		return true
	}
	for name := range d.Uses {
		if names[name] {
			return true
		}
	}
	return false
}

func overlaps(d *Decl, names map[string]bool) bool {
	for _, name := range d.Names {
		if names[name] {
			return true
		}
	}
	return false
}

// markChanged records what a declaration gives a new meaning to. A method
// belongs to its type's identity.
func markChanged(d *Decl, names map[string]bool) {
	if d.Recv != "" {
		names[d.Recv] = true
	}
	for _, name := range d.Names {
		names[name] = true
	}
}

// retyped lists variables of the scope that get another type, and other names
// that become variables, by the variables a cell defines.
func (s *Scope) retyped(vars map[string]types.Type) map[string]bool {
	changed := map[string]bool{}
	for name, t := range vars {
		switch old := s.objects[name].(type) {
		case nil:
		case *types.Var:
			if !types.Identical(old.Type(), t) {
				changed[name] = true
			}
		default:
			changed[name] = true
		}
	}
	return changed
}
