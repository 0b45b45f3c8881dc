package reweight

import (
	"errors"
	"fmt"
)

// Shape names the factor on a token's advantage as a function of the probability
// p it was sampled with. The zero value is Linear.
type Shape string

const (
	// Linear is α·p + 1 − α, from 1 − α for an unlikely token to 1.
	Linear Shape = "linear"
	// Sigmoid is 2·σ(slope·(p − centre)), from near 0 to near 2.
	Sigmoid Shape = "sigmoid"
	// Band is 1 where low < p ≤ high and 0 elsewhere.
	Band Shape = "band"
)

// Sign names the advantages that the factor applies to. The zero value is Both.
type Sign string

const (
	// Both: all advantages.
	Both Sign = "both"
	// Positive: those of good tokens only; bad ones stay as they are.
	Positive Sign = "positive"
	// Negative: those of bad tokens only.
	Negative Sign = "negative"
)

// Options says how advantages are reweighted. The zero value is the paper's:
// linear with α = 0.3 on both signs.
type Options struct {
	Shape Shape
	// Alpha is the share of the factor that follows p, of Linear, in (0, 1]; 0
	// stands for 0.3.
	Alpha float64
	// Slope and Centre are of Sigmoid; 0 stands for 5 and 0.4.
	Slope, Centre float64
	// Low and High are of Band, 0 ≤ Low < High ≤ 1; High 0 stands for 1.
	Low, High float64
	// Only limits the factor to one sign of advantages.
	Only Sign
	// NegativeWeight multiplies negative advantages; 0 stands for 1.
	NegativeWeight float64
	// Balance also scales negative advantages so that, before NegativeWeight, Σ p·A
	// over them is minus that over positive ones; with no positive ones they vanish.
	// The sums are over all that is passed at once, so pass the whole batch.
	Balance bool
}

// Validate reports all faults of the options at once.
func (o Options) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch o.Shape {
	case "", Linear, Sigmoid, Band:
	default:
		fault("shape %q is unknown: use %q, %q or %q", string(o.Shape), string(Linear), string(Sigmoid), string(Band))
	}
	switch o.Only {
	case "", Both, Positive, Negative:
	default:
		fault("sign %q is unknown: use %q, %q or %q", string(o.Only), string(Both), string(Positive), string(Negative))
	}
	if !(o.Alpha >= 0 && o.Alpha <= 1) {
		fault("alpha is %v: it is a share, so use a value in (0, 1]", o.Alpha)
	}
	if !(o.Slope >= 0 && o.Slope <= 1e6) || !(o.Centre >= 0 && o.Centre <= 1) {
		fault("slope %v and centre %v: use a finite slope above 0 and a probability", o.Slope, o.Centre)
	}
	if o = o.withDefaults(); !(0 <= o.Low && o.Low < o.High && o.High <= 1) {
		fault("band from %v to %v: use probabilities, the lower first", o.Low, o.High)
	}
	if !(o.NegativeWeight > 0 && o.NegativeWeight <= 1e6) {
		fault("weight of negative advantages is %v: use a finite value above 0", o.NegativeWeight)
	}
	return errors.Join(faults...)
}

// withDefaults fills in the values that the zero ones stand for.
func (o Options) withDefaults() Options {
	def := func(v *float64, to float64) {
		if *v == 0 {
			*v = to
		}
	}
	def(&o.Alpha, 0.3)
	def(&o.Slope, 5)
	def(&o.Centre, 0.4)
	def(&o.High, 1)
	def(&o.NegativeWeight, 1)
	return o
}
