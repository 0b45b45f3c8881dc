package figure

import (
	"fmt"
	"math"
	"slices"
)

// Series is one line of a panel.
type Series struct {
	// Name stands in the legend; series of one name share a colour in all panels.
	Name string
	// Steps are the x values; nil stands for 1, 2, 3, …
	Steps []float64
	// Values are the y values; a NaN or an infinity leaves a gap in the line.
	Values []float64
	// Low and High, where given, bound a shaded band, such as the spread over
	// seeds; both have one entry a value.
	Low, High []float64
}

// Panel is one small diagram: a measure over the steps.
type Panel struct {
	// Title names the measure.
	Title string
	// Unit fixes the y axis to 0 to 1, for fractions; otherwise it fits the data.
	Unit   bool
	Series []Series
}

// CurveOptions configures training curves; the zero value is fine.
type CurveOptions struct {
	// XLabel names the x axis; "" stands for "step".
	XLabel string
	// Columns is the most panels in a row; 0 stands for 3.
	Columns int
	// Smooth is the number of latest values that the strong line averages; the
	// values themselves then stay visible as a faint line. 0 and 1 smooth nothing.
	Smooth int
}

// TrainingCurves draws one or more panels of named series over training steps,
// with one legend. Panels without any finite value are drawn empty and say so,
// so that a live figure can be shown before its first step. It fails where a
// series contradicts itself.
func TrainingCurves(panels []Panel, opt CurveOptions) (*Figure, error) {
	plain := make([]linePanel, len(panels))
	for i, p := range panels {
		plain[i].Panel = p
	}
	grid, err := newLineGrid(plain, opt)
	if err != nil {
		return nil, fmt.Errorf("draw training curves: %w", err)
	}
	return grid.figure(grid.caption("Training curves", titleOf)), nil
}

// prepare checks a series, copies it (live callers go on appending to theirs),
// fills in the steps and turns infinities into gaps.
func (s Series) prepare() (Series, error) {
	n := len(s.Values)
	if s.Steps != nil && len(s.Steps) != n {
		return s, fmt.Errorf("it has %d steps but %d values", len(s.Steps), n)
	}
	if len(s.Low) != len(s.High) || len(s.Low) != 0 && len(s.Low) != n {
		return s, fmt.Errorf("its band has %d low and %d high bounds for %d values: give one of each a value, or none", len(s.Low), len(s.High), n)
	}
	out := Series{Name: s.Name, Steps: slices.Clone(s.Steps), Values: finite(s.Values), Low: finite(s.Low), High: finite(s.High)}
	if s.Steps == nil {
		out.Steps = make([]float64, n)
		for i := range out.Steps {
			out.Steps[i] = float64(i + 1)
		}
	}
	for i, x := range out.Steps {
		if math.IsNaN(x) || math.IsInf(x, 0) || math.Abs(x) > 1e15 {
			return s, fmt.Errorf("step %d is %v: use finite numbers", i, x)
		}
		if i > 0 && x < out.Steps[i-1] {
			return s, fmt.Errorf("step %d is %v, after %v: give steps in rising order", i, x, out.Steps[i-1])
		}
	}
	return out, nil
}

// finite copies values, with NaN for everything that cannot be drawn.
func finite(values []float64) []float64 {
	out := slices.Clone(values)
	for i, v := range out {
		if math.Abs(v) > 1e15 {
			out[i] = math.NaN()
		}
	}
	return out
}

// smoothed averages each value with the ones before it, n in all, gaps left out.
func smoothed(values []float64, n int) []float64 {
	out := make([]float64, len(values))
	for i := range values {
		sum, count := 0.0, 0.0
		for _, v := range values[max(0, i-n+1) : i+1] {
			if !math.IsNaN(v) {
				sum += v
				count++
			}
		}
		out[i] = sum / count
		if math.IsNaN(values[i]) {
			out[i] = math.NaN()
		}
	}
	return out
}
