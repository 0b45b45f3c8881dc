package jinja

import "slices"

// The statements. Their eval writes to the scope's output and gives nil, or a signal that ends a loop's turn.
type (
	text   struct{ value string }
	output struct{ x node }
	block  struct{ body []node }
	branch struct { // if and elif
		test, yes node
		no        node // may be nil
	}
	forNode struct {
		targets  []string
		sequence node
		filter   node // may be nil
		body     node
		empty    node // may be nil
		line     int
	}
	setNode struct {
		targets []target
		value   node // nil to take the body
		body    node
		filters []filterNode // of a set block
		line    int
	}
	macroNode struct {
		name       string
		parameters []string
		defaults   []node // of the last parameters
		body       node
		line       int
	}
	jump struct{ signal error }
)

// target is what a set statement assigns to: a name, or an attribute of a namespace.
type target struct{ name, attribute string }

// body parses up to one of the given tags, whose name it gives with the opening bracket and the name consumed.
func (p *parser) body(ends ...string) (node, string, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, "", err
	}
	defer up()
	var out block
	opened := 1 // where the tag before ends
	if p.at > 0 {
		opened = p.tokens[p.at-1].line
	}
	for {
		t := p.next()
		switch t.kind {
		case textToken:
			out.body = append(out.body, text{t.text})
		case openVariable:
			x, err := p.tuple()
			if err != nil {
				return nil, "", err
			}
			if end := p.next(); end.kind != closeVariable {
				return nil, "", fail(end.line, "expected }}, found %v", end)
			}
			out.body = append(out.body, output{x})
		case openBlock:
			tag, err := p.expectName()
			if err != nil {
				return nil, "", err
			}
			if slices.Contains(ends, tag.text) {
				return out, tag.text, nil
			}
			n, err := p.statement(tag)
			if err != nil {
				return nil, "", err
			}
			out.body = append(out.body, n)
		case endToken:
			if len(ends) > 0 {
				return nil, "", fail(opened, "the block that starts here is not closed by %s", ends[len(ends)-1])
			}
			return out, "", nil
		}
	}
}

// tuple parses an expression, or several with commas between as a tuple.
func (p *parser) tuple() (node, error) {
	x, err := p.expression()
	if err != nil || !p.peek().is(",") {
		return x, err
	}
	items := []node{x}
	for p.accept(",") {
		if k := p.peek().kind; k == closeBlock || k == closeVariable || p.peek().is("=") {
			break
		}
		if x, err = p.expression(); err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return listNode{items, true}, nil
}

// close expects the end of a block tag.
func (p *parser) close() error {
	if t := p.next(); t.kind != closeBlock {
		return fail(t.line, "expected %%}, found %v", t)
	}
	return nil
}

// statement parses what follows the name of a block tag.
func (p *parser) statement(tag token) (node, error) {
	switch tag.text {
	case "if":
		return p.branch()
	case "for":
		return p.loop(tag.line)
	case "set":
		return p.set(tag.line)
	case "macro":
		return p.macro(tag.line)
	case "break", "continue":
		if p.loops == 0 {
			return nil, fail(tag.line, "%s outside a loop", tag.text)
		}
		signal := errBreak
		if tag.text == "continue" {
			signal = errContinue
		}
		return jump{signal}, p.close()
	case "generation": // marks the assistant's tokens for training masks; it prints its body
		if err := p.close(); err != nil {
			return nil, err
		}
		body, _, err := p.body("endgeneration")
		if err != nil {
			return nil, err
		}
		return body, p.close()
	}
	return nil, fail(tag.line, "tag %q is not known", tag.text)
}

// branch parses the rest of an if or elif.
func (p *parser) branch() (node, error) {
	up, err := p.deeper()
	if err != nil {
		return nil, err
	}
	defer up()
	var n branch
	if n.test, err = p.tuple(); err != nil {
		return nil, err
	}
	if err = p.close(); err != nil {
		return nil, err
	}
	var end string
	if n.yes, end, err = p.body("elif", "else", "endif"); err != nil {
		return nil, err
	}
	switch end {
	case "elif":
		n.no, err = p.branch()
		return n, err
	case "else":
		if err = p.close(); err != nil {
			return nil, err
		}
		if n.no, _, err = p.body("endif"); err != nil {
			return nil, err
		}
	}
	return n, p.close()
}

// loop parses the rest of a for.
func (p *parser) loop(line int) (node, error) {
	n := forNode{line: line}
	bracket := p.accept("(")
	for {
		t, err := p.expectName()
		if err != nil {
			return nil, err
		}
		n.targets = append(n.targets, t.text)
		if !p.accept(",") {
			break
		}
	}
	if bracket {
		if err := p.expect(")"); err != nil {
			return nil, err
		}
	}
	if err := p.expect("in"); err != nil {
		return nil, err
	}
	var err error
	if n.sequence, err = p.or(); err != nil { // no condition here: its if is the loop's filter
		return nil, err
	}
	if p.accept("if") {
		if n.filter, err = p.expression(); err != nil {
			return nil, err
		}
	}
	if t := p.peek(); t.is("recursive") {
		return nil, fail(t.line, "recursive loops are not supported")
	}
	if err = p.close(); err != nil {
		return nil, err
	}
	p.loops++
	var end string
	n.body, end, err = p.body("else", "endfor")
	p.loops--
	if err != nil {
		return nil, err
	}
	if end == "else" {
		if err = p.close(); err != nil {
			return nil, err
		}
		if n.empty, _, err = p.body("endfor"); err != nil {
			return nil, err
		}
	}
	return n, p.close()
}

// set parses the rest of a set, with a value or with a body.
func (p *parser) set(line int) (node, error) {
	n := setNode{line: line}
	for {
		t, err := p.expectName()
		if err != nil {
			return nil, err
		}
		if _, ok := constants[t.text]; ok {
			return nil, fail(t.line, "%s cannot be set", t.text)
		}
		to := target{name: t.text}
		if p.accept(".") {
			if t, err = p.expectName(); err != nil {
				return nil, err
			}
			to.attribute = t.text
		}
		n.targets = append(n.targets, to)
		if !p.accept(",") {
			break
		}
	}
	var err error
	if p.accept("=") {
		if n.value, err = p.tuple(); err != nil {
			return nil, err
		}
		return n, p.close()
	}
	for p.accept("|") {
		f, err := p.filter(nil)
		if err != nil {
			return nil, err
		}
		n.filters = append(n.filters, f.(filterNode))
	}
	if err = p.close(); err != nil {
		return nil, err
	}
	if len(n.targets) > 1 {
		return nil, fail(line, "a set block has one target")
	}
	if n.body, _, err = p.body("endset"); err != nil {
		return nil, err
	}
	return n, p.close()
}

// macro parses the rest of a macro.
func (p *parser) macro(line int) (node, error) {
	t, err := p.expectName()
	if err != nil {
		return nil, err
	}
	n := macroNode{name: t.text, line: line}
	if err = p.expect("("); err != nil {
		return nil, err
	}
	for !p.accept(")") {
		if t, err = p.expectName(); err != nil {
			return nil, err
		}
		n.parameters = append(n.parameters, t.text)
		if p.accept("=") {
			x, err := p.expression()
			if err != nil {
				return nil, err
			}
			n.defaults = append(n.defaults, x)
		} else if len(n.defaults) > 0 {
			return nil, fail(t.line, "a parameter without default follows one with")
		}
		if !p.accept(",") && !p.peek().is(")") {
			return nil, p.expect(")")
		}
	}
	if err = p.close(); err != nil {
		return nil, err
	}
	loops := p.loops
	p.loops = 0
	n.body, _, err = p.body("endmacro")
	p.loops = loops
	if err != nil {
		return nil, err
	}
	return n, p.close()
}
