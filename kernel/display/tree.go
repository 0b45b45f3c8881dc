package display

import (
	"fmt"
	"html"
	"reflect"
	"strings"
)

// tree shows a map, or a struct that is too long for a line, as a table of names
// and values in which what has parts can be unfolded. It returns "" for all else.
func tree(v reflect.Value, line string) string {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Map && v.Len() > 0:
	case v.Kind() == reflect.Struct && strings.Contains(line, "\n"):
	default:
		return ""
	}
	return (&formatter{seen: map[uintptr]bool{}}).rows(v, 0)
}

// rows is the table of a map or struct.
func (f *formatter) rows(v reflect.Value, depth int) string {
	var b strings.Builder
	b.WriteString("<table>")
	row := func(name string, value reflect.Value) {
		fmt.Fprintf(&b, `<tr><th style="text-align:left">%s</th><td style="text-align:left">%s</td></tr>`, html.EscapeString(clip(name)), f.cell(value, depth+1))
	}
	switch v.Kind() {
	case reflect.Map:
		keys, rest := sortedKeys(v)
		rest += max(len(keys)-maxRows, 0)
		for _, k := range keys[:min(len(keys), maxRows)] {
			row(f.line(k, depth), v.MapIndex(k))
		}
		for _, note := range more(rest) {
			fmt.Fprintf(&b, "<tr><td colspan=2>%s</td></tr>", note)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			row(v.Type().Field(i).Name, v.Field(i))
		}
	}
	b.WriteString("</table>")
	return b.String()
}

// cell is one value in a tree.
func (f *formatter) cell(v reflect.Value, depth int) string {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if number, ok := rounded(v); ok {
		return number
	}
	line := f.line(v, depth)
	summary := html.EscapeString(clip(line))
	if !composite(v) || depth > maxDepth {
		return summary
	}
	at := v
	for at.Kind() == reflect.Pointer || at.Kind() == reflect.Interface {
		at = at.Elem()
	}
	if k := at.Kind(); k != reflect.Map && k != reflect.Struct || len([]rune(line)) <= maxLine/2 {
		return summary
	}
	inner := f.nested(v, func() string { return f.rows(at, depth) })
	return "<details><summary>" + summary + "</summary>" + inner + "</details>"
}

// nested guards against circles.
func (f *formatter) nested(v reflect.Value, inner func() string) string {
	if v.Kind() == reflect.Pointer {
		if f.seen[v.Pointer()] {
			return tooDeep
		}
		f.seen[v.Pointer()] = true
		defer delete(f.seen, v.Pointer())
	}
	return inner()
}

// maxCell bounds the runes of one cell of a table.
const maxCell = 200

func clip(text string) string {
	if runes := []rune(text); len(runes) > maxCell {
		return string(runes[:maxCell]) + "…"
	}
	return text
}
