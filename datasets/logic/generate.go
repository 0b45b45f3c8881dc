// Package logic makes, reads and grades puzzles of knights, who only say what
// is true, and knaves, who only say what is false. Every person of a puzzle
// makes one statement, and the question is who is what.
//
// A generated puzzle has exactly one solution: [Solve] tries all. [Parse] reads
// the text of such puzzles and of those that Logic-RL (arXiv 2502.14768) trains
// with. [Grade] judges a response, [Form] its <think> and <answer> tags.
package logic

import (
	"fmt"
	"math/rand/v2"
)

// Generator yields puzzles without end. It is not safe for concurrent use.
type Generator struct {
	rng  *rand.Rand
	opts Options
}

// NewGenerator checks the options and starts at their seed.
func NewGenerator(opts Options) (*Generator, error) {
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("logic options: %w", err)
	}
	return &Generator{rng: rand.New(rand.NewPCG(opts.Seed, puzzleStream)), opts: opts.withDefaults()}, nil
}

// puzzleStream keeps the draws apart from other uses of the seed.
const puzzleStream = 0x4a15e

// Next draws a puzzle. Statements are drawn anew until they have exactly one
// solution, which takes a few times.
func (g *Generator) Next() Puzzle {
	n := g.opts.MinPeople + g.rng.IntN(g.opts.MaxPeople-g.opts.MinPeople+1)
	var p Puzzle
	for _, i := range g.rng.Perm(len(firstNames))[:n] {
		p.Names = append(p.Names, firstNames[i])
	}
	for {
		p.Statements = p.Statements[:0]
		for speaker := range n {
			p.Statements = append(p.Statements, g.statement(speaker, n))
		}
		if found := solutions(p.Statements); len(found) == 1 {
			p.Knights = found[0].bools(n)
			break
		}
	}
	p.Question = g.question(p)
	return p
}

// statement draws a connective and the people it is about. A claim alone is
// about somebody else, and two claims are about two people: what a speaker says
// of themself alone is true of both kinds or of none, and two claims about one
// person are always true or always false, up to a plain claim.
func (g *Generator) statement(speaker, n int) Statement {
	op := ops[g.rng.IntN(len(ops))]
	first := g.rng.IntN(n)
	if arity(op) == 1 {
		first = g.another(speaker, n)
	}
	s := Statement{Op: op, Claims: []Claim{{first, g.coin()}}}
	if arity(op) == 2 {
		s.Claims = append(s.Claims, Claim{g.another(first, n), g.coin()})
	}
	return s
}

// another draws one of n people other than one of them.
func (g *Generator) another(than, n int) int { return (than + 1 + g.rng.IntN(n-1)) % n }

func (g *Generator) coin() bool { return g.rng.IntN(2) == 0 }
