package dcpo

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/dcpo/loss"
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

// stageRate is the learning rate at a step of a stage, from 0.
func stageRate(peak float64, step, steps int) float64 {
	const rise, floor = 50, 0.05
	return peak * min(1, float64(step+1)/rise) * max(floor, 1-(1-floor)*float64(step)/float64(steps))
}

// Warmup trains a new model on the synthetic corpus and returns the last step's loss. Only response tokens count.
func Warmup(ctx context.Context, m *backend.Model, opt WarmupOptions) (float64, error) {
	opt = opt.withDefaults()
	stages := []struct {
		corpus func(arithmetic.Options) (*arithmetic.Corpus, error)
		steps  int
		lr     float64
	}{{arithmetic.NewLessons, opt.Lessons, opt.LessonLR}, {arithmetic.NewCorpus, opt.Habits, opt.HabitLR}}
	done, last := 0, 0.0
	for i, stage := range stages {
		opt.Corpus.Seed = mix(opt.Seed, uint64(0x5f7+i))
		corpus, err := stage.corpus(opt.Corpus)
		if err != nil {
			return last, fmt.Errorf("warm-up: %w", err)
		}
		// Each stage has an optimizer of its own: moments of one objective mislead the next.
		l, err := m.Learner(learner.Options{AdamW: learner.AdamW{Beta2: 0.98, WeightDecay: 0.01, ClipNorm: 1}})
		if err != nil {
			return last, fmt.Errorf("warm-up: %w", err)
		}
		for step := range stage.steps {
			if last, err = warmupStep(ctx, m, l, corpus, opt, stageRate(stage.lr, step, stage.steps)); err != nil {
				l.Release()
				return last, fmt.Errorf("warm-up, step %d of %d: %w", done+1, opt.Lessons+opt.Habits, err)
			}
			if done++; opt.OnStep != nil {
				opt.OnStep(done, opt.Lessons+opt.Habits, last)
			}
		}
		l.Release()
	}
	return last, nil
}

func warmupStep(ctx context.Context, m *backend.Model, l *learner.Learner, corpus *arithmetic.Corpus, opt WarmupOptions, lr float64) (float64, error) {
	batch, err := supervised(m, corpus.Take(opt.Rows), opt.Window)
	if err != nil {
		return 0, err
	}
	r, err := l.Update(ctx, batch, loss.Supervised(), 1, lr)
	return r.Loss, err
}

// supervised packs examples, each response closed by the end token.
func supervised(m *backend.Model, examples []arithmetic.Example, window int) (*learner.Batch, error) {
	eos := m.Tokenizer.EOS()
	if len(eos) == 0 {
		return nil, errors.New("the tokenizer names no end token")
	}
	seqs := make([]sequence, len(examples))
	lengths := make([]int, len(examples))
	for i, e := range examples {
		seqs[i] = sequence{m.Tokenizer.Encode(e.Question.Text), append(m.Tokenizer.Encode(e.Response), eos[0])}
		if lengths[i] = len(seqs[i].response); lengths[i] > window {
			return nil, fmt.Errorf("the response %q has %d tokens, the window %d", e.Response, lengths[i], window)
		}
	}
	b := packSequences(seqs, window)
	shares, err := loss.Weights(loss.TokenMean, lengths)
	if err != nil {
		return nil, err
	}
	weights := make([]float32, b.Rows*window)
	for i, n := range lengths {
		for t := range n {
			weights[i*window+t] = float32(shares[i])
		}
	}
	b.Fields[loss.TokenWeight] = weights
	return b, nil
}
