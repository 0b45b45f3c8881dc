package grade

import (
	"fmt"
	"math/big"
	"strings"
)

// sameValue compares two values, collections by their elements.
func (c *comparer) sameValue(a, g *node) bool {
	a, g = simplified(a), simplified(g)
	switch {
	case !isCollection(a) && !isCollection(g):
		if a.kind == kPercent || g.kind == kPercent {
			return c.samePercent(a, g)
		}
		return c.sameScalar(a, g)
	case a.kind == kTuple && g.kind == kTuple:
		return (a.name == g.name || isPoint(a) && isPoint(g)) && c.inOrder(a.args, g.args)
	case a.kind == kMatrix && g.kind == kMatrix:
		return a.name == g.name && a.columns == g.columns && c.inOrder(a.args, g.args)
	case isPoint(a) && isPoint(g) && (!isUnordered(a) || !isUnordered(g)):
		return c.inOrder(a.args, g.args)
	case a.kind == kUnion && g.kind == kUnion:
		return c.sameElements(a.args, g.args)
	case a.kind == kRatio && g.kind == kRatio:
		return c.sameRatio(a, g)
	}
	return c.sameMembers(a, g)
}

// sameMembers compares where order does not matter, at least one side being a
// list or a set. What the answer repeats counts once; what the reference repeats
// does so only in a set or among alternatives.
func (c *comparer) sameMembers(a, g *node) bool {
	if !isUnordered(a) && !isUnordered(g) {
		return false
	}
	x, y := members(a), members(g)
	same := c.sameElement
	if namesMatter(x, y) {
		same = c.sameStatement
	}
	if pairOff(x, y, same) {
		return true
	}
	dx, dy := c.distinct(x), y
	if g.kind == kSet || g.name == "or" {
		dy = c.distinct(y)
	}
	return len(dx)+len(dy) < len(x)+len(y) && pairOff(dx, dy, same)
}

func members(n *node) []*node {
	if isUnordered(n) {
		return n.args
	}
	return []*node{n}
}

// namesMatter tells whether both lists give values to several names, as in
// a = 1, b = 2; then it matters which name has which value.
func namesMatter(a, g []*node) bool {
	names := make(map[string]bool)
	for _, n := range append(append([]*node(nil), a...), g...) {
		if n.kind != kRelation || n.ops[0] != "=" || n.args[0].kind == kNumber {
			return false
		}
	}
	for _, n := range g {
		names[spelled(n.args[0])] = true
	}
	return len(names) > 1
}

// spelled writes an expression in some unambiguous way.
func spelled(n *node) string {
	var b strings.Builder
	n.walk(func(m *node) bool {
		fmt.Fprintf(&b, "%d%s(%d", m.kind, m.name, len(m.args))
		if m.kind == kNumber {
			b.WriteString(m.rat.RatString())
		}
		return true
	})
	return b.String()
}

// sameElement compares elements of lists by the values they give.
func (c *comparer) sameElement(a, g *node) bool { return c.sameValue(value(a), value(g)) }

func isCollection(n *node) bool {
	switch n.kind {
	case kList, kSet, kTuple, kUnion, kMatrix, kRatio:
		return true
	}
	return false
}

func isUnordered(n *node) bool { return n.kind == kList || n.kind == kSet }

// isPoint tells whether the elements can be coordinates: (1,2), the same
// without brackets, or a column.
func isPoint(n *node) bool {
	return n.kind == kTuple && (n.name == "()" || n.name == "[]" && len(n.args) > 2) || n.kind == kList && n.name == "" || n.kind == kMatrix && n.columns == 1 && n.name == "matrix"
}

// simplified turns alternatives that are intervals into a union, flattens
// unions, and unpacks a single element.
func simplified(n *node) *node {
	switch {
	case n.kind == kList && n.name == "or" && allIntervals(n.args):
		u := &node{kind: kUnion}
		for _, e := range n.args {
			u.args = append(u.args, value(e))
		}
		return simplified(u)
	case isUnordered(n) && len(n.args) == 1:
		return value(n.args[0])
	case n.kind == kUnion:
		m := &node{kind: kUnion}
		for _, e := range n.args {
			if e.kind == kUnion {
				m.args = append(m.args, e.args...)
			} else {
				m.args = append(m.args, e)
			}
		}
		return m
	}
	return n
}

func allIntervals(args []*node) bool {
	points := true // (11,7) or (7,11) are two points
	for _, a := range args {
		v := value(a)
		if v.kind != kTuple && v.kind != kUnion {
			return false
		}
		points = points && a.kind == kTuple && a.name == "()"
	}
	return !points
}

// distinct drops repeated elements of a list that is not long.
func (c *comparer) distinct(args []*node) []*node {
	if len(args) > 64 {
		return args
	}
	var kept []*node
next:
	for _, x := range args {
		for _, k := range kept {
			if c.sameElement(x, k) {
				continue next
			}
		}
		kept = append(kept, x)
	}
	return kept
}

func (c *comparer) inOrder(a, g []*node) bool {
	if len(a) != len(g) {
		return false
	}
	for i := range a {
		if !c.sameValue(value(a[i]), value(g[i])) {
			return false
		}
	}
	return true
}

func (c *comparer) sameElements(a, g []*node) bool { return pairOff(a, g, c.sameElement) }

// pairOff finds a partner for every element, in any order.
func pairOff(a, g []*node, same func(a, g *node) bool) bool {
	if len(a) != len(g) {
		return false
	}
	used := make([]bool, len(g))
next:
	for _, x := range a {
		for i, y := range g {
			if !used[i] && same(x, y) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}

// sameRatio lets 14:64 be 7:32, but not 0:1 be 0:2.
func (c *comparer) sameRatio(a, g *node) bool {
	if c.inOrder(a.args, g.args) {
		return true
	}
	if len(a.args) != len(g.args) {
		return false
	}
	var factor *big.Rat
	for i := range a.args {
		x, y := rational(a.args[i]), rational(g.args[i])
		if x == nil || y == nil || x.Sign() == 0 || y.Sign() == 0 {
			return false
		}
		q := new(big.Rat).Quo(x, y)
		if factor != nil && factor.Cmp(q) != 0 {
			return false
		}
		factor = q
	}
	return true
}

// expand replaces an expression with ± by the list of its two values; all the
// signs of one element change together.
func expand(n *node) *node {
	switch {
	case !n.has(func(m *node) bool { return m.kind == kPlusMinus }):
		return n
	case n.kind == kList || n.kind == kSet:
		m := *n
		m.args = nil
		for _, e := range n.args {
			if x := expand(e); x.kind == kList && e.kind != kList {
				m.args = append(m.args, x.args...)
			} else {
				m.args = append(m.args, x)
			}
		}
		return &m
	}
	return &node{kind: kList, args: []*node{signedCopy(n, false), signedCopy(n, true)}}
}

func signedCopy(n *node, minus bool) *node {
	return n.rebuilt(func(m *node) *node {
		if m.kind != kPlusMinus {
			return m
		}
		if minus != (m.name == "∓") {
			return negative(m.args[0])
		}
		return m.args[0]
	})
}
