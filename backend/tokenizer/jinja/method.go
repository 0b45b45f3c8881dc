package jinja

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// method gives a method of a string, list or mapping, bound to the value; false when there is none of that name.
func method(of any, name string) (any, bool) {
	switch of := of.(type) {
	case string:
		if m, ok := stringMethods[name]; ok {
			return bind(name, func(args []any) (any, error) { return m(of, args) }), true
		}
	case *List:
		if m, ok := listMethods[name]; ok {
			return bind(name, func(args []any) (any, error) { return m(of.Items, args) }), true
		}
	case *Dict:
		if m, ok := dictMethods[name]; ok {
			return bind(name, func(args []any) (any, error) { return m(of, args) }), true
		}
	}
	return nil, false
}

// bind makes a method a callable that takes no named arguments, but for the ones of split, and names itself in errors.
func bind(name string, f func(args []any) (any, error)) callable {
	return func(args []any, named *Dict) (any, error) {
		if name == "split" || name == "rsplit" {
			var err error
			if args, err = positional(args, named, "sep", "maxsplit"); err != nil {
				return nil, fmt.Errorf("%s(): %w", name, err)
			}
		} else if len(named.keys) > 0 {
			return nil, fmt.Errorf("%s() takes no named arguments", name)
		}
		v, err := f(args)
		if err != nil {
			return nil, fmt.Errorf("%s(): %w", name, err)
		}
		return v, nil
	}
}

// positional puts named arguments in their places, nil for those left out before one that is given.
func positional(args []any, named *Dict, parameters ...string) ([]any, error) {
	if len(args) > len(parameters) {
		return nil, fmt.Errorf("takes %d arguments at most, got %d", len(parameters), len(args))
	}
	out := append([]any{}, args...)
	for _, key := range named.keys {
		place := -1
		for i, parameter := range parameters {
			if parameter == key {
				place = i
			}
		}
		if place < len(args) {
			return nil, fmt.Errorf("the named argument %s is not known, or given twice", key)
		}
		for len(out) <= place {
			out = append(out, nil)
		}
		out[place] = named.values[key]
	}
	return out, nil
}

// errArguments is the fault of a call with the wrong arguments.
var errArguments = errors.New("wrong number or type of arguments")

// dictMethods are the methods of mappings that change nothing.
var dictMethods = map[string]func(d *Dict, args []any) (any, error){
	"keys": func(d *Dict, args []any) (any, error) {
		items, err := iterate(d)
		return &List{Items: items}, none(args, err)
	},
	"values": func(d *Dict, args []any) (any, error) {
		out := &List{Items: []any{}}
		for _, key := range d.keys {
			out.Items = append(out.Items, d.values[key])
		}
		return out, none(args, nil)
	},
	"items": func(d *Dict, args []any) (any, error) {
		return d.items(), none(args, nil)
	},
	"get": func(d *Dict, args []any) (any, error) {
		if len(args) < 1 || len(args) > 2 {
			return nil, errArguments
		}
		if v, ok := element(d, args[0]); ok {
			return v, nil
		}
		if len(args) == 2 {
			return args[1], nil
		}
		return nil, nil
	},
}

// items lists the pairs.
func (d *Dict) items() *List {
	out := &List{Items: []any{}}
	for _, key := range d.keys {
		out.Items = append(out.Items, &List{[]any{key, d.values[key]}, true})
	}
	return out
}

// none fails when there are arguments.
func none(args []any, err error) error {
	if len(args) > 0 {
		return errArguments
	}
	return err
}

// listMethods are the methods of lists that change nothing.
var listMethods = map[string]func(items, args []any) (any, error){
	"count": func(items, args []any) (any, error) {
		if len(args) != 1 {
			return nil, errArguments
		}
		n := 0
		for _, item := range items {
			if equal(item, args[0]) {
				n++
			}
		}
		return n, nil
	},
	"index": func(items, args []any) (any, error) {
		if len(args) != 1 {
			return nil, errArguments
		}
		for i, item := range items {
			if equal(item, args[0]) {
				return i, nil
			}
		}
		return nil, fmt.Errorf("%s is not in the list", repr(args[0]))
	},
}

// stringMethods are the methods of strings.
var stringMethods = map[string]func(s string, args []any) (any, error){
	"startswith": affix(strings.HasPrefix),
	"endswith":   affix(strings.HasSuffix),
	"strip":      strip(true, true),
	"lstrip":     strip(true, false),
	"rstrip":     strip(false, true),
	"upper":      mapped(strings.ToUpper),
	"lower":      mapped(strings.ToLower),
	"title":      mapped(title),
	"capitalize": mapped(capitalize),
	"isdigit":    all(unicode.IsDigit),
	"isnumeric":  all(unicode.IsNumber),
	"isalpha":    all(unicode.IsLetter),
	"isalnum":    all(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
	"isspace":    all(unicode.IsSpace),
	"islower": func(s string, args []any) (any, error) {
		return hasCase(s, unicode.IsUpper, unicode.IsLower), none(args, nil)
	},
	"isupper": func(s string, args []any) (any, error) {
		return hasCase(s, unicode.IsLower, unicode.IsUpper), none(args, nil)
	},
	"removeprefix": trimmed(strings.TrimPrefix),
	"removesuffix": trimmed(strings.TrimSuffix),
	"split":        split(false),
	"rsplit":       split(true),
	"splitlines":   func(s string, args []any) (any, error) { return splitLines(s), none(args, nil) },
	"replace":      replace,
	"join": func(s string, args []any) (any, error) {
		if len(args) != 1 {
			return nil, errArguments
		}
		items, err := iterate(args[0])
		if err != nil {
			return nil, err
		}
		parts := make([]string, len(items))
		for i, item := range items {
			part, ok := item.(string)
			if !ok {
				return nil, fmt.Errorf("element %d is %s, expected str", i, typeName(item))
			}
			parts[i] = part
		}
		return strings.Join(parts, s), nil
	},
	"count": func(s string, args []any) (any, error) {
		part, ok := oneString(args)
		if !ok {
			return nil, errArguments
		}
		return strings.Count(s, part), nil
	},
	"find":  find(strings.Index, true),
	"rfind": find(strings.LastIndex, true),
	"index": find(strings.Index, false),
}

// affix makes startswith and endswith, which take a string or a tuple of them.
func affix(has func(s, part string) bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		if part, ok := oneString(args); ok {
			return has(s, part), nil
		}
		if len(args) == 1 {
			if parts, ok := args[0].(*List); ok && parts.tuple {
				for _, part := range parts.Items {
					if part, ok := part.(string); !ok {
						return nil, errArguments
					} else if has(s, part) {
						return true, nil
					}
				}
				return false, nil
			}
		}
		return nil, errArguments
	}
}

// strip makes strip, lstrip and rstrip: of white space, or of the characters of the argument.
func strip(left, right bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		drop := unicode.IsSpace
		if set, ok := oneString(args); ok {
			drop = func(r rune) bool { return strings.ContainsRune(set, r) }
		} else if len(args) > 1 || len(args) == 1 && args[0] != nil {
			return nil, errArguments
		}
		if left {
			s = strings.TrimLeftFunc(s, drop)
		}
		if right {
			s = strings.TrimRightFunc(s, drop)
		}
		return s, nil
	}
}

// mapped makes a method without arguments.
func mapped(f func(string) string) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) { return f(s), none(args, nil) }
}

// all makes a method that asks something of every character.
func all(f func(rune) bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !f(r) }) < 0, none(args, nil)
	}
}

// trimmed makes removeprefix and removesuffix.
func trimmed(f func(s, part string) string) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		part, ok := oneString(args)
		if !ok {
			return nil, errArguments
		}
		return f(s, part), nil
	}
}

// find makes find, rfind and index, whose positions count code points.
func find(index func(s, part string) int, absentOK bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		part, ok := oneString(args)
		if !ok {
			return nil, errArguments
		}
		at := index(s, part)
		if at < 0 {
			if absentOK {
				return -1, nil
			}
			return nil, fmt.Errorf("%s is not in the string", repr(part))
		}
		return utf8.RuneCountInString(s[:at]), nil
	}
}

// upper and lower map case as Python does, with mappings to several characters (ß to SS) and the final sigma. A Caser has state, so each call
// makes its own.
func upper(s string) string { return cases.Upper(language.Und).String(s) }
func lower(s string) string { return cases.Lower(language.Und).String(s) }

// capitalize makes the first character upper case and the others lower case.
func capitalize(s string) string {
	_, size := utf8.DecodeRuneInString(s)
	return strings.ToTitle(s[:size]) + lower(s[size:])
}

// title makes the first letter of each word upper case and the others lower case.
func title(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		first := !inWord
		inWord = unicode.IsLetter(r)
		if first {
			return unicode.ToTitle(r)
		}
		return unicode.ToLower(r)
	}, s)
}

// replace is replace(old, new[, count]).
func replace(s string, args []any) (any, error) {
	if len(args) < 2 || len(args) > 3 {
		return nil, errArguments
	}
	from, okFrom := args[0].(string)
	to, okTo := args[1].(string)
	count, okCount := -1, true
	if len(args) == 3 && args[2] != nil {
		count, okCount = asInt(args[2])
	}
	if !okFrom || !okTo || !okCount {
		return nil, errArguments
	}
	return strings.Replace(s, from, to, count), nil
}

// split makes split and rsplit: at white space, or at every separator, at most maxsplit times.
func split(fromRight bool) func(string, []any) (any, error) {
	return func(s string, args []any) (any, error) {
		limit := -1
		if len(args) > 2 {
			return nil, errArguments
		}
		if len(args) == 2 && args[1] != nil {
			var ok bool
			if limit, ok = asInt(args[1]); !ok {
				return nil, errArguments
			}
		}
		if len(args) == 0 || args[0] == nil {
			return strs(fields(s, limit, fromRight)), nil
		}
		sep, ok := args[0].(string)
		if !ok || sep == "" {
			return nil, errors.New("the separator must be a string that is not empty")
		}
		parts := strings.Split(s, sep)
		if limit >= 0 && len(parts) > limit+1 {
			if fromRight {
				cut := len(parts) - limit
				parts = append([]string{strings.Join(parts[:cut], sep)}, parts[cut:]...)
			} else {
				parts = append(parts[:limit:limit], strings.Join(parts[limit:], sep))
			}
		}
		return strs(parts), nil
	}
}

// fields splits at runs of white space, at most limit times (−1: no limit).
func fields(s string, limit int, fromRight bool) []string {
	out := strings.Fields(s)
	if limit < 0 || len(out) <= limit {
		return out
	}
	rest := s
	if fromRight {
		for i := range limit {
			rest = strings.TrimRightFunc(rest, unicode.IsSpace)
			rest = strings.TrimSuffix(rest, out[len(out)-1-i])
		}
		return append([]string{strings.TrimRightFunc(rest, unicode.IsSpace)}, out[len(out)-limit:]...)
	}
	for i := range limit {
		rest = strings.TrimPrefix(strings.TrimLeftFunc(rest, unicode.IsSpace), out[i])
	}
	return append(out[:limit:limit], strings.TrimLeftFunc(rest, unicode.IsSpace))
}

// splitLines splits at line ends, without an empty last line.
func splitLines(s string) *List {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	if s == "" {
		return &List{Items: []any{}}
	}
	return strs(strings.Split(strings.TrimSuffix(s, "\n"), "\n"))
}

// strs makes a list of strings.
func strs(parts []string) *List {
	out := &List{Items: make([]any, len(parts))}
	for i, part := range parts {
		out.Items[i] = part
	}
	return out
}
