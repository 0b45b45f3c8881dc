package jinja

import (
	"errors"
	"fmt"
	"strings"
)

// Template is a parsed template.
type Template struct{ root node }

// Parse parses a template. Errors are of type *Error.
func Parse(source string) (*Template, error) {
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := parser{tokens: append(tokens, token{kind: endToken})} // one more, so that looking ahead stays inside
	root, _, err := p.body()
	if err != nil {
		return nil, err
	}
	return &Template{root}, nil
}

// Render renders the template with the given variables: nil, booleans, numbers, strings, slices, *Dict (in its order), maps with string keys
// (in sorted order), and whatever encoding/json can write.
func (t *Template) Render(variables map[string]any) (string, error) {
	global := &scope{variables: map[string]any{}, state: &state{}}
	for key, f := range globals {
		global.variables[key] = f
	}
	for key, value := range variables {
		v, err := convert(value)
		if err != nil {
			return "", fmt.Errorf("chat template: variable %q: %w", key, err)
		}
		global.variables[key] = v
	}
	if _, err := t.root.eval(global); err != nil {
		return "", err
	}
	return global.state.out.String(), nil
}

// scope holds the variables of a block. Loops and macros open new ones; assignments stay inside.
type scope struct {
	variables map[string]any
	outer     *scope
	state     *state
}

// state is shared by the scopes of one rendering.
type state struct {
	out   strings.Builder
	steps int // turns of loops and calls of macros
	depth int // of nested macros
}

// maxSteps and maxOutput bound a rendering, so that a template that never ends is an error.
const (
	maxSteps      = 1_000_000
	maxOutput     = 1 << 28
	maxMacroDepth = 100
)

// inner opens a scope.
func (s *scope) inner() *scope {
	return &scope{variables: map[string]any{}, outer: s, state: s.state}
}

// lookup finds a variable, innermost first.
func (s *scope) lookup(id string) (any, bool) {
	for ; s != nil; s = s.outer {
		if v, ok := s.variables[id]; ok {
			return v, true
		}
	}
	return nil, false
}

// step counts work done.
func (s *state) step(line int) error {
	if s.steps++; s.steps > maxSteps || s.out.Len() > maxOutput {
		return fail(line, "the template does not come to an end")
	}
	return nil
}

// errBreak and errContinue travel from a jump to its loop.
var (
	errBreak    = errors.New("break outside a loop")
	errContinue = errors.New("continue outside a loop")
)

func (n text) eval(s *scope) (any, error) {
	s.state.out.WriteString(n.value)
	return nil, nil
}

func (n output) eval(s *scope) (any, error) {
	v, err := n.x.eval(s)
	if err == nil {
		s.state.out.WriteString(str(v))
	}
	return nil, err
}

func (n block) eval(s *scope) (any, error) {
	for _, child := range n.body {
		if _, err := child.eval(s); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (n branch) eval(s *scope) (any, error) {
	v, err := n.test.eval(s)
	switch {
	case err != nil:
		return nil, err
	case truth(v):
		return n.yes.eval(s)
	case n.no != nil:
		return n.no.eval(s)
	}
	return nil, nil
}

func (n jump) eval(*scope) (any, error) { return nil, n.signal }

// loop is the special variable of a for.
type loop struct {
	items   []any
	index   int
	changed *[]any // what loop.changed saw last; nil before
}

// attributes gives what a template can ask of its loop.
func (l *loop) attributes() *Dict {
	n, d := len(l.items), NewDict()
	for _, a := range []struct {
		key   string
		value any
	}{
		{"index", l.index + 1}, {"index0", l.index}, {"revindex", n - l.index}, {"revindex0", n - l.index - 1},
		{"first", l.index == 0}, {"last", l.index == n-1}, {"length", n}, {"depth", 1}, {"depth0", 0}, // they count recursion, not nesting
		{"cycle", callable(l.cycle)}, {"changed", callable(l.isChanged)},
	} {
		d.Set(a.key, a.value)
	}
	if l.index > 0 {
		d.Set("previtem", l.items[l.index-1])
	}
	if l.index < n-1 {
		d.Set("nextitem", l.items[l.index+1])
	}
	return d
}

// cycle gives its arguments in turn.
func (l *loop) cycle(args []any, _ *Dict) (any, error) {
	if len(args) == 0 {
		return nil, errors.New("loop.cycle needs arguments")
	}
	return args[l.index%len(args)], nil
}

// isChanged tells whether its arguments differ from those of the turn before.
func (l *loop) isChanged(args []any, _ *Dict) (any, error) {
	same := l.changed != nil && equal(&List{Items: *l.changed}, &List{Items: args})
	l.changed = &args
	return !same, nil
}

func (n forNode) eval(s *scope) (any, error) {
	sequence, err := n.sequence.eval(s)
	if err != nil {
		return nil, err
	}
	items, err := iterate(sequence)
	if err != nil {
		return nil, fail(n.line, "%v", err)
	}
	if n.filter != nil {
		if items, err = n.filtered(s, items); err != nil {
			return nil, err
		}
	}
	if len(items) == 0 && n.empty != nil {
		return n.empty.eval(s.inner())
	}
	state := &loop{items: items}
	for i, value := range items {
		state.index = i
		turn := s.inner()
		turn.variables["loop"] = state
		if err := s.state.step(n.line); err != nil {
			return nil, err
		}
		if err := n.bind(turn, value); err != nil {
			return nil, err
		}
		switch _, err := n.body.eval(turn); {
		case errors.Is(err, errBreak):
			return nil, nil
		case err != nil && !errors.Is(err, errContinue):
			return nil, err
		}
	}
	return nil, nil
}

// bind gives the loop's variables their values.
func (n forNode) bind(s *scope, value any) error {
	if len(n.targets) == 1 {
		s.variables[n.targets[0]] = value
		return nil
	}
	parts, err := iterate(value)
	if err != nil || len(parts) != len(n.targets) {
		return fail(n.line, "%s cannot be unpacked into %d names", typeName(value), len(n.targets))
	}
	for i, part := range parts {
		s.variables[n.targets[i]] = part
	}
	return nil
}

// filtered gives the items for which the loop's condition holds.
func (n forNode) filtered(s *scope, items []any) ([]any, error) {
	var out []any
	for _, value := range items {
		turn := s.inner()
		if err := n.bind(turn, value); err != nil {
			return nil, err
		}
		ok, err := n.filter.eval(turn)
		if err != nil {
			return nil, err
		}
		if truth(ok) {
			out = append(out, value)
		}
	}
	return out, nil
}

func (n setNode) eval(s *scope) (any, error) {
	var v any
	var err error
	if n.value != nil {
		v, err = n.value.eval(s)
	} else {
		v, err = s.captured(n.body)
		for _, f := range n.filters {
			if err == nil {
				f.from = literal{v}
				v, err = f.eval(s)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	if len(n.targets) == 1 {
		return nil, n.assign(s, n.targets[0], v)
	}
	parts, err := iterate(v)
	if err != nil || len(parts) != len(n.targets) {
		return nil, fail(n.line, "%s cannot be unpacked into %d names", typeName(v), len(n.targets))
	}
	for i, part := range parts {
		if err := n.assign(s, n.targets[i], part); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// assign sets one target.
func (n setNode) assign(s *scope, to target, v any) error {
	if to.attribute == "" {
		s.variables[to.name] = v
		return nil
	}
	holder, _ := s.lookup(to.name)
	space, ok := holder.(*namespace)
	if !ok {
		return fail(n.line, "attribute %q can only be set on a namespace, %q is none", to.attribute, to.name)
	}
	space.Set(to.attribute, v)
	return nil
}

// captured renders a body into a string.
func (s *scope) captured(body node) (string, error) {
	shared := s.state
	own := &state{steps: shared.steps, depth: shared.depth}
	inner := s.inner()
	inner.state = own
	_, err := body.eval(inner)
	shared.steps = own.steps
	return own.out.String(), err
}

func (n macroNode) eval(s *scope) (any, error) {
	s.variables[n.name] = callable(func(args []any, named *Dict) (any, error) {
		return n.call(s, args, named)
	})
	return nil, nil
}

// call binds the arguments and renders the body.
func (n macroNode) call(s *scope, args []any, named *Dict) (any, error) {
	if len(args) > len(n.parameters) {
		return nil, fmt.Errorf("macro %s takes %d arguments, got %d", n.name, len(n.parameters), len(args))
	}
	if err := s.state.step(n.line); err != nil {
		return nil, err
	}
	if s.state.depth++; s.state.depth > maxMacroDepth {
		return nil, fmt.Errorf("macro %s calls itself more than %d times deep", n.name, maxMacroDepth)
	}
	defer func() { s.state.depth-- }()
	inner := s.inner()
	used := 0
	for i, parameter := range n.parameters {
		if v, ok := named.Get(parameter); ok {
			if used++; i < len(args) {
				return nil, fmt.Errorf("macro %s got the argument %s twice", n.name, parameter)
			}
			inner.variables[parameter] = v
			continue
		}
		if i < len(args) {
			inner.variables[parameter] = args[i]
			continue
		}
		inner.variables[parameter] = undefined{fmt.Sprintf("parameter %q of macro %s", parameter, n.name)}
		if k := i - (len(n.parameters) - len(n.defaults)); k >= 0 {
			v, err := n.defaults[k].eval(inner)
			if err != nil {
				return nil, err
			}
			inner.variables[parameter] = v
		}
	}
	if used != len(named.keys) {
		return nil, fmt.Errorf("macro %s has no parameters for some of the named arguments %v", n.name, named.keys)
	}
	return inner.captured(n.body)
}
