package reward

import (
	"errors"
	"fmt"
	"math"
)

// LogScale says how a logarithmic score is scaled. The zero value is the bare score, between about −1 for the worst confidence and 1 for
// the best.
type LogScale struct {
	// Floor bounds the score: a confidence counts as at least Floor and at most 1 − Floor. Default 0.001; below ½.
	Floor float64
	// Bonus is added to the score of a right answer, so that the score rewards being right, too. Default 0.
	Bonus float64
	// Scale multiplies score and bonus. Default 1.
	Scale float64
	// Missing is the reward without a readable confidence. 0 stands for three times that of the worst confidence.
	Missing float64
}

// RewardingDoubt is the scale of arXiv 2503.02623.
func RewardingDoubt() LogScale { return LogScale{Floor: 0.001, Bonus: 0.25, Scale: 10, Missing: -30} }

// LogScore is the stated confidence's logarithmic score as Rewarding Doubt scales it.
func LogScore(weight float64, stream Stream) Component {
	return RewardingDoubt().Component(weight, stream)
}

// Component is the bounded logarithmic score of the stated confidence c:
//
//	s  = ln c for a right answer, ln(1 − c) for a wrong one, c cut to [Floor, 1 − Floor]
//	s' = (s − m)/(M − m) with M = ln(1 − Floor), m = ½·ln Floor
//
// The reward is Scale·(s' + Bonus·right).
func (o LogScale) Component(weight float64, stream Stream) Component {
	o = o.withDefaults()
	score := func(s Sample, _ Reward) float64 {
		if !s.HasConfidence {
			return o.Missing
		}
		c := min(max(s.Confidence, o.Floor), 1-o.Floor)
		if !s.Correct {
			c = 1 - c
		}
		return o.Scale * (o.normal(c) + o.Bonus*indicator(s.Correct))
	}
	return Component{Name: "log_score", Weight: weight, Stream: stream, batch: each(score), fault: o.validate()}
}

// normal is s' of the probability that a confidence gave to what was so.
func (o LogScale) normal(p float64) float64 {
	best, middle := math.Log(1-o.Floor), math.Log(o.Floor)/2
	return (math.Log(p) - middle) / (best - middle)
}

func (o LogScale) withDefaults() LogScale {
	if o.Floor == 0 {
		o.Floor = 0.001
	}
	if o.Scale == 0 {
		o.Scale = 1
	}
	if o.Missing == 0 {
		o.Missing = 3 * o.Scale * o.normal(o.Floor)
	}
	return o
}

func (o LogScale) validate() error {
	var faults []error
	for _, v := range []struct {
		ok         bool
		name, want string
		got        float64
	}{
		{o.Floor > 0 && o.Floor < 0.5, "floor", "a probability between 0 and ½", o.Floor},
		{o.Bonus >= 0 && !math.IsInf(o.Bonus, 0), "bonus", "0 or more", o.Bonus},
		{o.Scale > 0 && !math.IsInf(o.Scale, 0), "scale", "more than 0", o.Scale},
		{!math.IsNaN(o.Missing) && !math.IsInf(o.Missing, 0), "reward without a confidence", "a finite number", o.Missing},
	} {
		if !v.ok {
			faults = append(faults, fmt.Errorf("the %s is %g: want %s", v.name, v.got, v.want))
		}
	}
	return errors.Join(faults...)
}
