package advantage

import (
	"fmt"
	"maps"
	"slices"
)

// Needs says which costly fields of Rollout an estimator reads, so that a
// trainer computes those and no others.
type Needs struct {
	// Values: there is a value head, trained on Advantage.Returns.
	Values bool
	// Baseline: each prompt is also answered greedily, and that answer graded.
	Baseline bool
	// LogProbs: responses are scored before advantages are computed.
	LogProbs bool
	// Parts: rewards are wanted by name.
	Parts bool
}

// method is an estimator without its options. Its function sees checked rollouts.
type method struct {
	needs    Needs
	estimate func(Options, []Rollout) []Advantage
}

// methods is the registry: a new method is one file and one line here.
var methods = map[string]method{
	"bae_ocb":              {estimate: baeOCB},
	"ccgspg":               {Needs{LogProbs: true}, ccgspg},
	"dcpo":                 {estimate: dcpo},
	"dr_grpo":              {estimate: drGRPO},
	"gae":                  {Needs{Values: true}, gae},
	"gdpo":                 {Needs{Parts: true}, gdpo},
	"gpg":                  {estimate: gpg},
	"grpo":                 {estimate: grpo},
	"opo":                  {estimate: opo},
	"reinforce++":          {estimate: reinforcePlusPlus},
	"reinforce++-baseline": {estimate: reinforcePlusPlusBaseline},
	"remax":                {Needs{Baseline: true}, remax},
	"rlcr":                 {estimate: drGRPO},
	"rloo":                 {estimate: rloo},
}

// Names lists the estimators, sorted.
func Names() []string { return slices.Sorted(maps.Keys(methods)) }

// Requires returns what the estimator of that name needs.
func Requires(name string) (Needs, error) {
	m, err := find(name)
	return m.needs, err
}

// New returns the estimator of that name.
func New(name string, opt Options) (Estimator, error) {
	m, err := find(name)
	if err != nil {
		return nil, err
	}
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("advantage estimator %q: %w", name, err)
	}
	return estimator{name: name, opt: opt, method: m}, nil
}

func find(name string) (method, error) {
	m, ok := methods[name]
	if !ok {
		return method{}, fmt.Errorf("advantage estimator %q is unknown: use one of %q", name, Names())
	}
	return m, nil
}

// estimator is a method with its options.
type estimator struct {
	name string
	opt  Options
	method
}

// Estimate implements Estimator.
func (e estimator) Estimate(rollouts []Rollout) ([]Advantage, error) {
	if err := check(rollouts, e.needs); err != nil {
		return nil, fmt.Errorf("%s advantages: %w", e.name, err)
	}
	return e.estimate(e.opt, rollouts), nil
}
