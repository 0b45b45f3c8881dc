package front

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// source is a Go file put together from pieces of cells. Line directives keep
// the places of the cells.
type source struct {
	b    strings.Builder
	fset *token.FileSet
}

func (s *source) line(text string) { s.b.WriteString(text + "\n") }

// piece adds a text that stands at a place of a cell.
func (s *source) piece(d *Decl) {
	fmt.Fprintf(&s.b, "/*line %s:%d:%d*/%s\n", fileName(d.Cell), d.Line, d.Col, d.Text)
}

// decl adds a declaration, with the keyword that a type of a group lacks.
func (s *source) decl(d *Decl) {
	if d.Group {
		s.b.WriteString("type ")
	}
	s.piece(d)
}

// offset returns where the text of d, the only piece, starts in the file.
func (s *source) offset(d *Decl, file *ast.File) int {
	text := s.b.String()
	return strings.Index(text, "*/"+d.Text) + 2
}

// parse parses the file. Errors are Problems with the places of the cells.
func (s *source) parse(cell int) (*ast.File, *token.FileSet, error) {
	fset := s.fset
	if fset == nil {
		fset = token.NewFileSet()
	}
	file, err := parser.ParseFile(fset, "", s.b.String(), parser.SkipObjectResolution)
	if err == nil {
		return file, fset, nil
	}
	var list scanner.ErrorList
	if !errors.As(err, &list) {
		return nil, nil, Problems{{Cell: cell, Message: err.Error()}}
	}
	var problems Problems
	for _, e := range list {
		number, line, column := place(e.Pos)
		if number == 0 {
			number = cell
		}
		problems = append(problems, Problem{number, line, column, "syntax error: " + e.Msg})
	}
	return nil, nil, sorted(problems)[:1]
}
