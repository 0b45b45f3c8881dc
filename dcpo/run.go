package dcpo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/datasets/grade/verl"
	"github.com/dcpo-go/godcpo/dcpo/reward"
)

// RunOptions say how a run is made and who is told how it goes on; each field may be left out.
type RunOptions struct {
	// Resume goes on with the run in output.dir, if there is one, exactly where its last checkpoint left it.
	Resume bool
	// Stop, when it is closed, ends the run after the step at hand, with a checkpoint. Run then returns ErrStopped.
	Stop <-chan struct{}
	// Rewards are further rewards, computed by functions of yours.
	Rewards []reward.Component

	// Phase announces "open model", "warm-up", "evaluate base", "train", "evaluate" and "save", with the number of steps of those
	// that have steps, else 0, and the steps that were made before.
	Phase func(name string, steps, made int)
	// Warmup is told each supervised step and its loss.
	Warmup func(step, all int, loss float64)
	// Step is told each training step.
	Step func(StepReport)
	// Validated is told each validation during training.
	Validated func(step int, r *Result)
	// Generated is told how many answers of an evaluation are ready.
	Generated func(finished, all int)
}

// ErrStopped is what Run returns when RunOptions.Stop ended it. The run can be resumed.
var ErrStopped = fmt.Errorf("stopped on request: %w", context.Canceled)

// Outcome is what a run produced. The caller releases the model.
type Outcome struct {
	Model  *backend.Model
	Before *Result // the model before reinforcement learning, on data.eval; nil without one
	After  *Result // and after it
	Curves *Curves
	Dir    string // output.dir
}

// run is a run in progress.
type run struct {
	cfg     Config
	opt     RunOptions
	dir     folder
	task    *Task
	eval    *Task // nil without validation
	out     *Outcome
	log     *runLog
	trainer *Trainer
}

// Run does a whole training run: open the model, warm it up where the configuration says so, evaluate, train, evaluate again,
// and leave metrics, figures, checkpoints and the model in output.dir. Interrupted, it keeps a checkpoint of the last whole step
// and returns ctx's error.
func Run(ctx context.Context, cfg Config, opt RunOptions) (*Outcome, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, opt: opt, dir: folder(cfg.Output.Dir), out: &Outcome{Curves: NewCurves(), Dir: cfg.Output.Dir}}
	if err := r.openTasks(ctx); err != nil {
		return nil, err
	}
	if err := r.dir.prepare(cfg, opt.Resume); err != nil {
		return nil, err
	}
	err := r.all(ctx)
	if r.log != nil {
		err = errors.Join(err, r.log.close(err))
	}
	if r.trainer != nil {
		r.trainer.Release()
	}
	if err != nil {
		if r.out.Model != nil {
			r.out.Model.Release()
		}
		return nil, err
	}
	return r.out, nil
}

// all goes through the phases.
func (r *run) all(ctx context.Context) (err error) {
	// Only a training step is let end when the run is to stop.
	soft, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-r.opt.Stop:
			cancel(ErrStopped)
		case <-soft.Done():
		}
	}()
	r.phase("open model", 0, 0)
	if r.out.Model, err = r.start(soft); err != nil {
		return err
	}
	saved, err := r.openTrainer(soft)
	if err != nil {
		return err
	}
	if r.log, err = openRunLog(r, r.trainer.Steps()); err != nil {
		return err
	}
	if err := r.log.replay(r.out.Curves, r.cfg.Train.Method, r.trainer.Steps()); err != nil {
		return err
	}
	if r.out.Before, err = r.evaluate(soft, "evaluate base", 0, saved); err != nil {
		return err
	}
	if err := r.train(ctx); err != nil {
		return err
	}
	if r.out.After, err = r.evaluate(soft, "evaluate", r.trainer.Steps(), saved); err != nil {
		return err
	}
	r.name()
	return errors.Join(r.log.finish(r.out), r.saveFigures())
}

func (r *run) phase(name string, steps, made int) {
	if r.opt.Phase != nil {
		r.opt.Phase(name, steps, made)
	}
}

// openTasks opens the training and the validation problems. Rows of the training set itself are held out of it, and training
// problems that occur in another validation set are logged.
func (r *run) openTasks(ctx context.Context) (err error) {
	d := r.cfg.Data
	if r.task, err = OpenTask(ctx, d.Train, d.Dir); err != nil {
		return err
	}
	r.put(r.task)
	switch d.Eval {
	case "":
		return nil
	case d.Train:
		r.eval = r.task.HoldOut(d.EvalRows)
		return nil
	}
	if r.eval, err = OpenTask(ctx, d.Eval, d.Dir); err != nil {
		return err
	}
	r.put(r.eval)
	for _, warning := range datasets.Overlap(r.task.problems, r.eval.problems) {
		slog.Warn(warning)
	}
	return nil
}

// put sets how a task's questions are put and its answers graded, where the configuration says it.
func (r *run) put(t *Task) {
	if p := r.cfg.Confidence.Prompt; p != "" {
		t.Prompt = p
	}
	if r.cfg.Reward.Grader == "verl" {
		t.Grade = byAnswer(gradeAsVerl)
	}
}

// gradeAsVerl is the reference's reward: the last box must hold the gold answer's text.
func gradeAsVerl(response, gold string) grade.Verdict {
	correct, answer, found := verl.Grade(response, gold)
	v := grade.Verdict{Correct: correct, Answer: answer, Found: found, Reason: grade.ReasonWrong}
	switch {
	case !found:
		v.Reason = grade.ReasonNotFound
	case correct:
		v.Reason = grade.ReasonSameText
	}
	return v
}

// start opens the model that training starts from: of an earlier part of the run, or the configured one, warmed up.
func (r *run) start(ctx context.Context) (*backend.Model, error) {
	m, err := openModel(ctx, r.cfg)
	if err != nil {
		return nil, err
	}
	if r.cfg.Warmup.Data != "" {
		if err := r.warmUp(ctx, m); err != nil {
			m.Release()
			return nil, err
		}
	}
	if rank := r.cfg.Model.LoRARank; rank > 0 {
		if err := m.AddAdapters(decoder.LoRA{Rank: rank, Alpha: r.cfg.LoRAAlpha()}, r.cfg.Train.Seed); err != nil {
			m.Release()
			return nil, err
		}
	}
	return m, nil
}

func openModel(ctx context.Context, cfg Config) (*backend.Model, error) {
	m := cfg.Model
	opt := backend.Options{Device: m.Device, Devices: m.Devices, DType: m.DType, Sharding: learner.Sharding(m.Sharding), FloatHead: m.FloatHead, Seed: cfg.Train.Seed}
	if m.Path == "tiny" {
		return backend.NewTiny(ctx, ArithmeticTokenizer(), opt)
	}
	return backend.Open(ctx, m.Path, opt)
}

// openTrainer prepares the trainer, whose reference policy is the start, and puts it where the last checkpoint was.
func (r *run) openTrainer(ctx context.Context) (*checkpoint.Checkpoint, error) {
	var err error
	if r.trainer, err = NewTrainer(r.cfg, r.out.Model, r.task); err != nil {
		return nil, err
	}
	t := r.trainer
	t.Eval, t.Rewards, t.BadBatches, t.generated = r.eval, r.opt.Rewards, r.dir.bad(), r.opt.Generated
	if !r.opt.Resume {
		return nil, nil
	}
	saved, err := latest(ctx, r.dir.checkpoints())
	if err != nil || saved == nil {
		return nil, err
	}
	if err := t.Restore(ctx, *saved); err != nil {
		return nil, fmt.Errorf("resume %s: %w", r.dir, err)
	}
	return saved, nil
}
