package config

import (
	"errors"
	"time"

	"github.com/dcpo-go/godcpo/datasets/logic"
	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/curriculum"
	"github.com/dcpo-go/godcpo/dcpo/klcontrol"
	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reward"
)

// Recipe is a configuration in the words of the packages that carry it out, with everything that it leaves to the method filled in.
type Recipe struct {
	Method      Method
	Estimator   string
	Needs       advantage.Needs
	Advantage   advantage.Options
	Loss        loss.Options
	Aggregation loss.Aggregation
	Spans       loss.SpanWeights
	Reward      reward.Composition
	KL          klcontrol.Controller // of a KL term in the reward
	Curriculum  curriculum.AdaRFT
	Stages      curriculum.Stages
	Dynamic     bool
	// Importance is the truncated importance sampling of rollouts; "" for none. Cap bounds its weights.
	Importance    loss.Truncation
	ImportanceCap float64
	// Reference tells whether a reference policy is kept.
	Reference bool
}

// Recipe translates the configuration.
func (c Config) Recipe() (Recipe, error) {
	m, err := FindMethod(c.Train.Method)
	if err != nil {
		return Recipe{}, err
	}
	r := Recipe{Method: m, Estimator: c.estimator(m), Dynamic: c.Train.Dynamic || m.Dynamic, Reference: c.Loss.KLCoef != 0,
		Aggregation: first(c.Loss.Aggregation, m.Aggregation), Spans: loss.SpanWeights{Confidence: c.Loss.ConfidenceWeight}}
	if r.Needs, err = advantage.Requires(r.Estimator); err != nil {
		return r, err
	}
	a := c.Advantage
	r.Advantage = advantage.Options{Placement: a.Placement, Discount: a.Discount, Lambda: a.Lambda, Scaling: advantage.Scaling{NoStd: a.NoStd, StdFloor: a.StdFloor}}
	r.Loss = c.loss(m, r.Needs)
	r.Reward = c.reward(m)
	r.KL = klcontrol.Controller{Coefficient: c.Loss.KLCoef, Target: c.Loss.KLTarget, Horizon: c.Loss.KLHorizon}
	u := c.Curriculum
	r.Curriculum = curriculum.AdaRFT{Target: u.Target, StepSize: u.StepSize, Sensitivity: u.Sensitivity, WantReward: u.WantReward, Least: u.Least, Most: u.Most}
	for _, s := range u.Stages {
		r.Stages = append(r.Stages, curriculum.Stage{FromStep: s.FromStep, MaxNewTokens: s.MaxNewTokens})
	}
	if i := c.importance(); i != "none" {
		r.Importance, r.ImportanceCap = loss.Truncation(i), first(c.Rollout.ImportanceCap, 2)
	}
	return r, nil
}

// Validate reports all faults of the recipe's parts.
func (r Recipe) Validate() error {
	return errors.Join(r.Advantage.Validate(), r.Loss.Validate(), r.Reward.Validate(), r.KL.Validate(), r.Curriculum.Validate())
}

// first is the first value that is not zero.
func first[T comparable](values ...T) T {
	var zero T
	for _, v := range values {
		if v != zero {
			return v
		}
	}
	return zero
}

// estimator and kind are the method's unless the configuration names others.
func (c Config) estimator(m Method) string { return first(c.Advantage.Estimator, m.Estimator) }
func (c Config) kind(m Method) string      { return first(c.Loss.Kind, m.Kind) }

// importance is the mode of importance sampling.
func (c Config) importance() string {
	switch {
	case c.Rollout.Importance != "":
		return c.Rollout.Importance
	case c.Rollout.Engine == "vllm":
		return string(loss.ByToken)
	}
	return "none"
}

func (c Config) loss(m Method, needs advantage.Needs) loss.Options {
	l := c.Loss
	o := loss.Options{Kind: c.kind(m), ClipLow: l.ClipLow, ClipHigh: l.ClipHigh, DualClip: l.DualClip, KL: l.KL,
		EntropyCoef: l.EntropyCoef, Beta: l.Beta, Importance: c.importance() != "none"}
	if l.KLIn != "reward" {
		o.KLCoef = l.KLCoef
	}
	if needs.Values {
		o.ValueCoef, o.ValueClip = first(l.ValueCoef, 0.5), l.ValueClip
	}
	return o
}

// reward composes what the method rewards. The calibration of the stated confidence is reported in any case.
func (c Config) reward(m Method) reward.Composition {
	w := c.Reward
	out := reward.Composition{Options: reward.Options{Target: m.Target, Gamma: w.Gamma, Weight: first(w.Weight, m.Weight)},
		Timeout: time.Duration(w.TimeoutSeconds * float64(time.Second))}
	add := func(component reward.Component) { out.Components = append(out.Components, component) }
	calibration, stream := 1., reward.ConfidenceStream
	switch m.Calibration {
	case Reported:
		calibration = 0
	case Joined:
		stream = reward.AnswerStream
	}
	if m.LogScore { // it has a share for a right answer of its own
		add(reward.Accuracy(0))
		add(reward.LogScore(1, stream))
		calibration = 0
	} else if c.Data.Train == "logic" { // a right answer is part of its reward
		add(reward.Accuracy(0))
		add(reward.Logic(w.Accuracy, logic.Form))
	} else {
		add(reward.Accuracy(w.Accuracy))
	}
	add(reward.Calibration(calibration, stream))
	if w.Format != 0 {
		add(reward.Format(w.Format))
	}
	buffer := w.OverlongBuffer
	if buffer == 0 && m.Overlong {
		buffer = max(1, c.Rollout.MaxNewTokens/5)
	}
	if buffer > 0 {
		add(reward.Overlong(c.Rollout.MaxNewTokens, buffer, first(w.OverlongPenalty, 1)))
	}
	return out
}

// LoRAAlpha is the scale of adapters.
func (c Config) LoRAAlpha() float64 { return first(c.Model.LoRAAlpha, 2*float64(c.Model.LoRARank)) }
