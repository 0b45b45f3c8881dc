package grade

import (
	"errors"
	"strings"
)

// parsed is the result of reading an answer.
type parsed struct {
	*node
	// unit is the canonical name of the unit that stood behind a value, "" if
	// none is known.
	unit string
}

var (
	errUnreadable = errors.New("not an expression")
	errTooDeep    = errors.New("nested too deeply or too long")
)

// Bounds on what is parsed.
const (
	maxDepth  = 60
	maxTokens = 1500
)

// parser is a recursive-descent parser. The first fault is kept in err and
// makes every later step a no-op, so that steps need not check each other.
type parser struct {
	toks  []token
	pos   int
	depth int
	bars  int // open |
	err   error
	unit  string
}

// parse reads a whole answer.
func parse(text string, r reading) (parsed, error) {
	return parseTokens(lex(text, r))
}

func parseTokens(toks []token) (parsed, error) {
	if len(toks) > maxTokens {
		return parsed{}, errTooDeep
	}
	if len(toks) == 0 {
		return parsed{}, errUnreadable
	}
	// The parser splits tokens in place.
	p := parser{toks: append([]token(nil), toks...)}
	n := p.list()
	if p.err == nil && p.pos < len(p.toks) {
		p.fail()
	}
	if p.err != nil {
		return parsed{}, p.err
	}
	return parsed{n, p.unit}, nil
}

func (p *parser) fail() {
	if p.err == nil {
		p.err = errUnreadable
	}
}

// peek is the next token; past the end, and after a fault, an empty operator.
func (p *parser) peek() token {
	if p.err != nil || p.pos >= len(p.toks) {
		return token{kind: tokOp}
	}
	return p.toks[p.pos]
}

// at tells whether the next token is one of the operators.
func (p *parser) at(ops ...string) bool {
	t := p.peek()
	if t.kind != tokOp || t.text == "" {
		return false
	}
	for _, op := range ops {
		if t.text == op {
			return true
		}
	}
	return false
}

func (p *parser) accept(op string) bool {
	if p.at(op) {
		p.pos++
		return true
	}
	return false
}

// enter counts nesting; the caller must call leave.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth && p.err == nil {
		p.err = errTooDeep
	}
}

func (p *parser) leave() { p.depth-- }

// list reads relations separated by commas, semicolons, "and" or "or".
func (p *parser) list() *node {
	p.enter()
	defer p.leave()
	first := p.relation()
	if !p.at(",", ";", "and", "or") {
		return first
	}
	n := &node{kind: kList, args: []*node{first}}
	for p.err == nil {
		separated := false
		for p.at(",", ";", "and", "or") {
			if p.peek().text == "or" {
				n.name = "or"
			}
			p.pos++
			separated = true
		}
		if !separated || p.atEnd() {
			break
		}
		n.args = append(n.args, p.relation())
	}
	return n
}

// atEnd tells whether nothing more can follow in this bracket.
func (p *parser) atEnd() bool {
	return p.pos >= len(p.toks) || p.at(")", "]", "}", `\}`, "⟩")
}

var relationOps = []string{"=", "<", ">", "≤", "≥", "≠", "≈", "≡", "∈", "→"}

// relation reads a chain such as 3/5 < x ≤ 8/3.
func (p *parser) relation() *node {
	if p.at("=", "≈") { // "= 5" and "≈ 5" say 5
		p.pos++
	}
	first := p.ratio()
	if !p.at(relationOps...) {
		return first
	}
	n := &node{kind: kRelation, args: []*node{first}}
	for p.err == nil && p.at(relationOps...) {
		n.ops = append(n.ops, p.peek().text)
		p.pos++
		n.args = append(n.args, p.ratio())
	}
	return n
}

func (p *parser) ratio() *node {
	first := p.union()
	if !p.at(":") {
		return first
	}
	n := &node{kind: kRatio, args: []*node{first}}
	for p.accept(":") {
		n.args = append(n.args, p.union())
	}
	return n
}

// union reads A ∪ B; intersections and differences stay calls.
func (p *parser) union() *node {
	n := p.sum()
	for p.err == nil {
		switch {
		case p.accept("∪"):
			right := p.sum()
			if n.kind == kUnion {
				n.args = append(n.args, right)
			} else {
				n = &node{kind: kUnion, args: []*node{n, right}}
			}
		case p.at("∩", "∖"):
			op := p.peek().text
			p.pos++
			n = call(op, n, p.sum())
		default:
			return n
		}
	}
	return n
}

func (p *parser) sum() *node {
	n := p.signed(p.product)
	if !p.at("+", "-", "±", "∓") {
		return n
	}
	s := &node{kind: kSum, args: []*node{n}}
	for p.err == nil && p.at("+", "-", "±", "∓") {
		s.args = append(s.args, p.signed(p.product))
	}
	return s
}

// signed reads signs and then an operand.
func (p *parser) signed(operand func() *node) *node {
	p.enter()
	defer p.leave()
	switch {
	case p.accept("+"):
		return p.signed(operand)
	case p.accept("-"):
		return negative(p.signed(operand))
	case p.at("±", "∓"):
		name := p.peek().text
		p.pos++
		return &node{kind: kPlusMinus, name: name, args: []*node{p.signed(operand)}}
	}
	return operand()
}

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
