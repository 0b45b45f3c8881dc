package dcpo

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/reward"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Rollout is one response to one problem with everything that is known of it.
type Rollout struct {
	Problem  datasets.Problem
	Group    int // index of the problem within the step; rollouts of one problem share it
	Response backend.Response

	Verdict grade.Verdict
	Stated  verbal.Stated
	Span    verbal.Span // tokens of the stated confidence; empty without one

	Reward    reward.Reward
	Advantage advantage.Advantage
}

// answer is the rollout as the calibration metrics see it.
func (r *Rollout) answer() calibration.Answer {
	return calibration.Answer{Confidence: r.Stated.Confidence, HasConfidence: r.Stated.HasConfidence, Correct: r.Verdict.Correct, Problem: strconv.Itoa(r.Group)}
}

// sample asks each problem n times. The prompts must fit maxPrompt tokens.
func sample(ctx context.Context, m *backend.Model, t *Task, problems []datasets.Problem, n int, s backend.Sampling) ([]Rollout, error) {
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
	responses, err := m.Generate(ctx, prompts, s)
	if err != nil {
		return nil, err
	}
	for i := range rollouts {
		rollouts[i].Response = responses[i]
	}
	return rollouts, nil
}

// judge grades the rollouts and reads their stated confidence, on all cores.
func judge(t *Task, c ConfidenceConfig, rollouts []Rollout) {
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < len(rollouts); i += workers {
				rollouts[i].judge(t, c)
			}
		})
	}
	wait.Wait()
}

func (r *Rollout) judge(t *Task, c ConfidenceConfig) {
	r.Verdict = t.Grade(r.Response.Text, r.Problem.Answer)
	r.Stated = verbal.Parse(r.Response.Text, c.Policy)
	r.Span = verbal.TokenSpan(r.Stated.SpanStart(c.Span), r.Response.Ends)
}

// credit computes both rewards and the advantages.
func credit(rollouts []Rollout, rewards reward.Options, estimator advantage.Estimator) error {
	answers := make([]reward.Answer, len(rollouts))
	for i, r := range rollouts {
		answers[i] = reward.Answer{Group: strconv.Itoa(r.Group), Correct: r.Verdict.Correct, Confidence: r.Stated.Confidence, HasConfidence: r.Stated.HasConfidence}
	}
	scored, err := reward.Score(answers, rewards)
	if err != nil {
		return err
	}
	inputs := make([]advantage.Rollout, len(rollouts))
	for i, r := range rollouts {
		inputs[i] = advantage.Rollout{Group: answers[i].Group, Correct: r.Verdict.Correct, Answer: scored[i].Accuracy, Calibration: scored[i].Calibration,
			Confidence: r.Stated.Confidence, HasConfidence: r.Stated.HasConfidence, Length: len(r.Response.Tokens), Span: r.Span}
	}
	advantages, err := estimator.Estimate(inputs)
	if err != nil {
		return err
	}
	for i := range rollouts {
		rollouts[i].Reward, rollouts[i].Advantage = scored[i], advantages[i]
	}
	return nil
}
