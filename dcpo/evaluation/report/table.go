package report

import (
	"fmt"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// table is laid out alike on the page and in Markdown.
type table struct {
	Title, Note string
	// Groups stand over several columns each; nil for none.
	Groups []group
	Head   []string
	Rows   []row
}

type group struct {
	Title   string
	Columns int
}

// row begins with a name.
type row struct {
	Class string // of the page's style
	Cells []cell
}

// cell is a value, with its interval if it has one.
type cell struct{ Text, Interval string }

// words are cells without intervals.
func words(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, t := range texts {
		out[i].Text = t
	}
	return out
}

// measured is a value with its interval.
func measured(value float64, in calibration.Interval) cell {
	c := cell{Text: calibration.Format(value)}
	if in.Defined() {
		c.Interval = in.String()
	}
	return c
}

// markdown writes the table; groups go into the columns' names.
func (t table) markdown(b *strings.Builder) {
	if t.Title != "" {
		fmt.Fprintf(b, "### %s\n\n", plain(t.Title))
	}
	head := make([]string, len(t.Head))
	copy(head, t.Head)
	at := 0
	for _, g := range t.Groups {
		for range g.Columns {
			if g.Title != "" {
				head[at] = g.Title + " " + head[at]
			}
			at++
		}
	}
	for i := range head {
		head[i] = plain(head[i])
	}
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat(" --- |", len(head)))
	for _, r := range t.Rows {
		texts := make([]string, len(r.Cells))
		for i, c := range r.Cells {
			if texts[i] = plain(c.Text); c.Interval != "" {
				texts[i] += " (" + plain(c.Interval) + ")"
			}
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(texts, " | "))
	}
	b.WriteByte('\n')
	if t.Note != "" {
		fmt.Fprintf(b, "%s\n\n", plain(t.Note))
	}
}

// plain keeps a text from being read as Markdown or HTML.
func plain(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	var b strings.Builder
	for _, r := range text {
		switch r {
		case '\\', '`', '*', '_', '[', ']', '<', '>', '|', '#', '$', '~':
			b.WriteByte('\\')
		case '&':
			b.WriteString("&amp;")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
