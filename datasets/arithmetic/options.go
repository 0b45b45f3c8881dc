package arithmetic

import (
	"errors"
	"fmt"
	"math"
)

// Kind names a family of problems of one difficulty.
type Kind string

// The kinds, roughly from easy to hard for a small model.
const (
	Add2  Kind = "add2"  // a+b, both 0..99
	Add3  Kind = "add3"  // a+b, both 100..999
	Sub2  Kind = "sub2"  // a-b, both 0..99, the larger one first
	Sub3  Kind = "sub3"  // a-b, both 100..999, may be negative
	Mul21 Kind = "mul21" // a*b, 10..99 and 2..9
	Mul22 Kind = "mul22" // a*b, both 10..99
	Mod   Kind = "mod"   // a%b, 10..99 and 2..9
	Chain Kind = "chain" // a+b-c, a-b+c, a+b+c, a*b+c, a*b-c
)

// Beta holds the two shape parameters of a Beta distribution; its mean is
// A/(A+B).
type Beta struct{ A, B float64 }

// KindOptions sets how often a kind is asked and how the warm-up corpus
// answers it.
type KindOptions struct {
	Kind Kind
	// Weight is the share of this kind among the questions, relative to the
	// other weights; Lesson is its share among the lessons.
	Weight, Lesson float64
	// PExact is the probability that the corpus works the answer out. Otherwise
	// it writes a slip.
	PExact float64
	// Exact and Slipped are the distributions of the confidence stated with
	// either.
	Exact, Slipped Beta
}

// Slip is what the corpus writes where it does not work an answer out.
type Slip string

const (
	// Estimate replaces the last digit by 0. It is the default: a learner knows
	// when it has only estimated, and says so.
	Estimate Slip = "estimate"
	// Carry forgets or invents a carry.
	Carry Slip = "carry"
	// Digit changes one digit at random.
	Digit Slip = "digit"
)

// Options configures generator and corpus. The zero value is seed 0 and the
// defaults of [DefaultKinds].
type Options struct {
	// Seed decides everything drawn.
	Seed uint64
	// Kinds lists the kinds in use; empty means [DefaultKinds].
	Kinds []KindOptions
	// Decimals is the number of digits after the point of a stated confidence,
	// 1 or 2; 0 means 1.
	Decimals int
	// Slip is the kind of wrong answer; empty means Estimate.
	Slip Slip
	// MaxConfidence caps the stated confidence; 0 means 0.9.
	MaxConfidence float64
}

// DefaultKinds is the one table of default numbers, found by experiment for a
// model of 0.1 million parameters: after a minute of lessons it solves the first
// four kinds mostly and two-digit products hardly ever, and its corpus is as
// confident on average as that model is right.
func DefaultKinds() []KindOptions {
	return []KindOptions{
		//   kind weight lesson exact  confidence if exact, if slipped
		{Add2, 2, 2, 0.65, Beta{8, 1.6}, Beta{1, 15}},
		{Sub2, 2, 2, 0.65, Beta{8, 1.6}, Beta{1, 15}},
		{Mul21, 2, 2, 0.65, Beta{8, 1.6}, Beta{1, 15}},
		{Mod, 1, 3, 0.65, Beta{8, 1.6}, Beta{1, 15}},
		{Mul22, 4, 1, 0.40, Beta{8, 2.4}, Beta{1, 15}},
	}
}

// withDefaults fills in what the zero value leaves open.
func (o Options) withDefaults() Options {
	if len(o.Kinds) == 0 {
		o.Kinds = DefaultKinds()
	}
	if o.Decimals == 0 {
		o.Decimals = 1
	}
	if o.Slip == "" {
		o.Slip = Estimate
	}
	if o.MaxConfidence == 0 {
		o.MaxConfidence = 0.9
	}
	return o
}

// Validate reports every fault at once; nil means the options can be used.
func (o Options) Validate() error {
	o = o.withDefaults()
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	total := 0.0
	for _, k := range o.Kinds {
		if _, ok := draw[k.Kind]; !ok {
			fault("unknown kind %q: expected one of %v", k.Kind, Kinds())
		}
		for _, weight := range []float64{k.Weight, k.Lesson} {
			if !(weight >= 0) || math.IsInf(weight, 0) {
				fault("kind %s: weight %v: expected a finite number ≥ 0", k.Kind, weight)
			}
		}
		if !(k.PExact >= 0 && k.PExact <= 1) {
			fault("kind %s: PExact %v: expected a probability in [0,1]", k.Kind, k.PExact)
		}
		for _, b := range []Beta{k.Exact, k.Slipped} {
			if !(b.A > 0 && b.B > 0) || math.IsInf(b.A, 0) || math.IsInf(b.B, 0) {
				fault("kind %s: Beta(%v, %v): expected two finite numbers > 0", k.Kind, b.A, b.B)
			}
		}
		total += k.Weight
	}
	if !(total > 0) {
		fault("the weights sum to %v: give at least one kind a weight > 0", total)
	}
	if o.Decimals != 1 && o.Decimals != 2 {
		fault("Decimals %d: expected 1 or 2", o.Decimals)
	}
	if o.Slip != Estimate && o.Slip != Carry && o.Slip != Digit {
		fault("Slip %q: expected %s, %s or %s", o.Slip, Estimate, Carry, Digit)
	}
	if !(o.MaxConfidence > 0 && o.MaxConfidence <= 1) {
		fault("MaxConfidence %v: expected a number in (0,1]", o.MaxConfidence)
	}
	return errors.Join(faults...)
}

// Kinds lists all kinds, from easy to hard.
func Kinds() []Kind {
	return []Kind{Add2, Sub2, Add3, Sub3, Mul21, Mod, Chain, Mul22}
}
