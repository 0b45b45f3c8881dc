package grade

import "strings"

func isFunction(name string) bool { return functions[name] != "" }

// construction reads the arguments of \frac and its kin.
func (p *parser) construction(name string) *node {
	switch name {
	case "frac":
		numerator := p.argument(false)
		return &node{kind: kQuotient, args: []*node{numerator, p.argument(false)}}
	case "binom":
		n := p.argument(false)
		return call("binom", n, p.argument(false))
	case "sqrt":
		return p.root()
	}
	// A decoration is part of the name.
	n := p.argument(true)
	if n.kind == kSymbol {
		return &node{kind: kSymbol, name: name + " " + n.name}
	}
	return call(name, n)
}

// root reads \sqrt{x}, \sqrt[n]{x}, \sqrt3 and sqrt(x).
func (p *parser) root() *node {
	var index *node
	if p.at("[") {
		p.pos++
		index = p.sum()
		p.expect("]")
	}
	radicand := p.argument(true)
	if index == nil {
		return call("sqrt", radicand)
	}
	return call("root", radicand, index)
}

// function reads \sin x, \sin^2 x, \log_{2} 8, f(x).
func (p *parser) function() *node {
	name := p.peek().text
	p.pos++
	var exponent, base *node
	for p.err == nil && p.at("^", "_") {
		if p.accept("^") {
			exponent = p.argument(true)
		} else if p.accept("_") {
			base = p.argument(true)
		}
	}
	if exponent != nil && isMinusOne(exponent) && inverse[name] != "" {
		name, exponent = inverse[name], nil
	}
	n := call(name, p.operand()...)
	switch {
	case base != nil && name == "log":
		n = &node{kind: kQuotient, args: []*node{call("ln", n.args...), call("ln", base)}}
	case base != nil:
		p.fail()
	}
	if exponent != nil {
		n = &node{kind: kPower, args: []*node{n, exponent}}
	}
	return n
}

var inverse = map[string]string{"sin": "arcsin", "cos": "arccos", "tan": "arctan"}

func isMinusOne(n *node) bool {
	return n.kind == kNegative && n.args[0].kind == kNumber && n.args[0].rat.IsInt() && n.args[0].rat.Num().Int64() == 1
}

// operand reads what a function applies to: a bracket, or the factors that
// follow up to the next operator or function.
func (p *parser) operand() []*node {
	if p.at("(", "{", "[") {
		braces := p.at("{") && p.pos+1 < len(p.toks) && p.toks[p.pos+1].text != "("
		n := p.atom()
		if braces && p.at("^") { // \ln {2}^{1/2} is set as ln 2^½; f{(x)}^2 is f(x)²
			return []*node{p.postfix(n)}
		}
		if n.kind == kTuple {
			return n.args
		}
		return []*node{n}
	}
	if p.at("-") {
		p.pos++
		return []*node{negative(p.operand()[0])}
	}
	n := p.factor()
	for p.err == nil && p.startsFactor() && !p.at("(", "[", "|") {
		t := p.peek()
		if t.kind == tokWord || t.kind == tokCommand && isFunction(t.text) || strings.HasPrefix(t.text, "begin:") {
			break
		}
		n = p.juxtapose(n)
	}
	return []*node{n}
}
