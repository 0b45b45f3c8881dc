package display

import (
	"fmt"
	"html"
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxRows bounds the rows of a table that are shown; the rest is counted.
const maxRows = 200

// table shows rows of cells, the first being the header.
func table(rows [][]string) *Bundle {
	hidden := len(rows) - 1 - maxRows
	if hidden > 0 {
		rows = rows[:1+maxRows]
	}
	plain, markup := tableText(rows), tableHTML(rows)
	if hidden > 0 {
		note := fmt.Sprintf("… %d more rows", hidden)
		plain += note + "\n"
		markup += "<p>" + note + "</p>"
	}
	return &Bundle{Data: map[string]any{MIMEText: plain, MIMEHTML: markup}}
}

func tableText(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}

func tableHTML(rows [][]string) string {
	var b strings.Builder
	b.WriteString("<table>")
	for i, row := range rows {
		tag := "td"
		if i == 0 {
			tag = "th"
		}
		b.WriteString("<tr>")
		for _, cell := range row {
			fmt.Fprintf(&b, "<%s>%s</%s>", tag, html.EscapeString(cell), tag)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}

// structRows turns a slice of structs into a table with the exported fields as
// columns; nil for anything else and for an empty slice.
func structRows(v reflect.Value) [][]string {
	if v.Kind() != reflect.Slice || v.Len() == 0 {
		return nil
	}
	elem := v.Type().Elem()
	pointer := elem.Kind() == reflect.Pointer
	if pointer {
		elem = elem.Elem()
	}
	if elem.Kind() != reflect.Struct || hasOwnForm(elem) {
		return nil
	}
	var header []string
	var columns []int
	for i := range elem.NumField() {
		if f := elem.Field(i); f.IsExported() {
			header, columns = append(header, f.Name), append(columns, i)
		}
	}
	if len(columns) == 0 {
		return nil
	}
	rows := [][]string{header}
	for i := range v.Len() {
		item, row := v.Index(i), make([]string, len(columns))
		if pointer {
			item = item.Elem()
		}
		for c, field := range columns {
			if item.IsValid() {
				row[c] = cellText(item.Field(field))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// hasOwnForm says that fmt prints values of this type by a method of theirs.
func hasOwnForm(t reflect.Type) bool {
	stringer, failure := reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[error]()
	return t.Implements(stringer) || t.Implements(failure)
}

func cellText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		if !hasOwnForm(v.Type()) {
			return fmt.Sprintf("%.4g", v.Float())
		}
	}
	return fmt.Sprint(v.Interface())
}

// plainOf removes tags from markup, for terminals.
func plainOf(markup string) string {
	var b strings.Builder
	depth := 0
	for _, r := range markup {
		switch {
		case r == '<':
			depth++
		case r == '>' && depth > 0:
			depth--
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return strings.TrimSpace(html.UnescapeString(b.String()))
}
