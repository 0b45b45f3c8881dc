package dcpo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/checkpoint"
	"github.com/dcpo-go/godcpo/backend/learner"
)

// warming is a warm-up in progress: where it is, and what it takes to go on there.
type warming struct {
	*run
	model  *backend.Model
	stages []stage
	all    int
	place  warmupPlace
	saver  pacer
}

// warmupPlace is the position in a warm-up.
type warmupPlace struct {
	Stage int `json:"stage"`
	Step  int `json:"step"` // made of that stage
}

// warmUp trains the model on examples before the first step, and keeps the result as the run's base. A warm-up that was killed
// goes on where its last checkpoint left it; one that was done is not repeated.
func (r *run) warmUp(ctx context.Context, m *backend.Model) error {
	if r.dir != "" && exists(r.dir.base()) {
		return m.Reload(ctx, r.dir.base())
	}
	stages, err := r.stages(ctx, m)
	if err != nil {
		return err
	}
	w := &warming{run: r, model: m, stages: stages}
	for _, s := range stages {
		w.all += s.steps
	}
	state, err := w.find(ctx)
	if err != nil {
		return err
	}
	r.phase("warm-up", w.all, w.made())
	for w.place.Stage < len(stages) {
		if err := w.stage(ctx, state); err != nil {
			return err
		}
		state = nil
		w.place = warmupPlace{Stage: w.place.Stage + 1}
	}
	if r.dir == "" {
		return nil
	}
	return errors.Join(m.SaveWith(ctx, r.dir.base(), backend.SaveOptions{}), os.RemoveAll(r.dir.warmup()))
}

// stages are those of the configured data.
func (r *run) stages(ctx context.Context, m *backend.Model) ([]stage, error) {
	w := r.cfg.Warmup
	if w.Data == "arithmetic" {
		return warmupStages(m, WarmupOptions{Lessons: w.Lessons, Habits: w.Habits, Rows: w.Rows, Seed: r.cfg.Train.Seed, Window: r.cfg.Rollout.MaxNewTokens})
	}
	lessons, err := OpenLessons(ctx, w.Data, r.cfg.Data.Dir)
	if err != nil {
		return nil, err
	}
	s, err := fineTuning(m, lessons, FineTuneOptions{Steps: w.Steps, Rows: w.Rows, LR: w.LR, MicroRows: r.cfg.Optimizer.MicroRows, Seed: r.cfg.Train.Seed})
	if err != nil {
		return nil, fmt.Errorf("warm-up data %s: %w", w.Data, err)
	}
	return []stage{s}, nil
}

// find takes up the last checkpoint: the model's weights at once, the optimizer's with the stage's learner.
func (w *warming) find(ctx context.Context) (*checkpoint.Checkpoint, error) {
	if w.dir == "" {
		return nil, nil
	}
	saved, err := latest(ctx, w.dir.warmup())
	if err != nil || saved == nil {
		return nil, err
	}
	if err := json.Unmarshal(saved.Data, &w.place); err != nil {
		return nil, fmt.Errorf("resume warm-up: %w", err)
	}
	return saved, w.model.Reload(ctx, saved.ModelDir())
}

// stage makes the rest of the stage at hand.
func (w *warming) stage(ctx context.Context, state *checkpoint.Checkpoint) error {
	s := w.stages[w.place.Stage]
	l, err := s.learner(w.model)
	if err != nil {
		return err
	}
	defer l.Release()
	if state != nil {
		if err := restore(l, *state); err != nil {
			return err
		}
	}
	err = s.run(ctx, l, w.place.Step, func(step int, loss float64) error {
		w.place.Step = step
		if w.opt.Warmup != nil {
			w.opt.Warmup(w.made(), w.all, loss)
		}
		stopped := closed(w.opt.Stop)
		if w.dir != "" && (stopped || w.saver.due()) {
			if err := w.saver.time(func() error { return w.save(ctx, l) }); err != nil {
				return err
			}
		}
		if stopped {
			return ErrStopped
		}
		return nil
	})
	if err != nil && ctx.Err() != nil && w.dir != "" {
		return errors.Join(err, w.save(context.WithoutCancel(ctx), l))
	}
	return err
}

// made is the number of steps made of all stages.
func (w *warming) made() int {
	n := w.place.Step
	for _, s := range w.stages[:w.place.Stage] {
		n += s.steps
	}
	return n
}

func (w *warming) save(ctx context.Context, l *learner.Learner) error {
	at, err := json.Marshal(w.place)
	if err != nil {
		return err
	}
	return checkpoint.Save(ctx, w.dir.warmup(), checkpoint.State{Progress: checkpoint.Progress{Step: w.made(), Data: at},
		Model:     func(ctx context.Context, dir string) error { return w.model.SaveWith(ctx, dir, backend.SaveOptions{}) },
		Optimizer: l.State()}, 1)
}

// restore puts back an optimizer's state.
func restore(l *learner.Learner, c checkpoint.Checkpoint) error {
	files, err := c.Optimizer()
	if err != nil {
		return err
	}
	defer files.Close()
	return l.Restore(files)
}

// pacer spaces out what is worth doing now and then: at least a quarter of a minute apart, and so that it takes at most a
// twentieth of the time.
type pacer struct {
	last time.Time
	took time.Duration
}

const leastPause = 15 * time.Second

func (p *pacer) due() bool {
	if p.last.IsZero() {
		p.last = time.Now()
	}
	return time.Since(p.last) > max(leastPause, 20*p.took)
}

func (p *pacer) time(do func() error) error {
	began := time.Now()
	err := do()
	p.last = time.Now()
	p.took = p.last.Sub(began)
	return err
}

// closed tells whether a channel that is only ever closed has been.
func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
