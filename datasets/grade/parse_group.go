package grade

import (
	"slices"
	"strings"
)

// bracket reads (…), […], {…}, \{…\}, |…|, floors, ceilings and matrices.
func (p *parser) bracket() *node {
	t := p.peek()
	p.pos++
	switch {
	case t.text == "(" || t.text == "[" || t.text == "⟨":
		return p.parentheses(t.text)
	case t.text == "{":
		return p.group()
	case t.text == `\{`:
		return p.set()
	case t.text == "|":
		p.bars++
		n := p.sum()
		p.bars--
		p.expect("|")
		return call("abs", n)
	case t.text == "⌊":
		n := p.sum()
		p.expect("⌋")
		return call("floor", n)
	case t.text == "⌈":
		n := p.sum()
		p.expect("⌉")
		return call("ceil", n)
	case strings.HasPrefix(t.text, "begin:"):
		return p.matrix(strings.TrimPrefix(t.text, "begin:"))
	case t.text == "…":
		return &node{kind: kSymbol, name: "…"}
	case t.text == "]": // ]a, b[ is an open interval
		return p.parentheses("]")
	}
	p.fail()
	return integer(0)
}

func (p *parser) expect(op string) {
	if !p.accept(op) {
		p.fail()
	}
}

// parentheses reads a group, a tuple or an interval after its open bracket.
func (p *parser) parentheses(open string) *node {
	bars := p.bars
	p.bars = 0
	defer func() { p.bars = bars }()
	inner := p.list()
	closing := ""
	for _, c := range []string{")", "]", "⟩"} {
		if p.accept(c) {
			closing = c
		}
	}
	if closing == "" && open == "]" && p.accept("[") {
		open, closing = "(", ")"
	}
	if closing == "" || open == "]" {
		p.fail()
		return inner
	}
	if inner.kind == kList && inner.name == "" {
		if open == "⟨" {
			open, closing = "(", ")"
		}
		return tuple(open, closing, inner.args...)
	}
	if open == "(" && closing != ")" || open == "[" && closing != "]" {
		p.fail()
	}
	return inner
}

// group reads {…}, in which \over and \choose split the whole.
func (p *parser) group() *node {
	bars := p.bars
	p.bars = 0
	defer func() { p.bars = bars }()
	if p.accept("}") {
		// {} before a sub- or superscript is empty on purpose.
		return integer(1)
	}
	n := p.list()
	switch {
	case p.accept(`\over`):
		n = &node{kind: kQuotient, args: []*node{n, p.list()}}
	case p.accept(`\choose`):
		n = call("binom", n, p.list())
	}
	p.expect("}")
	return n
}

func (p *parser) set() *node {
	bars := p.bars
	p.bars = 1 // a bar here belongs to a set-builder, which is not read
	defer func() { p.bars = bars }()
	if p.accept(`\}`) {
		return &node{kind: kSymbol, name: "emptyset"}
	}
	builder := p.skipBuilder()
	n := p.list()
	p.expect(`\}`)
	if builder {
		return n
	}
	if n.kind == kList {
		return &node{kind: kSet, args: n.args}
	}
	return &node{kind: kSet, args: []*node{n}}
}

// skipBuilder passes over the beginning of {x : …}, {x | …} and {x ∈ ℝ : …}:
// the conditions that follow say what the set holds.
func (p *parser) skipBuilder() bool {
	at := func(i int, texts ...string) bool {
		return p.pos+i < len(p.toks) && slices.Contains(texts, p.toks[p.pos+i].text)
	}
	if p.peek().kind != tokLetter {
		return false
	}
	n := 1
	if at(1, "∈") && at(2, "ℝ", "R") {
		n = 3
	}
	if !at(n, ":", "|") {
		return false
	}
	p.pos += n + 1
	return true
}

// matrix reads rows up to \end.
func (p *parser) matrix(name string) *node {
	m := &node{kind: kMatrix, name: name}
	end := "end:" + name
	row := 0
	for p.err == nil && !p.at(end) {
		m.args = append(m.args, p.relation())
		row++
		switch {
		case p.accept("&"):
		case p.at(`\\`, end):
			p.accept(`\\`)
			if m.columns == 0 {
				m.columns = row
			}
			if row != m.columns {
				p.fail()
			}
			row = 0
		default:
			p.fail()
		}
	}
	p.expect(end)
	if m.columns == 0 {
		p.fail()
	}
	return m
}
