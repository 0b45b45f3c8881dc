package grade

// withoutParameters takes "k ∈ ℤ" off a family of values such as 2πk, k ∈ ℤ. If
// both sides have such a parameter its name does not matter.
func withoutParameters(a, g *node) (*node, *node) {
	x, p := splitParameter(a)
	y, q := splitParameter(g)
	if p != "" && q != "" {
		x, y = renamed(x, p), renamed(y, q)
	}
	return x, y
}

// splitParameter returns a list without its statement that a name is an
// integer, and the name; "" where there is none, or not just one.
func splitParameter(n *node) (*node, string) {
	if n.kind != kList {
		return n, ""
	}
	name := ""
	rest := &node{kind: kList, name: n.name}
	for _, e := range n.args {
		if e.kind == kRelation && e.ops[0] == "∈" && len(e.args) == 2 && e.args[0].kind == kSymbol && isIntegers(e.args[1]) {
			if name != "" {
				return n, ""
			}
			name = e.args[0].name
			continue
		}
		rest.args = append(rest.args, e)
	}
	switch {
	case name == "" || len(rest.args) == 0:
		return n, ""
	case len(rest.args) == 1:
		return rest.args[0], name
	}
	return rest, name
}

func isIntegers(n *node) bool {
	return n.kind == kSymbol && (n.name == "ℤ" || n.name == "Z")
}

// renamed gives a parameter the name that stands for any.
func renamed(n *node, name string) *node {
	return n.rebuilt(func(m *node) *node {
		if m.kind == kSymbol && m.name == name {
			m.name = "integer parameter"
		}
		return m
	})
}
