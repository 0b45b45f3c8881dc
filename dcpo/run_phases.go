package dcpo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/dcpo/alarm"
)

// stallAfter is how long a phase may go on without any progress before that is logged.
const stallAfter = 10 * time.Minute

// train makes the remaining steps, with checkpoints, and leaves the model.
func (r *run) train(ctx context.Context) error {
	t := r.trainer
	r.phase("train", r.cfg.Train.Steps, t.Steps())
	watchdog := alarm.NewWatchdog(stallAfter, slog.Default())
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go watchdog.Run(watching)
	t.OnPhase = watchdog.Phase
	t.generated = func(finished, all int) {
		watchdog.Progress()
		if r.opt.Generated != nil {
			r.opt.Generated(finished, all)
		}
	}
	t.OnStep = func(s StepReport) {
		r.out.Curves.Add(r.cfg.Train.Method, s)
		r.log.step(s, t.Rollouts())
		if r.opt.Step != nil {
			r.opt.Step(s)
		}
	}
	t.OnEval = func(step int, res *Result) {
		r.log.validated(step, res)
		if r.opt.Validated != nil {
			r.opt.Validated(step, res)
		}
	}
	t.afterStep = func(ctx context.Context) error { return r.afterStep(ctx) }
	trained := t.Run(ctx)
	if trained != nil && (ctx.Err() != nil || errors.Is(trained, ErrStopped)) {
		// The interrupt must not take the checkpoint with it.
		if err := r.checkpoint(context.WithoutCancel(ctx)); err != nil {
			return errors.Join(trained, err)
		}
		if r.dir != "" {
			trained = fmt.Errorf("%w (%d steps are kept in %s: go on with --resume)", trained, t.Steps(), r.dir)
		}
	}
	if trained != nil {
		return trained
	}
	r.phase("save", 0, 0)
	return errors.Join(r.checkpoint(ctx), r.saveModel(ctx))
}

// afterStep keeps a checkpoint where one is due, and ends the run where that was asked for.
func (r *run) afterStep(ctx context.Context) error {
	if err := r.log.fault(); err != nil {
		return err
	}
	if every := r.cfg.Train.SaveEvery; every > 0 && r.trainer.Steps()%every == 0 {
		if err := r.checkpoint(ctx); err != nil {
			return err
		}
	}
	if closed(r.opt.Stop) {
		return ErrStopped
	}
	return nil
}

// checkpoint keeps the state after the last whole step.
func (r *run) checkpoint(ctx context.Context) error {
	if r.dir == "" || r.trainer.dirty() {
		return nil
	}
	if err := r.log.flush(); err != nil {
		return err
	}
	return r.trainer.Save(ctx, r.dir.checkpoints(), r.cfg.Train.Keep)
}

// saveModel writes the trained model; adapters are saved alone as well as merged.
func (r *run) saveModel(ctx context.Context) error {
	if r.dir == "" || !r.cfg.Output.Save {
		return nil
	}
	m := r.out.Model
	if m.Config.LoRA != nil {
		if err := m.SaveAdapters(r.dir.at("adapters")); err != nil {
			return err
		}
		if err := m.MergeAdapters(ctx); err != nil {
			return err
		}
	}
	return m.SaveWith(ctx, r.dir.model(), backend.SaveOptions{})
}

// evaluate validates the model as it is after a step, or reads what an earlier part of the run found.
func (r *run) evaluate(ctx context.Context, phase string, step int, saved *checkpoint.Checkpoint) (*Result, error) {
	if r.eval == nil {
		return nil, nil
	}
	if path := r.dir.evaluation(step); r.dir != "" && exists(path) {
		return OpenResult(path)
	}
	if saved != nil && step < r.trainer.Steps() {
		return nil, nil // the model of that step is gone
	}
	r.phase(phase, 0, 0)
	result, err := r.trainer.Validate(ctx)
	if err != nil {
		return nil, err
	}
	r.log.validated(step, result)
	return result, r.log.fault()
}

// name tells the two evaluations apart.
func (r *run) name() {
	if r.out.Before != nil {
		r.out.Before = r.out.Before.Named(filepath.Base(r.out.Model.Name) + " before")
	}
	if r.out.After != nil {
		r.out.After = r.out.After.Named("after " + r.cfg.Train.Method)
	}
}

// saveFigures writes the training curves and the reliability diagrams.
func (r *run) saveFigures() error {
	if r.dir == "" {
		return nil
	}
	curves, err := r.out.Curves.Figure()
	if err == nil {
		err = curves.Save(r.dir.at("curves.png"))
	}
	if err != nil || r.out.Before == nil || r.out.After == nil {
		return err
	}
	reliability, err := ReliabilityDiagram(r.out.Before, r.out.After)
	if err != nil {
		return err
	}
	return reliability.Save(r.dir.at("reliability.png"))
}
