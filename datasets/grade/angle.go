package grade

import "math/big"

// clashOfAngles tells whether one angle is in degrees, the other in radians.
func clashOfAngles(a, b parsed) bool {
	return b.unit == "radian" && a.has(func(n *node) bool { return n.kind == kDegrees }) ||
		b.unit == "radian" && a.unit == "degree"
}

// isAngle tells whether a value is written in degrees.
func isAngle(n *node) bool {
	return n.kind == kDegrees || n.kind == kNegative && isAngle(n.args[0])
}

func isPi(n *node) bool { return n.kind == kSymbol && n.name == "pi" }

// inRadians makes π/6 of 30°.
func inRadians(n *node) *node {
	return n.rebuilt(func(m *node) *node {
		if m.kind != kDegrees {
			return m
		}
		return &node{kind: kProduct, args: []*node{m.args[0], {kind: kSymbol, name: "pi"}, {kind: kNumber, rat: big.NewRat(1, 180), places: -1}}}
	})
}
