package jinja

import (
	"strconv"
	"strings"
)

// parser turns tokens into nodes.
type parser struct {
	tokens []token
	at     int
	depth  int // of nested expressions and blocks
	loops  int // of loops around, for break and continue
}

// maxDepth bounds nesting, so that a hostile template cannot exhaust the stack.
const maxDepth = 200

// peek gives the token at hand.
func (p *parser) peek() token { return p.tokens[p.at] }

// next consumes a token.
func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != endToken {
		p.at++
	}
	return t
}

// accept consumes the given name or operator if it is next.
func (p *parser) accept(text string) bool {
	if p.peek().is(text) {
		p.at++
		return true
	}
	return false
}

// expect consumes the given name or operator, or fails.
func (p *parser) expect(text string) error {
	if !p.accept(text) {
		return fail(p.peek().line, "expected %q, found %v", text, p.peek())
	}
	return nil
}

// expectName consumes an identifier.
func (p *parser) expectName() (token, error) {
	t := p.next()
	if t.kind != nameToken {
		return t, fail(t.line, "expected a name, found %v", t)
	}
	return t, nil
}

// deeper counts one level of nesting; the result undoes it.
func (p *parser) deeper() (func(), error) {
	p.depth++
	if p.depth > maxDepth {
		return nil, fail(p.peek().line, "nested more than %d levels deep", maxDepth)
	}
	return func() { p.depth-- }, nil
}

// expression parses yes [if test [else no]].
func (p *parser) expression() (node, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	x, err := p.or()
	for err == nil && p.accept("if") {
		c := condition{yes: x}
		if c.test, err = p.or(); err != nil {
			return nil, err
		}
		if p.accept("else") {
			if c.no, err = p.expression(); err != nil {
				return nil, err
			}
		}
		x = c
	}
	return x, err
}

// chain parses operands joined by left-associative operators.
func (p *parser) chain(operand func() (node, error), ops ...string) (node, error) {
	x, err := operand()
	for err == nil {
		t := p.peek()
		op := ""
		for _, candidate := range ops {
			if t.is(candidate) {
				op = candidate
			}
		}
		if op == "" {
			return x, nil
		}
		p.at++
		var y node
		if y, err = operand(); err == nil {
			x = binary{op, x, y, t.line}
		}
	}
	return nil, err
}

func (p *parser) or() (node, error)  { return p.chain(p.and, "or") }
func (p *parser) and() (node, error) { return p.chain(p.not, "and") }

// not parses not x.
func (p *parser) not() (node, error) {
	if t := p.peek(); p.accept("not") {
		up, err := p.deeper()
		if err != nil {
			return nil, err
		}
		defer up()
		x, err := p.not()
		return unary{"not", x, t.line}, err
	}
	return p.comparison()
}

// comparison parses x < y <= z and the like.
func (p *parser) comparison() (node, error) {
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := comparison{x: x, line: p.peek().line}
	for {
		op := ""
		switch t := p.peek(); {
		case t.kind == operatorToken && strings.Contains(" == != < <= > >= ", " "+t.text+" "), t.is("in"):
			op = t.text
			p.at++
		case t.is("not") && p.tokens[p.at+1].is("in"):
			op = "not in"
			p.at += 2
		}
		if op == "" {
			break
		}
		y, err := p.sum()
		if err != nil {
			return nil, err
		}
		c.ops, c.ys = append(c.ops, op), append(c.ys, y)
	}
	if c.ops == nil {
		return x, nil
	}
	return c, nil
}

func (p *parser) sum() (node, error)     { return p.chain(p.concat, "+", "-") }
func (p *parser) concat() (node, error)  { return p.chain(p.product, "~") }
func (p *parser) product() (node, error) { return p.chain(p.power, "*", "/", "//", "%") }
func (p *parser) power() (node, error) {
	return p.chain(func() (node, error) { return p.unary(true) }, "**")
}

// unary parses a signed operand, with its filters and tests unless it stands behind a sign.
func (p *parser) unary(filtered bool) (node, error) {
	var x node
	var err error
	if t := p.peek(); t.is("-") || t.is("+") {
		up, deepErr := p.deeper()
		if deepErr != nil {
			return nil, deepErr
		}
		defer up()
		p.at++
		x, err = p.unary(false)
		x = unary{t.text, x, t.line}
	} else {
		x, err = p.primary()
	}
	if err != nil {
		return nil, err
	}
	if x, err = p.postfix(x); err != nil || !filtered {
		return x, err
	}
	return p.filtered(x)
}

// postfix parses attributes, elements and calls.
func (p *parser) postfix(x node) (node, error) {
	for {
		t := p.peek()
		var err error
		switch {
		case t.is("."):
			p.at++
			key := p.next()
			switch key.kind {
			case nameToken:
				x = attribute{x, key.text, t.line}
			case numberToken:
				i, err := strconv.Atoi(key.text)
				if err != nil {
					return nil, fail(t.line, "expected an attribute, found %v", key)
				}
				x = item{x, literal{i}, t.line}
			default:
				return nil, fail(t.line, "expected an attribute, found %v", key)
			}
		case t.is("["):
			p.at++
			x, err = p.subscript(x, t.line)
		case t.is("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// subscript parses what stands between brackets.
func (p *parser) subscript(from node, line int) (node, error) {
	var parts [3]node
	colons := 0
	for !p.peek().is("]") {
		if p.accept(":") {
			if colons++; colons > 2 {
				return nil, fail(line, "a slice has at most two colons")
			}
			continue
		}
		if parts[colons] != nil {
			break
		}
		var err error
		if parts[colons], err = p.expression(); err != nil {
			return nil, err
		}
	}
	if err := p.expect("]"); err != nil {
		return nil, err
	}
	if colons > 0 {
		return slice{from, parts[0], parts[1], parts[2], line}, nil
	}
	if parts[0] == nil {
		return nil, fail(line, "expected an expression between [ and ]")
	}
	return item{from, parts[0], line}, nil
}

// call parses the arguments of a call.
func (p *parser) call(function node) (node, error) {
	line := p.peek().line
	args, err := p.arguments()
	return call{function, args, line}, err
}

// arguments parses (x, y, key=z).
func (p *parser) arguments() (a arguments, err error) {
	if err = p.expect("("); err != nil {
		return a, err
	}
	for !p.accept(")") {
		t := p.peek()
		if t.is("*") || t.is("**") {
			return a, fail(t.line, "unpacking arguments with %s is not supported", t.text)
		}
		key := ""
		if t.kind == nameToken && p.tokens[p.at+1].is("=") {
			key = t.text
			p.at += 2
		} else if len(a.names) > 0 {
			return a, fail(t.line, "a positional argument follows a named one")
		}
		x, err := p.expression()
		if err != nil {
			return a, err
		}
		if key != "" {
			a.names, a.named = append(a.names, key), append(a.named, x)
		} else {
			a.positional = append(a.positional, x)
		}
		if !p.accept(",") && !p.peek().is(")") {
			return a, p.expect(")")
		}
	}
	return a, nil
}

// filtered parses |filter and is test.
func (p *parser) filtered(x node) (node, error) {
	for {
		t := p.peek()
		var err error
		switch {
		case t.is("|"):
			p.at++
			x, err = p.filter(x)
		case t.is("is"):
			p.at++
			x, err = p.test(x)
		case t.is("("):
			x, err = p.call(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// filter parses a filter's name and arguments.
func (p *parser) filter(x node) (node, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	if filters[t.text] == nil {
		return nil, fail(t.line, "filter %q is not known", t.text)
	}
	f := filterNode{from: x, name: t.text, line: t.line}
	if p.peek().is("(") {
		f.arguments, err = p.arguments()
	}
	return f, err
}

// test parses a test's name and its argument, with or without parentheses.
func (p *parser) test(x node) (node, error) {
	if _, ok := x.(testNode); ok {
		return nil, fail(p.peek().line, "tests cannot follow one another: use and, or parentheses")
	}
	n := testNode{from: x, negate: p.accept("not")}
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	if n.name, n.line = t.text, t.line; tests[t.text] == nil {
		return nil, fail(t.line, "test %q is not known", t.text)
	}
	next := p.peek()
	switch {
	case next.is("("):
		n.arguments, err = p.arguments()
	case next.kind == nameToken && !strings.Contains(" else or and is if in not ", " "+next.text+" "),
		next.kind == stringToken, next.kind == numberToken, next.is("["), next.is("{"):
		var argument node
		if argument, err = p.primary(); err == nil {
			argument, err = p.postfix(argument)
		}
		n.arguments.positional = []node{argument}
	}
	return n, err
}

// constants are the names with a fixed value.
var constants = map[string]any{"true": true, "True": true, "false": false, "False": false, "none": nil, "None": nil}

// primary parses a literal, a name or something in brackets.
func (p *parser) primary() (node, error) {
	t := p.next()
	switch {
	case t.kind == nameToken:
		if v, ok := constants[t.text]; ok {
			return literal{v}, nil
		}
		return name{t.text, t.line}, nil
	case t.kind == stringToken:
		text := t.text
		for p.peek().kind == stringToken { // neighbouring literals are one
			text += p.next().text
		}
		return literal{text}, nil
	case t.kind == numberToken:
		v, err := number(strings.ReplaceAll(t.text, "_", ""))
		if err != nil {
			return nil, fail(t.line, "%v", err)
		}
		return literal{v}, nil
	case t.is("("):
		return p.parenthesis()
	case t.is("["):
		items, _, err := p.items("]")
		return listNode{items: items}, err
	case t.is("{"):
		return p.dict(t.line)
	}
	return nil, fail(t.line, "expected an expression, found %v", t)
}

// items parses expressions with commas between up to the closing bracket; comma tells whether there was one.
func (p *parser) items(closing string) (out []node, comma bool, err error) {
	for !p.accept(closing) {
		x, err := p.expression()
		if err != nil {
			return nil, false, err
		}
		out = append(out, x)
		if p.accept(",") {
			comma = true
		} else if !p.peek().is(closing) {
			return nil, false, p.expect(closing)
		}
	}
	return out, comma, nil
}

// parenthesis parses a tuple or an expression in parentheses.
func (p *parser) parenthesis() (node, error) {
	items, comma, err := p.items(")")
	if err != nil {
		return nil, err
	}
	if len(items) == 1 && !comma {
		return group{items[0]}, nil
	}
	return listNode{items, true}, nil
}

// dict parses {key: value}.
func (p *parser) dict(line int) (node, error) {
	n := dictNode{line: line}
	for !p.accept("}") {
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.keys, n.values = append(n.keys, key), append(n.values, value)
		if !p.accept(",") && !p.peek().is("}") {
			return nil, p.expect("}")
		}
	}
	return n, nil
}
