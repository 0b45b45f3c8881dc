package grade

import (
	"math/big"
	"strconv"
	"strings"
)

// factor reads an atom with its powers, factorials, percent and degree signs.
func (p *parser) factor() *node {
	p.enter()
	defer p.leave()
	if t := p.peek(); t.kind == tokCommand && isFunction(t.text) {
		return p.postfix(p.function())
	}
	return p.postfix(p.atom())
}

// application reads f(2): a name with a bracket right behind it, if the name
// is usual for a function or the bracket holds no variable to multiply with.
func (p *parser) application(name string) *node {
	if !p.at("(") || p.peek().space || !strings.Contains("fghFGH", name) && p.bracketHasNames() {
		return nil
	}
	inner := p.atom()
	if inner.kind == kTuple {
		return call("f:"+name, inner.args...)
	}
	return call("f:"+name, inner)
}

// bracketHasNames looks ahead, without reading twice, for a letter in the
// bracket that opens here, or for no end of it.
func (p *parser) bracketHasNames() bool {
	depth := 0
	for _, t := range p.toks[p.pos:] {
		switch {
		case t.kind == tokLetter || t.kind == tokWord:
			return true
		case t.kind == tokOp && t.text == "(":
			depth++
		case t.kind == tokOp && t.text == ")":
			if depth--; depth == 0 {
				return false
			}
		}
	}
	return true
}

func (p *parser) postfix(n *node) *node {
	for p.err == nil {
		switch {
		case p.accept("^"):
			n = p.power(n)
		case p.accept("_"):
			n = p.subscript(n)
		case p.accept("!"):
			n = call("!", n)
		case p.accept("'"):
			n = p.prime(n)
		case p.accept("°"):
			n = &node{kind: kDegrees, args: []*node{n}}
		case p.accept("%"):
			n = &node{kind: kPercent, args: []*node{n}}
		case isPercentWord(p.peek()):
			p.pos++
			n = &node{kind: kPercent, args: []*node{n}}
		default:
			return n
		}
	}
	return n
}

func isPercentWord(t token) bool {
	return t.kind == tokWord && units[strings.ToLower(t.text)] == "percent"
}

func (p *parser) power(base *node) *node {
	exponent := p.argument(true)
	if base.kind == kCall && isFunction(base.name) && len(base.args) == 0 {
		p.fail()
	}
	return &node{kind: kPower, args: []*node{base, exponent}}
}

func (p *parser) prime(n *node) *node {
	if n.kind != kSymbol {
		p.fail()
		return n
	}
	return &node{kind: kSymbol, name: n.name + "'"}
}

// subscript makes the index part of a name, or of a number in a base.
func (p *parser) subscript(n *node) *node {
	index := p.rawArgument()
	switch n.kind {
	case kSymbol:
		return &node{kind: kSymbol, name: n.name + "_" + index}
	case kNumber:
		return &node{kind: kBased, name: n.rat.RatString() + "_" + index}
	}
	return call("_"+index, n)
}

// rawArgument reads the text of a subscript.
func (p *parser) rawArgument() string {
	if !p.at("{") {
		if p.pos >= len(p.toks) || p.peek().kind == tokOp {
			p.fail()
			return ""
		}
		t := p.peek()
		p.pos++
		return t.text
	}
	var b strings.Builder
	depth := 0
	for p.err == nil {
		if p.pos >= len(p.toks) {
			p.fail()
			break
		}
		t := p.toks[p.pos]
		p.pos++
		if t.kind == tokOp && t.text == "{" {
			if depth++; depth == 1 {
				continue
			}
		}
		if t.kind == tokOp && t.text == "}" {
			if depth--; depth == 0 {
				break
			}
		}
		b.WriteString(t.text)
	}
	return b.String()
}

// argument reads what a command or an exponent applies to: a group, or one
// token. TeX takes a single digit; whole takes the whole number, as people who
// write x^10 mean it.
func (p *parser) argument(whole bool) *node {
	p.enter()
	defer p.leave()
	t := p.peek()
	switch {
	case t.kind == tokNumber && !whole && len(t.text) > 1:
		p.toks[p.pos].text = t.text[1:]
		p.toks[p.pos].space = false
		return p.number(t.text[:1])
	case t.kind == tokNumber:
		p.pos++
		return p.number(t.text)
	case p.at("-", "+") && whole:
		p.pos++
		n := p.argument(true)
		if t.text == "-" {
			n = negative(n)
		}
		return n
	case p.at("*", "'") || t.kind == tokOp && t.text == "":
		p.fail()
	}
	return p.atom()
}

func (p *parser) atom() *node {
	p.enter()
	defer p.leave()
	t := p.peek()
	if p.err != nil || p.pos >= len(p.toks) {
		p.fail()
		return integer(0)
	}
	switch t.kind {
	case tokNumber:
		p.pos++
		return p.number(t.text)
	case tokLetter:
		p.pos++
		if n := p.application(t.text); n != nil {
			return n
		}
		return &node{kind: kSymbol, name: t.text}
	case tokWord:
		return p.words()
	case tokCommand:
		if isFunction(t.text) {
			return p.function()
		}
		p.pos++
		return p.construction(t.text)
	}
	return p.bracket()
}

// words reads text as one name, or as what it says in words.
func (p *parser) words() *node {
	var parts []string
	for p.peek().kind == tokWord {
		parts = append(parts, strings.Join(strings.Fields(p.peek().text), " "))
		p.pos++
	}
	name := strings.Join(parts, " ")
	lower := strings.ToLower(name)
	if sign, ok := phrases[lower]; ok {
		return &node{kind: kSymbol, name: sign}
	}
	if n, ok := numerals[lower]; ok {
		return integer(n)
	}
	return &node{kind: kSymbol, name: name}
}

// number makes a number of the lexer's text. Huge exponents stay powers, so
// that they cost nothing here.
func (p *parser) number(text string) *node {
	mantissa, exponent, scientific := strings.Cut(text, "e")
	if strings.HasPrefix(text, ".") && len(text) == 1 {
		p.fail()
		return integer(0)
	}
	digits, repeat, repeating := strings.Cut(mantissa, "~")
	r, ok := new(big.Rat).SetString(strings.TrimSuffix(digits, "."))
	if !ok {
		p.fail()
		return integer(0)
	}
	n := &node{kind: kNumber, rat: r, places: -1}
	if _, decimals, ok := strings.Cut(digits, "."); ok {
		n.places = len(decimals)
	}
	if repeating {
		r.Add(r, repeatingPart(repeat, max(n.places, 0)))
		n.places = -1
	}
	if scientific {
		e, _ := strconv.ParseInt(exponent, 10, 64) // at most six digits
		power := &node{kind: kPower, args: []*node{integer(10), integer(e)}}
		return &node{kind: kProduct, args: []*node{n, power}}
	}
	return n
}

// repeatingPart is the value of digits that repeat for ever after so many
// decimals.
func repeatingPart(digits string, places int) *big.Rat {
	num, _ := new(big.Int).SetString(digits, 10)
	nines := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(len(digits))), nil)
	nines.Sub(nines, big.NewInt(1))
	nines.Mul(nines, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	return new(big.Rat).SetFrac(num, nines)
}
