package dcpo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Task is a supply of problems, how they are put to the model, and how answers are judged.
type Task struct {
	Name string
	// Instruct appends the request for a boxed answer and a stated confidence to each question.
	Instruct bool
	// Grade judges a response, from which the confidence has not been removed.
	Grade func(response, gold string) grade.Verdict

	problems   []datasets.Problem  // a fixed set, or
	arithmetic *arithmetic.Options // fresh problems at each step
}

// Arithmetic is the synthetic task: fresh problems at each step, a written number as the answer, no instruction (the model
// is trained for it).
func Arithmetic(opt arithmetic.Options) *Task {
	return &Task{Name: "arithmetic", Grade: grade.Number, arithmetic: &opt}
}

// Problems is a task over a fixed set, asked with the instruction and judged by the mathematical grader.
func Problems(b *datasets.Benchmark) *Task {
	return &Task{Name: b.Name, Instruct: true, Grade: grade.Grade, problems: b.Problems}
}

// ArithmeticTokenizer is the character tokenizer of the synthetic task; "\nCONFIDENCE: " is one token of it.
func ArithmeticTokenizer() tokenizer.Tokenizer {
	t, err := tokenizer.NewChars(arithmetic.Alphabet, arithmetic.ConfidencePiece)
	if err != nil {
		panic(err) // the alphabet is a constant
	}
	return t
}

// OpenTask opens a task by the name a configuration gives it: "arithmetic", a registered data set, or a JSON Lines file.
func OpenTask(ctx context.Context, name, dir string) (*Task, error) {
	if name == "arithmetic" {
		return Arithmetic(arithmetic.Options{}), nil
	}
	var b *datasets.Benchmark
	var err error
	if _, statErr := os.Stat(name); statErr == nil && filepath.Ext(name) != "" {
		b, err = datasets.OpenFile(ctx, name)
	} else {
		b, err = datasets.Open(ctx, name, datasets.Options{Dir: dir})
	}
	if err != nil {
		return nil, err
	}
	return Problems(b), nil
}

// Message is what the user says to the model.
func (t *Task) Message(p datasets.Problem) string {
	if t.Instruct {
		return verbal.Ask(p.Question)
	}
	return p.Question
}

// Batch returns the n problems of a training step, a function of seed and step alone: fresh arithmetic, or the next stretch of
// a fixed set that is shuffled anew in each epoch.
func (t *Task) Batch(seed uint64, step, n int) ([]datasets.Problem, error) {
	if t.arithmetic != nil {
		opt := *t.arithmetic
		opt.Seed = mix(seed, uint64(step))
		b, err := datasets.Arithmetic(n, opt)
		if err != nil {
			return nil, err
		}
		return b.Problems, nil
	}
	if len(t.problems) == 0 {
		return nil, fmt.Errorf("task %s: it has no problems (all of them too long?)", t.Name)
	}
	out := make([]datasets.Problem, 0, n)
	for at := step * n; len(out) < n; at++ {
		epoch, place := at/len(t.problems), at%len(t.problems)
		out = append(out, t.problems[t.permutation(seed, epoch)[place]])
	}
	return out, nil
}

// permutation is the order of an epoch.
func (t *Task) permutation(seed uint64, epoch int) []int {
	return rand.New(rand.NewPCG(mix(seed, uint64(epoch)), 0x9e3779b97f4a7c15)).Perm(len(t.problems))
}

// Head returns the first n problems (all of a fixed set when n is 0), for evaluation: the same ones at each call.
func (t *Task) Head(n int) ([]datasets.Problem, error) {
	if t.arithmetic != nil {
		if n == 0 {
			n = 512
		}
		// A step no training run reaches, so that evaluation problems are none of the training's.
		return t.Batch(^t.arithmetic.Seed, 1<<30, n)
	}
	if n == 0 || n > len(t.problems) {
		n = len(t.problems)
	}
	return t.problems[:n], nil
}

// HoldOut takes the first n problems of a fixed set out of the task and returns them as a task of their own, for evaluation.
// A task that makes fresh problems returns itself: its evaluation problems are never among them.
func (t *Task) HoldOut(n int) *Task {
	if t.arithmetic != nil {
		return t
	}
	n = min(n, len(t.problems))
	held := *t
	held.problems, t.problems = t.problems[:n:n], t.problems[n:]
	return &held
}

// keep leaves out the problems that ok rejects and returns how many those were.
func (t *Task) keep(ok func(datasets.Problem) bool) int {
	if t.arithmetic != nil {
		return 0
	}
	var kept []datasets.Problem
	for _, p := range t.problems {
		if ok(p) {
			kept = append(kept, p)
		}
	}
	left := len(t.problems) - len(kept)
	t.problems = kept
	return left
}

// mix joins two numbers into a seed (SplitMix64's finaliser).
func mix(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 + b + 0x632be59bd9b4e019
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
