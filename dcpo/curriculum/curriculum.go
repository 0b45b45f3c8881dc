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
	"math"
	"math/rand/v2"
)

// Sampler chooses the problems of each step. It is not safe for concurrent use.
type Sampler interface {
	// Next returns the indices of the next n problems. With n larger than the set, some come twice.
	Next(n int) ([]int, error)
	// Learn is told the mean reward, in [0, 1], of the step whose problems were drawn last.
	Learn(meanReward float64)
	// Difficulty is the target that Next goes by; NaN where there is none.
	Difficulty() float64
	// State and Restore keep and put back the position.
	State() (json.RawMessage, error)
	Restore(json.RawMessage) error
}

// New returns the sampler of that name over n problems. difficulty gives the difficulty of each, for adarft.
func New(kind string, n int, seed uint64, difficulty func(i int) (float64, bool), opt AdaRFT) (Sampler, error) {
	if n < 1 {
		return nil, errors.New("curriculum: there are no problems")
	}
	switch kind {
	case "uniform", "":
		return &epochs{n: n, order: func(epoch int) []int { return permutation(seed, epoch, n) }}, nil
	case "sequential":
		return &epochs{n: n, order: func(int) []int { return sequence(n) }}, nil
	case "adarft":
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

// epochs goes through the problems epoch by epoch.
type epochs struct {
	n     int
	order func(epoch int) []int
	drawn int // problems handed out so far

	current []int // the order of the epoch at hand
	epoch   int   // which that is, from 1; 0: none yet
}

// Next implements Sampler.
func (e *epochs) Next(n int) ([]int, error) {
	out := make([]int, n)
	for i := range out {
		if epoch := e.drawn/e.n + 1; epoch != e.epoch {
			e.current, e.epoch = e.order(epoch-1), epoch
		}
		out[i] = e.current[e.drawn%e.n]
		e.drawn++
	}
	return out, nil
}

// Learn implements Sampler: these orders do not depend on what was learned.
func (e *epochs) Learn(float64) {}

// Difficulty implements Sampler.
func (e *epochs) Difficulty() float64 { return math.NaN() }

// position is the saved state of epochs.
type position struct {
	Problems int `json:"problems"`
	Drawn    int `json:"drawn"`
}

// State implements Sampler.
func (e *epochs) State() (json.RawMessage, error) { return json.Marshal(position{e.n, e.drawn}) }

// Restore implements Sampler.
func (e *epochs) Restore(raw json.RawMessage) error {
	var p position
	if err := json.Unmarshal(raw, &p); err != nil {
		return fmt.Errorf("curriculum: %w", err)
	}
	if p.Problems != e.n || p.Drawn < 0 {
		return fmt.Errorf("curriculum: the saved position %d is in a set of %d problems, this one has %d", p.Drawn, p.Problems, e.n)
	}
	e.drawn = p.Drawn
	return nil
}
