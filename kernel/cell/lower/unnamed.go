package lower

import (
	"go/types"
	"sort"
	"strconv"
	"strings"
)

// A composite type without a name, such as map[string]func(int8) int, is one type wherever compiled code mentions it. Where none does, the interpreter has
// reflection make it; a plug-in that mentions it later brings a second one, and the two are never equal. unnamed knows the types of which that is so.
type unnamed struct {
	known    func(text string) bool // compiled code that is loaded mentions the type
	seen     map[string]bool        // types that the interpreter has used → it had to make them
	doubled  map[string]bool        // those that compiled code brings too
	escaped  map[string]bool        // types of which the interpreter has made interface values
	outdated bool                   // more code has been loaded since doubled was found
}

// Knows sets how to ask whether compiled code mentions a type, which is written as reflection writes it.
func (h *Hazards) Knows(known func(text string) bool) { h.unnamed.known = known }

// Doubled is a type without a name that the interpreter and compiled code each have their own of, "" if there is none.
func (h *Hazards) Doubled() string { return h.unnamed.conflict() }

// use notes the types of a cell that is to be interpreted.
func (u *unnamed) use(info *types.Info) {
	if u.known == nil {
		return
	}
	done := map[types.Type]bool{}
	for _, tv := range info.Types {
		u.take(tv.Type, done)
	}
	for _, obj := range info.Defs {
		if obj != nil {
			u.take(obj.Type(), done)
		}
	}
}

// take notes t and the types it is made of.
func (u *unnamed) take(t types.Type, done map[types.Type]bool) {
	if t == nil || done[t] {
		return
	}
	done[t] = true
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		u.take(t.Elem(), done)
	case *types.Slice:
		u.take(t.Elem(), done)
	case *types.Array:
		u.take(t.Elem(), done)
	case *types.Chan:
		u.take(t.Elem(), done)
	case *types.Map:
		u.take(t.Key(), done)
		u.take(t.Elem(), done)
	case *types.Signature:
	default:
		return
	}
	text := reflectText(t)
	if _, old := u.seen[text]; old || text == "" {
		return
	}
	if u.seen == nil {
		u.seen = map[string]bool{}
	}
	u.seen[text] = !u.known(text)
}

// escape notes types of which the interpreter makes interface values.
func (u *unnamed) escape(texts []string) {
	for _, text := range texts {
		if u.seen[text] {
			if u.escaped == nil {
				u.escaped = map[string]bool{}
			}
			u.escaped[text] = true
		}
	}
}

// handedOut is a type of which the interpreter has made interface values that compiled code would not recognise, "" if there is none.
func (u *unnamed) handedOut() string {
	u.find()
	for text := range u.escaped {
		if u.doubled[text] {
			return text
		}
	}
	return ""
}

// find brings doubled up to date.
func (u *unnamed) find() {
	if !u.outdated {
		return
	}
	u.outdated = false
	for text, made := range u.seen {
		if made && !u.doubled[text] && u.known(text) {
			if u.doubled == nil {
				u.doubled = map[string]bool{}
			}
			u.doubled[text] = true
		}
	}
}

// conflict is a type that there are two of, "" if there is none.
func (u *unnamed) conflict() string {
	u.find()
	names := make([]string, 0, len(u.doubled))
	for text := range u.doubled {
		names = append(names, text)
	}
	if len(names) == 0 {
		return ""
	}
	sort.Strings(names)
	return names[0]
}

// misread is the type that an operation of the interpreter would not recognise, "" if there is none.
func (u *unnamed) misread(op operation) string {
	u.find()
	if len(u.doubled) == 0 || op.prints || !isEmpty(op.iface) {
		return ""
	}
	if op.target == nil {
		return u.conflict()
	}
	if text := reflectText(op.target); u.doubled[text] {
		return text
	}
	return ""
}

// reflectText writes an unnamed type as reflection does, "" for types that hold types of cells or that it is not asked about.
func reflectText(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		if t.Info()&types.IsUntyped != 0 || t.Kind() == types.Invalid {
			return ""
		}
		return types.Typ[t.Kind()].Name()
	case *types.Named:
		switch {
		case t.TypeArgs().Len() > 0 || isCell(t.Obj().Pkg()):
			return ""
		case t.Obj().Pkg() == nil:
			return t.Obj().Name()
		}
		return t.Obj().Pkg().Name() + "." + t.Obj().Name()
	case *types.Interface:
		if t.NumMethods() == 0 && t.IsMethodSet() {
			return "interface {}"
		}
	case *types.Pointer:
		return prefixed("*", t.Elem())
	case *types.Slice:
		return prefixed("[]", t.Elem())
	case *types.Array:
		return prefixed("["+strconv.FormatInt(t.Len(), 10)+"]", t.Elem())
	case *types.Map:
		if key := reflectText(t.Key()); key != "" {
			return prefixed("map["+key+"]", t.Elem())
		}
	case *types.Chan:
		return chanText(t)
	case *types.Signature:
		return funcText(t)
	}
	return ""
}

func prefixed(prefix string, elem types.Type) string {
	if text := reflectText(elem); text != "" {
		return prefix + text
	}
	return ""
}

func chanText(t *types.Chan) string {
	elem := reflectText(t.Elem())
	switch {
	case elem == "":
		return ""
	case t.Dir() == types.RecvOnly:
		return "<-chan " + elem
	case t.Dir() == types.SendOnly:
		return "chan<- " + elem
	case strings.HasPrefix(elem, "<-"):
		return "chan (" + elem + ")"
	}
	return "chan " + elem
}

func funcText(t *types.Signature) string {
	list := func(tuple *types.Tuple, variadic bool) (texts []string, ok bool) {
		for i := range tuple.Len() {
			text := reflectText(tuple.At(i).Type())
			if text == "" {
				return nil, false
			}
			if variadic && i == tuple.Len()-1 {
				text = "..." + strings.TrimPrefix(text, "[]")
			}
			texts = append(texts, text)
		}
		return texts, true
	}
	params, ok := list(t.Params(), t.Variadic())
	results, also := list(t.Results(), false)
	if !ok || !also || t.TypeParams().Len() > 0 {
		return ""
	}
	text := "func(" + strings.Join(params, ", ") + ")"
	switch len(results) {
	case 0:
		return text
	case 1:
		return text + " " + results[0]
	}
	return text + " (" + strings.Join(results, ", ") + ")"
}
