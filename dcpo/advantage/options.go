package advantage

import (
	"errors"
	"fmt"
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
// value is the setting of each method's paper.
type Options struct {
	// Placement is for DCPO only; "" is Paper.
	Placement Placement
	// Discount is the factor by which a reward loses weight with each token before
	// it, in (0, 1]; 0 stands for 1, no loss. For gae and reinforce++.
	Discount float64
	// Lambda is that of gae, in (0, 1]: 1 trusts rewards alone, values near 0 the
	// value head alone; 0 stands for 1.
	Lambda float64
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
	if !(o.Discount >= 0 && o.Discount <= 1) {
		faults = append(faults, fmt.Errorf("discount is %v: use a factor in (0, 1], or 0 for 1", o.Discount))
	}
	if !(o.Lambda >= 0 && o.Lambda <= 1) {
		faults = append(faults, fmt.Errorf("lambda is %v: use a factor in (0, 1], or 0 for 1", o.Lambda))
	}
	return errors.Join(append(faults, o.Scaling.Validate())...)
}

// orOne returns a factor for which 0 stands for 1.
func orOne(factor float64) float64 {
	if factor == 0 {
		return 1
	}
	return factor
}
