package front

import (
	"fmt"
	"go/token"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// Problem is something wrong with the text of a cell, in Go's own words.
type Problem struct {
	Cell         int
	Line, Column int // from 1; 0 when the place is unknown
	Message      string
}

// Error prints the place and the message.
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.Message
	}
	return fmt.Sprintf("cell [%d], line %d:%d: %s", p.Cell, p.Line, p.Column, p.Message)
}

// Problems are what Check reports, in the order of the text.
type Problems []Problem

// Error prints one problem a line.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// fileName is how a cell is called in a file set.
func fileName(cell int) string { return "cell" + strconv.Itoa(cell) }

// Place returns the cell, line and column of a position in a unit.
func Place(fset *token.FileSet, pos token.Pos) (cell, line, column int) {
	return place(fset.Position(pos))
}

func place(p token.Position) (cell, line, column int) {
	number, err := strconv.Atoi(strings.TrimPrefix(p.Filename, "cell"))
	if err != nil || !p.IsValid() {
		return 0, 0, 0
	}
	return number, p.Line, p.Column
}

func sorted(ps Problems) Problems {
	sort.SliceStable(ps, func(i, j int) bool {
		if ps[i].Line != ps[j].Line {
			return ps[i].Line < ps[j].Line
		}
		return ps[i].Column < ps[j].Column
	})
	return ps
}

var (
	undefined = regexp.MustCompile(`^undefined: ([\pL_][\pL\d_]*)$`)
	sameName  = regexp.MustCompile(`type [*\[\]]*([\pL_][\pL\d_]*)\) as [*\[\]]*([\pL_][\pL\d_]*) value`)
)

// explain puts a type checker's message into the terms of the session: an
// undefined name that was dropped says why, and a type that differs from its
// namesake says that it is older.
func (s *Scope) explain(msg string) string {
	if m := undefined.FindStringSubmatch(msg); m != nil && s.dropped[m[1]] != "" {
		msg += " (" + s.dropped[m[1]] + ")"
	} else if m != nil {
		if paths := s.importer.Find(m[1]); len(paths) > 0 {
			msg += fmt.Sprintf(" (it needs import %q)", strings.Join(paths, " or "))
		}
	}
	if m := sameName.FindStringSubmatch(msg); m != nil && m[1] == m[2] && s.known[m[1]] {
		msg += fmt.Sprintf(" (values made before the type %s was defined again keep the old type: make them again)", m[1])
	}
	return msg
}
