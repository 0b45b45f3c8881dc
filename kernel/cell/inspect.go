package cell

import (
	"go/types"
	"strings"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/kernel/cell/magic"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// Inspect describes the name around the cursor: its declaration, what its authors say of it, and, with detail 1, the members of a type or package. Of what
// cells have defined it shows the source.
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
	_, name := selector(code[:at])
	if name == "" {
		return display.Bundle{}, false
	}
	target, owner := s.named(code[:at-len(name)], name)
	if target == nil {
		return display.Bundle{}, false
	}
	text := types.ObjectString(target, func(p *types.Package) string { return p.Name() })
	if source := s.source(target); source != "" {
		text = source
	}
	if doc := s.doc(target, owner); doc != "" {
		text += "\n\n" + doc
	}
	if list := members(target); len(list) > 0 && (detail > 0 || isTypeOrPackage(target)) {
		text += "\n\n" + strings.Join(list, ", ")
	}
	return display.Bundle{Data: map[string]any{display.MIMEText: text}}, true
}

func isTypeOrPackage(o types.Object) bool {
	switch o.(type) {
	case *types.TypeName, *types.PkgName:
		return true
	}
	return false
}

// named finds what a name means behind code, and the type of which it is a member.
func (s *Session) named(code, name string) (target types.Object, owner types.Type) {
	ahead := magic.Parse(code).Blank()
	if !strings.HasSuffix(ahead, ".") {
		if target = s.scope.Object(name); target == nil {
			target = types.Universe.Lookup(name)
		}
		return target, nil
	}
	found, ok := s.scope.Behind(strings.TrimSuffix(ahead, "."))
	switch {
	case !ok:
		path, _ := selector(code + name)
		return s.resolve(append(path, name)), nil
	case found.Pkg != nil:
		return found.Pkg.Scope().Lookup(name), nil
	}
	target, _, _ = types.LookupFieldOrMethod(found.Type, true, types.NewPackage("main", "main"), name)
	return target, found.Type
}

// source is the text of what a cell has declared; "" for anything else.
func (s *Session) source(o types.Object) string {
	if o.Pkg() == nil || o.Pkg().Path() != "main" {
		return ""
	}
	d, ok := s.scope.Definition(o.Name())
	if !ok || s.scope.Object(o.Name()) != o {
		return ""
	}
	if d.Group {
		return "type " + d.Text
	}
	return d.Text
}

// doc is what is said of an object of a package.
func (s *Session) doc(o types.Object, owner types.Type) string {
	if s.options.Docs == nil {
		return ""
	}
	switch o := o.(type) {
	case *types.PkgName:
		return s.options.Docs(o.Imported().Path())
	case *types.Func:
		if recv := o.Signature().Recv(); recv != nil {
			owner = recv.Type()
		}
	}
	if o.Pkg() == nil {
		return ""
	}
	key := o.Pkg().Path() + "."
	if owner != nil {
		if p, ok := types.Unalias(owner).(*types.Pointer); ok {
			owner = p.Elem()
		}
		named, ok := types.Unalias(owner).(*types.Named)
		if !ok || named.Obj().Pkg() == nil { // error, of no package
			return ""
		}
		key = named.Obj().Pkg().Path() + "." + named.Obj().Name() + "."
	}
	return s.options.Docs(key + o.Name())
}
