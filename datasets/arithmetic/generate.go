// Package arithmetic makes verifiable problems of graded difficulty, "47+85=",
// and a supervised warm-up corpus that answers them, sometimes wrongly, with a
// stated confidence that is informative but noisy. Everything is drawn from a
// seed, so a run can be repeated to the byte.
package arithmetic

import (
	"fmt"
	"math/rand/v2"
	"strconv"
)

// Question is one problem. Text ends in "=", Answer is a decimal integer.
type Question struct {
	Text   string // such as "47+85="
	Answer string // such as "132"
	Kind   Kind

	value int64
	// carries are the powers of ten at which a carry or borrow enters, for the
	// kinds where a column method has them; the sign tells which way forgetting
	// it changes the result.
	carries []int64
}

// Generator yields questions without end. It is not safe for concurrent use.
type Generator struct {
	rng     *rand.Rand
	kinds   []KindOptions
	weights float64
}

// NewGenerator checks the options and starts at their seed.
func NewGenerator(opts Options) (*Generator, error) {
	if err := opts.Validate(); err != nil {
		return nil, fmt.Errorf("arithmetic options: %w", err)
	}
	opts = opts.withDefaults()
	g := &Generator{rng: rand.New(rand.NewPCG(opts.Seed, questionStream)), kinds: opts.Kinds}
	for _, k := range g.kinds {
		g.weights += k.Weight
	}
	return g, nil
}

// Streams keep questions and corpus answers independent for one seed: asking
// for a corpus does not change which questions are drawn.
const (
	questionStream = 0xa11ce
	answerStream   = 0xb0b
)

// Next draws a question.
func (g *Generator) Next() Question {
	q, _ := g.next()
	return q
}

func (g *Generator) next() (Question, KindOptions) {
	x := g.rng.Float64() * g.weights
	k := g.kinds[len(g.kinds)-1]
	for _, candidate := range g.kinds {
		if x < candidate.Weight {
			k = candidate
			break
		}
		x -= candidate.Weight
	}
	q := draw[k.Kind](g.rng)
	q.Kind = k.Kind
	q.Answer = strconv.FormatInt(q.value, 10)
	return q, k
}

// Take draws n questions; none where n is not positive.
func (g *Generator) Take(n int) []Question {
	qs := make([]Question, 0, max(n, 0))
	for range n {
		qs = append(qs, g.Next())
	}
	return qs
}

// draw holds one recipe a kind.
var draw = map[Kind]func(*rand.Rand) Question{
	Add2: func(r *rand.Rand) Question { return add(between(r, 0, 99), between(r, 0, 99)) },
	Add3: func(r *rand.Rand) Question { return add(between(r, 100, 999), between(r, 100, 999)) },
	Sub2: func(r *rand.Rand) Question {
		a, b := between(r, 0, 99), between(r, 0, 99)
		return sub(max(a, b), min(a, b))
	},
	Sub3:  func(r *rand.Rand) Question { return sub(between(r, 100, 999), between(r, 100, 999)) },
	Mul21: func(r *rand.Rand) Question { return mul(between(r, 10, 99), between(r, 2, 9)) },
	Mul22: func(r *rand.Rand) Question { return mul(between(r, 10, 99), between(r, 10, 99)) },
	Mod: func(r *rand.Rand) Question {
		a, b := between(r, 10, 99), between(r, 2, 9)
		return Question{Text: fmt.Sprintf("%d%%%d=", a, b), value: a % b}
	},
	Chain: chain,
}

// between draws from lo..hi, both included.
func between(r *rand.Rand, lo, hi int64) int64 { return lo + r.Int64N(hi-lo+1) }

func add(a, b int64) Question {
	q := Question{Text: fmt.Sprintf("%d+%d=", a, b), value: a + b}
	carry := int64(0)
	for p := int64(1); p <= max(a, b); p *= 10 {
		if carry = (a/p%10 + b/p%10 + carry) / 10; carry > 0 {
			q.carries = append(q.carries, -10*p)
		}
	}
	return q
}

func sub(a, b int64) Question {
	q := Question{Text: fmt.Sprintf("%d-%d=", a, b), value: a - b}
	big, small, sign := a, b, int64(1)
	if a < b {
		big, small, sign = b, a, -1
	}
	borrow := int64(0)
	for p := int64(1); p <= big; p *= 10 {
		if big/p%10-borrow < small/p%10 {
			borrow = 1
			q.carries = append(q.carries, sign*10*p)
		} else {
			borrow = 0
		}
	}
	return q
}

func mul(a, b int64) Question {
	q := Question{Text: fmt.Sprintf("%d*%d=", a, b), value: a * b}
	for shift := int64(1); b >= shift; shift *= 10 {
		// One partial product; what its columns carry is what gets lost.
		carry := int64(0)
		for p := int64(1); p <= a; p *= 10 {
			if carry = (a/p%10*(b/shift%10) + carry) / 10; carry > 0 {
				q.carries = append(q.carries, -carry*10*p*shift)
			}
		}
	}
	return q
}

func chain(r *rand.Rand) Question {
	a, b, c := between(r, 1, 99), between(r, 1, 99), between(r, 1, 99)
	switch r.IntN(5) {
	case 0:
		return Question{Text: fmt.Sprintf("%d+%d-%d=", a, b, c), value: a + b - c}
	case 1:
		return Question{Text: fmt.Sprintf("%d-%d+%d=", a, b, c), value: a - b + c}
	case 2:
		return Question{Text: fmt.Sprintf("%d+%d+%d=", a, b, c), value: a + b + c}
	case 3:
		a, b = between(r, 2, 9), between(r, 2, 9)
		return Question{Text: fmt.Sprintf("%d*%d+%d=", a, b, c), value: a*b + c}
	default:
		a, b = between(r, 2, 9), between(r, 2, 9)
		return Question{Text: fmt.Sprintf("%d*%d-%d=", a, b, c), value: a*b - c}
	}
}
