package front

import (
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// goVersion is the language version of cells.
const goVersion = "go1.26"

// cellText is a cell cut into its parts.
type cellText struct {
	number  int
	imports []*Decl // text and place only
	fresh   []*Decl
	body    []*Decl // statements: text and place only
}

// Check checks one cell against the scope, which it leaves as it is. number is
// the cell's execution count, used to name places. The error is of type
// Problems.
func (s *Scope) Check(code string, number int) (*Unit, error) {
	text, err := cut(code, number)
	if err != nil {
		return nil, err
	}
	changed, drop := map[string]bool{}, map[*Decl]bool{}
	var notes []string
	dropped := map[string]string{}
	for {
		p := s.plan(text.fresh, changed, drop)
		a := &attempt{scope: s, text: text, plan: p}
		if err := a.run(); err != nil {
			return nil, atEnd(err, code)
		}
		if grown := a.retyped(changed); grown {
			continue
		}
		own, older := a.sortProblems()
		if len(own) > 0 {
			return nil, own
		}
		if len(older) == 0 {
			u := a.unit(notes)
			u.dropped = dropped
			return u, nil
		}
		for d, problem := range older {
			drop[d] = true
			for _, name := range d.Names {
				dropped[name] = fmt.Sprintf("cell [%d] defined it, cell [%d] made it impossible to compile", d.Cell, number)
			}
			notes = append(notes, fmt.Sprintf("%s of cell [%d] does not compile any more and is gone: %s", d.title(), d.Cell, problem.Message))
		}
	}
}

// atEnd rewords a syntax error behind the cell's text, where the parser has met
// what this package put there.
func atEnd(err error, code string) error {
	var problems Problems
	lines := 1 + strings.Count(strings.TrimRight(code, "\n"), "\n")
	if errors.As(err, &problems) && len(problems) == 1 && problems[0].Line > lines {
		p := &problems[0]
		p.Message, _, _ = strings.Cut(p.Message, ", found ")
		p.Message += ", found the end of the cell"
		p.Line, p.Column = lines, len(code)-strings.LastIndex(strings.TrimRight(code, "\n"), "\n")
	}
	return err
}

// cut sorts the pieces of a cell.
func cut(code string, number int) (*cellText, error) {
	pieces, err := split.Cell(code)
	if err != nil {
		problem := Problem{Cell: number, Message: err.Error()}
		var e *split.Error
		if errors.As(err, &e) {
			problem.Line, problem.Column = lineColumn(code, e.Offset)
		}
		return nil, Problems{problem}
	}
	text := &cellText{number: number}
	for _, p := range pieces {
		d := &Decl{Kind: p.Kind, Text: code[p.Start:p.End], Cell: number}
		d.Line, d.Col = lineColumn(code, p.Start)
		switch p.Kind {
		case split.Import:
			text.imports = append(text.imports, d)
		case split.Stmt:
			text.body = append(text.body, d)
		default:
			decls, err := named(d)
			if err != nil {
				return nil, err
			}
			text.fresh = append(text.fresh, decls...)
		}
	}
	return text, nil
}

// named parses a declaration by itself to learn its names. The types of a group
// become declarations of their own, so that one can be replaced without the
// others.
func named(d *Decl) ([]*Decl, error) {
	src := &source{}
	src.line("package cell")
	src.decl(d)
	file, _, err := src.parse(d.Cell)
	if err != nil {
		return nil, err
	}
	if len(file.Decls) != 1 {
		return nil, Problems{{Cell: d.Cell, Line: d.Line, Column: d.Col, Message: "syntax error: expected one declaration"}}
	}
	group, ok := file.Decls[0].(*ast.GenDecl)
	if !ok || d.Kind != split.Type || !group.Lparen.IsValid() {
		d.describe(file.Decls[0])
		return []*Decl{d}, d.allowed()
	}
	var decls []*Decl
	start := src.offset(d, file)
	for _, spec := range group.Specs {
		from, to := int(spec.Pos())-int(file.FileStart)-start, int(spec.End())-int(file.FileStart)-start
		one := &Decl{Kind: split.Type, Cell: d.Cell, Text: d.Text[from:to], Group: true}
		line, column := lineColumn(d.Text, from)
		one.Line, one.Col = d.Line+line-1, column
		if line == 1 {
			one.Col += d.Col - 1
		}
		one.describe(&ast.GenDecl{Specs: []ast.Spec{spec}})
		decls = append(decls, one)
	}
	return decls, nil
}

// allowed refuses what has no meaning in a cell.
func (d *Decl) allowed() error {
	if d.Kind == split.Func && d.Names[0] == "init" {
		return Problems{{Cell: d.Cell, Line: d.Line, Column: d.Col, Message: "func init has no meaning in a cell: write its statements into the cell"}}
	}
	return nil
}

func lineColumn(code string, offset int) (line, column int) {
	before := code[:min(offset, len(code))]
	return 1 + strings.Count(before, "\n"), len(before) - strings.LastIndex(before, "\n")
}

// retyped extends changed by the names that the cell's variables give a new
// type; it reports whether there were any.
func (a *attempt) retyped(changed map[string]bool) bool {
	vars := map[string]types.Type{}
	for _, v := range a.vars {
		vars[v.Name()] = v.Type()
	}
	grown := false
	for name := range a.scope.retyped(vars) {
		if !changed[name] {
			changed[name], grown = true, true
		}
	}
	return grown
}

// sortProblems parts what is wrong with the cell from what is wrong with older
// declarations because of it.
func (a *attempt) sortProblems() (own Problems, older map[*Decl]Problem) {
	older = map[*Decl]Problem{}
	for _, p := range sorted(a.problems) {
		if d := a.olderAt(p); d != nil {
			if _, seen := older[d]; !seen {
				older[d] = p
			}
			continue
		}
		own = append(own, p)
	}
	if len(own) > maxProblems {
		own = own[:maxProblems]
	}
	return own, older
}

// maxProblems bounds the problems reported for one cell, as the Go compiler does.
const maxProblems = 10

// olderAt finds the older declaration in which a problem lies, as it stands in
// the scope.
func (a *attempt) olderAt(p Problem) *Decl {
	if p.Cell == a.text.number {
		return nil
	}
	for d := range a.plan.older {
		lines := strings.Count(d.Text, "\n")
		if d.Cell == p.Cell && p.Line >= d.Line && p.Line <= d.Line+lines {
			for _, original := range a.plan.gone {
				if original.key() == d.key() && original.Cell == d.Cell {
					return original
				}
			}
		}
	}
	return nil
}
