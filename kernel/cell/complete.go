package cell

import (
	"go/token"
	"go/types"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/kernel/cell/magic"
	"github.com/dcpo-go/godcpo/kernel/cell/split"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// Completion is a list of texts that may replace code[Start:End], offsets in bytes.
type Completion struct {
	Matches    []string
	Start, End int
}

// IsComplete tells whether a cell can be run as it is: "complete", "incomplete", "invalid" or "unknown", and the indentation of
// the next line when it is incomplete.
// Lines that are not Go are; a cell that starts with %% ends with an empty line, as more of it may follow.
func (s *Session) IsComplete(code string) (status, indent string) {
	script := magic.Parse(code)
	if script.Open() && !strings.HasSuffix(code, "\n") {
		return split.Incomplete, ""
	}
	return split.Status(script.Blank())
}

// Complete proposes what may stand at the cursor: names in scope, or the members of the package, value or type before a dot.
func (s *Session) Complete(code string, cursor int) Completion {
	s.state.RLock()
	defer s.state.RUnlock()
	if c, ok := completeMagic(code, cursor); ok {
		return c
	}
	path, prefix := selector(code[:min(max(cursor, 0), len(code))])
	end := min(max(cursor, 0), len(code))
	c := Completion{Start: end - len(prefix), End: end}
	var names []string
	if len(path) == 0 {
		names = append(s.scope.Names(), universe()...)
	} else if target := s.resolve(path); target != nil {
		names = members(target)
	}
	for _, name := range names {
		if strings.HasPrefix(name, prefix) && !strings.Contains(name, "ꞏ") {
			c.Matches = append(c.Matches, name)
		}
	}
	slices.Sort(c.Matches)
	c.Matches = slices.Compact(c.Matches)
	return c
}

// completeMagic proposes the commands that a line before the cursor may become.
func completeMagic(code string, cursor int) (Completion, bool) {
	end := min(max(cursor, 0), len(code))
	start := strings.LastIndexByte(code[:end], '\n') + 1
	word := code[start:end]
	if !strings.HasPrefix(word, "%") || strings.ContainsAny(word, " \t") {
		return Completion{}, false
	}
	c := Completion{Start: start, End: end}
	for _, name := range magic.Names() {
		if strings.HasPrefix(name, word) {
			c.Matches = append(c.Matches, name)
		}
	}
	slices.Sort(c.Matches)
	return c, true
}

// Inspect describes the name around the cursor: its declaration, and the members of a type or package.
func (s *Session) Inspect(code string, cursor, detail int) (display.Bundle, bool) {
	s.state.RLock()
	defer s.state.RUnlock()
	at := min(max(cursor, 0), len(code))
	for at < len(code) {
		r, n := utf8.DecodeRuneInString(code[at:])
		if !isName(r) {
			break
		}
		at += n
	}
	path, name := selector(code[:at])
	if name == "" {
		return display.Bundle{}, false
	}
	target := s.resolve(append(path, name))
	if target == nil {
		return display.Bundle{}, false
	}
	text := types.ObjectString(target, func(p *types.Package) string { return p.Name() })
	if list := members(target); len(list) > 0 {
		text += "\n\n" + strings.Join(list, ", ")
	}
	return display.Bundle{Data: map[string]any{display.MIMEText: text}}, true
}

// selector takes the text before a cursor apart: "cfg.Train.St" is the path cfg, Train and the prefix St.
func selector(before string) (path []string, prefix string) {
	parts := []string{""}
	for len(before) > 0 {
		r, n := utf8.DecodeLastRuneInString(before)
		switch {
		case isName(r):
			parts[0] = before[len(before)-n:] + parts[0]
		case r == '.':
			parts = append([]string{""}, parts...)
		default:
			n = 0
		}
		if n == 0 {
			break
		}
		before = before[:len(before)-n]
	}
	return parts[:len(parts)-1], parts[len(parts)-1]
}

func isName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// resolve follows a path of names from the scope; nil where it leads nowhere.
func (s *Session) resolve(path []string) types.Object {
	object := s.scope.Object(path[0])
	if object == nil && len(path) == 1 {
		object = types.Universe.Lookup(path[0])
	}
	for _, name := range path[1:] {
		switch o := object.(type) {
		case nil:
			return nil
		case *types.PkgName:
			object = o.Imported().Scope().Lookup(name)
		default:
			object, _, _ = types.LookupFieldOrMethod(o.Type(), true, o.Pkg(), name)
		}
	}
	return object
}

// members lists what can stand behind a dot.
func members(o types.Object) []string {
	var names []string
	if p, ok := o.(*types.PkgName); ok {
		for _, name := range p.Imported().Scope().Names() {
			if token.IsExported(name) {
				names = append(names, name)
			}
		}
		return names
	}
	if o.Type() == nil {
		return nil
	}
	t := o.Type()
	if _, isInterface := t.Underlying().(*types.Interface); !isInterface {
		if _, isPointer := t.Underlying().(*types.Pointer); !isPointer {
			t = types.NewPointer(t)
		}
	}
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		names = append(names, set.At(i).Obj().Name())
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	if fields, ok := t.Underlying().(*types.Struct); ok {
		for i := range fields.NumFields() {
			names = append(names, fields.Field(i).Name())
		}
	}
	return slices.DeleteFunc(names, func(n string) bool { return !token.IsExported(n) && o.Pkg() != nil && o.Pkg().Path() != "main" })
}

// universe lists Go's keywords and predeclared names.
func universe() []string {
	names := types.Universe.Names()
	for t := token.BREAK; t <= token.VAR; t++ {
		names = append(names, t.String())
	}
	return names
}
