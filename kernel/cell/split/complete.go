package split

import (
	"errors"
	"go/token"
	"strings"
)

// The answers of [Status], as Jupyter's is_complete has them.
const (
	Complete   = "complete"
	Incomplete = "incomplete"
	Invalid    = "invalid"
)

// Status says whether src could run as it is, and how the next line should be
// indented when it is incomplete.
func Status(src string) (status, indent string) {
	_, err := Cell(src)
	var cut *Error
	if errors.As(err, &cut) {
		if cut.Incomplete {
			return Incomplete, strings.Repeat("\t", depth(src))
		}
		return Invalid, ""
	}
	items, err := tokens(src)
	if err != nil {
		return Invalid, ""
	}
	if len(items) > 0 && continues(items[len(items)-1].tok) {
		return Incomplete, "\t"
	}
	return Complete, ""
}

// depth counts the brackets left open at the end of src; 0 inside a raw string
// or comment, where indentation would become part of the text.
func depth(src string) int {
	items, err := tokens(src)
	if err != nil {
		return 0
	}
	n := 0
	for _, it := range items {
		switch it.tok {
		case token.LPAREN, token.LBRACE, token.LBRACK:
			n++
		case token.RPAREN, token.RBRACE, token.RBRACK:
			n--
		}
	}
	return max(n, 0)
}

// continues says that a statement cannot end with this token. Go inserts a
// semicolon after all others.
func continues(tok token.Token) bool {
	switch tok {
	case token.SEMICOLON, token.RPAREN, token.RBRACE, token.RBRACK, token.IDENT, token.INT, token.FLOAT, token.IMAG,
		token.CHAR, token.STRING, token.INC, token.DEC, token.RETURN, token.BREAK, token.CONTINUE, token.FALLTHROUGH:
		return false
	}
	return tok.IsOperator() || tok.IsKeyword()
}

// AtStatement says that a new statement starts after the text before: no
// bracket, string or comment is open and no expression goes on.
func AtStatement(before string) bool {
	if _, err := Cell(before); err != nil {
		return false
	}
	items, err := tokens(before)
	if err != nil {
		return false
	}
	return len(items) == 0 || items[len(items)-1].tok == token.SEMICOLON
}
