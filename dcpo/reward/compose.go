package reward

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Composition is the whole reward of a method. The zero value rewards nothing and reports accuracy and calibration.
type Composition struct {
	// Options say what a stated confidence is compared with. They hold for the report also where no component uses them.
	Options Options
	// Components are added up, each in its stream.
	Components []Component
	// Timeout bounds one call of a component's Func; 0 stands for 10 s.
	Timeout time.Duration
}

// Validate reports all faults at once.
func (c Composition) Validate() error {
	faults := []error{c.Options.Validate()}
	seen := map[string]bool{}
	for _, one := range c.Components {
		faults = append(faults, one.validate())
		if seen[one.Name] {
			faults = append(faults, fmt.Errorf("there are two rewards named %q", one.Name))
		}
		seen[one.Name] = true
	}
	if c.Timeout < 0 {
		faults = append(faults, fmt.Errorf("the time-out of rewards is %v: use a time above 0, or 0 for %v", c.Timeout, defaultTimeout))
	}
	return errors.Join(faults...)
}

// Part is what one component gave for one rollout.
type Part struct {
	Name          string
	Value, Weight float64
	Stream        Stream
	// Lost says why the function gave no value, which then is 0: a cause, and what it panicked with. "" where it gave one.
	Lost string
}

// Earned is all that one rollout earned.
type Earned struct {
	Reward
	// Answer and Confidence are the weighted sums of the parts of the two streams.
	Answer, Confidence float64
	// Parts are the components' values, in their order.
	Parts []Part
}

// Score rewards a batch of rollouts; result i belongs to samples[i], and the order of the samples changes nothing else. lost counts the
// rewards that functions failed to give, by cause: Panicked, TimedOut or NotFinite. Each costs its rollout that reward and nothing more,
// except that a function which has been late eight times, and more often than not, is not called for the rest of the batch: those rewards
// count as timed out, where a step would wait for hours. Score fails on an invalid composition, on a stated confidence that is not finite,
// and when ctx ends.
func (c Composition) Score(ctx context.Context, samples []Sample) (earned []Earned, lost map[string]int, err error) {
	if err := c.Validate(); err != nil {
		return nil, nil, fmt.Errorf("score rollouts: %w", err)
	}
	answers := make([]Answer, len(samples))
	for i, s := range samples {
		answers[i] = Answer{Group: s.Group, Correct: s.Correct, Confidence: s.Confidence, HasConfidence: s.HasConfidence}
	}
	rewards, err := Score(answers, c.Options)
	if err != nil {
		return nil, nil, err
	}
	earned, lost = make([]Earned, len(samples)), map[string]int{}
	for i := range earned {
		earned[i].Reward = rewards[i]
	}
	for _, one := range c.Components {
		stream := one.Stream
		if stream == "" {
			stream = AnswerStream
		}
		values, losses, err := c.values(ctx, one, samples, rewards)
		if err != nil {
			return nil, nil, fmt.Errorf("score rollouts: reward %q: %w", one.Name, err)
		}
		for i, v := range values {
			e := &earned[i]
			e.Parts = append(e.Parts, Part{one.Name, v, one.Weight, stream, losses[i].String()})
			if cause := losses[i].cause; cause != "" {
				lost[cause]++
			}
			if stream == ConfidenceStream {
				e.Confidence += one.Weight * v
			} else {
				e.Answer += one.Weight * v
			}
		}
	}
	return earned, lost, nil
}

// values computes a component for all samples.
func (c Composition) values(ctx context.Context, one Component, samples []Sample, rewards []Reward) (values []float64, lost []loss, err error) {
	if one.batch != nil {
		return one.batch(samples, rewards), make([]loss, len(samples)), nil
	}
	b := newCalls(one, c.Timeout, samples)
	var wait sync.WaitGroup
	for range max(1, one.Parallel) {
		wait.Go(func() {
			for b.next(ctx) {
			}
		})
	}
	wait.Wait()
	return b.values, b.lost, ctx.Err()
}
