package dcpo

import (
	"context"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/datasets/logic"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Task is a supply of problems, how they are put to the model, and how answers are judged.
type Task struct {
	Name string
	// Prompt is what is appended to each question, for instance the request for a boxed answer and a stated confidence.
	Prompt verbal.Prompt
	// Grade judges a response, from which the confidence has not been removed.
	Grade func(response string, p datasets.Problem) grade.Verdict

	problems []datasets.Problem // a fixed set, or
	fresh    maker              // new problems at each call
	checksum string             // of the file they were read from
}

// maker makes n problems from a seed.
type maker func(seed uint64, n int) (*datasets.Benchmark, error)

// Arithmetic is the synthetic task: fresh problems at each step, a written number as the answer, no instruction (the model
// is trained for it).
func Arithmetic(opt arithmetic.Options) *Task {
	make := func(seed uint64, n int) (*datasets.Benchmark, error) {
		o := opt
		o.Seed = mix(opt.Seed, seed)
		return datasets.Arithmetic(n, o)
	}
	return &Task{Name: "arithmetic", Grade: byAnswer(grade.Number), fresh: make}
}

// Problems is a task over a fixed set, asked for a boxed answer and judged as each problem asks for it: by the mathematical grader, as
// a choice, or by the texts it accepts. Puzzles of knights and knaves are asked and judged as such.
func Problems(b *datasets.Benchmark) *Task {
	t := &Task{Name: b.Name, Prompt: verbal.PromptBoxed, problems: b.Problems, checksum: b.SHA256,
		Grade: func(response string, p datasets.Problem) grade.Verdict { return p.Grade(response) }}
	if len(b.Problems) > 0 {
		if _, err := logic.Parse(b.Problems[0].Question); err == nil {
			t.Prompt, t.Grade = verbal.PromptLogic, byAnswer(logic.Grade)
		}
	}
	return t
}

// byAnswer makes a task's grader of one that looks at the gold answer alone.
func byAnswer(g func(response, gold string) grade.Verdict) func(string, datasets.Problem) grade.Verdict {
	return func(response string, p datasets.Problem) grade.Verdict { return g(response, p.Answer) }
}

// ArithmeticTokenizer is the character tokenizer of the synthetic task; "\nCONFIDENCE: " is one token of it.
func ArithmeticTokenizer() tokenizer.Tokenizer {
	t, err := tokenizer.NewChars(arithmetic.Alphabet, arithmetic.ConfidencePiece)
	if err != nil {
		panic(err) // the alphabet is a constant
	}
	return t
}

// OpenTask opens a task by the name a configuration gives it: "arithmetic", "logic", a registered data set, or a file.
func OpenTask(ctx context.Context, name, dir string) (*Task, error) {
	switch name {
	case "arithmetic":
		return Arithmetic(arithmetic.Options{}), nil
	case "logic":
		return openLogic()
	}
	b, err := openBenchmark(ctx, name, dir)
	if err != nil {
		return nil, err
	}
	return Problems(b), nil
}

// openBenchmark opens a file, or a registered set by name.
func openBenchmark(ctx context.Context, name, dir string) (*datasets.Benchmark, error) {
	if _, err := os.Stat(name); err == nil && filepath.Ext(name) != "" {
		return datasets.OpenFile(ctx, name)
	}
	return datasets.Open(ctx, name, datasets.Options{Dir: dir})
}

// Message is what the user says to the model.
func (t *Task) Message(p datasets.Problem) string {
	return t.Prompt.Ask(p.Question)
}

// evalSeed is far from the seeds of training batches, so that evaluation problems are none of the training's.
const evalSeed = 1 << 62

// Head returns the first n problems (all of a fixed set when n is 0), for evaluation: the same ones at each call.
func (t *Task) Head(n int) ([]datasets.Problem, error) {
	if t.fresh != nil {
		if n == 0 {
			n = 512
		}
		b, err := t.fresh(evalSeed, n)
		if err != nil {
			return nil, err
		}
		return b.Problems, nil
	}
	if n == 0 || n > len(t.problems) {
		n = len(t.problems)
	}
	return t.problems[:n], nil
}

// HoldOut takes the first n problems of a fixed set out of the task and returns them as a task of their own, for evaluation.
// A task that makes fresh problems returns itself: its evaluation problems are never among them.
func (t *Task) HoldOut(n int) *Task {
	if t.fresh != nil {
		return t
	}
	n = min(n, len(t.problems))
	held := *t
	held.problems, t.problems = t.problems[:n:n], t.problems[n:]
	return &held
}

// keep leaves out the problems that ok rejects and returns how many those were.
func (t *Task) keep(ok func(datasets.Problem) bool) int {
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

// mix joins two numbers into a seed.
func mix(a, b uint64) uint64 { return engine.RowSeed(a, int(b)) }

// describe says what the problems are, for a run's record.
func (t *Task) describe() map[string]any {
	about := map[string]any{"name": t.Name}
	if t.fresh == nil {
		about["problems"] = len(t.problems)
	}
	if t.checksum != "" {
		about["sha256"] = t.checksum
	}
	return about
}
