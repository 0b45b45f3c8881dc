package calibration

import "math"

// Mean is the mean of each measure over sets of answers that count alike whatever their sizes, as the overall column of a table of benchmarks. Its
// intervals are of the mean, each set's problems drawn for themselves; N counts all answers. A measure that is undefined on one of the sets is
// undefined. bins below 1 stands for DefaultBins.
func (b Bootstrap) Mean(sets [][]Answer, bins int) Summary {
	b = b.withDefaults()
	out := MeanOfSets(sets, bins)
	sums := make([][]float64, measures)
	for k := range sums {
		sums[k] = make([]float64, b.Resamples)
	}
	for i, answers := range sets {
		s, at := newSample(answers, bins), 0
		own := b
		own.Seed += uint64(i) * 0x9e3779b97f4a7c15 // sets of one size must not be drawn alike
		own.resample(s.clusters, func(weight []float64) {
			for k, value := range s.measure(weight) {
				sums[k][at] += value / float64(len(sets))
			}
			at++
		})
		if at == 0 { // one problem says nothing of variation
			for k := range sums {
				sums[k][0] = math.NaN()
				sums[k] = sums[k][:1]
			}
			break
		}
	}
	out.Intervals = b.intervals(sums)
	return out
}

// MeanOfSets is Bootstrap.Mean without intervals.
func MeanOfSets(sets [][]Answer, bins int) Summary {
	out := Summary{Bins: binCount(bins)}
	for _, answers := range sets {
		s := Summarize(answers, bins)
		out.N += s.N
		from := s.fields()
		for k, field := range out.fields() {
			*field += *from[k] / float64(len(sets))
		}
	}
	return out
}

// fields are the measures of a Summary.
func (s *Summary) fields() []*float64 {
	return []*float64{&s.Accuracy, &s.MeanConfidence, &s.MeanStated, &s.ShareMissing, &s.ECE, &s.PCE, &s.PCEConditional, &s.MCE, &s.Brier, &s.AUROC}
}
