package datasets

import (
	"fmt"
	"math/rand/v2"
)

// Benchmark is a named, ordered list of problems together with where it comes
// from.
type Benchmark struct {
	// Name is the registry name, or the file's base name for [OpenFile].
	Name string
	// Path is the file the problems were read from, "" for generated ones.
	Path string
	// Source and Licence are those of the registry; "" for a user's file.
	Source, Licence string
	// Note says what a table that shows results on this benchmark should say
	// too, for instance that only a part of it is at hand.
	Note string
	// SHA256 is the checksum of the file read, in hexadecimal.
	SHA256 string
	// Problems are in file order.
	Problems []Problem
}

// Len is the number of problems, repeated rows counted each time.
func (b *Benchmark) Len() int { return len(b.Problems) }

// String says name and size, for logs and cells.
func (b *Benchmark) String() string {
	if len(b.Problems) == 1 {
		return b.Name + ": 1 problem"
	}
	return fmt.Sprintf("%s: %d problems", b.Name, len(b.Problems))
}

// Head returns the first n problems as a new benchmark; all of them where
// there are fewer, none where n is negative.
func (b *Benchmark) Head(n int) *Benchmark {
	n = max(0, min(n, len(b.Problems)))
	return b.with(b.Problems[:n:n])
}

// Sample returns n problems drawn without replacement, in drawn order. The
// same seed and file give the same problems on every machine. Where there are
// fewer than n, it returns all of them, shuffled.
func (b *Benchmark) Sample(n int, seed uint64) *Benchmark {
	n = max(0, min(n, len(b.Problems)))
	rng := rand.New(rand.NewPCG(seed, sampleStream))
	order := rng.Perm(len(b.Problems))
	drawn := make([]Problem, n)
	for i := range drawn {
		drawn[i] = b.Problems[order[i]]
	}
	return b.with(drawn)
}

// sampleStream keeps the draws of Sample apart from other users of the seed.
const sampleStream = 0x5a3b1e

func (b *Benchmark) with(problems []Problem) *Benchmark {
	c := *b
	c.Problems = problems
	return &c
}
