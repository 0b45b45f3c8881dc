package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
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
	if len(panels) == 0 {
		return nil, errors.New("draw training curves: there is no panel to draw: pass at least one")
	}
	if opt.XLabel == "" {
		opt.XLabel = "step"
	}
	if opt.Columns < 1 {
		opt.Columns = 3
	}
	prepared := make([]Panel, len(panels))
	var names []string
	for i, p := range panels {
		prepared[i] = Panel{Title: p.Title, Unit: p.Unit}
		for _, s := range p.Series {
			own, err := s.prepare()
			if err != nil {
				return nil, fmt.Errorf("draw training curves: panel %q, series %q: %w", p.Title, s.Name, err)
			}
			prepared[i].Series = append(prepared[i].Series, own)
			if !slices.Contains(names, s.Name) {
				names = append(names, s.Name)
			}
		}
	}
	grid := curveGrid{panels: prepared, names: names, opt: opt, columns: min(opt.Columns, len(panels))}
	width, height := grid.size()
	return &Figure{Caption: curveCaption(prepared), width: width, height: height, draw: grid.draw}, nil
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

// curveCaption gives the last value of every series.
func curveCaption(panels []Panel) string {
	var parts []string
	for _, p := range panels {
		for _, s := range p.Series {
			for i := len(s.Values) - 1; i >= 0; i-- {
				if !math.IsNaN(s.Values[i]) {
					parts = append(parts, fmt.Sprintf("%s of %s %.4g at %v", p.Title, s.Name, s.Values[i], s.Steps[i]))
					break
				}
			}
		}
	}
	if len(parts) == 0 {
		return "Training curves: no values yet."
	}
	return "Training curves. " + strings.Join(parts, "; ") + "."
}

// curveGrid lays prepared panels out in rows.
type curveGrid struct {
	panels  []Panel
	names   []string
	opt     CurveOptions
	columns int
}

// Sizes in points.
const (
	curveWidth   = 212
	curveHeight  = 176
	curveLeft    = 40
	curveRight   = 14
	curveBottom  = 36
	curveTop     = 22
	legendHeight = 20
)

func (g curveGrid) size() (width, height vg.Length) {
	rows := (len(g.panels) + g.columns - 1) / g.columns
	return curveWidth * vg.Length(g.columns), curveHeight*vg.Length(rows) + g.legendRows()*legendHeight
}

func (g curveGrid) draw(c draw.Canvas) {
	g.drawLegend(c)
	top := c.Max.Y - g.legendRows()*legendHeight
	for i, p := range g.panels {
		x := c.Min.X + curveWidth*vg.Length(i%g.columns)
		y := top - curveHeight*vg.Length(i/g.columns+1)
		g.drawPanel(c, p, vg.Rectangle{
			Min: vg.Point{X: x + curveLeft, Y: y + curveBottom},
			Max: vg.Point{X: x + curveWidth - curveRight, Y: y + curveHeight - curveTop},
		})
	}
}
