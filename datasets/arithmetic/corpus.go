package arithmetic

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
)

// ConfidencePiece separates the answer from the stated confidence in every
// response of the corpus. A tokenizer may hold it as one piece.
const ConfidencePiece = "\nCONFIDENCE: "

// Example is one line of the warm-up corpus.
type Example struct {
	Question Question
	// Response is Written + ConfidencePiece + the confidence, such as
	// "132\nCONFIDENCE: 0.7"; of a lesson, Written alone.
	Response string
	// Written is the answer as given, Right whether it is the question's.
	Written string
	Right   bool
	// Confidence is the stated number, in [0,1]; 0 in a lesson.
	Confidence float64
}

// Corpus yields examples without end. It is not safe for concurrent use.
type Corpus struct {
	questions *Generator
	rng       *rand.Rand
	opts      Options
	lessons   bool
}

// NewCorpus checks the options and starts at their seed. Its questions are
// those that NewGenerator yields for the same options.
func NewCorpus(opts Options) (*Corpus, error) {
	questions, err := NewGenerator(opts)
	if err != nil {
		return nil, err
	}
	opts = opts.withDefaults()
	return &Corpus{questions: questions, rng: rand.New(rand.NewPCG(opts.Seed, answerStream)), opts: opts}, nil
}

// NewLessons yields right answers without a confidence, in the kinds' lesson
// weights: what a model learns to calculate from before it learns habits.
func NewLessons(opts Options) (*Corpus, error) {
	opts = opts.withDefaults()
	opts.Kinds = slices.Clone(opts.Kinds)
	for i := range opts.Kinds {
		opts.Kinds[i].Weight = opts.Kinds[i].Lesson
	}
	c, err := NewCorpus(opts)
	if c != nil {
		c.lessons = true
	}
	return c, err
}

// Next draws an example: with the kind's PExact the right answer, else a slip,
// and a confidence from the kind's Beta distribution for that case.
func (c *Corpus) Next() Example {
	q, k := c.questions.next()
	if c.lessons {
		return Example{Question: q, Response: q.Answer, Written: q.Answer, Right: true}
	}
	ex := Example{Question: q, Written: q.Answer}
	shape := k.Exact
	if c.rng.Float64() >= k.PExact {
		ex.Written, shape = c.slip(q), k.Slipped
	}
	ex.Right = ex.Written == q.Answer
	x := math.Min(c.opts.MaxConfidence, shape.draw(c.rng))
	text := strconv.FormatFloat(x, 'f', c.opts.Decimals, 64)
	ex.Confidence, _ = strconv.ParseFloat(text, 64) // text is a formatted number
	ex.Response = ex.Written + ConfidencePiece + text
	return ex
}

// Take draws n examples; none where n is not positive.
func (c *Corpus) Take(n int) []Example {
	exs := make([]Example, 0, max(n, 0))
	for range n {
		exs = append(exs, c.Next())
	}
	return exs
}

// slip is an answer of the kind a learner gives who does not work it out. An
// estimate is right where the answer ends in 0.
func (c *Corpus) slip(q Question) string {
	switch c.opts.Slip {
	case Carry:
		return strconv.FormatInt(q.value+c.carryError(q), 10)
	case Digit:
		return changeDigit(c.rng, q.Answer)
	}
	return strconv.FormatInt(q.value/10*10, 10)
}

// carryError is what the result is off by when one carry is forgotten; where
// the column method has none, a carry is invented.
func (c *Corpus) carryError(q Question) int64 {
	if len(q.carries) > 0 {
		return q.carries[c.rng.IntN(len(q.carries))]
	}
	if c.rng.IntN(2) == 0 || q.value == 0 {
		return 10
	}
	return -10
}

// changeDigit replaces one digit by another one; a number of several digits
// keeps its length, and -0 is never written.
func changeDigit(r *rand.Rand, answer string) string {
	digits := []byte(answer)
	start := 0
	if digits[0] == '-' {
		start = 1
	}
	i := start + r.IntN(len(digits)-start)
	leading := i == start && (start == 1 || len(digits) > 1)
	for {
		d := byte('0' + r.IntN(10))
		if d != digits[i] && !(leading && d == '0') {
			digits[i] = d
			return string(digits)
		}
	}
}

// draw samples the distribution as a ratio of two gamma variates.
func (b Beta) draw(r *rand.Rand) float64 {
	x, y := gamma(r, b.A), gamma(r, b.B)
	if x+y == 0 {
		return 0.5 // both underflow only for tiny shapes
	}
	return x / (x + y)
}

// gamma samples Gamma(shape, 1) by Marsaglia and Tsang, "A simple method for
// generating gamma variables" (2000), with their boost for shape < 1.
func gamma(r *rand.Rand, shape float64) float64 {
	if shape < 1 {
		return gamma(r, shape+1) * math.Pow(1-r.Float64(), 1/shape)
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := r.NormFloat64()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-r.Float64()) < x*x/2+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}
