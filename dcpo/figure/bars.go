package figure

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/vg"
)

// Bar is a value of something named.
type Bar struct {
	// Name stands left of the bar; bars of one name share a colour in all panels.
	Name string
	// Value is the length; NaN is an undefined value, which has no bar.
	Value float64
	// Interval is drawn over the end of the bar; nil where there is none.
	Interval *calibration.Interval
}

// BarPanel is a measure of several things, such as the ECE of methods.
type BarPanel struct {
	Title string
	// Unit fixes the axis to 0 to 1, for fractions; otherwise it fits the data. It
	// always holds 0, where bars begin.
	Unit bool
	Bars []Bar
}

// BarOptions configures bars; the zero value is fine.
type BarOptions struct {
	// Columns is the most panels in a row; 0 stands for 3.
	Columns int
	// Note stands in grey at the bottom, such as what the intervals are.
	Note string
}

// Bars draws lying bars with intervals, a panel a measure; names stand left of
// each row of panels, values at its right. Each panel has a line for every name
// that occurs in any of them.
func Bars(panels []BarPanel, opt BarOptions) (*Figure, error) {
	if len(panels) == 0 {
		return nil, errors.New("draw bars: there is no panel to draw: pass at least one")
	}
	if opt.Columns < 1 {
		opt.Columns = 3
	}
	g := barGrid{note: opt.Note}
	var captions []string
	for _, p := range panels {
		p.Bars = slices.Clone(p.Bars) // those of the caller may change
		own := map[string]bool{}
		for _, b := range p.Bars {
			if own[b.Name] {
				return nil, fmt.Errorf("draw bars: panel %q has two bars %q: give each a name of its own", p.Title, b.Name)
			}
			own[b.Name] = true
			if math.Abs(b.Value) > 1e15 {
				return nil, fmt.Errorf("draw bars: panel %q, bar %q is %v: use finite numbers, or NaN for an undefined one", p.Title, b.Name, b.Value)
			}
			if !slices.Contains(g.names, b.Name) {
				g.names = append(g.names, b.Name)
			}
			captions = append(captions, measureOf(p.Title, b.Name)+" "+calibration.Format(b.Value))
		}
		g.panels = append(g.panels, p)
	}
	rows := vg.Length(max(1, len(g.names)))
	g.page = pageOf(len(panels), opt.Columns, vg.Point{X: barWidth, Y: barTop + rows*barRow + barBottom})
	words := leftWriting(textSize, ink)
	for _, name := range g.names {
		g.left = max(g.left, vg.Length(math.Ceil(min(words.Width(name), barNames).Points()))+8)
	}
	if len(captions) == 0 {
		captions = []string{"nothing to compare"}
	}
	return &Figure{Caption: "Bars. " + strings.Join(captions, "; ") + ".", width: g.left + barMargin + g.page.width(), height: g.page.height() + g.foot(), draw: g.draw}, nil
}

// MeasureBars compares sets of answers by bars with 95 % bootstrap intervals:
// accuracy, mean stated confidence, ECE, PCE, Brier score and AUROC, as far as
// opt.MetricBins, opt.Bootstrap, opt.NoBand and opt.Columns say.
func MeasureBars(results []Named, opt ReliabilityOptions) (*Figure, error) {
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("draw bars: %w", err)
	}
	if len(results) == 0 {
		return nil, errors.New("draw bars: there is no result to draw: pass at least one")
	}
	opt.ReferenceLook = false
	opt = opt.withDefaults(3)
	panels := []BarPanel{{Title: "accuracy ↑", Unit: true}, {Title: "mean stated confidence", Unit: true}, {Title: "ECE ↓"}, {Title: "PCE ↓"}, {Title: "Brier ↓"}, {Title: "AUROC ↑", Unit: true}}
	note := ""
	for _, r := range results {
		p := newReliabilityPanel(r, opt) // undefined where there is nothing to measure
		values := []float64{p.summary.Accuracy, p.summary.MeanStated, p.summary.ECE, p.summary.PCE, p.summary.Brier, p.summary.AUROC}
		var of [6]*calibration.Interval
		if i := p.summary.Intervals; i != nil {
			of = [...]*calibration.Interval{&i.Accuracy, &i.MeanStated, &i.ECE, &i.PCE, &i.Brier, &i.AUROC}
			note = fmt.Sprintf("Lines: %.4g %% bootstrap interval.", 100*p.level)
		}
		for k := range panels {
			panels[k].Bars = append(panels[k].Bars, Bar{r.Name, values[k], of[k]})
		}
	}
	return Bars(panels, BarOptions{Columns: opt.Columns, Note: note})
}
