package grade

import (
	"math"
	"math/cmplx"
)

// statedValues lists what an answer can stand for where a value is asked: x = 5
// for 5, m + n = 5 for 5, √2 ≈ 1.41 for either.
func statedValues(n *node) []*node {
	v := value(n)
	if n.kind != kRelation {
		return []*node{v}
	}
	last := n.args[len(n.args)-1]
	switch {
	case n.ops[0] == "≈" && len(n.ops) == 1:
		return []*node{n.args[0], last}
	case v == n && allOps(n, "=") && isSumOfNames(n.args[0]) && !hasVariable(last):
		return []*node{last}
	}
	return []*node{v}
}

// isSumOfNames recognises m + n, which names a quantity where a value is asked.
func isSumOfNames(n *node) bool {
	if n.kind != kSum {
		return false
	}
	for _, a := range n.args {
		if !isNameLike(a) {
			return false
		}
	}
	return true
}

// value takes the relation off a value. A relation that is an answer by itself,
// such as the equation of a plane, stays.
func value(n *node) *node {
	if n.kind != kRelation {
		return n
	}
	last := len(n.args) - 1
	switch n.ops[0] {
	case "=":
		if !allOps(n, "=", "≈") {
			return n
		}
		if n.ops[last-1] == "≈" && last > 1 {
			last-- // x = √2 ≈ 1.41 says √2
		}
		named := hasVariable(n.args[0])
		switch {
		case !named && hasVariable(n.args[last]):
			if isNameLike(n.args[last]) && last == 1 {
				return n.args[0] // 5 = x
			}
		case !named || isNameLike(n.args[0]):
			return n.args[last]
		}
	case "≈":
		if isNameLike(n.args[0]) && hasVariable(n.args[0]) && !hasVariable(n.args[1]) {
			return n.args[1]
		}
		return n.args[0]
	case "∈":
		return n.args[last]
	default:
		if i := interval(n); i != nil {
			return i
		}
	}
	return n
}

func allOps(n *node, ops ...string) bool {
	for _, op := range n.ops {
		ok := false
		for _, want := range ops {
			ok = ok || op == want
		}
		if !ok {
			return false
		}
	}
	return true
}

// isNameLike tells whether an expression names a quantity, as f(x), \cos C,
// |AB| or (x,y) do, rather than being one side of an equation to solve.
func isNameLike(n *node) bool {
	switch n.kind {
	case kSum, kNumber, kNegative:
		return false
	case kProduct, kPower:
		return n.args[0].kind == kSymbol || n.args[0].kind == kCall
	}
	return true
}

// interval turns a chain of inequalities about one quantity into an interval.
func interval(n *node) *node {
	up, down := allOps(n, "<", "≤"), allOps(n, ">", "≥")
	if !up && !down {
		return nil
	}
	infinity := &node{kind: kSymbol, name: "∞"}
	switch {
	case len(n.args) == 3 && !hasVariable(n.args[0]) && isQuantity(n.args[1]) && !hasVariable(n.args[2]):
		lo, hi, opLo, opHi := n.args[0], n.args[2], n.ops[0], n.ops[1]
		if down {
			lo, hi, opLo, opHi = hi, lo, opHi, opLo
		}
		return tuple(bound(opLo, "(", "["), bound(opHi, ")", "]"), lo, hi)
	case len(n.args) == 2 && isQuantity(n.args[0]) && !hasVariable(n.args[1]):
		if up {
			return tuple("(", bound(n.ops[0], ")", "]"), negative(infinity), n.args[1])
		}
		return tuple(bound(n.ops[0], "(", "["), ")", n.args[1], infinity)
	case len(n.args) == 2 && !hasVariable(n.args[0]) && isQuantity(n.args[1]):
		if up {
			return tuple(bound(n.ops[0], "(", "["), ")", n.args[0], infinity)
		}
		return tuple("(", bound(n.ops[0], ")", "]"), negative(infinity), n.args[0])
	}
	return nil
}

// isQuantity tells whether an inequality about this bounds one quantity, as
// with x, \cos C or P(A); x² < 4 does not say that something lies below 4.
func isQuantity(n *node) bool {
	switch n.kind {
	case kSymbol:
		return hasVariable(n)
	case kCall:
		return n.name != "abs" && n.name != "sqrt" && hasVariable(n)
	}
	return false
}

// bound picks the bracket of an end: open for a strict inequality.
func bound(op, open, closed string) string {
	if op == "≤" || op == "≥" {
		return closed
	}
	return open
}

// sameRelation compares two relations: two named values by their values, two
// equations by their solutions, others side by side.
func (c *comparer) sameRelation(a, g *node) bool {
	if n := len(a.args); n > len(g.args) && n > 2 && allOps(a, "=") && a.args[0].kind == kSymbol {
		a = &node{kind: kRelation, args: a.args[1:], ops: a.ops[1:]} // y = A = B says A = B
	}
	va, vg := value(a), value(g)
	if va.kind != kRelation && vg.kind != kRelation {
		return c.sameValue(va, vg) || sameSolutions(a, g)
	}
	return c.sameStatement(a, g)
}

// sameStatement compares two relations with the names they are about.
func (c *comparer) sameStatement(a, g *node) bool {
	if c.steps++; c.steps > maxSteps {
		return false
	}
	return sameSolutions(a, g) || c.sideBySide(a, g) || c.sideBySide(flipped(a), g)
}

func (c *comparer) sideBySide(a, g *node) bool {
	if len(a.ops) != len(g.ops) {
		return false
	}
	for i := range a.ops {
		if a.ops[i] != g.ops[i] {
			return false
		}
	}
	return c.inOrder(a.args, g.args)
}

var mirrored = map[string]string{"<": ">", ">": "<", "≤": "≥", "≥": "≤"}

func flipped(n *node) *node {
	f := &node{kind: kRelation}
	for i := len(n.args) - 1; i >= 0; i-- {
		f.args = append(f.args, n.args[i])
	}
	for i := len(n.ops) - 1; i >= 0; i-- {
		op := n.ops[i]
		if m, ok := mirrored[op]; ok {
			op = m
		}
		f.ops = append(f.ops, op)
	}
	return f
}

// sameSolutions tells whether two equations or inequalities differ by a
// constant factor only; a negative one turns an inequality round.
func sameSolutions(a, g *node) bool {
	if len(a.ops) != 1 || len(g.ops) != 1 || !hasVariable(g) {
		return false
	}
	turned, inequality := mirrored[g.ops[0]]
	if a.ops[0] != g.ops[0] && a.ops[0] != turned || !inequality && g.ops[0] != "=" {
		return false
	}
	factor, ok := constantFactor(a, g)
	if !ok || !inequality {
		return ok
	}
	return math.Abs(imag(factor)) < 1e-9 && (real(factor) > 0) == (a.ops[0] == g.ops[0])
}

// constantFactor finds the number by which the difference of a's sides is a
// multiple of that of g's, wherever it is computed.
func constantFactor(a, g *node) (complex128, bool) {
	da, dg := difference(a), difference(g)
	var factor complex128
	found := 0
	for point := range points {
		ea, eg := evaluator{point: point}, evaluator{point: point}
		x, y := ea.eval(da), eg.eval(dg)
		if ea.unknown || eg.unknown {
			return 0, false
		}
		if !finite(x) || !finite(y) || cmplx.Abs(y) < 1e-9*math.Max(1, eg.scale) || ea.outside || eg.outside {
			continue
		}
		q := x / y
		if cmplx.Abs(q) < 1e-9 || found > 0 && !isNear(q, factor, 1e3*cmplx.Abs(q)) {
			return 0, false
		}
		factor = q
		found++
	}
	return factor, found >= 3
}

func difference(n *node) *node {
	return &node{kind: kSum, args: []*node{n.args[0], negative(n.args[1])}}
}
