// Package curriculum decides which problems a training step asks, and how long answers may be.
//
// A Sampler hands out problems of a fixed set by index. It asks each once before it asks any again, whatever numbers are drawn, and
// its state is small: a run that is resumed neither repeats nor skips a problem.
//
//	uniform     each epoch in an order of its own, by the seed
//	sequential  in the order of the file
//	adarft      the unasked ones nearest in difficulty to a target, which follows the mean reward (AdaRFT, arXiv 2504.05520)
package curriculum

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
)

// Sampler chooses the problems of each step. It is not safe for concurrent use.
type Sampler interface {
	// Next returns the indices of the next n problems. It may be called again within a step, for more. Where one epoch ends and
	// the next begins among the n, a problem can come twice.
	Next(n int) ([]int, error)
	// Learn is told the mean reward, in [0, 1], of the step whose problems were drawn last. NaN, the mean of no rewards, changes
	// nothing.
	Learn(meanReward float64)
	// Difficulty is the target that Next goes by; NaN where there is none.
	Difficulty() float64
	// State and Restore keep and put back the position. Restore refuses the state of another kind of sampler, of another seed or of
	// another number of problems, and then changes nothing.
	State() (json.RawMessage, error)
	Restore(json.RawMessage) error
}

// The kinds of samplers.
const (
	uniform    = "uniform"
	sequential = "sequential"
	adarft     = "adarft"
)

// New returns the sampler of that name over n problems. difficulty gives the difficulty of each, for adarft.
func New(kind string, n int, seed uint64, difficulty func(i int) (float64, bool), opt AdaRFT) (Sampler, error) {
	if n < 1 {
		return nil, errors.New("curriculum: there are no problems")
	}
	switch kind {
	case uniform, "":
		return &epochs{of: identity{uniform, n, seed}, order: func(epoch int) []int { return permutation(seed, epoch, n) }}, nil
	case sequential:
		return &epochs{of: identity{sequential, n, 0}, order: func(int) []int { return sequence(n) }}, nil
	case adarft:
		return newAdaptive(n, difficulty, opt)
	}
	return nil, fmt.Errorf("curriculum %q is unknown: want uniform, sequential or adarft", kind)
}

// permutation is the order of an epoch.
func permutation(seed uint64, epoch, n int) []int {
	return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15*uint64(epoch+1))).Perm(n)
}

func sequence(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// count reports a number of problems that cannot be drawn.
func count(n int) error {
	if n < 0 {
		return fmt.Errorf("curriculum: asked for %d problems: want 0 or more", n)
	}
	return nil
}

// identity is what a saved state must have in common with the sampler it is put back into: under another seed or over other problems
// the same position would repeat some problems and skip others.
type identity struct {
	Kind     string `json:"kind"`
	Problems int    `json:"problems"`
	Seed     uint64 `json:"seed,omitempty"` // of the orders, where there is chance in them
}

// accepts reports a state that belongs to another sampler.
func (id identity) accepts(saved identity) error {
	if saved != id {
		return fmt.Errorf("curriculum: the saved state is of kind %q, seed %d, over %d problems; this sampler is of kind %q, seed %d, over %d problems: go on with the problems and the seed of the run that was saved",
			saved.Kind, saved.Seed, saved.Problems, id.Kind, id.Seed, id.Problems)
	}
	return nil
}
