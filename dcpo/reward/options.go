package reward

import (
	"errors"
	"fmt"
)

// Target names what a stated confidence should equal. The zero value is Hybrid.
type Target string

const (
	// Hybrid mixes a rollout's own correctness and its group's accuracy (DCPO).
	Hybrid Target = "hybrid"
	// Instance is the rollout's own correctness, 0 or 1 (DCPO-I).
	Instance Target = "instance"
	// GroupMean is the accuracy of the rollout's group (DCPO-G).
	GroupMean Target = "group"
)

// Options says how calibration is rewarded. The zero value is the paper's DCPO.
type Options struct {
	// Target is what the confidence should equal; "" is Hybrid.
	Target Target
	// Gamma is the share of the rollout's own correctness in the Hybrid target,
	// in (0, 1]; 0 stands for the default 0.5 (for no own share choose GroupMean).
	// The other targets ignore it.
	Gamma float64
	// Weight is w, above 0; 0 stands for the released code's 0.3 with Instance
	// and 0.5 otherwise. It cancels where an advantage is divided by its
	// group's standard deviation.
	Weight float64
}

// Validate reports all faults of the options at once.
func (o Options) Validate() error {
	var faults []error
	switch o.Target {
	case "", Hybrid, Instance, GroupMean:
	default:
		faults = append(faults, fmt.Errorf("calibration target %q is unknown: use %q, %q or %q", string(o.Target), string(Hybrid), string(Instance), string(GroupMean)))
	}
	if !(o.Gamma >= 0 && o.Gamma <= 1) {
		faults = append(faults, fmt.Errorf("gamma is %v: it is a share, so use a value in (0, 1]", o.Gamma))
	}
	if !(o.Weight >= 0) || o.Weight > 1e6 {
		faults = append(faults, fmt.Errorf("calibration weight is %v: use a finite value above 0", o.Weight))
	}
	return errors.Join(faults...)
}

// withDefaults fills in the values that the zero ones stand for.
func (o Options) withDefaults() Options {
	if o.Target == "" {
		o.Target = Hybrid
	}
	if o.Gamma == 0 {
		o.Gamma = 0.5
	}
	if o.Weight == 0 {
		o.Weight = 0.5
		if o.Target == Instance {
			o.Weight = 0.3
		}
	}
	return o
}
