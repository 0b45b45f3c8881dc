package calibration

import "fmt"

// Report is Summarize with Further filled in: tens of milliseconds for thousands of answers, where Summarize takes less than one.
func Report(answers []Answer, bins int) Summary {
	return newReporter(newSample(answers, bins)).report()
}

// ReportValues is Report for correctness that need not be 0 or 1, as SummarizeValues is Summarize: problems[i] is what value i
// belongs to, "" for one of its own, and nil where all are. It fails where SummarizeValues does.
func ReportValues(confidence, correct []float64, problems []string, bins int) (Summary, error) {
	s, err := valueSample(confidence, correct, problems, bins)
	if err != nil {
		return Summary{}, fmt.Errorf("report calibration: %w", err)
	}
	return newReporter(s).report(), nil
}

// report computes every measure, without intervals.
func (r reporter) report() Summary {
	summary := r.summary()
	f := &Further{Distinct: r.distinct()}
	values := r.further(nil)
	for k, field := range f.fields() {
		*field = values[k]
	}
	summary.Further = f
	return summary
}

// Report is the package's Report with the intervals of every measure filled in: a few seconds for 2000 answers of 2000 different
// confidences, less where many are equal.
func (b Bootstrap) Report(answers []Answer, bins int) Summary {
	return b.report(newReporter(newSample(answers, bins)))
}

// ReportValues is the package's ReportValues with the intervals of every measure filled in.
func (b Bootstrap) ReportValues(confidence, correct []float64, problems []string, bins int) (Summary, error) {
	s, err := valueSample(confidence, correct, problems, bins)
	if err != nil {
		return Summary{}, fmt.Errorf("report calibration: %w", err)
	}
	return b.report(newReporter(s)), nil
}

// report computes every measure with its interval.
func (b Bootstrap) report(r reporter) Summary {
	b = b.withDefaults()
	basic, further := make([][]float64, measures), make([][]float64, furthers)
	b.resample(r.clusters, func(weight []float64) {
		for k, value := range r.measure(weight) {
			basic[k] = append(basic[k], value)
		}
		for k, value := range r.further(weight) {
			further[k] = append(further[k], value)
		}
	})
	summary := r.report()
	summary.Intervals = b.intervals(basic)
	of := &FurtherIntervals{}
	for k, field := range of.fields() {
		*field = b.interval(further[k])
	}
	summary.Intervals.Further = of
	return summary
}

// BaseRate returns the answers with one and the same confidence, the share of right ones: the constant predictor that a stated
// confidence has to beat. Its accuracy is that of the very answers, so it is calibrated perfectly, and ranks nothing.
func BaseRate(answers []Answer) []Answer {
	right := 0.0
	for _, a := range answers {
		if a.Correct {
			right++
		}
	}
	constant := make([]Answer, len(answers))
	for i, a := range answers {
		a.Confidence, a.HasConfidence = right/float64(len(answers)), true
		constant[i] = a
	}
	return constant
}
