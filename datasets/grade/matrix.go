package grade

// matrixBudget bounds how many nodes matrix arithmetic makes, so that a long
// product of large matrices is left as it is.
const matrixBudget = 4000

// carriedOut does the sums, products, scalar multiples and transposes of
// matrices and vectors that stand in an answer.
func carriedOut(n *node) *node {
	if !n.has(func(m *node) bool { return m.kind == kMatrix || m.kind == kTuple && m.name == "()" }) {
		return n
	}
	left := matrixBudget
	return n.rebuilt(func(m *node) *node {
		if r := matrixResult(m, &left); r != nil {
			return r
		}
		return m
	})
}

// matrixResult is the value of an operation on matrices or vectors; nil where
// it is none, the sizes do not fit, or the budget is used up.
func matrixResult(n *node, budget *int) *node {
	switch n.kind {
	case kNegative:
		return scaled(integer(-1), n.args[0], budget)
	case kQuotient:
		return scaled(&node{kind: kQuotient, args: []*node{integer(1), n.args[1]}}, n.args[0], budget)
	case kPower:
		if e := n.args[1]; e.kind == kSymbol && (e.name == "T" || e.name == "top" || e.name == "⊤") {
			return transposed(n.args[0])
		}
	case kSum:
		return reduce(n.args, budget, added)
	case kProduct:
		return reduce(n.args, budget, multiplied)
	}
	return nil
}

// reduce folds operands, at least one of them a matrix or a vector.
func reduce(args []*node, budget *int, op func(a, b *node, budget *int) *node) *node {
	some := false
	for _, a := range args {
		some = some || isArray(a)
	}
	if !some {
		return nil
	}
	acc := args[0]
	for _, a := range args[1:] {
		if acc = op(acc, a, budget); acc == nil {
			return nil
		}
	}
	return acc
}

// isArray tells whether a value is a matrix, not a determinant, or a vector.
func isArray(n *node) bool {
	return n.kind == kMatrix && n.name == "matrix" || n.kind == kTuple && n.name == "()"
}

// sameShape tells whether two arrays can be added.
func sameShape(a, b *node) bool {
	return isArray(a) && a.kind == b.kind && a.name == b.name && a.columns == b.columns && len(a.args) == len(b.args)
}

func added(a, b *node, budget *int) *node {
	if !sameShape(a, b) {
		return nil
	}
	c := *a
	c.args = make([]*node, len(a.args))
	for i := range c.args {
		c.args[i] = folded(&node{kind: kSum, args: []*node{a.args[i], b.args[i]}}, budget)
	}
	return within(&c, budget)
}

func multiplied(a, b *node, budget *int) *node {
	switch {
	case !isArray(a) && !isArray(b):
		return &node{kind: kProduct, args: []*node{a, b}}
	case !isArray(a):
		return scaled(a, b, budget)
	case !isArray(b):
		return scaled(b, a, budget)
	case a.kind != kMatrix || b.kind != kMatrix || len(b.args) != a.columns*b.columns:
		return nil
	}
	rows := len(a.args) / a.columns
	if *budget -= rows * b.columns * a.columns; *budget < 0 {
		return nil
	}
	c := &node{kind: kMatrix, name: a.name, columns: b.columns}
	for i := range rows {
		for j := range b.columns {
			sum := &node{kind: kSum}
			for k := range a.columns {
				sum.args = append(sum.args, &node{kind: kProduct, args: []*node{a.args[i*a.columns+k], b.args[k*b.columns+j]}})
			}
			c.args = append(c.args, folded(sum, budget))
		}
	}
	return within(c, budget)
}

// scaled multiplies each entry with a factor that is a single value.
func scaled(factor, array *node, budget *int) *node {
	if !isArray(array) || isCollection(factor) {
		return nil
	}
	c := *array
	c.args = make([]*node, len(array.args))
	for i, x := range array.args {
		c.args[i] = folded(&node{kind: kProduct, args: []*node{factor, x}}, budget)
	}
	return within(&c, budget)
}

func transposed(n *node) *node {
	switch {
	case n.kind == kTuple && n.name == "()":
		return n // a vector, however it is written
	case n.kind != kMatrix:
		return nil
	}
	c := *n
	rows := len(n.args) / n.columns
	c.columns, c.args = rows, nil
	for j := range n.columns {
		for i := range rows {
			c.args = append(c.args, n.args[i*n.columns+j])
		}
	}
	return &c
}

// within is the result if the budget was enough for it, else nil.
func within(n *node, budget *int) *node {
	if *budget < 0 {
		return nil
	}
	return n
}

// folded replaces a constant entry by its value, so that entries do not grow;
// others are taken off the budget with all that is below them.
func folded(n *node, budget *int) *node {
	n.has(func(*node) bool {
		*budget--
		return *budget < 0
	})
	if *budget < 0 {
		return n
	}
	if r := rational(n); r != nil {
		return &node{kind: kNumber, rat: r, places: -1}
	}
	return n
}
