package jinja

import (
	"fmt"
	"strings"
)

// node is a piece of a parsed template. Expressions give values.
type node interface {
	eval(s *scope) (any, error)
}

// The expressions.
type (
	literal struct{ value any }
	name    struct {
		id   string
		line int
	}
	listNode struct {
		items []node
		tuple bool
	}
	dictNode struct {
		keys, values []node
		line         int
	}
	attribute struct { // from.key
		from node
		key  string
		line int
	}
	item struct { // from[key]
		from, key node
		line      int
	}
	slice struct { // from[start:stop:step]; nil parts are absent
		from, start, stop, step node
		line                    int
	}
	call struct {
		function  node
		arguments arguments
		line      int
	}
	arguments struct {
		positional []node
		names      []string
		named      []node
	}
	filterNode struct {
		from      node
		name      string
		arguments arguments
		line      int
	}
	testNode struct {
		from      node
		name      string
		arguments arguments
		negate    bool
		line      int
	}
	unary struct {
		op   string // "-", "+" or "not"
		x    node
		line int
	}
	binary struct {
		op   string
		x, y node
		line int
	}
	comparison struct { // x op0 y0 op1 y1 …
		x    node
		ops  []string
		ys   []node
		line int
	}
	group     struct{ node } // an expression in parentheses
	condition struct {       // yes if test else no; no may be nil
		test, yes, no node
	}
)

func (n literal) eval(*scope) (any, error) { return n.value, nil }

func (n name) eval(s *scope) (any, error) {
	if v, ok := s.lookup(n.id); ok {
		return v, nil
	}
	return undefined{fmt.Sprintf("%q", n.id)}, nil
}

// evalAll evaluates a list of expressions.
func evalAll(s *scope, nodes []node) ([]any, error) {
	out := make([]any, len(nodes))
	for i, n := range nodes {
		var err error
		if out[i], err = n.eval(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (n listNode) eval(s *scope) (any, error) {
	items, err := evalAll(s, n.items)
	return &List{items, n.tuple}, err
}

func (n dictNode) eval(s *scope) (any, error) {
	keys, err := evalAll(s, n.keys)
	if err != nil {
		return nil, err
	}
	values, err := evalAll(s, n.values)
	if err != nil {
		return nil, err
	}
	out := NewDict()
	for i, key := range keys {
		text, ok := key.(string)
		if !ok {
			return nil, fail(n.line, "keys of type %s are not supported, only strings", typeName(key))
		}
		out.Set(text, values[i])
	}
	return out, nil
}

func (n attribute) eval(s *scope) (any, error) {
	from, err := n.from.eval(s)
	if err != nil {
		return nil, err
	}
	if u, ok := from.(undefined); ok {
		return nil, fail(n.line, "%s is undefined, so it has no attribute %q", u.what, n.key)
	}
	if m, ok := method(from, n.key); ok {
		return m, nil
	}
	if d, ok := mapping(from); ok {
		if v, ok := d.Get(n.key); ok {
			return v, nil
		}
	}
	return undefined{fmt.Sprintf("attribute %q of %s", n.key, typeName(from))}, nil
}

// mapping gives the dictionary behind a value with named parts.
func mapping(v any) (*Dict, bool) {
	switch v := v.(type) {
	case *Dict:
		return v, true
	case *namespace:
		return v.Dict, true
	case *loop:
		return v.attributes(), true
	}
	return nil, false
}

func (n item) eval(s *scope) (any, error) {
	from, err := n.from.eval(s)
	if err != nil {
		return nil, err
	}
	key, err := n.key.eval(s)
	if err != nil {
		return nil, err
	}
	if u, ok := from.(undefined); ok {
		return nil, fail(n.line, "%s is undefined, so it has no element %s", u.what, repr(key))
	}
	if v, ok := element(from, key); ok {
		return v, nil
	}
	if text, ok := key.(string); ok {
		if m, ok := method(from, text); ok {
			return m, nil
		}
	}
	return undefined{fmt.Sprintf("element %s of %s", repr(key), typeName(from))}, nil
}

// element is Python's from[key]; false where that would raise an error.
func element(from, key any) (any, bool) {
	if d, ok := mapping(from); ok {
		text, ok := key.(string)
		if !ok {
			return nil, false
		}
		return d.Get(text)
	}
	i, ok := asInt(key)
	if !ok {
		return nil, false
	}
	var items []any
	switch from := from.(type) {
	case *List:
		items = from.Items
	case string:
		items, _ = iterate(from)
	}
	if i < 0 {
		i += len(items)
	}
	if i < 0 || i >= len(items) {
		return nil, false
	}
	return items[i], true
}

func (n slice) eval(s *scope) (any, error) {
	from, err := n.from.eval(s)
	if err != nil {
		return nil, err
	}
	bounds := [3]*int{}
	for i, part := range []node{n.start, n.stop, n.step} {
		if part == nil {
			continue
		}
		v, err := part.eval(s)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		number, ok := asInt(v)
		if !ok {
			return nil, fail(n.line, "the bounds of a slice must be integers, found %s", typeName(v))
		}
		bounds[i] = &number
	}
	var items []any
	text, isText := from.(string)
	list, isList := from.(*List)
	switch {
	case isText:
		items, _ = iterate(text)
	case isList:
		items = list.Items
	default:
		return nil, fail(n.line, "%s cannot be sliced", typeName(from))
	}
	if bounds[2] != nil && *bounds[2] == 0 {
		return nil, fail(n.line, "the step of a slice must not be 0")
	}
	cut := sliced(items, bounds)
	if isList {
		return &List{cut, list.tuple}, nil
	}
	var out strings.Builder
	for _, r := range cut {
		out.WriteString(r.(string))
	}
	return out.String(), nil
}

// sliced takes the elements from start to stop by step, with Python's defaults and clipping.
func sliced(items []any, bounds [3]*int) []any {
	step, n := 1, len(items)
	if bounds[2] != nil {
		step = *bounds[2]
	}
	low, high := 0, n // what positions are clipped to
	start, stop := 0, n
	if step < 0 {
		low, high = -1, n-1
		start, stop = n-1, -1
	}
	clip := func(i int) int {
		if i < 0 {
			i += n
		}
		return min(max(i, low), high)
	}
	if bounds[0] != nil {
		start = clip(*bounds[0])
	}
	if bounds[1] != nil {
		stop = clip(*bounds[1])
	}
	out := []any{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		out = append(out, items[i])
		if step > n || step < -n {
			break
		}
	}
	return out
}

func (n call) eval(s *scope) (any, error) {
	function, err := n.function.eval(s)
	if err != nil {
		return nil, err
	}
	f, ok := function.(callable)
	if !ok {
		return nil, fail(n.line, "%s cannot be called", typeName(function))
	}
	args, named, err := n.arguments.eval(s)
	if err != nil {
		return nil, err
	}
	return located(n.line)(f(args, named))
}

// located puts a line to an error that has none.
func located(line int) func(v any, err error) (any, error) {
	return func(v any, err error) (any, error) {
		if err == nil {
			return v, nil
		}
		if _, ok := err.(*Error); ok {
			return nil, err
		}
		return nil, fail(line, "%v", err)
	}
}

// eval evaluates the arguments of a call.
func (a arguments) eval(s *scope) ([]any, *Dict, error) {
	args, err := evalAll(s, a.positional)
	if err != nil {
		return nil, nil, err
	}
	values, err := evalAll(s, a.named)
	if err != nil {
		return nil, nil, err
	}
	named := NewDict()
	for i, key := range a.names {
		named.Set(key, values[i])
	}
	return args, named, nil
}

func (n filterNode) eval(s *scope) (any, error) {
	from, err := n.from.eval(s)
	if err != nil {
		return nil, err
	}
	args, named, err := n.arguments.eval(s)
	if err != nil {
		return nil, err
	}
	return located(n.line)(filters[n.name](append([]any{from}, args...), named))
}

func (n testNode) eval(s *scope) (any, error) {
	from, err := n.from.eval(s)
	if err != nil {
		return nil, err
	}
	args, named, err := n.arguments.eval(s)
	if err != nil {
		return nil, err
	}
	if len(named.keys) > 0 {
		return nil, fail(n.line, "test %q takes no named arguments", n.name)
	}
	ok, err := tests[n.name](append([]any{from}, args...))
	if err != nil {
		_, err = located(n.line)(nil, fmt.Errorf("test %q: %w", n.name, err))
		return nil, err
	}
	return ok != n.negate, nil
}

func (n unary) eval(s *scope) (any, error) {
	x, err := n.x.eval(s)
	if err != nil {
		return nil, err
	}
	if n.op == "not" {
		return !truth(x), nil
	}
	sign := 1
	if n.op == "-" {
		sign = -1
	}
	if i, ok := asInt(x); ok {
		return sign * i, nil
	}
	if f, ok := x.(float64); ok {
		return float64(sign) * f, nil
	}
	return nil, fail(n.line, "%s has no sign", typeName(x))
}

func (n condition) eval(s *scope) (any, error) {
	test, err := n.test.eval(s)
	if err != nil {
		return nil, err
	}
	if truth(test) {
		return n.yes.eval(s)
	}
	if n.no == nil {
		return undefined{"an if expression without else"}, nil
	}
	return n.no.eval(s)
}

func (n comparison) eval(s *scope) (any, error) {
	x, err := n.x.eval(s)
	if err != nil {
		return nil, err
	}
	for i, op := range n.ops {
		y, err := n.ys[i].eval(s)
		if err != nil {
			return nil, err
		}
		ok, err := compareBy(op, x, y)
		if err != nil {
			return nil, fail(n.line, "%v", err)
		}
		if !ok {
			return false, nil
		}
		x = y
	}
	return true, nil
}

func (n binary) eval(s *scope) (any, error) {
	x, err := n.x.eval(s)
	if err != nil {
		return nil, err
	}
	if n.op == "and" && !truth(x) || n.op == "or" && truth(x) {
		return x, nil
	}
	y, err := n.y.eval(s)
	if err != nil || n.op == "and" || n.op == "or" {
		return y, err
	}
	return located(n.line)(arithmetic(n.op, x, y))
}
