package calibration

import "math"

// The measures of a sample, as indices, so that intervals can be taken of each.
const (
	accuracy = iota
	meanConfidence
	meanStated
	shareMissing
	ece
	pce
	pceConditional
	mce
	brier
	auroc
	measures
)

// measure computes all measures in one pass over the sorted points and one over
// the bins. weight[c] is how often cluster c counts; nil is once each.
func (s sample) measure(weight []float64) [measures]float64 {
	var n, correct, confidence, missing, squares, inRange, stated float64
	for _, p := range s.points {
		w := p.weight(weight)
		n += w
		correct += w * p.correct
		confidence += w * p.confidence
		if p.missing {
			missing += w
		} else {
			stated += w * p.confidence
		}
		if p.bin >= 0 {
			inRange += w
			squares += w * (p.confidence - p.correct) * (p.confidence - p.correct)
		}
	}
	var m [measures]float64
	m[accuracy], m[meanConfidence] = correct/n, confidence/n
	m[meanStated], m[shareMissing] = stated/(n-missing), missing/n
	m[ece], m[pce], m[pceConditional], m[mce] = binErrors(s.tally(weight), n)
	m[brier], m[auroc] = squares/inRange, s.auroc(weight)
	return m
}

// auroc counts, for every right answer, the wrong ones of lower confidence and
// half of those of equal confidence. It is NaN unless there are both.
func (s sample) auroc(weight []float64) float64 {
	if !s.binary {
		return math.NaN()
	}
	var won, right, wrong float64
	for i := 0; i < len(s.points); {
		var tiedRight, tiedWrong float64
		for c := s.points[i].confidence; i < len(s.points) && s.points[i].confidence == c; i++ {
			w := s.points[i].weight(weight)
			tiedRight += w * s.points[i].correct
			tiedWrong += w * (1 - s.points[i].correct)
		}
		won += tiedRight * (wrong + tiedWrong/2)
		right += tiedRight
		wrong += tiedWrong
	}
	return won / (right * wrong)
}
