package jinja

import (
	"encoding/json"
	"fmt"
	"reflect"
	"sort"
)

// Values inside templates are nil (None), bool, int, float64, string, *List, *Dict, undefined, *namespace, *loop and callable.

// List is a Python list, or a tuple, which only prints differently.
type List struct {
	Items []any
	tuple bool
}

// Dict is a mapping that keeps the order in which its keys were added, as Python's do.
type Dict struct {
	keys   []string
	values map[string]any
}

// NewDict makes an empty mapping.
func NewDict() *Dict { return &Dict{values: map[string]any{}} }

// Set adds a key, or replaces its value in its old place. Values are converted as Render converts them.
func (d *Dict) Set(key string, value any) {
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
	}
	d.values[key] = value
}

// Get looks a key up.
func (d *Dict) Get(key string) (any, bool) {
	v, ok := d.values[key]
	return v, ok
}

// Keys lists the keys in order.
func (d *Dict) Keys() []string { return append([]string(nil), d.keys...) }

// MarshalJSON writes the mapping in its order, with Python's separators.
func (d *Dict) MarshalJSON() ([]byte, error) {
	v, err := convert(d)
	if err != nil {
		return nil, err
	}
	text, err := toJSON(v, jsonStyle{item: ", ", key: ": "})
	return []byte(text), err
}

// undefined is the value of a name, attribute or item that does not exist. It prints as nothing and is false; anything else done with it
// is an error that says what was missing.
type undefined struct{ what string }

// namespace is the object of namespace(): the one thing whose attributes a template may set.
type namespace struct{ *Dict }

// callable is a function, method or macro; named holds keyword arguments.
type callable func(args []any, named *Dict) (any, error)

// convert turns a Go value into a template value. Maps other than *Dict are taken in the order of their sorted keys; structs go through JSON.
func convert(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int, float64, string, undefined, *namespace, callable:
		return v, nil
	case *List:
		return convertList(v.Items, v.tuple)
	case []any:
		return convertList(v, false)
	case *Dict:
		out := NewDict()
		for _, key := range v.keys {
			value, err := convert(v.values[key])
			if err != nil {
				return nil, err
			}
			out.Set(key, value)
		}
		return out, nil
	case json.RawMessage:
		return ParseJSON(v)
	case json.Number:
		return number(v.String())
	}
	return convertOther(reflect.ValueOf(v))
}

// convertList converts the elements.
func convertList(items []any, tuple bool) (any, error) {
	out := &List{make([]any, len(items)), tuple}
	for i, item := range items {
		var err error
		if out.Items[i], err = convert(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// convertOther handles the kinds behind named types, other numbers, typed slices and maps.
func convertOther(v reflect.Value) (any, error) {
	switch {
	case v.Kind() == reflect.Bool:
		return v.Bool(), nil
	case v.CanInt():
		return int(v.Int()), nil
	case v.CanUint():
		return int(v.Uint()), nil
	case v.CanFloat():
		return v.Float(), nil
	case v.Kind() == reflect.String:
		return v.String(), nil
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		items := make([]any, v.Len())
		for i := range items {
			items[i] = v.Index(i).Interface()
		}
		return convertList(items, false)
	case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
		out, keys := NewDict(), v.MapKeys()
		sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
		for _, key := range keys {
			value, err := convert(v.MapIndex(key).Interface())
			if err != nil {
				return nil, err
			}
			out.Set(key.String(), value)
		}
		return out, nil
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, fmt.Errorf("value of type %s cannot be used in a template: %w", v.Type(), err)
	}
	return ParseJSON(text)
}

// truth is Python's bool().
func truth(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case *List:
		return len(v.Items) > 0
	case *Dict:
		return len(v.keys) > 0
	}
	return true
}

// asFloat gives the number behind an int, float or bool.
func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case int:
		return float64(v), true
	case float64:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// asInt gives the integer behind an int or bool.
func asInt(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// equal is Python's ==.
func equal(a, b any) bool {
	if x, ok := asInt(a); ok {
		if y, ok := asInt(b); ok {
			return x == y
		}
	}
	if x, ok := asFloat(a); ok {
		y, ok := asFloat(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case undefined:
		_, ok := b.(undefined)
		return ok
	case *List:
		b, ok := b.(*List)
		if !ok || len(a.Items) != len(b.Items) || a.tuple != b.tuple {
			return false
		}
		for i := range a.Items {
			if !equal(a.Items[i], b.Items[i]) {
				return false
			}
		}
		return true
	case *Dict:
		b, ok := b.(*Dict)
		if !ok || len(a.keys) != len(b.keys) {
			return false
		}
		for _, key := range a.keys {
			if other, ok := b.values[key]; !ok || !equal(a.values[key], other) {
				return false
			}
		}
		return true
	case *namespace:
		other, ok := b.(*namespace)
		return ok && a == other
	}
	return false // functions and loops equal nothing
}

// compare is Python's ordering of numbers, strings and lists of them.
func compare(a, b any) (int, error) {
	if x, ok := asFloat(a); ok {
		if y, ok := asFloat(b); ok {
			switch {
			case x < y:
				return -1, nil
			case x > y:
				return 1, nil
			}
			return 0, nil
		}
	}
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok { // UTF-8 orders as code points do
			switch {
			case x < y:
				return -1, nil
			case x > y:
				return 1, nil
			}
			return 0, nil
		}
	}
	x, okX := a.(*List)
	y, okY := b.(*List)
	if okX && okY {
		for i := range min(len(x.Items), len(y.Items)) {
			if !equal(x.Items[i], y.Items[i]) {
				return compare(x.Items[i], y.Items[i])
			}
		}
		return len(x.Items) - len(y.Items), nil
	}
	return 0, fmt.Errorf("%s and %s cannot be ordered", typeName(a), typeName(b))
}

// typeName is what Python calls the type of a value; it says what is missing for an undefined one.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case undefined:
		return v.what + " (undefined)"
	case bool:
		return "bool"
	case int:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case *List:
		if v.tuple {
			return "tuple"
		}
		return "list"
	case *Dict:
		return "dict"
	case *namespace:
		return "namespace"
	case *loop:
		return "loop"
	case callable:
		return "function"
	}
	return fmt.Sprintf("%T", v)
}

// iterate gives the elements of a value in order: of a list, a mapping's keys, a string's characters; nothing of an undefined value.
func iterate(v any) ([]any, error) {
	switch v := v.(type) {
	case undefined:
		return nil, nil
	case *List:
		return v.Items, nil
	case *Dict:
		out := make([]any, len(v.keys))
		for i, key := range v.keys {
			out[i] = key
		}
		return out, nil
	case string:
		out := make([]any, 0, len(v))
		for _, r := range v {
			out = append(out, string(r))
		}
		return out, nil
	}
	return nil, fmt.Errorf("%s cannot be iterated over", typeName(v))
}
