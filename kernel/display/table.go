package display

import (
	"fmt"
	"html"
	"reflect"
	"regexp"
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
			fmt.Fprintf(&b, "<%s>%s</%s>", tag, html.EscapeString(clip(cell)), tag)
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
	all := elem.PkgPath() == "main" || strings.HasPrefix(elem.PkgPath(), "cell/") // the user's own type: every field is shown
	for i := range elem.NumField() {
		if f := elem.Field(i); f.IsExported() || all {
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
	if text, ok := rounded(v); ok {
		return text
	}
	return (&formatter{seen: map[uintptr]bool{}}).line(v, 0)
}

// rounded prints a number with a fraction as tables do.
func rounded(v reflect.Value) (string, bool) {
	if v.IsValid() && v.CanFloat() && !hasOwnForm(v.Type()) {
		return fmt.Sprintf("%.4g", v.Float()), true
	}
	return "", false
}

// mapRows turns a slice of maps with string keys into a table with the keys as
// columns; nil for anything else.
func mapRows(v reflect.Value) [][]string {
	if v.Kind() != reflect.Slice || v.Len() == 0 || v.Type().Elem().Kind() != reflect.Map || v.Type().Elem().Key().Kind() != reflect.String {
		return nil
	}
	at := map[string]int{}
	var header []string
	for i := range v.Len() {
		keys, _ := sortedKeys(v.Index(i))
		for _, k := range keys {
			if _, known := at[k.String()]; !known && len(header) < maxColumns {
				at[k.String()] = len(header)
				header = append(header, k.String())
			}
		}
	}
	if len(header) == 0 {
		return nil
	}
	rows := [][]string{header}
	for i := range v.Len() {
		row := make([]string, len(header))
		for it := v.Index(i).MapRange(); it.Next(); {
			if column, ok := at[it.Key().String()]; ok {
				value := it.Value()
				if value.Kind() == reflect.Interface {
					value = value.Elem()
				}
				row[column] = cellText(value)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// maxColumns bounds the columns made of the keys of maps.
const maxColumns = 50

// grid is a slice of slices of numbers, r is 0 for anything else.
func grid(v reflect.Value) (r, c int, at func(i, j int) string) {
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array || v.Len() == 0 {
		return 0, 0, nil
	}
	row := v.Type().Elem()
	if row.Kind() != reflect.Slice && row.Kind() != reflect.Array || !number(row.Elem().Kind()) || row.Elem().Kind() == reflect.Uint8 {
		return 0, 0, nil
	}
	for i := range v.Len() {
		c = max(c, v.Index(i).Len())
	}
	return v.Len(), c, func(i, j int) string {
		if j >= v.Index(i).Len() {
			return ""
		}
		return cellText(v.Index(i).Index(j))
	}
}

func number(k reflect.Kind) bool { return k >= reflect.Int && k <= reflect.Float64 }

// hiddenMarkup is what a page does not show as text.
var hiddenMarkup = regexp.MustCompile(`(?is)<(?:script|style)\b.*?</(?:script|style)\s*>|<!--.*?-->`)

// plainOf removes tags from markup, for terminals.
func plainOf(markup string) string {
	markup = hiddenMarkup.ReplaceAllString(markup, "")
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
