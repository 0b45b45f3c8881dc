package display

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
)

const (
	maxItems = 1000 // of one list or map that are printed
	maxDepth = 8    // of values in values
	maxLine  = 100  // runes of a composite value on one line
	tooDeep  = "…"
)

// format prints any value as fmt's %+v does, except that pointers are followed,
// channels and functions are described instead of addressed, long lists end
// with a count, and what does not fit on a line is indented.
func format(v reflect.Value) string {
	f := formatter{seen: map[uintptr]bool{}}
	line := f.line(v, 0)
	if len([]rune(line)) <= maxLine || !composite(v) {
		return line
	}
	return f.block(v, "", 0)
}

type formatter struct {
	seen map[uintptr]bool // pointers on the way to the value
	used int              // bytes so far, in part
}

// line prints a value on one line.
func (f *formatter) line(v reflect.Value, depth int) string {
	if !v.IsValid() {
		return "<nil>"
	}
	if text, ok := ownText(v); ok {
		return text
	}
	if depth > maxDepth || f.used > maxText {
		return tooDeep
	}
	switch v.Kind() {
	case reflect.Interface:
		return f.line(v.Elem(), depth)
	case reflect.Pointer:
		return f.pointer(v, depth, func(to reflect.Value) string { return f.line(to, depth+1) })
	case reflect.Struct:
		parts := make([]string, v.NumField())
		for i := range parts {
			parts[i] = v.Type().Field(i).Name + ":" + f.line(v.Field(i), depth+1)
		}
		return f.took("{" + strings.Join(parts, " ") + "}")
	case reflect.Map:
		keys, rest := sortedKeys(v)
		parts := make([]string, len(keys))
		for i, k := range keys {
			parts[i] = f.line(k, depth+1) + ":" + f.line(v.MapIndex(k), depth+1)
		}
		return f.took("map[" + strings.Join(append(parts, more(rest)...), " ") + "]")
	case reflect.Slice, reflect.Array:
		n := min(v.Len(), maxItems)
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f.line(v.Index(i), depth+1)
		}
		return f.took("[" + strings.Join(append(parts, more(v.Len()-n)...), " ") + "]")
	}
	return leaf(v)
}

// block prints a value over several lines, each behind the indentation.
func (f *formatter) block(v reflect.Value, indent string, depth int) string {
	line := f.line(v, depth)
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if len([]rune(line)) <= maxLine-len(indent) || !composite(v) || depth > maxDepth {
		return line
	}
	const step = "  "
	inner := indent + step
	var b strings.Builder
	switch v.Kind() {
	case reflect.Pointer:
		return f.pointer(v, depth, func(to reflect.Value) string { return f.block(to, indent, depth+1) })
	case reflect.Struct:
		b.WriteString("{\n")
		for i := range v.NumField() {
			b.WriteString(inner + v.Type().Field(i).Name + ": " + f.block(v.Field(i), inner, depth+1) + "\n")
		}
		b.WriteString(indent + "}")
	case reflect.Map:
		keys, rest := sortedKeys(v)
		b.WriteString("map[\n")
		for _, k := range keys {
			b.WriteString(inner + f.line(k, depth+1) + ": " + f.block(v.MapIndex(k), inner, depth+1) + "\n")
		}
		for _, note := range more(rest) {
			b.WriteString(inner + note + "\n")
		}
		b.WriteString(indent + "]")
	default:
		n := min(v.Len(), maxItems)
		b.WriteString("[\n")
		for i := range n {
			b.WriteString(inner + f.block(v.Index(i), inner, depth+1) + "\n")
		}
		for _, note := range more(v.Len() - n) {
			b.WriteString(inner + note + "\n")
		}
		b.WriteString(indent + "]")
	}
	return b.String()
}

func (f *formatter) took(text string) string {
	f.used += len(text)
	return text
}

// pointer follows a pointer unless that leads in a circle.
func (f *formatter) pointer(v reflect.Value, depth int, follow func(reflect.Value) string) string {
	at := v.Pointer()
	if v.IsNil() {
		return "<nil>"
	}
	if f.seen[at] {
		return "&" + tooDeep
	}
	f.seen[at] = true
	defer delete(f.seen, at)
	return "&" + follow(v.Elem())
}

// ownText is what a value's own method says of it.
func ownText(v reflect.Value) (string, bool) {
	if !v.CanInterface() || v.Kind() == reflect.Pointer && v.IsNil() {
		return "", false
	}
	switch v.Interface().(type) {
	case fmt.Formatter, error, fmt.Stringer:
		return fmt.Sprintf("%+v", v.Interface()), true
	}
	return "", false
}

// leaf prints a value that holds no others.
func leaf(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Func:
		if v.IsNil() {
			return "<nil>"
		}
		return v.Type().String()
	case reflect.Chan:
		if v.IsNil() {
			return "<nil>"
		}
		if v.Cap() == 0 {
			return v.Type().String()
		}
		return fmt.Sprintf("%s (%d of %d waiting)", v.Type(), v.Len(), v.Cap())
	}
	return fmt.Sprintf("%+v", v)
}

// composite says that a value has parts worth a line each.
func composite(v reflect.Value) bool {
	if !v.IsValid() {
		return false
	}
	if _, ok := ownText(v); ok {
		return false
	}
	switch v.Kind() {
	case reflect.Interface:
		return composite(v.Elem())
	case reflect.Pointer:
		return !v.IsNil() && composite(v.Elem())
	case reflect.Struct, reflect.Map:
		return true
	case reflect.Slice, reflect.Array:
		return v.Len() > 0 && composite(v.Index(0))
	}
	return false
}

func more(n int) []string {
	if n <= 0 {
		return nil
	}
	return []string{fmt.Sprintf("… %d more", n)}
}

// sortedKeys returns the first keys of a map in order, and how many there are
// beside them.
func sortedKeys(m reflect.Value) (keys []reflect.Value, rest int) {
	keys = m.MapKeys()
	sort.SliceStable(keys, func(i, j int) bool { return less(keys[i], keys[j]) })
	n := min(len(keys), maxItems)
	return keys[:n], len(keys) - n
}

func less(a, b reflect.Value) bool {
	switch {
	case a.Kind() != b.Kind():
	case a.CanInt():
		return a.Int() < b.Int()
	case a.CanUint():
		return a.Uint() < b.Uint()
	case a.CanFloat():
		return a.Float() < b.Float()
	case a.Kind() == reflect.String:
		return a.String() < b.String()
	}
	return fmt.Sprint(a) < fmt.Sprint(b)
}
