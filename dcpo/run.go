package dcpo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/datasets"
)

// Watcher is told how a run goes on; each field may be nil.
type Watcher struct {
	// Phase announces "open model", "warm-up", "evaluate base", "train", "evaluate" and "save", with the number of steps of those
	// that have steps, else 0.
	Phase func(name string, steps int)
	// Warmup is told each supervised step and its loss.
	Warmup func(step, all int, loss float64)
	// Step is told each training step.
	Step func(StepReport)
	// Generated is told how many answers of an evaluation are ready.
	Generated func(finished, all int)
}

func (w Watcher) phase(name string, steps int) {
	if w.Phase != nil {
		w.Phase(name, steps)
	}
}

// Outcome is what a run produced. The caller releases the model.
type Outcome struct {
	Model  *backend.Model
	Before *Result // the model before reinforcement learning, on data.eval; nil without one
	After  *Result // and after it
	Curves *Curves
	Dir    string // output.dir
}

// Run does a whole training run: open the model, warm it up where the configuration says so, evaluate, train, evaluate
// again, and leave metrics, figures and the model in output.dir. Interrupted, it saves the model as the last full step left
// it and returns ctx's error.
func Run(ctx context.Context, cfg Config, w Watcher) (*Outcome, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w.phase("open model", 0)
	task, err := OpenTask(ctx, cfg.Data.Train, cfg.Data.Dir)
	if err != nil {
		return nil, err
	}
	task.Instruct = cfg.Confidence.Instruct
	eval, err := openEval(ctx, cfg, task)
	if err != nil {
		return nil, err
	}
	model, err := openModel(ctx, cfg)
	if err != nil {
		return nil, err
	}
	out := &Outcome{Model: model, Curves: NewCurves(), Dir: cfg.Output.Dir}
	log, err := openRunLog(cfg)
	if err != nil {
		model.Release()
		return nil, err
	}
	defer log.close()
	if err := run(ctx, cfg, w, task, eval, out, log); err != nil {
		model.Release()
		return nil, err
	}
	return out, nil
}

// openEval opens the validation problems; nil without any. Rows of the training set itself are held out of it, and training problems
// that occur in another validation set are logged.
func openEval(ctx context.Context, cfg Config, train *Task) (*Task, error) {
	switch cfg.Data.Eval {
	case "":
		return nil, nil
	case cfg.Data.Train:
		return train.HoldOut(cfg.Data.EvalRows), nil
	}
	eval, err := OpenTask(ctx, cfg.Data.Eval, cfg.Data.Dir)
	if err != nil {
		return nil, err
	}
	eval.Instruct = train.Instruct
	for _, warning := range datasets.Overlap(train.problems, eval.problems) {
		slog.Warn(warning)
	}
	return eval, nil
}

func openModel(ctx context.Context, cfg Config) (*backend.Model, error) {
	opt := backend.Options{Device: cfg.Model.Device, Devices: cfg.Model.Devices, DType: cfg.Model.DType, Seed: cfg.Train.Seed}
	if cfg.Model.Path == "tiny" {
		return backend.NewTiny(ctx, ArithmeticTokenizer(), opt)
	}
	return backend.Open(ctx, cfg.Model.Path, opt)
}

func run(ctx context.Context, cfg Config, w Watcher, task, eval *Task, out *Outcome, log *runLog) error {
	if all := cfg.Data.Lessons + cfg.Data.Habits; all > 0 {
		w.phase("warm-up", all)
		_, err := Warmup(ctx, out.Model, WarmupOptions{Lessons: cfg.Data.Lessons, Habits: cfg.Data.Habits, Rows: cfg.Data.WarmupRows,
			Seed: cfg.Train.Seed, Window: cfg.Rollout.MaxNewTokens, OnStep: w.Warmup})
		if err != nil {
			return err
		}
	}
	trainer, err := NewTrainer(cfg, out.Model, task)
	if err != nil {
		return err
	}
	defer trainer.Release()
	trainer.Eval, trainer.generated = eval, w.Generated
	name := out.Model.Name
	if out.Before, err = validateIfAsked(ctx, cfg, w, trainer, "evaluate base"); err != nil {
		return err
	}
	w.phase("train", cfg.Train.Steps)
	var logged error
	trainer.OnStep = func(r StepReport) {
		out.Curves.Add(cfg.Train.Method, r)
		logged = errors.Join(logged, log.step(r))
		if w.Step != nil {
			w.Step(r)
		}
	}
	trained := trainer.Run(ctx)
	if trained != nil && (ctx.Err() == nil || trainer.step == 0) {
		return trained
	}
	w.phase("save", 0)
	if err := save(cfg, out); err != nil {
		return errors.Join(trained, err)
	}
	if trained != nil {
		return fmt.Errorf("%w (the model after %d steps is saved)", trained, trainer.step)
	}
	if out.After, err = validateIfAsked(ctx, cfg, w, trainer, "evaluate"); err != nil {
		return err
	}
	out.rename(name, cfg.Train.Method)
	return errors.Join(logged, log.finish(out), saveFigures(cfg, out))
}

func validateIfAsked(ctx context.Context, cfg Config, w Watcher, t *Trainer, phase string) (*Result, error) {
	if cfg.Data.Eval == "" {
		return nil, nil
	}
	w.phase(phase, 0)
	return t.Validate(ctx)
}

func (o *Outcome) rename(name, method string) {
	if o.Before != nil {
		o.Before = o.Before.Named(filepath.Base(name) + " before")
	}
	if o.After != nil {
		o.After = o.After.Named("after " + method)
	}
}

// save writes the model into output.dir/model.
func save(cfg Config, out *Outcome) error {
	if cfg.Output.Dir == "" || !cfg.Output.Save {
		return nil
	}
	return out.Model.Save(filepath.Join(cfg.Output.Dir, "model"))
}

// saveFigures writes the training curves and the reliability diagrams into output.dir.
func saveFigures(cfg Config, out *Outcome) error {
	if cfg.Output.Dir == "" {
		return nil
	}
	curves, err := out.Curves.Figure()
	if err == nil {
		err = curves.Save(filepath.Join(cfg.Output.Dir, "curves.png"))
	}
	if err != nil || out.Before == nil {
		return err
	}
	reliability, err := ReliabilityDiagram(out.Before, out.After)
	if err != nil {
		return err
	}
	return reliability.Save(filepath.Join(cfg.Output.Dir, "reliability.png"))
}

func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("output.dir: %w", err)
	}
	return nil
}
