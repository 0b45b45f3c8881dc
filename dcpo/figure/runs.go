package figure

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Run is what a training run has written down, step by step.
type Run struct {
	Name string
	// Steps are the x values, in rising order; nil stands for 1, 2, 3, …
	Steps []float64
	// Values are the measures by name, each with one entry a step; NaN where it is
	// undefined, which leaves a gap. A measure that is taken every few steps only,
	// and never at two running, is joined by lines.
	Values map[string][]float64
}

// series are measures of the run, on the same steps; one that it lacks has no
// values. Where they are taken every few steps only, the steps between are left
// out.
func (r Run) series(measures ...string) []Series {
	all := make([]Series, len(measures))
	for i, m := range measures {
		values, ok := r.Values[m]
		if !ok {
			values = slices.Repeat([]float64{math.NaN()}, len(r.Steps))
		}
		if len(values) != len(r.Steps) { // nil steps, or a fault that is reported later
			return r.whole(measures)
		}
		all[i] = Series{Name: r.Name, Steps: []float64{}, Values: values}
	}
	var kept []int
	for i := range r.Steps {
		if !slices.ContainsFunc(all, func(s Series) bool { return !math.IsNaN(s.Values[i]) }) {
			continue
		}
		if len(kept) > 0 && kept[len(kept)-1] == i-1 {
			return r.whole(measures)
		}
		kept = append(kept, i)
	}
	for k := range all {
		values := all[k].Values
		all[k].Values = nil
		for _, i := range kept {
			all[k].Steps, all[k].Values = append(all[k].Steps, r.Steps[i]), append(all[k].Values, values[i])
		}
	}
	return all
}

// whole are measures of the run with all steps.
func (r Run) whole(measures []string) []Series {
	all := make([]Series, len(measures))
	for i, m := range measures {
		all[i] = Series{Name: r.Name, Steps: r.Steps, Values: r.Values[m]}
		if all[i].Values == nil {
			all[i].Values = slices.Repeat([]float64{math.NaN()}, len(r.Steps))
		}
	}
	return all
}

// fractions are the measures whose axis is 0 to 1, so that they can be compared
// from figure to figure.
var fractions = []string{"accuracy", "confidence", "auroc", "calibration_target", "equal_groups"}

// RunCurves draws measures of runs over the steps, a panel a measure, a line a
// run. Names are those of the run's metrics.
func RunCurves(runs []Run, measures []string, opt CurveOptions) (*Figure, error) {
	if len(runs) == 0 {
		return nil, errors.New("draw curves of runs: there is no run to draw: pass at least one")
	}
	panels := make([]Panel, len(measures))
	for i, m := range measures {
		panels[i] = Panel{Title: m, Unit: slices.Contains(fractions, m)}
		for _, r := range runs {
			panels[i].Series = append(panels[i].Series, r.series(m)...)
		}
	}
	return TrainingCurves(panels, opt)
}

// AccuracyConfidence draws, a panel a run, accuracy and mean confidence over the
// steps, read from the measures "accuracy" and "confidence". What lies between
// them is shaded where the run is over-confident.
func AccuracyConfidence(runs []Run, opt CurveOptions) (*Figure, error) {
	if len(runs) == 0 {
		return nil, errors.New("draw accuracy and confidence: there is no run to draw: pass at least one")
	}
	const right, stated = "accuracy", "mean confidence"
	panels := make([]linePanel, len(runs))
	for i, r := range runs {
		both := r.series("accuracy", "confidence")
		both[0].Name, both[1].Name = right, stated
		panels[i] = linePanel{Panel: Panel{Title: r.Name, Unit: true, Series: both}, under: func(a axes, own linePanel) {
			low, high, n := own.Series[0], own.Series[1], max(1, opt.Smooth)
			shadeAbove(a, low.Steps, smoothed(low.Values, n), smoothed(high.Values, n))
		}}
	}
	grid, err := newLineGrid(panels, opt)
	if err != nil {
		return nil, fmt.Errorf("draw accuracy and confidence: %w", err)
	}
	grid.pens = map[string]draw.LineStyle{right: pen(1, green), stated: pen(1, vermilion, 3, 1.6)}
	grid.note = "Shaded: more confident than right."
	return grid.figure(grid.caption("Accuracy and confidence", func(p linePanel, s Series) string { return measureOf(s.Name, p.Title) })), nil
}

// shadeAbove fills between two lines where the second is above the first.
func shadeAbove(a axes, steps, low, high []float64) {
	fill := faded(vermilion, 0.16)
	for i := 1; i < min(len(low), len(high)); i++ {
		before, after := high[i-1]-low[i-1], high[i]-low[i]
		if !(before > 0 || after > 0) || math.IsNaN(before+after) {
			continue
		}
		at := func(share float64) (x, y0, y1 float64) {
			mix := func(v []float64) float64 { return v[i-1] + share*(v[i]-v[i-1]) }
			return mix(steps), mix(low), mix(high)
		}
		from, to := 0.0, 1.0
		if cross := before / (before - after); before < 0 {
			from = cross
		} else if after < 0 {
			to = cross
		}
		var outline []vg.Point
		x, y0, y1 := at(from)
		outline = append(outline, a.at(x, y0), a.at(x, y1))
		x, y0, y1 = at(to)
		outline = append(outline, a.at(x, y1), a.at(x, y0))
		clip := a.Canvas
		clip.Rectangle = a.area
		a.FillPolygon(fill, clip.ClipPolygonXY(outline))
	}
}

// GradientNames are the measures of a run that tell its gradient's parts apart.
type GradientNames struct {
	// Reasoning and Confidence are the norms of the gradients from reasoning and
	// from confidence tokens; "" stands for "gradient/reasoning" and
	// "gradient/confidence".
	Reasoning, Confidence string
	// Cosine is the cosine of the angle between the two; "" stands for
	// "gradient/cosine". Runs need not have it.
	Cosine string
}

func (n GradientNames) withDefaults() GradientNames {
	for _, name := range []struct {
		of    *string
		value string
	}{{&n.Reasoning, "gradient/reasoning"}, {&n.Confidence, "gradient/confidence"}, {&n.Cosine, "gradient/cosine"}} {
		if *name.of == "" {
			*name.of = name.value
		}
	}
	return n
}

// Gradients draws, a row a run, the norms of the gradients that come from
// reasoning and from confidence tokens over the steps, on one scale for all runs,
// and beside them the cosine of the angle between the two: at 0 the signals do
// not touch each other, below it they pull apart. Without any cosine its panels
// are left out.
func Gradients(runs []Run, names GradientNames, opt CurveOptions) (*Figure, error) {
	if len(runs) == 0 {
		return nil, errors.New("draw gradients: there is no run to draw: pass at least one")
	}
	names = names.withDefaults()
	const reasoning, confidence = "reasoning tokens", "confidence tokens"
	angles := slices.ContainsFunc(runs, func(r Run) bool { return r.Values[names.Cosine] != nil })
	norm, angle := unitScale(), scale{min: -1, max: 1, ticks: []float64{-1, -.5, 0, .5, 1}, decimals: 1}
	highest := 0.0
	var panels []linePanel
	for _, r := range runs {
		both, cosine := r.series(names.Reasoning, names.Confidence), r.series(names.Cosine)
		both[0].Name, both[1].Name, cosine[0].Name = reasoning, confidence, ""
		highest = max(highest, top(finite(both[0].Values), 0), top(finite(both[1].Values), 0))
		panels = append(panels, linePanel{Panel: Panel{Title: measureOf("gradient norm", r.Name), Series: both}, y: &norm, absent: "no norms in the metrics"})
		if angles {
			panels = append(panels, linePanel{Panel: Panel{Title: measureOf("cosine", r.Name), Series: cosine}, y: &angle, under: zeroLine, absent: "no cosine in the metrics"})
			opt.Columns = 2
		}
	}
	if highest > 0 {
		norm = niceScale(0, highest, 5, 0)
	}
	grid, err := newLineGrid(panels, opt)
	if err != nil {
		return nil, fmt.Errorf("draw gradients: %w", err)
	}
	grid.pens = map[string]draw.LineStyle{reasoning: pen(1, palette[0]), confidence: pen(1, vermilion, 3, 1.6), "": pen(1, ink)}
	return grid.figure(grid.caption("Gradients", func(p linePanel, s Series) string {
		if s.Name == "" {
			return p.Title
		}
		return p.Title + ", " + s.Name
	})), nil
}

// zeroLine marks 0.
func zeroLine(a axes, _ linePanel) {
	from, to := a.at(a.x.min, 0), a.at(a.x.max, 0)
	a.StrokeLine2(pen(0.8, color.NRGBA{150, 150, 150, 255}, 2, 2), from.X, from.Y, to.X, to.Y)
}
