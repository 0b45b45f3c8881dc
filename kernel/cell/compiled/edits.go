package compiled

import (
	"go/ast"
	"go/token"
	"sort"
	"strings"
)

// edit replaces the text between two offsets of a source. text is called when
// the replacement is written, by when all edits inside it are known.
type edit struct {
	from, to int
	text     func() string
}

func (f *file) offset(pos token.Pos) int { return f.source.Offset(pos) }

// replace puts text in the place of a node.
func (f *file) replace(n ast.Node, text func() string) {
	f.edits = append(f.edits, edit{f.offset(n.Pos()), f.offset(n.End()), text})
	f.sorted = false
}

// replaceWith is replace by a text known now.
func (f *file) replaceWith(n ast.Node, text string) { f.replace(n, func() string { return text }) }

// insert puts text before a position.
func (f *file) insert(pos token.Pos, text string) {
	f.edits = append(f.edits, edit{f.offset(pos), f.offset(pos), func() string { return text }})
	f.sorted = false
}

// render returns the text of a node with all edits made.
func (f *file) render(n ast.Node) string { return f.between(n.Pos(), n.End()) }

func (f *file) between(from, to token.Pos) string {
	return f.span(f.offset(from), f.offset(to))
}

func (f *file) span(from, to int) string {
	if !f.sorted {
		// Wider edits first: those within them are theirs to make. Insertions at
		// the place of a replacement come before it.
		sort.SliceStable(f.edits, func(i, j int) bool {
			a, b := f.edits[i], f.edits[j]
			if a.from != b.from {
				return a.from < b.from
			}
			if (a.from == a.to) != (b.from == b.to) {
				return a.from == a.to
			}
			return a.to > b.to
		})
		f.sorted = true
	}
	var b strings.Builder
	at := from
	for i := sort.Search(len(f.edits), func(i int) bool { return f.edits[i].from >= from }); i < len(f.edits); i++ {
		e := f.edits[i]
		if e.from > to || e.from == to && e.to > to || e.from == to && e.from == e.to {
			break
		}
		if e.from < at || e.to > to {
			continue
		}
		b.WriteString(f.unit.Source[at:e.from])
		b.WriteString(e.text())
		at = e.to
	}
	b.WriteString(f.unit.Source[at:to])
	return b.String()
}
