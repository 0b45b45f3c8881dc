package figure

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// coverages are the places at which risk is drawn.
var coverages = func() (all [200]float64) {
	for i := range all {
		all[i] = float64(i+1) / float64(len(all))
	}
	return all
}()

// ranking is a set of answers, the surest first.
type ranking struct {
	answers  []ranked
	levels   int // different confidences
	clusters int // problems
}

type ranked struct {
	confidence float64 // −Inf where it is missing
	level      int     // 0 is the surest
	cluster    int
	wrong      float64
}

func newRanking(answers []calibration.Answer) ranking {
	var r ranking
	clusters := map[string]int{}
	for _, a := range answers {
		one := ranked{confidence: a.Confidence}
		if !a.HasConfidence || math.IsNaN(a.Confidence) || math.IsInf(a.Confidence, 0) {
			one.confidence = math.Inf(-1)
		}
		if !a.Correct {
			one.wrong = 1
		}
		id, known := clusters[a.Problem]
		if !known || a.Problem == "" {
			id = r.clusters
			r.clusters++
			clusters[a.Problem] = id
		}
		one.cluster = id
		r.answers = append(r.answers, one)
	}
	slices.SortStableFunc(r.answers, func(a, b ranked) int { return cmp.Compare(b.confidence, a.confidence) })
	for i := range r.answers {
		if i > 0 && r.answers[i].confidence < r.answers[i-1].confidence {
			r.levels++
		}
		r.answers[i].level = r.levels
	}
	r.levels++
	return r
}

// tally counts the answers of each level and the wrong ones among them.
// weight[c] is how often cluster c counts; nil is once.
func (r ranking) tally(weight []float64) (count, wrong []float64) {
	count, wrong = make([]float64, r.levels), make([]float64, r.levels)
	for _, a := range r.answers {
		w := 1.0
		if weight != nil {
			w = weight[a.cluster]
		}
		count[a.level] += w
		wrong[a.level] += w * a.wrong
	}
	return count, wrong
}

// risks is the expected share of wrong answers at each of the coverages, NaN
// without answers.
func (r ranking) risks(weight []float64) []float64 {
	count, wrong := r.tally(weight)
	all := 0.0
	for _, n := range count {
		all += n
	}
	out := make([]float64, len(coverages))
	level, taken, failed := 0, 0.0, 0.0 // before the level
	for i, c := range coverages {
		want := c * all
		for level < r.levels-1 && taken+count[level] < want {
			taken, failed = taken+count[level], failed+wrong[level]
			level++
		}
		out[i] = (failed + (want-taken)*wrong[level]/count[level]) / want // NaN where nothing is
	}
	return out
}

// band is the interval of the risk at each coverage, from resamples of whole
// problems; nil with fewer than two of them. The defaults are calibration's.
func (r ranking) band(b calibration.Bootstrap) (low, high []float64, level float64) {
	if b.Resamples < 1 {
		b.Resamples = 1000
	}
	if !(b.Level > 0 && b.Level < 1) {
		b.Level = 0.95
	}
	if r.clusters < 2 {
		return nil, nil, b.Level
	}
	var draws [len(coverages)][]float64
	rng := rand.New(rand.NewPCG(b.Seed, 0x9e3779b97f4a7c15))
	weight := make([]float64, r.clusters)
	for range b.Resamples {
		clear(weight)
		for range weight {
			weight[rng.IntN(len(weight))]++
		}
		for i, v := range r.risks(weight) {
			draws[i] = append(draws[i], v)
		}
	}
	low, high = make([]float64, len(coverages)), make([]float64, len(coverages))
	for i := range draws {
		low[i], high[i] = quantiles(draws[i], (1-b.Level)/2)
	}
	return low, high, b.Level
}

// quantiles are the values that leave the given share of the defined ones below
// and above, linear between order statistics; NaN of none.
func quantiles(values []float64, tail float64) (low, high float64) {
	defined := slices.DeleteFunc(slices.Clone(values), math.IsNaN)
	if len(defined) == 0 {
		return math.NaN(), math.NaN()
	}
	slices.Sort(defined)
	at := func(q float64) float64 {
		place := q * float64(len(defined)-1)
		below := int(place)
		above := min(below+1, len(defined)-1)
		return defined[below] + (place-float64(below))*(defined[above]-defined[below])
	}
	return at(tail), at(1 - tail)
}
