package datasets

import (
	"fmt"

	"github.com/dcpo-go/godcpo/datasets/arithmetic"
)

// Arithmetic makes n synthetic problems, such as "47+85=" with the answer
// "132"; Level is the kind ("add2"). The same options give the same problems.
// Grade them with grade.Number, which takes a written number only: the
// mathematical grader would accept a question echoed back.
func Arithmetic(n int, opts arithmetic.Options) (*Benchmark, error) {
	if n < 0 {
		return nil, fmt.Errorf("make arithmetic problems: expected a number of problems ≥ 0, found %d", n)
	}
	gen, err := arithmetic.NewGenerator(opts)
	if err != nil {
		return nil, fmt.Errorf("make arithmetic problems: %w", err)
	}
	b := &Benchmark{Name: "arithmetic", Source: "synthetic arithmetic"}
	for i := range n {
		q := gen.Next()
		b.Problems = append(b.Problems, Problem{
			ID:       fmt.Sprintf("arithmetic/%d/%d", opts.Seed, i),
			Question: q.Text,
			Answer:   q.Answer,
			Source:   b.Source,
			Level:    string(q.Kind),
		})
	}
	return b, nil
}
