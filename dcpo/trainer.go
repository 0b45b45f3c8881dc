package dcpo

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/reference"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/alarm"
	"github.com/dcpo-go/godcpo/dcpo/config"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reward"
)

// Trainer trains a model's weights in place by a configuration's method. Its fields may be set before the first step.
type Trainer struct {
	// OnStep, if set, is called after each step, for instance to draw live curves.
	OnStep func(StepReport)
	// OnEval, if set, is called after each validation.
	OnEval func(step int, r *Result)
	// OnPhase, if set, is told when a phase of a step begins, such as "rollout", "score" or "update".
	OnPhase func(phase string)
	// OnWarning, if set, takes what the alarms find; without it they are logged.
	OnWarning func(alarm.Warning)
	// Eval is what Validate asks; nil: the training task.
	Eval *Task
	// Rewards are further rewards, computed by functions of yours, beside those that the configuration names.
	Rewards []reward.Component
	// BadBatches is a folder in which a mini-batch with a gradient that is not finite is kept for inspection; empty: nowhere.
	BadBatches string

	cfg       Config
	recipe    config.Recipe
	model     *backend.Model
	reference *backend.Reference // the frozen start; nil without a KL term
	engine    rolloutEngine
	source    source
	task      *Task
	estimator advantage.Estimator
	objective learner.Objective
	learner   *learner.Learner
	alarms    *alarm.Monitor
	progress
	moved     bool // weights have changed since the last whole step
	saved     int  // the step of the last checkpoint
	last      []Rollout
	generated func(finished, all int)
	afterStep func(context.Context) error
}

// NewTrainer prepares a run of cfg on a model and a task. Problems whose prompt is longer than data.max_prompt are left out
// and counted in the log. With a KL term it keeps the weights as they are now as the reference policy.
func NewTrainer(cfg Config, model *backend.Model, task *Task) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	t := &Trainer{cfg: cfg, model: model, task: task}
	err := t.prepare()
	if err == nil {
		err = t.open()
	}
	if err != nil {
		t.Release()
		return nil, err
	}
	return t, nil
}

// prepare makes what lies on the host.
func (t *Trainer) prepare() (err error) {
	cfg := t.cfg
	if t.recipe, err = cfg.Recipe(); err != nil {
		return err
	}
	if most := t.model.Config.MaxPositions; most > 0 && cfg.Rollout.MaxNewTokens >= most {
		return fmt.Errorf("rollout.max_new_tokens %d leaves no room for a prompt in the model's %d positions", cfg.Rollout.MaxNewTokens, most)
	}
	if left := t.task.keep(func(p datasets.Problem) bool { return t.fits(p) }); left > 0 {
		slog.Warn("problems left out: their prompt is too long", "problems", left, "data.max_prompt", cfg.Data.MaxPrompt)
	}
	if t.source, err = newSource(cfg, t.recipe, t.task); err != nil {
		return err
	}
	if t.estimator, err = advantage.New(t.recipe.Estimator, t.recipe.Advantage); err != nil {
		return err
	}
	t.objective, t.KL = loss.Policy(t.recipe.Loss), t.recipe.KL
	if t.alarms, err = alarm.NewMonitor(alarm.Options{StopGap: -1}); err != nil { // rollout.stop_gap is checked before the update
		return err
	}
	t.engine, err = openEngine(cfg, t.model, t.task)
	return err
}

// open makes what lies on the devices: the value head, the reference policy, the optimizer.
func (t *Trainer) open() (err error) {
	if t.recipe.Needs.Values && !t.model.Config.ValueHead {
		if err := t.model.AddValueHead(mix(t.cfg.Train.Seed, 0xa1)); err != nil {
			return err
		}
	}
	if t.recipe.Reference {
		if t.reference, err = t.model.Freeze(reference.Placement(t.cfg.Loss.Reference)); err != nil {
			return fmt.Errorf("reference policy: %w", err)
		}
	}
	o := t.cfg.Optimizer
	t.learner, err = t.model.Learner(learner.Options{MicroRows: o.MicroRows, Remat: o.Checkpoint,
		AdamW: learner.AdamW{Beta1: o.Beta1, Beta2: o.Beta2, WeightDecay: o.WeightDecay, ClipNorm: o.ClipNorm}})
	return err
}

// fits tells whether a problem's prompt is short enough.
func (t *Trainer) fits(p datasets.Problem) bool {
	limit := t.cfg.Data.MaxPrompt
	if most := t.model.Config.MaxPositions; most > 0 {
		limit = min(limit, most-t.cfg.Rollout.MaxNewTokens)
	}
	ids, err := t.model.Prompt(t.task.Message(p))
	return err != nil || len(ids) <= limit // an error is reported when the problem is asked
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

// Release frees the reference policy and the optimizer's state; the trained model stays.
func (t *Trainer) Release() {
	if t.reference != nil {
		t.reference.Release()
	}
	if t.learner != nil {
		t.learner.Release()
	}
}

// Steps is the number of steps made.
func (t *Trainer) Steps() int { return t.progress.Step }

// Rollouts returns all rollouts of the last step. Those that dynamic sampling left out have advantages of 0.
func (t *Trainer) Rollouts() []Rollout { return t.last }

// Run makes the remaining steps. Interrupted by ctx, it returns ctx's error with the model as the last update left it; calling Run
// again goes on, with the step that was broken off made anew.
func (t *Trainer) Run(ctx context.Context) error {
	for t.Steps() < t.cfg.Train.Steps {
		report, err := t.Step(ctx)
		if err != nil {
			return err
		}
		if t.OnStep != nil {
			t.OnStep(report)
		}
		if every := t.cfg.Train.EvalEvery; every > 0 && t.Steps()%every == 0 && t.OnEval != nil {
			r, err := t.Validate(ctx)
			if err != nil {
				return fmt.Errorf("validation after step %d: %w", t.Steps(), err)
			}
			t.OnEval(t.Steps(), r)
		}
		if t.afterStep != nil {
			if err := t.afterStep(ctx); err != nil {
				return err
			}
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
	return Evaluate(ctx, t.model, task, EvalOptions{Rows: t.cfg.Data.EvalRows, Samples: t.cfg.Data.EvalSamples, MaxNewTokens: t.cfg.Rollout.MaxNewTokens,
		Seed: t.cfg.Train.Seed, Confidence: t.cfg.Confidence, MaxRows: t.cfg.Rollout.Rows, Done: t.generated})
}

// warn tells what the alarms find in a step. The error is that of one which says that training should stop.
func (t *Trainer) warn(s *step, r StepReport) error {
	warnings, err := t.alarms.Step(s.figures(r))
	for _, w := range warnings {
		if t.OnWarning != nil {
			t.OnWarning(w)
		} else {
			slog.Warn(w.String())
		}
	}
	return err
}

// learn lets curriculum and KL coefficient follow what the step showed.
func (t *Trainer) learn(s *step) error {
	if t.source.order != nil {
		var right float64
		for i := range s.asked {
			right += s.asked[i].Reward.Accuracy
		}
		t.source.order.Learn(right / float64(max(1, len(s.asked))))
	}
	if t.recipe.Reference && t.cfg.Loss.KLIn == "reward" && len(s.rollouts) > 0 {
		return t.KL.Update(s.divergence, len(s.rollouts))
	}
	return nil
}
