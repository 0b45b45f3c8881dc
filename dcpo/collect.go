package dcpo

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
)

// collect fills the step with graded and rewarded rollouts of as many problems as it asks. With dynamic sampling, groups whose rewards
// are all alike teach nothing: other problems are asked in their place, up to train.max_refills times.
func (t *Trainer) collect(ctx context.Context, s *step) error {
	want, groups := s.prompts, 0
	for refill := 0; ; refill++ {
		s.begin("rollout")
		problems, err := t.source.next(want - groups)
		if err != nil {
			return err
		}
		rollouts, err := t.rollOut(ctx, s, problems, refill)
		if err != nil {
			return err
		}
		s.begin("grade")
		if err := t.reward(ctx, s, rollouts); err != nil {
			return err
		}
		s.asked = append(s.asked, rollouts...)
		if !t.recipe.Dynamic {
			s.rollouts = rollouts
			return nil
		}
		kept := informative(rollouts)
		s.rollouts = append(s.rollouts, kept...)
		groups += len(kept) / t.cfg.Train.GroupSize
		if groups == want || refill == t.cfg.Train.MaxRefills {
			return nil
		}
	}
}

// rollOut draws a group of responses to each problem and, where the method compares with it, the greedy one.
func (t *Trainer) rollOut(ctx context.Context, s *step, problems []datasets.Problem, refill int) ([]Rollout, error) {
	seed := mix(mix(t.cfg.Train.Seed, uint64(s.number)+1<<40), uint64(refill))
	rollouts, err := ask(ctx, t.engine, t.model, t.task, problems, t.cfg.Train.GroupSize, t.sampling(seed))
	if err != nil {
		return nil, err
	}
	first := len(s.asked) / t.cfg.Train.GroupSize
	for i := range rollouts {
		rollouts[i].Group += first
	}
	if !t.recipe.Needs.Baseline {
		return rollouts, nil
	}
	greedy := t.sampling(seed)
	greedy.Greedy = true
	baselines, err := ask(ctx, t.engine, t.model, t.task, problems, 1, greedy)
	if err != nil {
		return nil, fmt.Errorf("greedy answers: %w", err)
	}
	if err := t.reward(ctx, s, baselines); err != nil {
		return nil, fmt.Errorf("greedy answers: %w", err)
	}
	for i := range rollouts {
		rollouts[i].Baseline = baselines[i/t.cfg.Train.GroupSize].Reward.Answer
	}
	return rollouts, nil
}

// informative keeps the rollouts of groups that have something to teach.
func informative(rollouts []Rollout) []Rollout {
	inputs := make([]advantage.Rollout, len(rollouts))
	for i, r := range rollouts {
		inputs[i] = advantage.Rollout{Group: strconv.Itoa(r.Group), Answer: r.Reward.Answer}
	}
	keep := advantage.Informative(inputs)
	return slices.DeleteFunc(slices.Clone(rollouts), func(r Rollout) bool { return !slices.Contains(keep, strconv.Itoa(r.Group)) })
}
