package dcpo

import (
	"context"
	"fmt"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
)

// WarmupOptions configure supervised training from scratch on synthetic arithmetic, in two stages. Lessons are right answers
// alone, from which the model learns to calculate. Habits are answers with a stated confidence: worked out and stated with
// confidence, or estimated and stated without. The zero value of each field takes its documented default.
type WarmupOptions struct {
	// Lessons and Habits are the steps of each stage; 3400 and 1000 where both are 0.
	Lessons, Habits int

	Rows     int     // examples a step; default 64
	LessonLR float64 // peak learning rate of the lessons; default 6e-3. It rises over 50 steps, then falls linearly to a twentieth
	HabitLR  float64 // likewise; default 1e-3
	Seed     uint64
	Window   int                // longest response in tokens; default 10
	Corpus   arithmetic.Options // its seed is replaced
	// OnStep, if set, is told the step of all (from 1), and the mean negative log-prob of a response token, in nats.
	OnStep func(step, all int, loss float64)
}

func (o WarmupOptions) withDefaults() WarmupOptions {
	if o.Lessons == 0 && o.Habits == 0 {
		o.Lessons, o.Habits = 3400, 1000
	}
	if o.Rows == 0 {
		o.Rows = 64
	}
	if o.LessonLR == 0 {
		o.LessonLR = 6e-3
	}
	if o.HabitLR == 0 {
		o.HabitLR = 1e-3
	}
	if o.Window == 0 {
		o.Window = 10
	}
	return o
}

// Warmup trains a new model on the synthetic corpus and returns the last step's loss. Only response tokens count.
func Warmup(ctx context.Context, m *backend.Model, opt WarmupOptions) (float64, error) {
	opt = opt.withDefaults()
	stages, err := warmupStages(m, opt)
	if err != nil {
		return 0, err
	}
	done, last := 0, 0.0
	for _, s := range stages {
		l, err := s.learner(m)
		if err != nil {
			return last, err
		}
		err = s.run(ctx, l, 0, func(_ int, loss float64) error {
			last = loss
			if done++; opt.OnStep != nil {
				opt.OnStep(done, opt.Lessons+opt.Habits, loss)
			}
			return nil
		})
		l.Release()
		if err != nil {
			return last, err
		}
	}
	return last, nil
}

// warmupStages are the lessons and the habits.
func warmupStages(m *backend.Model, opt WarmupOptions) ([]stage, error) {
	opt = opt.withDefaults()
	kinds := []struct {
		name   string
		corpus func(arithmetic.Options) (*arithmetic.Corpus, error)
		steps  int
		lr     float64
	}{{"lessons", arithmetic.NewLessons, opt.Lessons, opt.LessonLR}, {"habits", arithmetic.NewCorpus, opt.Habits, opt.HabitLR}}
	var stages []stage
	for i, kind := range kinds {
		opt.Corpus.Seed = mix(opt.Seed, uint64(0x5f7+i))
		corpus, err := kind.corpus(opt.Corpus)
		if err != nil {
			return nil, fmt.Errorf("warm-up: %w", err)
		}
		reader := &corpusReader{corpus: corpus, rows: opt.Rows}
		stages = append(stages, stage{name: kind.name, steps: kind.steps,
			lr:    func(step int) float64 { return stageRate(kind.lr, step, kind.steps) },
			adamw: learner.AdamW{Beta2: 0.98, WeightDecay: 0.01, ClipNorm: 1},
			batch: func(step int) (*learner.Batch, error) {
				seqs, err := reader.take(m, step)
				if err != nil {
					return nil, err
				}
				return supervised(seqs, opt.Window)
			}})
	}
	return stages, nil
}

// corpusReader reads an endless corpus step by step; a later step skips what lies between.
type corpusReader struct {
	corpus *arithmetic.Corpus
	rows   int
	next   int // the step that the corpus yields next
}

func (c *corpusReader) take(m *backend.Model, step int) ([]sequence, error) {
	if step < c.next {
		return nil, fmt.Errorf("the corpus was read up to step %d and cannot go back to %d", c.next, step)
	}
	for ; c.next < step; c.next++ {
		c.corpus.Take(c.rows)
	}
	c.next++
	seqs := make([]sequence, c.rows)
	for i, e := range c.corpus.Take(c.rows) {
		var err error
		if seqs[i], err = (Lesson{e.Question.Text, e.Response}).tokens(m); err != nil {
			return nil, err
		}
	}
	return seqs, nil
}
