package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/dcpo-go/godcpo/dcpo/recalibrate"
)

// bench holds one seed's base, made when it is needed.
type bench struct {
	*study
	seed uint64
	base *backend.Model
}

func (b *bench) release() {
	if b.base != nil {
		b.base.Release()
	}
}

func (b *bench) path(name string) string {
	return filepath.Join(b.dir, fmt.Sprintf("seed-%d-%s", b.seed, slug(name)))
}

// slug is a name without what does not belong into a file's.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '-' || r == '.':
			return r
		case 'A' <= r && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name), "-")
}

// evaluate asks the tiny task's problems; those of another seed are other ones.
func (b *bench) evaluate(ctx context.Context, m *backend.Model, problems uint64) (*dcpo.Result, error) {
	return dcpo.Evaluate(ctx, m, dcpo.Arithmetic(arithmetic.Options{Seed: problems}), dcpo.EvalOptions{MaxNewTokens: 10, Seed: b.seed})
}

// found reads a result of before; nil when there is none.
func (b *bench) found(name string) (*dcpo.Result, error) {
	path := b.path(name) + ".jsonl"
	if _, err := os.Stat(path); err != nil {
		return nil, nil
	}
	return dcpo.OpenResult(path)
}

// result evaluates a variant, or reads what was found before.
func (b *bench) result(ctx context.Context, v variant) (*dcpo.Result, error) {
	if r, err := b.found(v.name); r != nil || err != nil {
		return r, err
	}
	began := time.Now()
	m, err := b.model(ctx, v)
	if err != nil {
		return nil, err
	}
	defer m.Release()
	r, err := b.evaluate(ctx, m, 0)
	if err != nil {
		return nil, err
	}
	s := r.Summary
	log.Printf("seed %d, %s: accuracy %.3f, ECE %.3f, PCE %.3f, AUROC %.3f (%.0f s)", b.seed, v.name, s.Accuracy, s.ECE, s.PCE, s.AUROC, time.Since(began).Seconds())
	return r, r.Save(b.path(v.name) + ".jsonl")
}

// model trains a variant from the seed's base, or opens what was trained before. The caller releases it.
func (b *bench) model(ctx context.Context, v variant) (*backend.Model, error) {
	cfg, err := b.config(v, b.seed)
	if err != nil {
		return nil, err
	}
	base, err := b.open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	m, err := base.Clone()
	if err != nil || v.method == "" {
		return m, err
	}
	dir := b.path(v.name)
	if _, err := os.Stat(dir); err == nil {
		return m, m.Reload(ctx, dir)
	}
	trainer, err := dcpo.NewTrainer(cfg, m, dcpo.Arithmetic(arithmetic.Options{}))
	if err == nil {
		err = trainer.Run(ctx)
		trainer.Release()
	}
	if err == nil {
		err = m.Save(dir)
	}
	if err != nil {
		m.Release()
		return nil, err
	}
	return m, nil
}

// open returns the seed's base, warmed up.
func (b *bench) open(ctx context.Context, cfg dcpo.Config) (*backend.Model, error) {
	if b.base != nil {
		return b.base, nil
	}
	m, err := backend.NewTiny(ctx, dcpo.ArithmeticTokenizer(), backend.Options{Device: "cpu", Seed: b.seed})
	if err != nil {
		return nil, err
	}
	b.base = m
	dir := b.path("base")
	if _, err := os.Stat(dir); err == nil {
		return m, m.Reload(ctx, dir)
	}
	w := cfg.Warmup
	if _, err := dcpo.Warmup(ctx, m, dcpo.WarmupOptions{Lessons: w.Lessons, Habits: w.Habits, Rows: w.Rows, Seed: b.seed, Window: cfg.Rollout.MaxNewTokens}); err != nil {
		return nil, err
	}
	return m, m.Save(dir)
}

// fitSeed is of the problems that confidences are fitted on after the fact; none of them is evaluated on.
const fitSeed = 1001

// rivals adds the rows whose confidences are made after the training: the stated ones recalibrated, and those of a classifier on the
// last hidden state. Both are fitted on the model's answers to other problems.
func (b *bench) rivals(ctx context.Context, v variant, r *dcpo.Result) error {
	const byClass = "ConfClass"
	m, err := b.model(ctx, v)
	if err != nil {
		return err
	}
	defer m.Release()
	other, err := b.found(v.name + " fit")
	if err == nil && other == nil {
		if other, err = b.evaluate(ctx, m, fitSeed); err == nil {
			err = other.Save(b.path(v.name+" fit") + ".jsonl")
		}
	}
	if err != nil {
		return err
	}
	for _, method := range []recalibrate.Method{recalibrate.Temperature, recalibrate.Isotonic} {
		name := fmt.Sprintf("GRPO, stated, by %s", method)
		again, err := r.Recalibrated(other, method, name)
		if err != nil {
			return err
		}
		b.add(name, again)
	}
	classifier, err := dcpo.FitConfClass(ctx, m, other, b.seed)
	if err != nil {
		return err
	}
	classified, err := r.ConfClass(ctx, m, classifier, byClass)
	if err != nil {
		return err
	}
	b.add(byClass, classified)
	return nil
}
