package grade

import "strings"

// product reads factors joined by *, / or nothing, from left to right.
func (p *parser) product() *node {
	n := p.factor()
	for p.err == nil {
		switch {
		case p.accept("*"):
			n = multiply(n, p.signed(p.factor))
		case p.accept("/"):
			n = &node{kind: kQuotient, args: []*node{n, p.signed(p.factor)}}
		case p.skipUnit(n):
		case p.startsFactor():
			n = p.juxtapose(n)
		default:
			return n
		}
	}
	return n
}

// juxtapose multiplies with the factor that follows, except in the mixed
// number 4\frac{2}{3}, which is a sum. Two numbers side by side are nothing.
func (p *parser) juxtapose(left *node) *node {
	start := p.pos
	next := p.toks[start]
	right := p.factor()
	switch {
	case left.kind == kNumber && left.places < 0 && start > 0 && p.toks[start-1].kind == tokNumber && isMixedPart(next, right):
		return &node{kind: kSum, args: []*node{left, right}}
	case next.kind == tokNumber && left.kind == kNumber && p.at("/") && left.places < 0 && right.kind == kNumber && right.places < 0:
		p.pos++ // 4 2/3
		return &node{kind: kSum, args: []*node{left, {kind: kQuotient, args: []*node{right, p.factor()}}}}
	case next.kind == tokNumber && lastFactor(left).kind == kNumber:
		p.fail()
	}
	return multiply(left, right)
}

func lastFactor(n *node) *node {
	if n.kind == kProduct {
		return n.args[len(n.args)-1]
	}
	return n
}

func isMixedPart(next token, n *node) bool {
	return next.kind == tokCommand && next.text == "frac" && n.kind == kQuotient &&
		n.args[0].kind == kNumber && n.args[1].kind == kNumber && n.args[0].places < 0 && n.args[1].places < 0
}

func multiply(a, b *node) *node {
	if a.kind == kProduct {
		a.args = append(a.args, b)
		return a
	}
	return &node{kind: kProduct, args: []*node{a, b}}
}

// startsFactor tells whether the next token can be multiplied by standing
// there.
func (p *parser) startsFactor() bool {
	t := p.peek()
	if t.kind != tokOp {
		return true
	}
	switch t.text {
	case "(", "[", "{", `\{`, "⌊", "⌈", "⟨":
		return true
	case "|":
		return p.bars == 0
	}
	return strings.HasPrefix(t.text, "begin:")
}

// skipUnit drops words behind a value, such as \text{ cm}^2. Words that are no
// known unit may only end the value, and must not turn it around.
func (p *parser) skipUnit(value *node) bool {
	if p.peek().kind != tokWord || !value.has(func(n *node) bool { return n.kind == kNumber }) {
		return false
	}
	start := p.pos
	var words []string
	for p.peek().kind == tokWord || len(words) > 0 && p.at("/", "*") && p.pos+1 < len(p.toks) && p.toks[p.pos+1].kind == tokWord {
		if t := p.peek(); t.kind == tokWord {
			words = append(words, strings.ToLower(t.text))
		}
		p.pos++
		if p.at("^") {
			p.pos++
			words = append(words, "^")
			p.argument(true)
		}
	}
	text := strings.Join(words, " ")
	known := isUnit(strings.ReplaceAll(text, "^", ""))
	if !known && (!p.atEnd() && !p.at(",", ";", "and", "or") || hasNegation(text)) {
		p.pos = start
		return false
	}
	if known && len(words) == 1 {
		p.unit = units[text]
	}
	return true
}

func hasNegation(text string) bool {
	for _, w := range strings.Fields(text) {
		switch w {
		case "not", "no", "never", "isn't", "without":
			return true
		}
	}
	return false
}
