package grade

import "math/big"

type nodeKind uint8

const (
	kNumber    nodeKind = iota // rat, places
	kSymbol                    // name
	kSum                       // args
	kProduct                   // args
	kNegative                  // arg
	kQuotient                  // numerator, denominator
	kPower                     // base, exponent
	kCall                      // name, args
	kPlusMinus                 // arg; name is "±" or "∓"
	kPercent                   // arg
	kDegrees                   // arg
	kRatio                     // args, as in 7:32
	kBased                     // number written in a base: name holds both
	kList                      // args, without brackets; name "or" where joined by it
	kSet                       // args, in braces
	kTuple                     // args; name holds both brackets
	kUnion                     // args
	kMatrix                    // args row by row, columns; name tells the delimiters
	kRelation                  // args, ops between them
)

// node is one node of an expression tree.
type node struct {
	kind    nodeKind
	name    string
	rat     *big.Rat
	places  int // digits after the point as written; -1 for an integer
	args    []*node
	columns int
	ops     []string
}

func call(name string, args ...*node) *node { return &node{kind: kCall, name: name, args: args} }

func integer(n int64) *node {
	return &node{kind: kNumber, rat: big.NewRat(n, 1), places: -1}
}

func negative(n *node) *node { return &node{kind: kNegative, args: []*node{n}} }

func tuple(open, closing string, args ...*node) *node {
	return &node{kind: kTuple, name: open + closing, args: args}
}

// walk visits the tree from the top; visit returns false to leave out what is
// below.
func (n *node) walk(visit func(*node) bool) {
	if !visit(n) {
		return
	}
	for _, a := range n.args {
		a.walk(visit)
	}
}

// has tells whether some node of the tree satisfies the test.
func (n *node) has(test func(*node) bool) bool {
	hit := false
	n.walk(func(m *node) bool {
		hit = hit || test(m)
		return !hit
	})
	return hit
}

// rebuilt returns the tree with each node replaced by what change returns;
// children are replaced first.
func (n *node) rebuilt(change func(*node) *node) *node {
	c := *n
	if len(n.args) > 0 {
		c.args = make([]*node, len(n.args))
		for i, a := range n.args {
			c.args[i] = a.rebuilt(change)
		}
	}
	return change(&c)
}
