package figure

import (
	"fmt"
	"math"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of one diagram in points, from the bottom up: note, x label, histogram,
// gap, square of bars, header.
const (
	panelLeft       = 44
	panelRight      = 14
	panelSide       = 200 // the square
	panelWidth      = panelLeft + panelSide + panelRight
	panelBottom     = 48
	histogramHeight = 52
	panelGap        = 10
	headerHeight    = 66
	panelHeight     = panelBottom + histogramHeight + panelGap + panelSide + headerHeight
)

// draw puts the diagram at a corner of the canvas; most is the count of the
// fullest bin of the row.
func (p reliabilityPanel) draw(c draw.Canvas, corner vg.Point, most int) {
	left := corner.X + panelLeft
	area := func(bottom, height vg.Length) vg.Rectangle {
		return vg.Rectangle{Min: vg.Point{X: left, Y: corner.Y + bottom}, Max: vg.Point{X: left + panelSide, Y: corner.Y + bottom + height}}
	}
	counts := niceScale(0, math.Max(float64(most), 1), 3, 1)
	histogram := axes{Canvas: c, area: area(panelBottom, histogramHeight), x: unitScale(), y: counts}
	square := axes{Canvas: c, area: area(panelBottom+histogramHeight+panelGap, panelSide), x: unitScale(), y: unitScale()}
	p.drawBars(square, most)
	p.drawHistogram(histogram, most)
	p.drawHeader(c, vg.Point{X: left, Y: square.area.Max.Y})
}

// drawBars draws accuracy over confidence.
func (p reliabilityPanel) drawBars(a axes, most int) {
	a.grid()
	for _, b := range p.bins {
		if b.Count == 0 {
			continue
		}
		drawBar(a, b, b.Accuracy, most)
	}
	for i, interval := range p.band {
		if p.bins[i].Count > 0 && interval.Defined() {
			drawInterval(a, p.bins[i], interval)
		}
	}
	from, to := a.at(0, 0), a.at(1, 1)
	a.StrokeLine2(pen(1, ink, 4, 3), from.X, from.Y, to.X, to.Y)
	a.frame("", "accuracy", false)
	if p.count() == 0 {
		a.say(writing(textSize, grey), noConfidence(p.summary.N))
	}
}

// drawBar draws a bar from 0 to height. One of height 0 leaves a line on the
// axis, so that a bin of wrong answers does not look empty.
func drawBar(a axes, b calibration.Bin, height float64, most int) {
	r := a.box(b.Low, 0, b.High, height)
	inset := min(r.Size().X*0.06, 0.8)
	r.Min.X, r.Max.X = r.Min.X+inset, r.Max.X-inset
	fill := shade(float64(b.Count) / float64(max(most, 1)))
	r.Max.Y = max(r.Max.Y, r.Min.Y+1.6)
	a.FillPolygon(fill, corners(r))
	a.StrokeLines(pen(0.4, shade(1)), append(corners(r), r.Min))
}

// drawInterval draws the interval of a bin's accuracy as a narrow band, with the
// top of the bar over it. The band is opaque: it stays legible on dark bars.
func drawInterval(a axes, b calibration.Bin, interval calibration.Interval) {
	width := b.High - b.Low
	r := a.box(b.Low+0.34*width, interval.Low, b.High-0.34*width, interval.High)
	a.FillPolygon(paleAmber, corners(r))
	for _, y := range []vg.Length{r.Min.Y, r.Max.Y} {
		a.StrokeLine2(pen(1.3, amber), r.Min.X, y, r.Max.X, y)
	}
	top := a.at(b.Low, b.Accuracy).Y
	a.StrokeLine2(pen(0.8, shade(1)), r.Min.X, top, r.Max.X, top)
}

// drawHistogram draws how many answers each bin holds, in the bars' colours,
// and where accuracy and mean confidence lie.
func (p reliabilityPanel) drawHistogram(a axes, most int) {
	a.grid()
	for _, b := range p.bins {
		if b.Count > 0 {
			drawBar(a, b, float64(b.Count), most)
		}
	}
	for _, line := range p.marks() {
		if line.value >= 0 && line.value <= 1 {
			at := a.at(line.value, a.y.min)
			a.StrokeLine2(line.pen, at.X, a.area.Min.Y, at.X, a.area.Max.Y)
		}
	}
	a.frame("stated confidence", "answers", true)
}

// mark is a value shown as a line in the histogram and as a key in the header.
type mark struct {
	name  string
	value float64
	pen   draw.LineStyle
}

func (p reliabilityPanel) marks() []mark {
	return []mark{
		{"accuracy", p.summary.Accuracy, pen(1.6, green)},
		{"mean confidence", p.summary.MeanConfidence, pen(1.6, vermilion, 3, 1.6)},
	}
}

// plural writes a count and its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// percent writes a share above 0, never as 0.
func percent(share float64) string {
	switch p := 100 * share; {
	case p >= 9.95:
		return fmt.Sprintf("%.0f %%", p)
	case p >= 0.05:
		return fmt.Sprintf("%.1f %%", p)
	}
	return "< 0.1 %"
}

// headerGap separates the parts of a header line. They are placed one by one,
// since SVG viewers collapse rows of spaces.
const headerGap = 9

// drawHeader writes the name and the measures above a point.
func (p reliabilityPanel) drawHeader(c draw.Canvas, at vg.Point) {
	title := bold(leftWriting(titleSize, ink))
	c.FillText(title, vg.Point{X: at.X, Y: at.Y + 47}, shorten(title, p.name, panelSide))
	words := leftWriting(tickSize, ink)
	x := at.X
	for _, m := range p.marks() {
		c.StrokeLine2(m.pen, x, at.Y+36.5, x+12, at.Y+36.5)
		label := m.name + " " + calibration.Format(m.value)
		c.FillText(words, vg.Point{X: x + 15, Y: at.Y + 33}, label)
		x += 15 + words.Width(label) + headerGap
	}
	s := p.summary
	x = at.X
	for _, part := range []string{
		withInterval("ECE", s.ECE, s.Intervals, func(i *calibration.Intervals) calibration.Interval { return i.ECE }),
		withInterval("PCE", s.PCE, s.Intervals, func(i *calibration.Intervals) calibration.Interval { return i.PCE }),
	} {
		c.FillText(words, vg.Point{X: x, Y: at.Y + 21}, part)
		x += words.Width(part) + headerGap
	}
	auroc := "AUROC " + calibration.Format(s.AUROC)
	answers := plural(s.N, "answer")
	if s.ShareMissing > 0 {
		answers += ", " + percent(s.ShareMissing) + " without confidence"
	}
	c.FillText(words, vg.Point{X: at.X, Y: at.Y + 9}, auroc)
	c.FillText(words, vg.Point{X: at.X + words.Width(auroc) + headerGap, Y: at.Y + 9}, answers)
}
