package calibration

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is a range of plausible values of one measure; NaN on both sides
// where none could be computed.
type Interval struct{ Low, High float64 }

// Defined reports whether the interval was computed.
func (i Interval) Defined() bool { return i.Low == i.Low && i.High == i.High }

var undefined = Interval{math.NaN(), math.NaN()}

// Intervals holds the interval of each measure of a Summary.
type Intervals struct {
	Level                         float64 // coverage, such as 0.95
	Resamples                     int
	Accuracy                      Interval
	MeanConfidence, MeanStated    Interval
	ShareMissing                  Interval
	ECE, PCE, PCEConditional, MCE Interval
	Brier, AUROC                  Interval
	Further                       *FurtherIntervals // nil where Summary.Further is
}

// Bootstrap computes percentile intervals by drawing whole problems with
// replacement, as many as there are, so that several answers to one problem
// do not pass for independent ones. The zero value draws 1000 resamples at 95 %
// with seed 0; one seed gives one result on every machine.
//
// Binned errors are biased upwards in small samples, and more so in resamples;
// an interval may then lie above the measure itself. It is given as it is.
type Bootstrap struct {
	Resamples int     // at least 1; 0 stands for 1000
	Level     float64 // coverage in (0, 1); 0 stands for 0.95
	Seed      uint64
}

func (b Bootstrap) withDefaults() Bootstrap {
	if b.Resamples < 1 {
		b.Resamples = 1000
	}
	if !(b.Level > 0 && b.Level < 1) {
		b.Level = 0.95
	}
	return b
}

// Summarize is the package's Summarize with Intervals filled in.
func (b Bootstrap) Summarize(answers []Answer, bins int) Summary {
	b = b.withDefaults()
	s := newSample(answers, bins)
	draws := make([][]float64, measures)
	b.resample(s.clusters, func(weight []float64) {
		for k, value := range s.measure(weight) {
			draws[k] = append(draws[k], value)
		}
	})
	summary := s.summary()
	summary.Intervals = b.intervals(draws)
	return summary
}

// intervals are those of the measures of a Summary, of each one's draws.
func (b Bootstrap) intervals(draws [][]float64) *Intervals {
	var of [measures]Interval
	for k := range of {
		of[k] = b.interval(draws[k])
	}
	return &Intervals{
		Level: b.Level, Resamples: b.Resamples,
		Accuracy: of[accuracy], MeanConfidence: of[meanConfidence], MeanStated: of[meanStated], ShareMissing: of[shareMissing],
		ECE: of[ece], PCE: of[pce], PCEConditional: of[pceConditional], MCE: of[mce], Brier: of[brier], AUROC: of[auroc],
	}
}

// Band returns the interval of each bin's accuracy, for the band of a
// reliability diagram; bins below 1 stands for DefaultBins.
func (b Bootstrap) Band(answers []Answer, bins int) []Interval {
	b = b.withDefaults()
	s := newSample(answers, bins)
	draws := make([][]float64, s.bins)
	b.resample(s.clusters, func(weight []float64) {
		for k, bin := range s.tally(weight) {
			draws[k] = append(draws[k], bin.correct/bin.count)
		}
	})
	band := make([]Interval, s.bins)
	for k := range band {
		band[k] = b.interval(draws[k])
	}
	return band
}

// resample calls use with the weights of each resample; it keeps one slice.
// Fewer than two problems say nothing about variation, so nothing is drawn.
func (b Bootstrap) resample(clusters int, use func(weight []float64)) {
	if clusters < 2 {
		return
	}
	rng := rand.New(rand.NewPCG(b.Seed, 0x9e3779b97f4a7c15))
	weight := make([]float64, clusters)
	for range b.Resamples {
		clear(weight)
		for range weight {
			weight[rng.IntN(len(weight))]++
		}
		use(weight)
	}
}

// interval takes the central quantiles of the defined draws (linear between
// order statistics). Where half or more of the draws are undefined, so is it.
func (b Bootstrap) interval(draws []float64) Interval {
	defined := slices.DeleteFunc(slices.Clone(draws), math.IsNaN)
	if len(defined) == 0 || 2*len(defined) <= len(draws) {
		return undefined
	}
	slices.Sort(defined)
	tail := (1 - b.Level) / 2
	return Interval{quantile(defined, tail), quantile(defined, 1-tail)}
}

func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	below := int(at)
	above := min(below+1, len(sorted)-1)
	return sorted[below] + (at-float64(below))*(sorted[above]-sorted[below])
}
