package dcpo

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
)

// openEngine returns what draws the rollouts of a run.
func openEngine(cfg Config, m *backend.Model, t *Task) (rolloutEngine, error) {
	if cfg.Rollout.Engine != "vllm" {
		return embedded{m}, nil
	}
	r := cfg.Rollout
	client, err := vllm.New(vllm.Options{Endpoints: r.Endpoints, Model: r.ServedModel})
	if err != nil {
		return nil, err
	}
	e := &servers{model: m, client: client}
	canary, err := e.canary(t)
	if err != nil {
		return nil, err
	}
	e.syncer = &vllm.Syncer{Client: client, Dir: r.SyncDir, Canary: canary, Score: e.score}
	e.sampler = &vllm.Sampler{Client: client, Tokenizer: m.Tokenizer, EOS: m.EOS(), VocabSize: m.Config.VocabSize, Confirm: e.syncer.Confirm}
	return e, nil
}

// servers draws from vLLM servers that are given the weights after each step.
type servers struct {
	model   *backend.Model
	client  *vllm.Client
	syncer  *vllm.Syncer
	sampler *vllm.Sampler
	synced  bool
}

// sample gives the servers the weights of the start first, if they have none of the run's yet.
func (e *servers) sample(ctx context.Context, prompts [][]int32, s backend.Sampling) ([]backend.Response, error) {
	if !e.synced {
		if err := e.publish(ctx, 0); err != nil {
			return nil, err
		}
	}
	return e.sampler.Sample(ctx, prompts, s)
}

func (e *servers) publish(ctx context.Context, step int) error {
	save := func(ctx context.Context, dir string) error { return e.model.SaveWith(ctx, dir, backend.SaveOptions{}) }
	if err := e.syncer.Sync(ctx, save, step); err != nil {
		return fmt.Errorf("new weights for the rollout servers: %w", err)
	}
	e.synced = true
	return nil
}

func (e *servers) raw() bool { return true }

// canary is a prompt of the training's usual kind.
func (e *servers) canary(t *Task) ([]int32, error) {
	problems, err := t.Head(1)
	if err != nil {
		return nil, err
	}
	if len(problems) == 0 {
		return nil, errors.New("rollout servers: the task has no problem to recognise the weights by")
	}
	return e.model.Prompt(t.Message(problems[0]))
}

// score gives the log-prob of each token of a prompt but the first.
func (e *servers) score(ctx context.Context, ids []int32) ([]float32, error) {
	b := packSequences([]sequence{{prompt: ids[:1], response: ids[1:]}}, len(ids)-1)
	scores, err := e.model.Score(ctx, b, 1, 0)
	return scores.LogProbs, err
}
