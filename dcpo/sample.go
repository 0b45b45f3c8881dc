package dcpo

import (
	"context"
	"fmt"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/datasets"
)

// rolloutEngine draws responses from the policy.
type rolloutEngine interface {
	// sample answers each prompt once.
	sample(ctx context.Context, prompts [][]int32, s backend.Sampling) ([]backend.Response, error)
	// publish makes the engine draw from the weights as they are after so many steps.
	publish(ctx context.Context, step int) error
	// raw tells that the engine's log-probs are those of the model's own distribution, whatever temperature was drawn at.
	raw() bool
}

// embedded draws with the very weights that are trained, on their own devices: there is nothing to publish.
type embedded struct{ model *backend.Model }

func (e embedded) sample(ctx context.Context, prompts [][]int32, s backend.Sampling) ([]backend.Response, error) {
	return e.model.Generate(ctx, prompts, s)
}

func (embedded) publish(context.Context, int) error { return nil }

func (embedded) raw() bool { return false }

// ask puts each problem to the model n times.
func ask(ctx context.Context, e rolloutEngine, m *backend.Model, t *Task, problems []datasets.Problem, n int, s backend.Sampling) ([]Rollout, error) {
	rollouts := make([]Rollout, 0, n*len(problems))
	prompts := make([][]int32, 0, n*len(problems))
	for g, p := range problems {
		ids, err := m.Prompt(t.Message(p))
		if err != nil {
			return nil, fmt.Errorf("problem %s: %w", p.ID, err)
		}
		for range n {
			rollouts, prompts = append(rollouts, Rollout{Problem: p, Group: g}), append(prompts, ids)
		}
	}
	responses, err := e.sample(ctx, prompts, s)
	if err != nil {
		return nil, err
	}
	for i := range rollouts {
		rollouts[i].Response = responses[i]
	}
	return rollouts, nil
}

// sampling is how a step's rollouts are drawn, by a seed.
func (t *Trainer) sampling(seed uint64) backend.Sampling {
	r := t.cfg.Rollout
	return backend.Sampling{Temperature: r.Temperature, TopK: r.TopK, TopP: r.TopP, MaxNewTokens: t.window(), MaxRows: r.Rows, Seed: seed, Done: t.generated}
}

// window is the longest response allowed in the step at hand.
func (t *Trainer) window() int {
	if n := t.recipe.Stages.At(t.progress.Step); n > 0 {
		return n
	}
	return t.cfg.Rollout.MaxNewTokens
}
