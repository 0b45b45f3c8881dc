package datasets

import (
	"fmt"

	"github.com/dcpo-go/godcpo/datasets/logic"
)

// Logic makes n puzzles of knights and knaves; Level is the number of people ("3
// people"). The same options give the same puzzles. Grade them with logic.Grade,
// which wants everybody named: the mathematical grader knows no puzzles.
func Logic(n int, opt logic.Options) (*Benchmark, error) {
	if n < 0 {
		return nil, fmt.Errorf("make logic puzzles: expected a number of puzzles ≥ 0, found %d", n)
	}
	gen, err := logic.NewGenerator(opt)
	if err != nil {
		return nil, fmt.Errorf("make logic puzzles: %w", err)
	}
	b := &Benchmark{Name: "logic", Source: "synthetic Knights and Knaves"}
	for i := range n {
		p := gen.Next()
		b.Problems = append(b.Problems, Problem{
			ID:       fmt.Sprintf("logic/%d/%d", opt.Seed, i),
			Question: p.Question,
			Answer:   p.Answer(),
			Source:   b.Source,
			Level:    fmt.Sprintf("%d people", len(p.Names)),
		})
	}
	return b, nil
}
