package cell

import (
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/kernel/cell/magic"
	"github.com/dcpo-go/godcpo/kernel/cell/split"
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
	end := min(max(cursor, 0), len(code))
	if c, ok := s.completeImport(code[:end]); ok {
		return c
	}
	_, prefix := selector(code[:end])
	c := Completion{Start: end - len(prefix), End: end}
	var names []string
	if ahead := magic.Parse(code[:c.Start]).Blank(); strings.HasSuffix(ahead, ".") {
		names = s.behind(strings.TrimSuffix(ahead, "."))
	} else {
		names = append(append(s.scope.Names(), universe()...), s.scope.Locals(ahead)...)
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

// behind lists what can stand behind a dot after code.
func (s *Session) behind(code string) []string {
	found, ok := s.scope.Behind(code)
	switch {
	case !ok: // where the rest of the cell is at fault, a path of names can still be followed
		path, last := selector(code)
		if target := s.resolve(append(path, last)); target != nil {
			return members(target)
		}
		return nil
	case found.Pkg != nil:
		return members(types.NewPkgName(token.NoPos, nil, found.Pkg.Name(), found.Pkg))
	}
	return membersOf(found.Type)
}

// importBegun is an import declaration that breaks off within its path.
var importBegun = regexp.MustCompile(`(?s)(?:^|[\n;])\s*import\s+(?:\([^)]*?)?(?:[\pL_.][\pL\d_]*\s+)?"([^"\n]*)$`)

// completeImport proposes import paths.
func (s *Session) completeImport(code string) (Completion, bool) {
	m := importBegun.FindStringSubmatchIndex(code)
	if m == nil {
		return Completion{}, false
	}
	c := Completion{Start: m[2], End: len(code)}
	for _, path := range s.importer.Paths() {
		if strings.HasPrefix(path, code[m[2]:]) && !strings.Contains(path, "ꞏ") {
			c.Matches = append(c.Matches, path)
		}
	}
	return c, true
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
	return membersOf(o.Type())
}

// membersOf lists the methods and fields of a type that a cell may name, promoted ones among them.
func membersOf(t types.Type) []string {
	var names []string
	add := func(o types.Object) {
		if o.Exported() || o.Pkg() != nil && o.Pkg().Path() == "main" {
			names = append(names, o.Name())
		}
	}
	if _, isInterface := t.Underlying().(*types.Interface); !isInterface {
		if _, isPointer := t.Underlying().(*types.Pointer); !isPointer {
			t = types.NewPointer(t)
		}
	}
	set := types.NewMethodSet(t)
	for i := range set.Len() {
		add(set.At(i).Obj())
	}
	fields(t, map[types.Type]bool{}, add)
	return names
}

// fields visits the fields of a struct, or of the one that a pointer leads to, and those of embedded ones.
func fields(t types.Type, seen map[types.Type]bool, visit func(types.Object)) {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok || seen[t] {
		return
	}
	seen[t] = true
	for i := range s.NumFields() {
		visit(s.Field(i))
		if s.Field(i).Embedded() {
			fields(s.Field(i).Type(), seen, visit)
		}
	}
}

// universe lists Go's keywords and predeclared names.
func universe() []string {
	names := types.Universe.Names()
	for t := token.BREAK; t <= token.VAR; t++ {
		names = append(names, t.String())
	}
	return names
}
