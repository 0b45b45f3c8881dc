package logic

import (
	"fmt"
	"strings"
)

// Puzzle is a question with one solution. The slices have one element a
// person, in the order in which the question introduces them.
type Puzzle struct {
	// Question is the text put to the model.
	Question string
	Names    []string
	// Statements are what each person says.
	Statements []Statement
	// Knights is the solution: true for a knight, false for a knave.
	Knights []bool
}

// Answer is the solution as reference answers are written, a line a person:
// "(1) Zoey is a knight".
func (p Puzzle) Answer() string { return answerText(p.Names, p.Knights) }

func answerText(names []string, knights []bool) string {
	var b strings.Builder
	for i, name := range names {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "(%d) %s is a %s", i+1, name, kind(knights[i]))
	}
	return b.String()
}

func kind(knight bool) string {
	if knight {
		return "knight"
	}
	return "knave"
}
