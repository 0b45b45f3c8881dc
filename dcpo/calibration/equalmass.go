package calibration

import (
	"math"
	"sort"
)

// equalMass is the ECE over s.bins bins whose edges are quantiles of the confidences, linear between order statistics; points
// are sorted and all in range. A bin is (low, high], so that equal confidences share one.
func (s sample) equalMass(weight []float64) float64 {
	edges := s.massEdges(weight)
	if edges == nil {
		return math.NaN()
	}
	var sum, n float64
	for i, b := 0, 0; b < s.bins; b++ {
		var w weighed
		for ; i < len(s.points) && (b == s.bins-1 || s.points[i].confidence <= edges[b]); i++ {
			k := s.points[i].weight(weight)
			w.count += k
			w.correct += k * s.points[i].correct
			w.confidence += k * s.points[i].confidence
		}
		if w.count > 0 {
			sum += w.count * math.Abs(w.gap())
			n += w.count
		}
	}
	return sum / n
}

// massEdges are the upper edges of all bins but the last; nil of no answers. An answer that counts k times is k answers.
func (s sample) massEdges(weight []float64) []float64 {
	n, upTo := 0, make([]int, len(s.points)) // answers up to each point
	for i, p := range s.points {
		n += int(p.weight(weight))
		upTo[i] = n
	}
	if n == 0 {
		return nil
	}
	statistic := func(k int) float64 { return s.points[sort.SearchInts(upTo, k+1)].confidence }
	edges := make([]float64, s.bins-1)
	for b := range edges {
		// Order statistic (b+1)·(n−1)/bins in whole numbers: one that falls on an answer must not miss it by a rounding.
		below, rest := (b+1)*(n-1)/s.bins, (b+1)*(n-1)%s.bins
		edges[b] = statistic(below)
		if rest > 0 {
			edges[b] += (statistic(below+1) - edges[b]) * float64(rest) / float64(s.bins)
		}
	}
	return edges
}
