package jinja

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// endFilter makes first and last; of nothing they give an undefined value.
func endFilter(pick func([]any) any) callable {
	return func(args []any, _ *Dict) (any, error) {
		items, err := iterate(args[0])
		if err != nil || len(args) > 1 {
			return nil, errors.Join(errArguments, err)
		}
		if len(items) == 0 {
			return undefined{"an element of an empty sequence"}, nil
		}
		return pick(items), nil
	}
}

// listFilter makes a filter from elements to elements.
func listFilter(f func([]any) []any) callable {
	return func(args []any, named *Dict) (any, error) {
		items, err := iterate(args[0])
		if err != nil || len(args) > 1 || len(named.keys) > 0 {
			return nil, errors.Join(errArguments, err)
		}
		return &List{Items: append([]any{}, f(items)...)}, nil
	}
}

// reverseFilter reverses text or a list.
func reverseFilter(args []any, _ *Dict) (any, error) {
	items, err := iterate(args[0])
	if err != nil || len(args) > 1 {
		return nil, errors.Join(errArguments, err)
	}
	out := make([]any, len(items))
	for i, item := range items {
		out[len(items)-1-i] = item
	}
	if _, ok := args[0].(string); !ok {
		return &List{Items: out}, nil
	}
	var text strings.Builder
	for _, item := range out {
		text.WriteString(item.(string))
	}
	return text.String(), nil
}

// unique keeps the first of equal elements; text is compared without case.
func unique(items []any) (out []any) {
	for _, item := range items {
		seen := false
		for _, kept := range out {
			seen = seen || equal(folded(kept), folded(item))
		}
		if !seen {
			out = append(out, item)
		}
	}
	return out
}

// folded is the form in which sort and unique compare text.
func folded(v any) any {
	if s, ok := v.(string); ok {
		return strings.ToLower(s)
	}
	return v
}

// sortFilter is sort(reverse, case_sensitive, attribute).
func sortFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "reverse", "case_sensitive", "attribute")
	if err != nil {
		return nil, fmt.Errorf("sort: %w", err)
	}
	all = append(all, make([]any, 3-len(all))...)
	items, err := iterate(args[0])
	if err != nil {
		return nil, fmt.Errorf("sort: %w", err)
	}
	key := func(v any) any {
		if all[2] != nil {
			v = attributeOf(v, all[2])
		}
		if truth(all[1]) {
			return v
		}
		return folded(v)
	}
	return sorted(items, key, truth(all[0]))
}

// sorted sorts a copy by a key.
func sorted(items []any, key func(any) any, reverse bool) (any, error) {
	out := append([]any{}, items...)
	var failed error
	sort.SliceStable(out, func(i, j int) bool {
		order, err := compare(key(out[i]), key(out[j]))
		if err != nil {
			failed = err
		}
		return order < 0 != reverse && order != 0
	})
	if failed != nil {
		return nil, fmt.Errorf("sort: %w", failed)
	}
	return &List{Items: out}, nil
}

// sortedStrings gives the strings in order.
func sortedStrings(s []string) []string {
	out := append([]string(nil), s...)
	sort.Strings(out)
	return out
}

// itemsFilter lists the pairs of a mapping, none of an undefined one.
func itemsFilter(args []any, _ *Dict) (any, error) {
	if isUndefined(args[0]) {
		return &List{Items: []any{}}, nil
	}
	d, ok := args[0].(*Dict)
	if !ok || len(args) > 1 {
		return nil, fmt.Errorf("items: expected a mapping, found %s", typeName(args[0]))
	}
	return d.items(), nil
}

// dictsortFilter lists the pairs of a mapping sorted by key.
func dictsortFilter(args []any, named *Dict) (any, error) {
	d, ok := args[0].(*Dict)
	if !ok {
		return nil, fmt.Errorf("dictsort: expected a mapping, found %s", typeName(args[0]))
	}
	all, err := positional(args[1:], named, "case_sensitive", "by", "reverse")
	if err != nil {
		return nil, fmt.Errorf("dictsort: %w", err)
	}
	all = append(all, make([]any, 3-len(all))...)
	place := 0
	if all[1] == "value" {
		place = 1
	} else if all[1] != nil && all[1] != "key" {
		return nil, errors.New(`dictsort: by must be "key" or "value"`)
	}
	return sorted(d.items().Items, func(v any) any {
		part := v.(*List).Items[place]
		if truth(all[0]) {
			return part
		}
		return folded(part)
	}, truth(all[2]))
}

// attributeOf follows a dotted path of keys and positions.
func attributeOf(v, path any) any {
	parts := []any{path}
	if text, ok := path.(string); ok {
		parts = parts[:0]
		for _, part := range strings.Split(text, ".") {
			if i, err := strconv.Atoi(part); err == nil {
				parts = append(parts, i)
			} else {
				parts = append(parts, part)
			}
		}
	}
	for _, part := range parts {
		next, ok := element(v, part)
		if !ok {
			return undefined{fmt.Sprintf("attribute %s of %s", repr(part), typeName(v))}
		}
		v = next
	}
	return v
}

// mapFilter is map(attribute=…, default=…) and map("filter", …).
func mapFilter(args []any, named *Dict) (any, error) {
	items, err := iterate(args[0])
	if err != nil {
		return nil, fmt.Errorf("map: %w", err)
	}
	out := make([]any, len(items))
	if path, ok := named.Get("attribute"); ok && len(args) == 1 {
		other, hasDefault := named.Get("default")
		for i, item := range items {
			if out[i] = attributeOf(item, path); hasDefault && isUndefined(out[i]) {
				out[i] = other
			}
		}
		return &List{Items: out}, nil
	}
	if len(args) < 2 {
		return nil, errors.New("map: expected the name of a filter, or attribute=")
	}
	f := filters[str(args[1])]
	if f == nil {
		return nil, fmt.Errorf("map: filter %s is not known", repr(args[1]))
	}
	for i, item := range items {
		if out[i], err = f(append([]any{item}, args[2:]...), named); err != nil {
			return nil, err
		}
	}
	return &List{Items: out}, nil
}

// selectFilter makes select, reject, selectattr and rejectattr: by a test, or by truth.
func selectFilter(keep, byAttribute bool) callable {
	return func(args []any, named *Dict) (any, error) {
		items, err := iterate(args[0])
		if err != nil {
			return nil, err
		}
		rest := args[1:]
		var path any
		if byAttribute {
			if len(rest) == 0 {
				return nil, errors.New("expected an attribute")
			}
			path, rest = rest[0], rest[1:]
		}
		test := func(args []any) (bool, error) { return truth(args[0]), nil }
		if len(rest) > 0 {
			if test = tests[str(rest[0])]; test == nil {
				return nil, fmt.Errorf("test %s is not known", repr(rest[0]))
			}
			rest = rest[1:]
		}
		if len(named.keys) > 0 {
			return nil, errArguments
		}
		out := &List{Items: []any{}}
		for _, item := range items {
			v := item
			if byAttribute {
				v = attributeOf(item, path)
			}
			ok, err := test(append([]any{v}, rest...))
			if err != nil {
				return nil, err
			}
			if ok == keep {
				out.Items = append(out.Items, item)
			}
		}
		return out, nil
	}
}

// sumFilter adds elements, or one attribute of each, to a start.
func sumFilter(args []any, named *Dict) (any, error) {
	all, err := positional(args[1:], named, "attribute", "start")
	if err != nil {
		return nil, fmt.Errorf("sum: %w", err)
	}
	all = append(all, make([]any, 2-len(all))...)
	items, err := iterate(args[0])
	if err != nil {
		return nil, fmt.Errorf("sum: %w", err)
	}
	var total any = 0
	if all[1] != nil {
		total = all[1]
	}
	for _, item := range items {
		if all[0] != nil {
			item = attributeOf(item, all[0])
		}
		if total, err = arithmetic("+", total, item); err != nil {
			return nil, fmt.Errorf("sum: %w", err)
		}
	}
	return total, nil
}

// extremeFilter makes min (−1) and max (1).
func extremeFilter(sign int) callable {
	return func(args []any, named *Dict) (any, error) {
		items, err := iterate(args[0])
		if err != nil || len(args) > 1 || len(named.keys) > 0 {
			return nil, errors.Join(errArguments, err)
		}
		if len(items) == 0 {
			return undefined{"an element of an empty sequence"}, nil
		}
		best := items[0]
		for _, item := range items[1:] {
			order, err := compare(folded(item), folded(best))
			if err != nil {
				return nil, err
			}
			if order*sign > 0 {
				best = item
			}
		}
		return best, nil
	}
}
