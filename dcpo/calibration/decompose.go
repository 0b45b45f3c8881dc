package calibration

import "math"

// ConfidenceClip is how near to 0 and 1 a confidence may come in the NLL; without it a single wrong answer stated with 1 makes
// the NLL infinite. At 1e-6 such an answer costs 13.8 nats.
const ConfidenceClip = 1e-6

// decompose fills in the measures that come of the equal bins and of the answers one by one; points are all in range.
func (s sample) decompose(weight []float64, m *[furthers]float64) {
	bins := s.tally(weight)
	var n, correct float64
	for _, b := range bins {
		n += b.count
		correct += b.correct
	}
	rate := correct / n // NaN of no answers, and so is all that follows
	var squares, logs, spread, variance, covariance float64
	for _, p := range s.points {
		w := p.weight(weight)
		if w == 0 {
			continue
		}
		b := bins[p.bin]
		off := p.confidence - b.confidence/b.count
		squares += w * (p.confidence - p.correct) * (p.confidence - p.correct)
		logs += w * crossEntropy(p.correct, p.confidence)
		spread += w * (p.correct - rate) * (p.correct - rate)
		variance += w * off * off
		covariance += w * 2 * off * (p.correct - b.correct/b.count)
	}
	var rel, debiased, res float64
	for _, b := range bins {
		if b.count == 0 {
			continue
		}
		acc, gap := b.correct/b.count, b.gap()
		rel += b.count * gap * gap
		res += b.count * (acc - rate) * (acc - rate)
		if b.count > 1 {
			debiased += b.count * (gap*gap - acc*(1-acc)/(b.count-1))
		}
	}
	m[reliability], m[resolution], m[uncertainty] = rel/n, res/n, spread/n
	m[withinBinVariance], m[withinBinCovariance] = variance/n, covariance/n
	m[rmsce], m[rmsceDebiased] = math.Sqrt(rel/n), math.Sqrt(max(0, debiased/n))
	m[nll], m[baseRateNLL] = logs/n, crossEntropy(rate, rate)
	m[brierSkill] = math.NaN()
	if spread > 0 {
		m[brierSkill] = 1 - squares/spread
	}
}

// crossEntropy is the expected −log of probability p, clipped, where the event has probability of.
func crossEntropy(of, p float64) float64 {
	p = min(max(p, ConfidenceClip), 1-ConfidenceClip)
	return -of*math.Log(p) - (1-of)*math.Log1p(-p)
}
