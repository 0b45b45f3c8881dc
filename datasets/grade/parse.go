package grade

import "errors"

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

// list reads relations separated by commas, semicolons, "and" or "or". Where
// semicolons stand between what commas separate, as in p = 5, q = 2; p = 7, q =
// 2, it is a list of tuples.
func (p *parser) list() *node {
	p.enter()
	defer p.leave()
	first := p.relation()
	if !p.at(",", ";", "and", "or") {
		return first
	}
	n := &node{kind: kList, args: []*node{first}}
	var starts []int // of the groups behind semicolons
	commas := false
	for p.err == nil {
		separated := false
		for p.at(",", ";", "and", "or") {
			switch p.peek().text {
			case "or":
				n.name = "or"
			case ",":
				commas = true
			case ";":
				starts = append(starts, len(n.args))
			}
			p.pos++
			separated = true
		}
		if !separated || p.atEnd() {
			break
		}
		n.args = append(n.args, p.relation())
	}
	if commas && len(starts) > 0 && n.name == "" {
		return &node{kind: kList, args: grouped(n.args, starts)}
	}
	return n
}

// grouped cuts a list at the given places; a part of several is a tuple.
func grouped(args []*node, starts []int) []*node {
	var groups []*node
	from := 0
	for _, to := range append(starts, len(args)) {
		switch {
		case to == from+1:
			groups = append(groups, args[from])
		case to > from:
			groups = append(groups, tuple("(", ")", args[from:to]...))
		}
		from = to
	}
	return groups
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
