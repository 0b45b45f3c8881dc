package calibration

import "fmt"

// Summary is the measures of a set of answers. An undefined measure is NaN.
type Summary struct {
	// N is the number of answers; Bins the number of bins of the four errors.
	N, Bins int
	// Accuracy is the share of right answers.
	Accuracy float64
	// MeanConfidence counts a missing confidence as −0.1, as the reference does;
	// MeanStated is the mean over the stated ones alone.
	MeanConfidence, MeanStated float64
	// ShareMissing is the share of answers without a readable confidence.
	ShareMissing float64
	// ECE, PCE, PCEConditional and MCE are the binned errors of the package doc.
	ECE, PCE, PCEConditional, MCE float64
	// Brier is the mean squared error of confidences in [0, 1].
	Brier float64
	// AUROC is how well confidence ranks right answers above wrong ones; 0.5 is chance.
	AUROC float64
	// Further is what only Report measures; nil otherwise.
	Further *Further
	// Intervals are bootstrap intervals of the above; nil where none were computed.
	Intervals *Intervals
}

// Summarize computes the measures of the answers, without intervals and Further, with bins
// equal bins; bins below 1 stands for DefaultBins.
func Summarize(answers []Answer, bins int) Summary {
	return newSample(answers, bins).summary()
}

// SummarizeValues is Summarize for correctness that need not be 0 or 1, such as
// the share of right answers per problem; correct[i] belongs to confidence[i],
// and NaN is a missing confidence. AUROC is undefined unless every value of
// correct is 0 or 1. It fails where the lengths differ or a correctness is not
// in [0, 1].
func SummarizeValues(confidence, correct []float64, bins int) (Summary, error) {
	s, err := valueSample(confidence, correct, nil, bins)
	if err != nil {
		return Summary{}, fmt.Errorf("summarize calibration: %w", err)
	}
	return s.summary(), nil
}

// valueSample makes a sample of numbers; without problems each is one of its own.
func valueSample(confidence, correct []float64, problems []string, bins int) (sample, error) {
	if len(confidence) != len(correct) {
		return sample{}, fmt.Errorf("%d confidences but %d verdicts", len(confidence), len(correct))
	}
	if problems != nil && len(confidence) != len(problems) {
		return sample{}, fmt.Errorf("%d confidences but %d problems", len(confidence), len(problems))
	}
	points := make([]point, len(confidence))
	clusters := newClusters()
	for i, c := range confidence {
		if !(correct[i] >= 0 && correct[i] <= 1) {
			return sample{}, fmt.Errorf("verdict %d is %v: use a share of correct answers in [0, 1]", i, correct[i])
		}
		points[i] = newPoint(c, correct[i])
		problem := ""
		if problems != nil {
			problem = problems[i]
		}
		points[i].cluster = clusters.of(problem)
	}
	return prepare(points, bins, clusters.n), nil
}

// Brier returns the Brier score of the answers, NaN if none states a confidence
// in [0, 1].
func Brier(answers []Answer) float64 { return newSample(answers, 1).measure(nil)[brier] }

// AUROC returns the area under the ROC curve of confidence as a sign of
// correctness, NaN unless there are right and wrong answers.
func AUROC(answers []Answer) float64 { return newSample(answers, 1).measure(nil)[auroc] }

// ECE returns the expected calibration error; bins below 1 stands for DefaultBins.
func ECE(answers []Answer, bins int) float64 { return newSample(answers, bins).measure(nil)[ece] }

// PCE returns the positive calibration error; bins below 1 stands for DefaultBins.
func PCE(answers []Answer, bins int) float64 { return newSample(answers, bins).measure(nil)[pce] }

func (s sample) summary() Summary {
	m := s.measure(nil)
	return Summary{
		N: len(s.points), Bins: s.bins,
		Accuracy: m[accuracy], MeanConfidence: m[meanConfidence], MeanStated: m[meanStated], ShareMissing: m[shareMissing],
		ECE: m[ece], PCE: m[pce], PCEConditional: m[pceConditional], MCE: m[mce], Brier: m[brier], AUROC: m[auroc],
	}
}
