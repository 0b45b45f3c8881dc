package dcpo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Lesson is one example of supervised fine-tuning: what the user says, and what the model is to answer.
type Lesson struct {
	Prompt   string `json:"prompt"`
	Response string `json:"response"`
}

// stage is a stretch of supervised training with an optimizer of its own: the moments of one objective mislead the next.
type stage struct {
	name  string
	steps int
	lr    func(step int) float64
	adamw learner.AdamW
	micro int
	// batch returns the examples of a step, from 0, laid out for the learner. It is a function of the step alone.
	batch func(step int) (*learner.Batch, error)
}

// run makes the steps from the learner's first on. onStep may be nil.
func (s stage) run(ctx context.Context, l *learner.Learner, from int, onStep func(step int, loss float64) error) error {
	for step := from; step < s.steps; step++ {
		batch, err := s.batch(step)
		if err != nil {
			return fmt.Errorf("%s, step %d of %d: %w", s.name, step+1, s.steps, err)
		}
		r, err := l.Update(ctx, batch, loss.Supervised(), 1, s.lr(step))
		if err != nil {
			return fmt.Errorf("%s, step %d of %d: %w", s.name, step+1, s.steps, err)
		}
		if onStep != nil {
			if err := onStep(step+1, r.Loss); err != nil {
				return err
			}
		}
	}
	return nil
}

// learner returns a fresh optimizer for the stage.
func (s stage) learner(m *backend.Model) (*learner.Learner, error) {
	l, err := m.Learner(learner.Options{AdamW: s.adamw, MicroRows: s.micro})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return l, nil
}

// stageRate is the learning rate at a step of a stage, from 0: it rises over 50 steps, then falls linearly to a twentieth.
func stageRate(peak float64, step, steps int) float64 {
	const rise, floor = 50, 0.05
	return peak * min(1, float64(step+1)/rise) * max(floor, 1-(1-floor)*float64(step)/float64(steps))
}

// supervised packs examples of the given prompt and response tokens. Only response tokens count, each the same.
func supervised(seqs []sequence, window int) (*learner.Batch, error) {
	rows := make([]loss.Row, len(seqs))
	for i, s := range seqs {
		if rows[i].Length = len(s.response); rows[i].Length > window {
			return nil, fmt.Errorf("a response has %d tokens, the longest allowed is %d", rows[i].Length, window)
		}
	}
	b := packSequences(seqs, window)
	weights, err := loss.TokenWeights(loss.TokenMean, rows, window, loss.SpanWeights{})
	if err != nil {
		return nil, err
	}
	b.Fields[loss.TokenWeight] = weights
	return b, nil
}

// lesson turns an example into tokens, the response closed by the end token.
func (l Lesson) tokens(m *backend.Model) (sequence, error) {
	eos := m.EOS()
	if len(eos) == 0 {
		return sequence{}, errors.New("the tokenizer names no end token")
	}
	prompt, err := m.Prompt(l.Prompt)
	return sequence{prompt, append(m.Tokenizer.Encode(l.Response), eos[0])}, err
}

// OpenLessons reads examples from a JSON Lines file of {"prompt", "response"} objects, or takes them from the worked solutions
// of a registered data set, each closed by its boxed answer.
func OpenLessons(ctx context.Context, name, dir string) ([]Lesson, error) {
	if filepath.Ext(name) == ".jsonl" {
		return readLessons(name)
	}
	b, err := openBenchmark(ctx, name, dir)
	if err != nil {
		return nil, err
	}
	var lessons []Lesson
	for _, p := range b.Problems {
		if p.Solution != "" {
			lessons = append(lessons, solved(p))
		}
	}
	if len(lessons) == 0 {
		return nil, fmt.Errorf("warm-up data %s: none of its %d problems has a worked solution; use a JSON Lines file of {\"prompt\", \"response\"}", name, len(b.Problems))
	}
	return lessons, nil
}

// solved is a problem with its worked solution as the response.
func solved(p datasets.Problem) Lesson {
	response := strings.TrimSpace(p.Solution)
	if !strings.Contains(response, `\boxed`) {
		response += "\n\nThe final answer is $\\boxed{" + p.Answer + "}$."
	}
	return Lesson{Prompt: p.Question, Response: response}
}

func readLessons(path string) ([]Lesson, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("warm-up data: %w", err)
	}
	defer f.Close()
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 16<<20)
	var lessons []Lesson
	for line := 1; scanner.Scan(); line++ {
		if strings.TrimSpace(scanner.Text()) == "" {
			continue
		}
		var l Lesson
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("warm-up data %s, line %d: %w", path, line, err)
		}
		if l.Prompt == "" || l.Response == "" {
			return nil, fmt.Errorf("warm-up data %s, line %d: want both \"prompt\" and \"response\", as text", path, line)
		}
		lessons = append(lessons, l)
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("warm-up data %s: %w", path, err)
	}
	if len(lessons) == 0 {
		return nil, fmt.Errorf("warm-up data %s: it holds no examples", path)
	}
	return lessons, nil
}

// FineTuneOptions configure supervised fine-tuning. The zero value of each field takes its documented default.
type FineTuneOptions struct {
	Steps     int     // default: one pass over the examples
	Rows      int     // examples a step; default 16
	LR        float64 // peak learning rate; default 1e-5
	MaxTokens int     // examples with a longer response are an error; default: the longest there is
	MicroRows int     // examples a backward pass; 0: all
	Seed      uint64  // of the order
	// OnStep, if set, is told the step (from 1) and the mean negative log-prob of a response token, in nats.
	OnStep func(step, all int, loss float64)
}

// FineTune trains the model on examples, in an order shuffled anew in each pass, in place.
func FineTune(ctx context.Context, m *backend.Model, lessons []Lesson, opt FineTuneOptions) error {
	s, err := fineTuning(m, lessons, opt)
	if err != nil {
		return fmt.Errorf("fine-tune: %w", err)
	}
	l, err := s.learner(m)
	if err != nil {
		return err
	}
	defer l.Release()
	return s.run(ctx, l, 0, func(step int, loss float64) error {
		if opt.OnStep != nil {
			opt.OnStep(step, s.steps, loss)
		}
		return nil
	})
}

// fineTuning is the stage that trains on examples.
func fineTuning(m *backend.Model, lessons []Lesson, opt FineTuneOptions) (stage, error) {
	if len(lessons) == 0 {
		return stage{}, errors.New("there are no examples")
	}
	seqs, window := make([]sequence, len(lessons)), opt.MaxTokens
	for i, l := range lessons {
		var err error
		if seqs[i], err = l.tokens(m); err != nil {
			return stage{}, fmt.Errorf("example %d: %w", i+1, err)
		}
		if n := len(seqs[i].response); opt.MaxTokens == 0 {
			window = max(window, n)
		} else if n > window {
			return stage{}, fmt.Errorf("the response of example %d has %d tokens, more than %d", i+1, n, window)
		}
	}
	rows, lr := opt.Rows, opt.LR
	if rows == 0 {
		rows = 16
	}
	if lr == 0 {
		lr = 1e-5
	}
	steps := opt.Steps
	if steps == 0 {
		steps = (len(seqs) + rows - 1) / rows
	}
	batch := func(step int) (*learner.Batch, error) {
		chosen := make([]sequence, rows)
		for i := range chosen {
			chosen[i] = seqs[shuffled(opt.Seed, len(seqs), step*rows+i)]
		}
		return supervised(chosen, window)
	}
	return stage{name: "fine-tuning", steps: steps, lr: func(step int) float64 { return stageRate(lr, step, steps) },
		adamw: learner.AdamW{WeightDecay: 0.01, ClipNorm: 1}, micro: opt.MicroRows, batch: batch}, nil
}

// shuffled is the at-th of n elements in endless passes, each of which has an order of its own.
func shuffled(seed uint64, n, at int) int {
	return rand.New(rand.NewPCG(mix(seed, uint64(at/n)), 0x9e3779b97f4a7c15)).Perm(n)[at%n]
}
