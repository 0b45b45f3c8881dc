// Package split cuts the text of a notebook cell into imports, declarations and
// statements, in which Go's own grammar does not allow them to be mixed. It
// works on tokens, so brackets in strings and comments do not confuse it.
package split

import (
	"fmt"
	"go/scanner"
	"go/token"
)

// Kind says what a piece is.
type Kind int

// The kinds of pieces. Variables are statements: they are set when their turn
// comes, where types, functions and constants hold for the whole cell.
const (
	Import Kind = iota
	Type
	Const
	Func
	Method
	Stmt
)

// Piece is one import, declaration or statement of a cell.
type Piece struct {
	Kind       Kind
	Start, End int // byte offsets in the cell, half open; no trailing semicolon
}

// Error is a place where the cell cannot be cut.
type Error struct {
	Offset  int // byte offset in the cell
	Message string
	// Incomplete says that more text could make the cell right: an open
	// bracket, raw string or comment at its end.
	Incomplete bool
}

// Error returns the message without its position.
func (e *Error) Error() string { return e.Message }

// item is a token with its place.
type item struct {
	start, end int
	tok        token.Token
}

// Cell cuts src. A package clause is left out. The error, if any, is an *Error.
func Cell(src string) ([]Piece, error) {
	items, err := tokens(src)
	if err != nil {
		return nil, err
	}
	var pieces []Piece
	var open []item
	var piece []item
	flush := func() {
		if len(piece) > 0 && piece[0].tok != token.PACKAGE {
			pieces = append(pieces, Piece{kindOf(piece), piece[0].start, piece[len(piece)-1].end})
		}
		piece = nil
	}
	for _, it := range items {
		switch it.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			open = append(open, it)
		case token.RPAREN, token.RBRACE, token.RBRACK:
			if len(open) == 0 {
				return nil, &Error{Offset: it.start, Message: fmt.Sprintf("syntax error: unexpected %s: nothing is open here", it.tok)}
			}
			if want := closer(open[len(open)-1].tok); want != it.tok {
				return nil, &Error{Offset: it.start, Message: fmt.Sprintf("syntax error: unexpected %s, expected %s", it.tok, want)}
			}
			open = open[:len(open)-1]
		case token.SEMICOLON:
			if len(open) == 0 {
				flush()
				continue
			}
		}
		piece = append(piece, it)
	}
	if len(open) > 0 {
		last := open[len(open)-1]
		return nil, &Error{
			Offset: last.start, Incomplete: true,
			Message: fmt.Sprintf("syntax error: %s is never closed: expected %s", last.tok, closer(last.tok)),
		}
	}
	flush()
	return pieces, nil
}

// tokens scans src without its comments, semicolons inserted as Go does.
func tokens(src string) ([]item, error) {
	var failed *Error
	file := token.NewFileSet().AddFile("", -1, len(src))
	var s scanner.Scanner
	s.Init(file, []byte(src), func(pos token.Position, msg string) {
		if failed == nil {
			open := msg == "raw string literal not terminated" || msg == "comment not terminated"
			failed = &Error{Offset: pos.Offset, Message: "syntax error: " + msg, Incomplete: open}
		}
	}, 0)
	var items []item
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		start := file.Offset(pos)
		end := start + len(lit)
		if lit == "" {
			end = start + len(tok.String())
		}
		items = append(items, item{start, end, tok})
	}
	if failed != nil {
		return nil, failed
	}
	return fixEnds(items, src), nil
}

// fixEnds keeps the ends of tokens inside the text. A raw string whose carriage
// returns the scanner has removed is longer in the text than its literal.
func fixEnds(items []item, src string) []item {
	for i := range items {
		next := len(src)
		if i+1 < len(items) {
			next = items[i+1].start
		}
		it := &items[i]
		if it.tok == token.STRING && src[it.start] == '`' {
			for it.end = it.start + 1; it.end < next && src[it.end] != '`'; it.end++ {
			}
			it.end++
		}
		it.end = min(it.end, next)
	}
	return items
}

func closer(open token.Token) token.Token {
	switch open {
	case token.LPAREN:
		return token.RPAREN
	case token.LBRACE:
		return token.RBRACE
	default:
		return token.RBRACK
	}
}

func kindOf(piece []item) Kind {
	switch piece[0].tok {
	case token.IMPORT:
		return Import
	case token.TYPE:
		return Type
	case token.CONST:
		return Const
	case token.FUNC:
		return funcKind(piece)
	}
	return Stmt
}

// funcKind tells declarations from function literals: a name follows, or a
// parenthesis, a name and an opening bracket.
func funcKind(piece []item) Kind {
	if len(piece) < 2 {
		return Stmt
	}
	if piece[1].tok == token.IDENT {
		return Func
	}
	depth := 0
	for i, it := range piece[1:] {
		switch it.tok {
		case token.LPAREN:
			depth++
		case token.RPAREN:
			depth--
		}
		if depth == 0 {
			rest := piece[1+i+1:]
			if len(rest) >= 2 && rest[0].tok == token.IDENT && rest[1].tok == token.LPAREN {
				return Method
			}
			return Stmt
		}
	}
	return Stmt
}
