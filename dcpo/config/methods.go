package config

import (
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/reward"
)

// Method is what a method's name stands for: values that a configuration leaves to it, and what it needs of the loop.
type Method struct {
	Name string
	// About says in a line what it is and where it was published.
	About string
	// Estimator is the advantage estimator's name in package advantage.
	Estimator string
	// Kind and Aggregation are of the policy loss; each kind has clip bounds of its own.
	Kind        string
	Aggregation loss.Aggregation
	// Target is what a stated confidence is compared with.
	Target reward.Target
	// Calibration says what the calibration reward trains.
	Calibration Use
	// Weight is that of the calibration reward; 0 takes package reward's.
	Weight float64
	// LogScore rewards the confidence by Rewarding Doubt's bounded logarithmic score in place of the squared gap.
	LogScore bool
	// Dynamic and Overlong switch on DAPO's parts.
	Dynamic, Overlong bool
}

// Use says what a method does with the calibration reward.
type Use int

const (
	// Reported: it is measured only.
	Reported Use = iota
	// Decoupled: it is the confidence tokens' own reward.
	Decoupled
	// Joined: it is added to the answer's reward, on all tokens.
	Joined
)

// clip is the clipped surrogate of the reference run, averaged over tokens.
func clip(m Method) Method {
	m.Kind = "clip"
	if m.Aggregation == "" {
		m.Aggregation = loss.TokenMean
	}
	return m
}

// methods lists all methods: the paper's own, those it compares with, and the estimators and losses it builds upon.
var methods = []Method{
	clip(Method{Name: "dcpo", About: "accuracy trains the reasoning, calibration the confidence; hybrid target (arXiv 2603.09117)", Estimator: "dcpo", Target: reward.Hybrid, Calibration: Decoupled}),
	clip(Method{Name: "dcpo-i", About: "DCPO with the own answer as target", Estimator: "dcpo", Target: reward.Instance, Calibration: Decoupled}),
	clip(Method{Name: "dcpo-g", About: "DCPO with the group's accuracy as target", Estimator: "dcpo", Target: reward.GroupMean, Calibration: Decoupled}),
	clip(Method{Name: "grpo", About: "accuracy, standardised in its group, on every token (arXiv 2402.03300)", Estimator: "grpo"}),
	clip(Method{Name: "rlcr", About: "accuracy minus the squared gap of confidence and correctness, centred in its group (arXiv 2507.16806)", Estimator: "rlcr", Target: reward.Instance, Calibration: Joined, Weight: 1}),
	{Name: "ccgspg", About: "sequence log-prob as confidence, with a cross-entropy term to correctness (arXiv 2509.23129)", Estimator: "ccgspg", Kind: "ccgspg", Aggregation: loss.SeqMeanTokenMean},
	clip(Method{Name: "rewarding_doubt", About: "bounded logarithmic score of the stated confidence (arXiv 2503.02623), standardised in its group", Estimator: "grpo", Target: reward.Instance, Calibration: Joined, LogScore: true}),
	clip(Method{Name: "bae_ocb", About: "per-span advantages, confidence compared among rollouts of the same outcome (arXiv 2602.10231)", Estimator: "bae_ocb", Target: reward.Instance, Calibration: Decoupled, Weight: 1}),
	clip(Method{Name: "gdpo", About: "each reward standardised by itself, then summed and whitened (arXiv 2601.05242)", Estimator: "gdpo", Target: reward.Instance, Calibration: Joined, Weight: 1}),
	clip(Method{Name: "dr_grpo", About: "GRPO without std and without length bias (arXiv 2503.20783)", Estimator: "dr_grpo", Aggregation: loss.SeqMeanTokenSumNorm}),
	clip(Method{Name: "dapo", About: "GRPO with dynamic sampling and soft overlong punishment (arXiv 2503.14476)", Estimator: "grpo", Dynamic: true, Overlong: true}),
	{Name: "gspo", About: "GRPO with one ratio a sequence (arXiv 2507.18071)", Estimator: "grpo", Kind: "gspo", Aggregation: loss.SeqMeanTokenMean},
	{Name: "cispo", About: "GRPO with the importance weight cut, not the gradient (arXiv 2506.13585)", Estimator: "grpo", Kind: "cispo", Aggregation: loss.TokenMean},
	clip(Method{Name: "rloo", About: "the other rollouts' mean as baseline (arXiv 2402.14740)", Estimator: "rloo"}),
	clip(Method{Name: "reinforce++", About: "discounted returns, whitened over the batch (arXiv 2501.03262)", Estimator: "reinforce++"}),
	clip(Method{Name: "reinforce++-baseline", About: "the group's mean as baseline, then whitened over the batch", Estimator: "reinforce++-baseline"}),
	clip(Method{Name: "remax", About: "the greedy answer's reward as baseline (arXiv 2310.10505)", Estimator: "remax"}),
	clip(Method{Name: "gae", About: "PPO: generalised advantages of a value head (arXiv 1506.02438)", Estimator: "gae"}),
}

// Methods lists the training methods.
func Methods() []Method { return slices.Clone(methods) }

// MethodNames lists their names.
func MethodNames() []string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.Name
	}
	return names
}

// FindMethod returns a method by name.
func FindMethod(name string) (Method, error) {
	for _, m := range methods {
		if m.Name == name {
			return m, nil
		}
	}
	return Method{}, fmt.Errorf("train.method %q is unknown: want one of %v", name, MethodNames())
}
