package advantage

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// Placement says which tokens receive which advantage in DCPO. Its values are
// those of the setting placement. The zero value is Paper.
type Placement string

const (
	// Paper credits reasoning with the answer and the confidence span with
	// calibration, as arXiv 2603.09117 describes.
	Paper Placement = "paper"
	// Released credits reasoning with calibration and the confidence span with
	// the answer, which is what the released code computes. See released.go.
	Released Placement = "released"
)

// Options configures the estimators; each uses what applies to it. The zero
// value is the paper's setting.
type Options struct {
	// Placement is for DCPO only; "" is Paper.
	Placement Placement
	Scaling
}

// Validate reports all faults of the options at once.
func (o Options) Validate() error {
	var faults []error
	switch o.Placement {
	case "", Paper, Released:
	default:
		faults = append(faults, fmt.Errorf("placement %q is unknown: use %q or %q", string(o.Placement), string(Paper), string(Released)))
	}
	return errors.Join(append(faults, o.Scaling.Validate())...)
}

// estimators is the registry: a new method is one file and one line here.
var estimators = map[string]func(Options) Estimator{
	"grpo": func(o Options) Estimator { return grpo{o.Scaling} },
	"dcpo": func(o Options) Estimator { return dcpo{o} },
}

// New returns the estimator of that name.
func New(name string, opt Options) (Estimator, error) {
	build, ok := estimators[name]
	if !ok {
		return nil, fmt.Errorf("advantage estimator %q is unknown: use one of %q", name, Names())
	}
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("advantage estimator %q: %w", name, err)
	}
	return build(opt), nil
}

// Names lists the estimators, sorted.
func Names() []string { return slices.Sorted(maps.Keys(estimators)) }
