package dcpo

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"sync"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/grade"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/config"
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

	Reward    reward.Earned
	Baseline  float64 // reward of the greedy answer, for methods that compare with it
	Advantage advantage.Advantage
}

// answer is the rollout as the calibration metrics see it.
func (r *Rollout) answer() calibration.Answer {
	return calibration.Answer{Confidence: r.Stated.Confidence, HasConfidence: r.Stated.HasConfidence, Correct: r.Verdict.Correct, Problem: strconv.Itoa(r.Group)}
}

// earner is the rollout as rewards see it.
func (r *Rollout) earner() reward.Sample {
	return reward.Sample{Group: strconv.Itoa(r.Group), Question: r.Problem.Question, Gold: r.Problem.Answer, Response: r.Response.Text, Answer: r.Verdict.Answer,
		Correct: r.Verdict.Correct, Confidence: r.Stated.Confidence, HasConfidence: r.Stated.HasConfidence,
		Length: len(r.Response.Tokens), Truncated: r.Response.Truncated}
}

// reasonLost is the verdict on a response whose grader panicked or did not come to an end.
const reasonLost = "the grader failed: "

// judge grades the rollouts and reads their stated confidence, on all cores. It returns how many verdicts the grader failed to give,
// by cause; such an answer counts as wrong.
func judge(t *Task, c config.Confidence, rollouts []Rollout) map[string]int {
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
	lost := map[string]int{}
	for _, r := range rollouts {
		for _, cause := range []string{reward.Panicked, reward.TimedOut} {
			if r.Verdict.Reason == reasonLost+cause {
				lost[cause]++
			}
		}
	}
	return lost
}

func (r *Rollout) judge(t *Task, c config.Confidence) {
	verdict, cause := reward.Guard(0, func() grade.Verdict { return t.Grade(r.Response.Text, r.Problem) })
	if cause != "" {
		verdict = grade.Verdict{Reason: reasonLost + cause}
	}
	r.Verdict = verdict
	r.Stated = verbal.Parse(r.Response.Text, c.Policy)
	r.Span = verbal.TokenSpan(r.Stated.SpanStart(c.Span), r.Response.Ends)
}

// reward grades rollouts and adds up what they earned.
func (t *Trainer) reward(ctx context.Context, s *step, rollouts []Rollout) error {
	s.lose(judge(t.task, t.cfg.Confidence, rollouts))
	samples := make([]reward.Sample, len(rollouts))
	for i := range rollouts {
		samples[i] = rollouts[i].earner()
	}
	composition := t.recipe.Reward
	composition.Components = append(composition.Components[:len(composition.Components):len(composition.Components)], t.Rewards...)
	earned, lost, err := composition.Score(ctx, samples)
	if err != nil {
		return err
	}
	s.lose(lost)
	for i := range rollouts {
		rollouts[i].Reward = earned[i]
	}
	tellLost(earned, lost)
	return nil
}

// tellLost logs how many rewards were lost, and one of them in full.
func tellLost(earned []reward.Earned, lost map[string]int) {
	if len(lost) == 0 {
		return
	}
	for _, e := range earned {
		for _, p := range e.Parts {
			if p.Lost != "" {
				slog.Warn("rewards were lost", "causes", lost, "one of them", p.Name, "cause", p.Lost)
				return
			}
		}
	}
}

// lose counts what could not be graded or rewarded.
func (s *step) lose(causes map[string]int) {
	for cause, n := range causes {
		s.failed[cause] += n
	}
}
