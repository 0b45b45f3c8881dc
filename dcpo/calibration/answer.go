package calibration

import (
	"math"
	"sort"
)

// Answer is one graded answer with its confidence.
type Answer struct {
	// Confidence is the stated confidence, a fraction; ignored unless
	// HasConfidence. One outside [0, 1] is in no bin and not in the Brier score;
	// one that is not finite is treated as missing.
	Confidence    float64
	HasConfidence bool
	// Correct is the grader's verdict.
	Correct bool
	// Problem identifies the problem asked. Answers to one problem are not
	// independent, so intervals resample problems; "" is a problem of its own.
	Problem string
}

// missingConfidence is the value the reference gives to a confidence that it
// could not read.
const missingConfidence = -0.1

// point is an answer as the formulas see it.
type point struct {
	confidence, correct float64
	missing             bool
	bin                 int // -1: none
	cluster             int
}

// sample is a set of points prepared for repeated measuring.
type sample struct {
	points   []point // by confidence, rising
	bins     int
	clusters int
	binary   bool // every correctness is 0 or 1, so AUROC is defined
}

// newSample bins and sorts answers, in O(n log n).
func newSample(answers []Answer, bins int) sample {
	points := make([]point, len(answers))
	clusters := newClusters()
	for i, a := range answers {
		c := a.Confidence
		if !a.HasConfidence {
			c = math.NaN()
		}
		p := newPoint(c, 0)
		if a.Correct {
			p.correct = 1
		}
		p.cluster = clusters.of(a.Problem)
		points[i] = p
	}
	return prepare(points, bins, clusters.n)
}

// clusters numbers problems in the order in which they appear.
type clusters struct {
	ids map[string]int
	n   int
}

func newClusters() *clusters { return &clusters{ids: map[string]int{}} }

// of is the number of a problem; "" is a new one each time.
func (c *clusters) of(problem string) int {
	id, known := c.ids[problem]
	if !known || problem == "" {
		id = c.n
		c.ids[problem] = id
		c.n++
	}
	return id
}

// newPoint makes a point of a confidence, which is missing unless it is finite.
func newPoint(confidence, correct float64) point {
	if math.IsNaN(confidence) || math.IsInf(confidence, 0) {
		return point{confidence: missingConfidence, correct: correct, missing: true}
	}
	return point{confidence: confidence, correct: correct}
}

// prepare fills in bins and sorts.
func prepare(points []point, bins, clusters int) sample {
	s := sample{points: points, bins: binCount(bins), clusters: clusters, binary: true}
	edges := binEdges(s.bins)
	for i := range points {
		points[i].bin = binOf(points[i].confidence, edges)
		if c := points[i].correct; c != 0 && c != 1 {
			s.binary = false
		}
	}
	sort.Slice(points, func(i, j int) bool { return points[i].confidence < points[j].confidence })
	return s
}
