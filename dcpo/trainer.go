package dcpo

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// Trainer trains a model's weights in place by a configuration's method.
type Trainer struct {
	// OnStep, if set, is called after each step, for instance to draw live curves.
	OnStep func(StepReport)
	// OnEval, if set, is called after each validation.
	OnEval func(step int, r *Result)
	// Eval is what Validate asks; nil: the training task.
	Eval *Task

	cfg       Config
	model     *backend.Model
	reference *backend.Model // frozen copy of the start; nil without a KL term
	task      *Task
	estimator advantage.Estimator
	objective learner.Objective
	learner   *learner.Learner
	step      int
	last      []Rollout
	generated func(finished, all int)
}

// NewTrainer prepares a run of cfg on a model and a task. Problems whose prompt is longer than data.max_prompt are left out
// and counted in the log. With a KL term it keeps a copy of the weights as the reference policy.
func NewTrainer(cfg Config, model *backend.Model, task *Task) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t := &Trainer{cfg: cfg, model: model, task: task, objective: loss.Policy(cfg.lossOptions())}
	if left := task.keep(func(p datasets.Problem) bool { return promptFits(model, task, p, cfg.Data.MaxPrompt) }); left > 0 {
		slog.Warn("problems left out: their prompt is too long", "problems", left, "data.max_prompt", cfg.Data.MaxPrompt)
	}
	var err error
	if t.estimator, err = advantage.New(methods[cfg.Train.Method].estimator, cfg.advantageOptions()); err != nil {
		return nil, err
	}
	if cfg.Loss.KLCoef != 0 {
		if t.reference, err = model.Clone(); err != nil {
			return nil, fmt.Errorf("reference policy: %w", err)
		}
	}
	o := cfg.Optimizer
	t.learner, err = model.Learner(learner.Options{MicroRows: o.MicroRows, Remat: o.Checkpoint,
		AdamW: learner.AdamW{Beta1: o.Beta1, Beta2: o.Beta2, WeightDecay: o.WeightDecay, ClipNorm: o.ClipNorm}})
	if err != nil {
		t.Release()
		return nil, err
	}
	return t, nil
}

// Train trains a copy of base and returns it; base stays as it is. onStep, if not nil, is called after each step.
func Train(ctx context.Context, cfg Config, base *backend.Model, task *Task, onStep func(StepReport)) (*backend.Model, error) {
	model, err := base.Clone()
	if err != nil {
		return nil, err
	}
	t, err := NewTrainer(cfg, model, task)
	if err == nil {
		defer t.Release()
		t.OnStep = onStep
		err = t.Run(ctx)
	}
	if err != nil {
		model.Release()
		return nil, err
	}
	return model, nil
}

func promptFits(m *backend.Model, t *Task, p datasets.Problem, limit int) bool {
	ids, err := m.Prompt(t.Message(p))
	return err != nil || len(ids) <= limit // an error is reported when the problem is asked
}

// Release frees the reference policy and the optimizer's state; the trained model stays.
func (t *Trainer) Release() {
	if t.reference != nil {
		t.reference.Release()
	}
	if t.learner != nil {
		t.learner.Release()
	}
}

// Run makes the remaining steps. Interrupted by ctx, it returns ctx's error with the model as the last full update left it;
// calling Run again goes on.
func (t *Trainer) Run(ctx context.Context) error {
	for t.step < t.cfg.Train.Steps {
		report, err := t.Step(ctx)
		if err != nil {
			return fmt.Errorf("step %d of %d: %w", t.step+1, t.cfg.Train.Steps, err)
		}
		slog.Debug("step", "report", report)
		if t.OnStep != nil {
			t.OnStep(report)
		}
		if every := t.cfg.Train.EvalEvery; every > 0 && t.step%every == 0 && t.OnEval != nil {
			r, err := t.Validate(ctx)
			if err != nil {
				return fmt.Errorf("validation after step %d: %w", t.step, err)
			}
			t.OnEval(t.step, r)
		}
	}
	return nil
}

// Validate evaluates the model as it is.
func (t *Trainer) Validate(ctx context.Context) (*Result, error) {
	task := t.task
	if t.Eval != nil {
		task = t.Eval
	}
	return Evaluate(ctx, t.model, task, EvalOptions{Rows: t.cfg.Data.EvalRows, MaxNewTokens: t.cfg.Rollout.MaxNewTokens, Seed: t.cfg.Train.Seed,
		Confidence: t.cfg.Confidence, MaxRows: t.cfg.Rollout.Rows, Done: t.generated})
}

// Rollouts returns the rollouts of the last step.
func (t *Trainer) Rollouts() []Rollout { return t.last }

// rate is the learning rate of the current step.
func (t *Trainer) rate() float64 {
	lr := t.cfg.Optimizer.LR
	if w := t.cfg.Optimizer.LRWarmup; t.step < w {
		lr *= float64(t.step+1) / float64(w)
	}
	return lr
}
