package recalibrate

import (
	"fmt"
	"math"
)

// clip keeps the log-odds finite.
func clip(c float64) float64 { return min(max(c, Clip), 1-Clip) }

// logit is the log-odds of a confidence, clipped.
func logit(c float64) float64 {
	c = clip(c)
	return math.Log(c) - math.Log1p(-c)
}

// sigmoid is the probability of log-odds, without overflow.
func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

// sigmoidMap is Temperature and Platt.
type sigmoidMap struct {
	method           Method
	slope, intercept float64
}

func (m sigmoidMap) Apply(c float64) float64 { return sigmoid(m.slope*logit(c) + m.intercept) }

func (m sigmoidMap) String() string {
	if m.method == Temperature {
		return fmt.Sprintf("temperature %.3g", 1/m.slope)
	}
	return fmt.Sprintf("platt, slope %.3g, intercept %.3g", m.slope, m.intercept)
}

// temperature fits the slope 1/T ≥ 0 of the log-odds; 0 (T is infinite) maps everything to one half.
func (s stated) temperature() Map {
	w := newton(s.rows(func(c float64) []float64 { return []float64{logit(c)} }), s.targets())
	return sigmoidMap{Temperature, max(0, w[0]), 0}
}

// platt fits slope and intercept to Platt's targets, (n₊ + 1)/(n₊ + 2) for right and 1/(n₋ + 2) for wrong answers: they keep a set
// in which confidence parts right and wrong completely from an infinite slope.
func (s stated) platt() Map {
	targets, right := s.targets(), 0.0
	for _, t := range targets {
		right += t
	}
	wrong := float64(len(targets)) - right
	for i, t := range targets {
		targets[i] = t*(right+1)/(right+2) + (1-t)/(wrong+2)
	}
	w := newton(s.rows(func(c float64) []float64 { return []float64{logit(c), 1} }), targets)
	return sigmoidMap{Platt, w[0], w[1]}
}

// betaMap is Beta.
type betaMap struct{ a, b, m float64 }

func (m betaMap) Apply(c float64) float64 {
	c = clip(c)
	return sigmoid(m.a*math.Log(c) - m.b*math.Log1p(-c) + m.m)
}

func (m betaMap) String() string {
	return fmt.Sprintf("beta, a %.3g, b %.3g, intercept %.3g", m.a, m.b, m.m)
}

// beta fits the three numbers. Where the best ones have a negative slope, the best rising map lies on the edge a = 0, b = 0, or both.
func (s stated) beta() Map {
	targets := s.targets()
	both := s.rows(func(c float64) []float64 { c = clip(c); return []float64{math.Log(c), -math.Log1p(-c), 1} })
	if w := newton(both, targets); w[0] >= 0 && w[1] >= 0 {
		return betaMap{w[0], w[1], w[2]}
	}
	best, least := betaMap{}, math.Inf(1)
	for _, edge := range [][]int{{2}, {0, 2}, {1, 2}} {
		rows := make([][]float64, len(both))
		for i, x := range both {
			for _, k := range edge {
				rows[i] = append(rows[i], x[k])
			}
		}
		w := newton(rows, targets)
		var all [3]float64
		for j, k := range edge {
			all[k] = w[j]
		}
		if l := loss(rows, targets, w); all[0] >= 0 && all[1] >= 0 && l < least {
			best, least = betaMap{all[0], all[1], all[2]}, l
		}
	}
	return best
}

// rows are the features of each confidence.
func (s stated) rows(features func(c float64) []float64) [][]float64 {
	rows := make([][]float64, len(s.confidence))
	for i, c := range s.confidence {
		rows[i] = features(c)
	}
	return rows
}

// targets are 1 for right and 0 for wrong answers.
func (s stated) targets() []float64 {
	t := make([]float64, len(s.correct))
	for i, right := range s.correct {
		if right {
			t[i] = 1
		}
	}
	return t
}
