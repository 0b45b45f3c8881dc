package alarm

import (
	"errors"
	"fmt"
	"math"
)

// Options are the limits. 0 takes the default, a negative value switches an alarm off. A share is in [0, 1]. A warning is due
// beyond a limit, not at it.
type Options struct {
	// Every is the number of steps in which a Monitor says the same thing at most once: 20.
	Every int

	// EqualGroups is a share of groups: 0.8. zero_gradient is off with it.
	EqualGroups float64
	// Truncated, MissingConfidence and Unreadable are shares of rollouts: 0.25, 0.2, 0.5.
	Truncated, MissingConfidence, Unreadable float64
	// RewardErrors is a share of rollouts, for panics and for time-outs each: 0.001.
	RewardErrors float64
	// NotFinite is a share of updates: 0.001.
	NotFinite float64

	// Gap and MismatchKL are in nats a token: 0.05 and 0.01. In float32 both are near 0, in bfloat16 the second is below 0.002 where all is
	// well. StopGap is the Gap of logprob_broken: 0.5.
	Gap, MismatchKL, StopGap float64

	// ConfidenceStd is the least standard deviation of the stated confidences: 0.01. ConfidenceEnds is a share of them: 0.8. Both need at
	// least 8 confidences.
	ConfidenceStd, ConfidenceEnds float64

	// Entropy is the least one in nats a token: 0.02. EntropyDrop is the least one as a share of the median of the last 50 steps: 0.2.
	Entropy, EntropyDrop float64
	// ReferenceKL is in nats a token: 0.5. ClipFraction is a share of tokens: 0.3.
	ReferenceKL, ClipFraction float64

	// SlowPhase is a multiple of a phase's median time in the last 50 steps, of which at least 5 must have it: 4. Less than a second more
	// than the median is never slow.
	SlowPhase float64
	// MemoryGrowth is by what share residue may grow over 6 steps in each of which it grew: 0.1. Less than 64 MiB is never a growth.
	MemoryGrowth float64
}

// DefaultOptions are the limits that 0 stands for.
func DefaultOptions() Options { return Options{}.withDefaults() }

func (o Options) withDefaults() Options {
	if o.Every == 0 {
		o.Every = 20
	}
	for _, d := range []struct {
		limit *float64
		def   float64
	}{
		{&o.EqualGroups, 0.8}, {&o.Truncated, 0.25}, {&o.MissingConfidence, 0.2}, {&o.Unreadable, 0.5}, {&o.RewardErrors, 0.001}, {&o.NotFinite, 0.001},
		{&o.Gap, 0.05}, {&o.MismatchKL, 0.01}, {&o.StopGap, 0.5}, {&o.ConfidenceStd, 0.01}, {&o.ConfidenceEnds, 0.8},
		{&o.Entropy, 0.02}, {&o.EntropyDrop, 0.2}, {&o.ReferenceKL, 0.5}, {&o.ClipFraction, 0.3}, {&o.SlowPhase, 4}, {&o.MemoryGrowth, 0.1},
	} {
		if *d.limit == 0 {
			*d.limit = d.def
		}
	}
	return o
}

// Validate reports all faults at once.
func (o Options) Validate() error {
	var faults []error
	for name, v := range map[string]float64{"Gap": o.Gap, "MismatchKL": o.MismatchKL, "StopGap": o.StopGap, "ConfidenceStd": o.ConfidenceStd,
		"Entropy": o.Entropy, "ReferenceKL": o.ReferenceKL, "SlowPhase": o.SlowPhase, "MemoryGrowth": o.MemoryGrowth} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			faults = append(faults, fmt.Errorf("alarm limit %s is %v: use a finite number, 0 for the default, or a negative one to switch it off", name, v))
		}
	}
	for name, v := range map[string]float64{"EqualGroups": o.EqualGroups, "Truncated": o.Truncated, "MissingConfidence": o.MissingConfidence,
		"Unreadable": o.Unreadable, "RewardErrors": o.RewardErrors, "NotFinite": o.NotFinite, "ConfidenceEnds": o.ConfidenceEnds,
		"EntropyDrop": o.EntropyDrop, "ClipFraction": o.ClipFraction} {
		if !(v <= 1) || math.IsInf(v, 0) {
			faults = append(faults, fmt.Errorf("alarm limit %s is %v: it is a share, so use at most 1, 0 for the default, or a negative number to switch it off", name, v))
		}
	}
	if o.SlowPhase > 0 && o.SlowPhase <= 1 {
		faults = append(faults, fmt.Errorf("alarm limit SlowPhase is %v: it is a multiple of the usual time, so use more than 1", o.SlowPhase))
	}
	return errors.Join(faults...)
}
