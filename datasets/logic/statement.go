package logic

import (
	"errors"
	"fmt"
	"slices"
)

// Claim says what one person is.
type Claim struct {
	// Person is an index into the puzzle's names.
	Person int
	// Knight is true for "… is a knight" and false for "… is a knave".
	Knight bool
}

// Statement is what one person says: a connective over one or two claims.
type Statement struct {
	// Op is "" or "not" over one claim, or "and", "or" (both may hold), "->" (if
	// the first then the second) or "<=>" (if and only if) over two.
	Op     string
	Claims []Claim
}

// ops are the connectives in the order in which they are drawn.
var ops = []string{"", "not", "and", "or", "->", "<=>"}

// arity is the number of claims that a connective takes.
func arity(op string) int {
	if op == "" || op == "not" {
		return 1
	}
	return 2
}

// people is a set of knights, person i being bit i; the others are knaves.
type people uint32

func (p people) knight(i int) bool { return p>>i&1 == 1 }

// bools lists for each of n persons whether they are a knight.
func (p people) bools(n int) []bool {
	list := make([]bool, n)
	for i := range list {
		list[i] = p.knight(i)
	}
	return list
}

// holds tells whether the statement, which must be valid, is true.
func (s Statement) holds(knights people) bool {
	truth := func(i int) bool { return knights.knight(s.Claims[i].Person) == s.Claims[i].Knight }
	switch s.Op {
	case "":
		return truth(0)
	case "not":
		return !truth(0)
	case "and":
		return truth(0) && truth(1)
	case "or":
		return truth(0) || truth(1)
	case "->":
		return !truth(0) || truth(1)
	}
	return truth(0) == truth(1) // "<=>"
}

// validate reports every fault of a statement made among n people.
func (s Statement) validate(n int) error {
	var faults []error
	if !slices.Contains(ops, s.Op) {
		faults = append(faults, fmt.Errorf("unknown connective %q: expected one of %q", s.Op, ops))
	} else if len(s.Claims) != arity(s.Op) {
		faults = append(faults, fmt.Errorf("connective %q: expected %d claims, found %d", s.Op, arity(s.Op), len(s.Claims)))
	}
	for _, c := range s.Claims {
		if c.Person < 0 || c.Person >= n {
			faults = append(faults, fmt.Errorf("a claim about person %d: expected an index from 0 to %d", c.Person, n-1))
		}
	}
	return errors.Join(faults...)
}
