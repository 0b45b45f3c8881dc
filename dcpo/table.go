package dcpo

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// align sets rows in columns: the first to the left, the others to the right.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line.WriteString(cell + pad)
			} else {
				line.WriteString("  " + pad + cell)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// tableBundle shows rows, of which the first is the heading, in a notebook.
func tableBundle(rows [][]string) map[string]any {
	var b strings.Builder
	b.WriteString("<table><thead><tr>")
	for i, cell := range rows[0] {
		fmt.Fprintf(&b, `<th style="text-align:%s">%s</th>`, side(i), html.EscapeString(cell))
	}
	b.WriteString("</tr></thead><tbody>")
	for _, row := range rows[1:] {
		b.WriteString("<tr>")
		for i, cell := range row {
			fmt.Fprintf(&b, `<td style="text-align:%s">%s</td>`, side(i), html.EscapeString(cell))
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return map[string]any{"text/plain": align(rows), "text/html": b.String()}
}

func side(column int) string {
	if column == 0 {
		return "left"
	}
	return "right"
}
