package figure

import (
	"errors"
	"fmt"
	"image/color"
	"math"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// HistogramOptions configures histograms of confidence; the zero value is fine.
type HistogramOptions struct {
	// Bins is the number of bars; 0 stands for 20.
	Bins int
	// Columns is the most histograms in a row; 0 stands for 3.
	Columns int
}

// Validate reports all faults of the options at once.
func (o HistogramOptions) Validate() error {
	var faults []error
	for _, n := range []struct {
		name  string
		value int
	}{{"Bins", o.Bins}, {"Columns", o.Columns}} {
		if n.value < 0 || n.value > 1000 {
			faults = append(faults, fmt.Errorf("%s is %d: use 1 to 1000, or 0 for the default", n.name, n.value))
		}
	}
	return errors.Join(faults...)
}

// Histograms draws how confident right and wrong answers are: for each set of
// answers a histogram with the right ones upwards and the wrong ones downwards, in
// percent of all its answers, with a dashed line at the mean confidence of each.
// All of them share one scale. A model that knows when it is right shows two
// halves that differ.
func Histograms(results []Named, opt HistogramOptions) (*Figure, error) {
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("draw histograms: %w", err)
	}
	if len(results) == 0 {
		return nil, errors.New("draw histograms: there is no result to draw: pass at least one")
	}
	if opt.Bins == 0 {
		opt.Bins = calibration.DefaultBins
	}
	if opt.Columns == 0 {
		opt.Columns = 3
	}
	panels := make([]histogramPanel, len(results))
	captions := make([]string, len(results))
	var right, wrong float64 // of the fullest bins, in percent
	for i, r := range results {
		panels[i] = newHistogramPanel(r, opt.Bins)
		captions[i] = panels[i].caption()
		right, wrong = max(right, panels[i].right.most), max(wrong, panels[i].wrong.most)
	}
	page := pageOf(len(panels), opt.Columns, vg.Point{X: panelWidth, Y: halvesHeight + halvesBottom + halvesTop})
	return &Figure{
		Caption: "Confidence by correctness. " + strings.Join(captions, "; ") + ".",
		width:   page.width(), height: page.height(),
		draw: func(c draw.Canvas) {
			for i, p := range panels {
				p.draw(c, page.corner(c, i), right, wrong)
			}
		},
	}, nil
}

// half is one half of a histogram: the answers of one verdict.
type half struct {
	bins []calibration.Bin
	n    int
	all  int     // answers of both halves
	most float64 // of the fullest bin, in percent of all
	mean float64 // of the stated confidences; NaN where there are none
}

func newHalf(answers []calibration.Answer, correct bool, bins int) half {
	var own []calibration.Answer
	for _, a := range answers {
		if a.Correct == correct {
			own = append(own, a)
		}
	}
	h := half{bins: calibration.Bins(own, bins), n: len(own), all: len(answers), mean: calibration.Summarize(own, bins).MeanStated}
	for _, b := range h.bins {
		h.most = max(h.most, h.percent(b))
	}
	return h
}

// percent is a bin's share of all answers.
func (h half) percent(b calibration.Bin) float64 {
	if b.Count == 0 {
		return 0
	}
	return 100 * float64(b.Count) / float64(h.all)
}

// histogramPanel is one histogram with everything computed.
type histogramPanel struct {
	name         string
	right, wrong half
	summary      calibration.Summary
}

func newHistogramPanel(of Named, bins int) histogramPanel {
	return histogramPanel{of.Name, newHalf(of.Answers, true, bins), newHalf(of.Answers, false, bins), calibration.Summarize(of.Answers, bins)}
}

func (p histogramPanel) caption() string {
	if p.summary.N == 0 {
		return strings.TrimPrefix(p.name+": no answers", ": ")
	}
	text := fmt.Sprintf("%s: %d right with mean confidence %s, %d wrong with %s, AUROC %s", p.name, p.right.n, calibration.Format(p.right.mean),
		p.wrong.n, calibration.Format(p.wrong.mean), calibration.Format(p.summary.AUROC))
	return strings.TrimPrefix(text, ": ")
}

// Sizes of a histogram in points.
const (
	halvesHeight = 150 // both halves
	halvesBottom = 38
	halvesTop    = 42
	leastHalf    = 0.3 // of the height, so that the half's name fits
)

// halves are the axes of the two halves, of one scale: as many answers to the
// point in both. The lower one runs downwards.
func halves(right, wrong float64) (up, down scale, share float64) {
	all := right + wrong
	if all == 0 {
		all = 100
	}
	high, low := math.Max(right, leastHalf*all), math.Max(wrong, leastHalf*all)
	ticks := niceScale(0, math.Max(high, low), 3, 0)
	cut := func(most float64) scale {
		s := scale{min: 0, max: most, decimals: ticks.decimals}
		for _, t := range ticks.ticks {
			if t <= most {
				s.ticks = append(s.ticks, t)
			}
		}
		return s
	}
	const room = 1.06 // above the fullest bar
	up, down = cut(room*high), cut(room*low)
	down.ticks = down.ticks[1:] // 0 stands at the other half
	down.min, down.max = down.max, 0
	return up, down, high / (high + low)
}

// draw puts the histogram at a corner of the canvas; right and wrong are the
// shares of the page's fullest bins, in percent.
func (p histogramPanel) draw(c draw.Canvas, corner vg.Point, right, wrong float64) {
	up, down, share := halves(right, wrong)
	left, bottom := corner.X+panelLeft, corner.Y+halvesBottom
	area := func(from, to vg.Length) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: left, Y: bottom + from}, Max: vg.Point{X: left + panelSide, Y: bottom + to}}
	}
	middle := halvesHeight * vg.Length(1-share)
	unnumbered := unitScale()
	unnumbered.ticks = nil
	above := axes{Canvas: c, area: area(middle, halvesHeight), x: unnumbered, y: up}
	below := axes{Canvas: c, area: area(0, middle), x: unitScale(), y: down}
	above.grid()
	below.grid()
	p.right.draw(above, palette[0])
	p.wrong.draw(below, vermilion)
	below.frame("stated confidence", "wrong (%)", true)
	above.frame("", "right (%)", false)
	if p.right.most+p.wrong.most == 0 {
		whole := axes{Canvas: c, area: area(0, halvesHeight)}
		whole.say(writing(textSize, grey), noConfidence(p.summary.N))
	}
	p.drawHeader(c, vg.Point{X: left, Y: bottom + halvesHeight})
}

// draw fills the bars of a half and marks its mean.
func (h half) draw(a axes, fill color.Color) {
	for _, b := range h.bins {
		if b.Count == 0 {
			continue
		}
		r := a.box(b.Low, 0, b.High, h.percent(b))
		inset := min(r.Size().X*0.06, 0.8)
		r.Min.X, r.Max.X = r.Min.X+inset, r.Max.X-inset
		a.FillPolygon(fill, corners(r))
	}
	if h.mean >= 0 && h.mean <= 1 {
		at := a.at(h.mean, 0)
		a.StrokeLine2(meanPen, at.X, a.area.Min.Y, at.X, a.area.Max.Y)
	}
}

// meanPen marks means in histograms.
var meanPen = pen(1.2, ink, 3, 1.6)

// drawHeader writes the name and the measures above a point.
func (p histogramPanel) drawHeader(c draw.Canvas, at vg.Point) {
	title := bold(leftWriting(titleSize, ink))
	c.FillText(title, vg.Point{X: at.X, Y: at.Y + 27}, shorten(title, p.name, panelSide))
	words := leftWriting(tickSize, ink)
	c.StrokeLine2(meanPen, at.X, at.Y+18.5, at.X+12, at.Y+18.5)
	c.FillText(words, vg.Point{X: at.X + 15, Y: at.Y + 15}, fmt.Sprintf("mean of right %s, of wrong %s", calibration.Format(p.right.mean), calibration.Format(p.wrong.mean)))
	auroc := "AUROC " + calibration.Format(p.summary.AUROC)
	answers := plural(p.summary.N, "answer")
	if p.summary.ShareMissing > 0 {
		answers += ", " + percent(p.summary.ShareMissing) + " without confidence"
	}
	c.FillText(words, vg.Point{X: at.X, Y: at.Y + 4}, auroc)
	c.FillText(words, vg.Point{X: at.X + words.Width(auroc) + headerGap, Y: at.Y + 4}, answers)
}
