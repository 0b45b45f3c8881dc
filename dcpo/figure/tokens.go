package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
)

// Responses are a model's responses, as far as the probability of their tokens
// goes.
type Responses struct {
	Name string
	// LogProbs are the log-probs of each response's tokens, in nats; NaN where one
	// is unknown.
	LogProbs [][]float64
}

// TokenOptions configures the figure of token probabilities; the zero value is
// fine.
type TokenOptions struct {
	// Band is the share of responses that the band holds, those in the middle; 0
	// stands for 0.8, from the tenth percentile to the ninetieth.
	Band float64
	// NoBand leaves the band out.
	NoBand bool
}

// tokenHeight is that of the panel, in points; it is as wide as a risk–coverage
// curve.
const tokenHeight = 200

// tokenParts is how many parts a response is cut into.
const tokenParts = 100

// TokenProbabilities draws how probable the sampled tokens are by their place in
// the response: each response is cut into 100 parts, the probabilities of a
// part's tokens are averaged, and the line is the mean over responses, the band
// where most of them lie. A part that is shorter than a token has the value of
// the part before. It fails on a log-prob above 0 and on a band outside (0, 1).
func TokenProbabilities(models []Responses, opt TokenOptions) (*Figure, error) {
	if len(models) == 0 {
		return nil, errors.New("draw token probabilities: there are no responses to draw: pass at least one set")
	}
	if opt.Band == 0 {
		opt.Band = 0.8
	}
	if !(opt.Band > 0 && opt.Band < 1) {
		return nil, fmt.Errorf("draw token probabilities: Band is %v: use a share between 0 and 1, or 0 for 0.8", opt.Band)
	}
	x := scale{min: 0, max: tokenParts, ticks: []float64{0, 20, 40, 60, 80, 100}}
	p := linePanel{absent: "no tokens", x: &x}
	captions := make([]string, len(models))
	lowest := 1.0
	for i, m := range models {
		s, n, err := m.series(opt)
		if err != nil {
			return nil, fmt.Errorf("draw token probabilities: %s", named(m.Name, err.Error()))
		}
		captions[i] = named(m.Name, plural(n, "response"))
		for _, v := range slices.Concat(s.Values, s.Low) {
			if v < lowest {
				lowest = v
			}
		}
		p.Series = append(p.Series, s)
	}
	y := unitScale()
	if lowest < 1 {
		y = niceScale(lowest, 1, 5, 0)
	}
	p.y = &y
	grid, err := newLineGrid([]linePanel{p}, CurveOptions{XLabel: "place in the response (%)"})
	if err != nil {
		return nil, fmt.Errorf("draw token probabilities: %w", err)
	}
	grid.yLabel, grid.flat, grid.size = "mean token probability", true, vg.Point{X: riskWidth, Y: tokenHeight}
	if !opt.NoBand {
		grid.note = fmt.Sprintf("Line: mean over responses. Shaded: the middle %.4g %% of them.", 100*opt.Band)
	}
	return grid.figure("Token probability by place in the response. " + strings.Join(captions, "; ") + "."), nil
}

// series is the line of a model, of so many responses.
func (m Responses) series(opt TokenOptions) (s Series, responses int, err error) {
	var parts [tokenParts][]float64
	for i, logProbs := range m.LogProbs {
		for t, l := range logProbs {
			if l > logProbSlack {
				return s, 0, fmt.Errorf("response %d: the log-prob of token %d is %v: expected 0 or less", i, t, l)
			}
		}
		if len(logProbs) == 0 {
			continue
		}
		responses++
		for part, v := range byPlace(logProbs) {
			parts[part] = append(parts[part], v)
		}
	}
	s.Name = m.Name
	for part, values := range parts {
		s.Steps = append(s.Steps, float64(part)+0.5)
		s.Values = append(s.Values, mean(values))
		if !opt.NoBand {
			low, high := quantiles(values, (1-opt.Band)/2)
			s.Low, s.High = append(s.Low, low), append(s.High, high)
		}
	}
	return s, responses, nil
}

// logProbSlack is how far rounding may lift the log-prob of a certain token.
const logProbSlack = 1e-3

// byPlace averages the probabilities of each part of a response: token t of n is
// in part ⌊100·t/n⌋. The reference computes that in floating point, which puts a
// token now and then into the part before.
func byPlace(logProbs []float64) (parts [tokenParts]float64) {
	var count [tokenParts]float64
	for t, l := range logProbs {
		if !math.IsNaN(l) {
			part := t * tokenParts / len(logProbs)
			parts[part] += math.Min(1, math.Exp(l))
			count[part]++
		}
	}
	before := math.NaN()
	for i := range parts {
		if count[i] > 0 {
			before = parts[i] / count[i]
		}
		parts[i] = before
	}
	return parts
}

// mean is over the defined values, NaN of none.
func mean(values []float64) float64 {
	sum, n := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / n
}
