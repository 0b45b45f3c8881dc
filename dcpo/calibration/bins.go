package calibration

import (
	"math"
	"sort"
)

// DefaultBins is the number of bins of the reference's metrics.
const DefaultBins = 20

// Bin is one bar of a reliability diagram.
type Bin struct {
	// Low and High bound the bin, (Low, High]; the first bin also holds 0.
	Low, High float64
	// Count is the number of answers whose confidence lies in the bin.
	Count int
	// Accuracy and Confidence are the means over those answers; NaN if none.
	Accuracy, Confidence float64
}

// Bins sorts answers into n bins of equal width over [0, 1]; n below 1 stands
// for DefaultBins. Missing and out-of-range confidences are in none of them.
func Bins(answers []Answer, n int) []Bin {
	s := newSample(answers, n)
	edges := binEdges(s.bins)
	bins := make([]Bin, s.bins)
	for b, w := range s.tally(nil) {
		bins[b] = Bin{Low: edges[b], High: edges[b+1], Count: int(w.count), Accuracy: w.correct / w.count, Confidence: w.confidence / w.count}
	}
	return bins
}

func binCount(n int) int {
	if n < 1 {
		return DefaultBins
	}
	return n
}

// binEdges are numpy.linspace(0, 1, n+1), bit for bit: confidences such as 0.15
// sit on edges, so an edge that is one rounding off moves answers about. The
// conversion keeps the compiler from fusing the product into other arithmetic.
func binEdges(n int) []float64 {
	step := 1 / float64(n)
	edges := make([]float64, n+1)
	for i := range edges {
		edges[i] = float64(float64(i) * step)
	}
	edges[n] = 1
	return edges
}

// binOf returns the bin of a confidence, or -1 outside [0, 1].
func binOf(confidence float64, edges []float64) int {
	if !(confidence >= 0 && confidence <= 1) {
		return -1
	}
	upper := sort.SearchFloat64s(edges, confidence) // first edge >= confidence
	return max(upper-1, 0)
}

// weighed sums over the answers of one bin.
type weighed struct{ count, correct, confidence float64 }

// tally sums up each bin. weight[c] is how often cluster c counts; nil is once.
func (s sample) tally(weight []float64) []weighed {
	bins := make([]weighed, s.bins)
	for _, p := range s.points {
		if p.bin < 0 {
			continue
		}
		w := p.weight(weight)
		b := &bins[p.bin]
		b.count += w
		b.correct += w * p.correct
		b.confidence += w * p.confidence
	}
	return bins
}

func (p point) weight(weight []float64) float64 {
	if weight == nil {
		return 1
	}
	return weight[p.cluster]
}

// gap is how far the bin's mean confidence lies above its accuracy; only for
// bins that hold something.
func (w weighed) gap() float64 { return w.confidence/w.count - w.correct/w.count }

// rounding is below what a bin's two means differ by where they are equal but for the last bits of a sum: a constant confidence equal to the accuracy
// is not over-confident.
const rounding = 1e-13

// binErrors are ECE, PCE, its conditional form, and MCE of binned answers, of n
// answers in all.
func binErrors(bins []weighed, n float64) (ece, pce, conditional, mce float64) {
	if n == 0 {
		return math.NaN(), math.NaN(), math.NaN(), math.NaN()
	}
	over := 0.0 // answers in over-confident bins
	for _, b := range bins {
		if b.count == 0 {
			continue
		}
		gap := b.gap()
		ece += math.Abs(gap) * b.count / n
		mce = max(mce, math.Abs(gap))
		if gap > rounding {
			pce += gap * b.count / n
			over += b.count
		}
	}
	return ece, pce, pce * n / over, mce // 0/0, with no over-confident bin, is NaN
}
