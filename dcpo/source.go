package dcpo

import (
	"encoding/json"
	"fmt"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/config"
	"github.com/dcpo-go/godcpo/dcpo/curriculum"
)

// source supplies the problems of each step, and knows where it is.
type source struct {
	task  *Task
	seed  uint64
	order curriculum.Sampler // of a fixed set; nil for fresh problems
	made  int                // batches of fresh problems so far
}

func newSource(cfg Config, r config.Recipe, t *Task) (source, error) {
	s := source{task: t, seed: cfg.Train.Seed}
	if t.fresh != nil {
		return s, nil
	}
	if len(t.problems) == 0 {
		return s, fmt.Errorf("task %s: it has no problems (all of them too long?)", t.Name)
	}
	difficulty := func(i int) (float64, bool) { return t.problems[i].Difficulty, t.problems[i].HasDifficulty }
	var err error
	s.order, err = curriculum.New(cfg.Curriculum.Kind, len(t.problems), cfg.Train.Seed, difficulty, r.Curriculum)
	if err != nil {
		return s, fmt.Errorf("task %s: %w", t.Name, err)
	}
	return s, nil
}

// next returns the next n problems.
func (s *source) next(n int) ([]datasets.Problem, error) {
	if s.order == nil {
		b, err := s.task.fresh(mix(s.seed, uint64(s.made)), n)
		if err != nil {
			return nil, err
		}
		s.made++
		return b.Problems, nil
	}
	indices, err := s.order.Next(n)
	if err != nil {
		return nil, fmt.Errorf("task %s: %w", s.task.Name, err)
	}
	problems := make([]datasets.Problem, len(indices))
	for i, at := range indices {
		problems[i] = s.task.problems[at]
	}
	return problems, nil
}

// state is the position, for a checkpoint.
func (s *source) state() (json.RawMessage, error) {
	if s.order != nil {
		return s.order.State()
	}
	return json.Marshal(s.made)
}

// restore goes to a position.
func (s *source) restore(at json.RawMessage) error {
	if s.order != nil {
		return s.order.Restore(at)
	}
	if err := json.Unmarshal(at, &s.made); err != nil {
		return fmt.Errorf("position in the problems: %w", err)
	}
	return nil
}
