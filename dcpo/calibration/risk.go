package calibration

import "math"

// RiskPoint is what comes of answering only above a threshold on confidence.
type RiskPoint struct {
	Threshold float64 // the lowest confidence that is kept; −0.1 stands for a missing one
	Coverage  float64 // share of answers kept
	Risk      float64 // share of wrong answers among them
}

// RiskCoverage returns a point for each distinct confidence, from the highest down; the last keeps every answer.
func RiskCoverage(answers []Answer) []RiskPoint {
	s := newSample(answers, 1)
	var curve []RiskPoint
	s.fall(nil, func(kept keptAnswers) {
		curve = append(curve, RiskPoint{kept.threshold, kept.count / float64(len(answers)), kept.wrong / kept.count})
	})
	return curve
}

// keptAnswers counts the answers above a threshold, and those of them at it.
type keptAnswers struct {
	threshold, count, wrong float64
	tied, tiedWrong         float64
}

// fall visits the distinct confidences that count, from the highest down.
func (s sample) fall(weight []float64, visit func(keptAnswers)) {
	var kept keptAnswers
	for i := len(s.points) - 1; i >= 0; {
		kept.threshold, kept.tied, kept.tiedWrong = s.points[i].confidence, 0, 0
		for ; i >= 0 && s.points[i].confidence == kept.threshold; i-- {
			w := s.points[i].weight(weight)
			kept.tied += w
			kept.tiedWrong += w * (1 - s.points[i].correct)
		}
		kept.count += kept.tied
		kept.wrong += kept.tiedWrong
		if kept.tied > 0 {
			visit(kept)
		}
	}
}

// selective fills in the measures of answering only when confident.
func (s sample) selective(weight []float64, m *[furthers]float64) {
	var all, wrong float64
	for _, p := range s.points {
		w := p.weight(weight)
		all += w
		wrong += w * (1 - p.correct)
	}
	for k := aurc; k <= riskAtCoverage80; k++ {
		m[k] = math.NaN()
	}
	if all == 0 {
		return
	}
	const slack = 1e-9 // shares such as 0.8 · 5 must not miss by a rounding
	m[coverageAtRisk05], m[coverageAtRisk10], m[coverageAtRisk20] = 0, 0, 0
	area := 0.0
	s.fall(weight, func(kept keptAnswers) {
		area += tiedArea(kept)
		for k, risk := range [...]float64{.05, .10, .20} {
			if kept.wrong <= (risk+slack)*kept.count {
				m[coverageAtRisk05+k] = kept.count / all
			}
		}
		if math.IsNaN(m[riskAtCoverage80]) && kept.count >= (.80-slack)*all {
			m[riskAtCoverage80] = kept.wrong / kept.count
		}
	})
	best := 0.0 // the wrong ones last
	for k := math.Floor(all-wrong) + 1; k <= all; k++ {
		best += (k - (all - wrong)) / k
	}
	m[aurc], m[eaurc] = area/all, (area-best)/all
	if none := wrong; none > best {
		m[prr] = (none - area) / (none - best)
	}
	if s.binary {
		m[auprcErrors] = s.averagePrecision(weight, wrong)
	}
}

// tiedArea is the sum of the risks at each count of answers inside a tie, in the mean over the orders of the tied.
func tiedArea(kept keptAnswers) (area float64) {
	before, beforeWrong := kept.count-kept.tied, kept.wrong-kept.tiedWrong
	share := kept.tiedWrong / kept.tied
	for j := 1.0; j <= kept.tied; j++ {
		area += (beforeWrong + share*j) / (before + j)
	}
	return area
}

// averagePrecision is that of low confidence as a sign of a wrong answer: the precision at each distinct confidence, from the
// lowest up, weighted by the share of wrong answers it adds. NaN unless something is wrong.
func (s sample) averagePrecision(weight []float64, wrong float64) float64 {
	if wrong == 0 {
		return math.NaN()
	}
	var sum, count, found float64
	for i := 0; i < len(s.points); {
		var added float64
		for c := s.points[i].confidence; i < len(s.points) && s.points[i].confidence == c; i++ {
			w := s.points[i].weight(weight)
			count += w
			added += w * (1 - s.points[i].correct)
		}
		if added > 0 {
			found += added
			sum += added * found / count
		}
	}
	return sum / wrong
}
