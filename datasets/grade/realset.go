package grade

import (
	"math"
	"slices"
)

// sameRealSet compares two sets of real numbers, one of them given by an
// inequality or made up of several parts, by which numbers they hold: at every
// end of an interval, right beside it, between the ends, beyond them.
func sameRealSet(a, g *node) bool {
	if !isComposedSet(a) && !isComposedSet(g) || !isSolved(a) && !isSolved(g) {
		return false
	}
	sa, sg := realSet{}, realSet{}
	ina, ing := sa.read(a), sg.read(g)
	ends := append(sa.ends, sg.ends...)
	if ina == nil || ing == nil || len(ends) > maxEnds {
		return false
	}
	for _, x := range probes(ends) {
		if ina(x) != ing(x) {
			return false
		}
	}
	return true
}

// maxEnds bounds the work of a comparison.
const maxEnds = 40

func isComposedSet(n *node) bool {
	return n.kind == kUnion || n.kind == kSymbol && n.name == "ℝ" || n.kind == kCall && (n.name == "∖" || n.name == "∩") ||
		n.has(func(m *node) bool { return m.kind == kRelation && !allOps(m, "=", "≈") })
}

// isSolved tells whether all ends of a set are written down, as they are not in
// x² < 5; one such set is enough to know where the other has to end.
func isSolved(n *node) bool {
	return !n.has(func(m *node) bool {
		return m.kind == kRelation && !(len(m.ops) == 1 && m.ops[0] == "∈") && interval(m) == nil &&
			!(len(m.ops) == 1 && m.ops[0] == "≠" && isQuantity(m.args[0]) && !hasVariable(m.args[1]))
	})
}

// probes are the numbers at which two sets with these ends are compared.
func probes(ends []float64) []float64 {
	if len(ends) == 0 {
		ends = []float64{0}
	}
	slices.Sort(ends)
	var xs []float64
	for i, x := range ends {
		d := 1e-6 * math.Max(1, math.Abs(x))
		xs = append(xs, x-d, x, x+d)
		if i > 0 {
			xs = append(xs, (ends[i-1]+x)/2, ends[i-1]+(x-ends[i-1])*math.Sqrt2/3)
		}
	}
	first, last := ends[0], ends[len(ends)-1]
	for _, d := range []float64{0.3, math.Sqrt2, 7.1, 100.7, 1e4} {
		xs = append(xs, first-d, last+d)
	}
	return append(xs, -first, -last, 0)
}

// realSet collects what is known about a set as it is read.
type realSet struct {
	variable string
	ends     []float64 // of its intervals and the elements of its finite parts
}

// member tells whether a number is in a set.
type member func(x float64) bool

// read makes a membership test of a set; nil where it is none of one real
// variable.
func (s *realSet) read(n *node) member {
	switch {
	case n.kind == kRelation && len(n.ops) == 1 && n.ops[0] == "∈":
		if n.args[0].kind != kSymbol {
			return nil
		}
		return s.read(n.args[1])
	case n.kind == kRelation:
		return s.relation(n)
	case n.kind == kUnion || n.kind == kList && n.name == "or":
		return s.combine(n.args, func(in []member, x float64) bool { return slices.ContainsFunc(in, holds(x)) })
	case n.kind == kList && !n.has(isEquation):
		return s.conjunction(n.args)
	case n.kind == kCall && len(n.args) == 2 && n.name == "∩":
		return s.combine(n.args, func(in []member, x float64) bool { return in[0](x) && in[1](x) })
	case n.kind == kCall && len(n.args) == 2 && n.name == "∖":
		return s.combine(n.args, func(in []member, x float64) bool { return in[0](x) && !in[1](x) })
	case n.kind == kSymbol && n.name == "ℝ":
		return func(float64) bool { return true }
	case n.kind == kSet:
		return s.finite(n.args)
	case n.kind == kTuple && len(n.args) == 2:
		return s.interval(n)
	}
	return nil
}

func holds(x float64) func(member) bool { return func(in member) bool { return in(x) } }

func (s *realSet) combine(args []*node, join func(in []member, x float64) bool) member {
	in := make([]member, len(args))
	for i, a := range args {
		if in[i] = s.read(a); in[i] == nil {
			return nil
		}
	}
	return func(x float64) bool { return join(in, x) }
}

// conjunction reads x > 1 and x < 3. Conditions that no number fulfils, such as
// x < 1, x > 3, are meant as alternatives.
func (s *realSet) conjunction(args []*node) member {
	for _, a := range args {
		if a.kind != kRelation {
			return nil
		}
	}
	all := s.combine(args, func(in []member, x float64) bool {
		return !slices.ContainsFunc(in, func(m member) bool { return !m(x) })
	})
	if all == nil || len(s.ends) > maxEnds || slices.ContainsFunc(probes(slices.Clone(s.ends)), all) {
		return all
	}
	return s.combine(args, func(in []member, x float64) bool { return slices.ContainsFunc(in, holds(x)) })
}

func isEquation(n *node) bool { return n.kind == kRelation && slices.Contains(n.ops, "=") }

func (s *realSet) finite(args []*node) member {
	var values []float64
	for _, a := range args {
		v, ok := realValue(a)
		if !ok || math.IsInf(v, 0) {
			return nil
		}
		values = append(values, v)
	}
	s.ends = append(s.ends, values...)
	return func(x float64) bool {
		return slices.ContainsFunc(values, func(v float64) bool { return sameReal(x, v) })
	}
}

func (s *realSet) interval(n *node) member {
	lo, ok1 := realValue(n.args[0])
	hi, ok2 := realValue(n.args[1])
	brackets := []rune(n.name)
	closedLo, closedHi := brackets[0] == '[', brackets[1] == ']'
	if !ok1 || !ok2 || lo >= hi || closedLo && math.IsInf(lo, 0) || closedHi && math.IsInf(hi, 0) {
		return nil
	}
	for _, v := range []float64{lo, hi} {
		if !math.IsInf(v, 0) {
			s.ends = append(s.ends, v)
		}
	}
	return func(x float64) bool {
		switch {
		case sameReal(x, lo):
			return closedLo
		case sameReal(x, hi):
			return closedHi
		}
		return x > lo && x < hi
	}
}

// relation reads a chain such as 1 ≤ |z| < 2 about the set's variable.
func (s *realSet) relation(n *node) member {
	known := true
	n.walk(func(m *node) bool {
		switch {
		case m.kind == kSymbol && hasVariable(m) && m.name != "∞":
			known = known && (s.variable == "" || s.variable == m.name)
			s.variable = m.name
		case m.kind == kBased || m.kind == kCall && unsampled(m):
			known = false
		}
		return known
	})
	if !known || s.variable == "" || !allOps(n, "<", ">", "≤", "≥", "≠", "=") {
		return nil
	}
	for _, a := range n.args {
		if v, ok := realValue(a); ok && !math.IsInf(v, 0) {
			s.ends = append(s.ends, v, -v)
		}
	}
	name := s.variable
	return func(x float64) bool {
		values := make([]float64, len(n.args))
		for i, a := range n.args {
			e := evaluator{given: name, value: x}
			v := e.eval(a)
			if e.unknown || !finite(v) || math.Abs(imag(v)) > 1e-9 {
				return false
			}
			values[i] = real(v)
		}
		for i, op := range n.ops {
			if !ordered(values[i], op, values[i+1]) {
				return false
			}
		}
		return true
	}
}

// unsampled tells whether nothing is known about a function's values.
func unsampled(n *node) bool {
	_, known := functions[n.name]
	return opaque[n.name] || !known && n.name != "sqrt" && n.name != "root" && n.name != "abs" && n.name != "floor" && n.name != "ceil"
}

func ordered(a float64, op string, b float64) bool {
	same := sameReal(a, b)
	switch op {
	case "<":
		return a < b && !same
	case ">":
		return a > b && !same
	case "≤":
		return a < b || same
	case "≥":
		return a > b || same
	case "=":
		return same
	}
	return !same
}

func sameReal(a, b float64) bool {
	return a == b || !math.IsInf(a, 0) && !math.IsInf(b, 0) && math.Abs(a-b) <= 1e-9*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

// realValue is the value of a real constant, which may be infinite.
func realValue(n *node) (float64, bool) {
	switch {
	case n.kind == kSymbol && n.name == "∞":
		return math.Inf(1), true
	case n.kind == kNegative:
		v, ok := realValue(n.args[0])
		return -v, ok
	case hasVariable(n):
		return 0, false
	}
	e := evaluator{}
	v := e.eval(n)
	return real(v), !e.unknown && finite(v) && math.Abs(imag(v)) < 1e-12
}
