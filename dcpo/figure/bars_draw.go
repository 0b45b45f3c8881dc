package figure

import (
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes in points.
const (
	barWidth  = 170 // of a panel, values included
	barValue  = 38
	barRow    = 17
	barTop    = 24
	barBottom = 22
	barNames  = 130 // at most
	barMargin = 8
)

// barGrid is bars with everything decided.
type barGrid struct {
	page   page
	panels []BarPanel
	names  []string
	note   string
	left   vg.Length // for the names
}

// foot is the height of the note.
func (g barGrid) foot() vg.Length {
	if g.note == "" {
		return 0
	}
	return noteHeight
}

func (g barGrid) draw(c draw.Canvas) {
	if g.note != "" {
		c.FillText(leftWriting(noteSize, grey), vg.Point{X: c.Min.X + barMargin, Y: c.Min.Y + 5}, g.note)
	}
	shifted := c
	shifted.Min = vg.Point{X: c.Min.X + barMargin + g.left, Y: c.Min.Y + g.foot()}
	words := writing(textSize, ink)
	words.XAlign = text.XRight
	for i, p := range g.panels {
		corner := g.page.corner(shifted, i)
		a := g.axes(c, p, corner)
		if i%g.page.columns == 0 {
			for row, name := range g.names {
				at := a.at(0, float64(row))
				c.FillText(words, vg.Point{X: corner.X - 6, Y: at.Y - digitHeight*textSize/2}, shorten(words, name, barNames))
			}
		}
		g.drawPanel(a, p)
	}
}

// axes are those of a panel: bar k lies at k, counted downwards.
func (g barGrid) axes(c draw.Canvas, p BarPanel, corner vg.Point) axes {
	low, high := 0.0, 0.0
	for _, b := range p.Bars {
		values := []float64{b.Value}
		if b.Interval != nil {
			values = append(values, b.Interval.Low, b.Interval.High)
		}
		for _, v := range values {
			if v < low {
				low = v
			} else if v > high {
				high = v
			}
		}
	}
	x := unitScale()
	if !p.Unit && low < high {
		x = niceScale(low, high, 4, 0)
	} else if p.Unit {
		x.ticks = []float64{0, .5, 1}
	}
	rows := math.Max(1, float64(len(g.names)))
	return axes{Canvas: c, x: x, y: scale{min: rows - 0.5, max: -0.5}, area: vg.Rectangle{
		Min: vg.Point{X: corner.X, Y: corner.Y + barBottom},
		Max: vg.Point{X: corner.X + barWidth - barValue, Y: corner.Y + g.page.size.Y - barTop},
	}}
}

// drawPanel draws the bars of a panel, their intervals and values.
func (g barGrid) drawPanel(a axes, p BarPanel) {
	for _, t := range a.x.ticks {
		from, to := a.at(t, a.y.min), a.at(t, a.y.max)
		a.StrokeLine2(pen(0.5, gridGrey), from.X, from.Y, to.X, to.Y)
	}
	clip := a.Canvas
	clip.Rectangle = a.area
	numbers := leftWriting(tickSize, ink)
	for _, b := range p.Bars {
		at := slices.Index(g.names, b.Name)
		row := float64(at)
		if !math.IsNaN(b.Value) {
			bar := clip.ClipPolygonXY(corners(a.box(0, row+0.32, b.Value, row-0.32)))
			a.FillPolygon(between(palette[at%len(palette)], white, 0.45), bar)
		}
		if i := b.Interval; i != nil && i.Defined() && !math.IsNaN(b.Value) {
			line := pen(1.1, ink)
			for _, part := range clip.ClipLinesXY([]vg.Point{a.at(i.Low, row), a.at(i.High, row)},
				[]vg.Point{a.at(i.Low, row-0.16), a.at(i.Low, row+0.16)}, []vg.Point{a.at(i.High, row-0.16), a.at(i.High, row+0.16)}) {
				a.StrokeLines(line, part)
			}
		}
		a.FillText(numbers, vg.Point{X: a.area.Max.X + 6, Y: a.at(0, row).Y - digitHeight*tickSize/2}, calibration.Format(b.Value))
	}
	zero := a.at(0, a.y.min)
	a.StrokeLine2(pen(0.8, ink), zero.X, a.area.Min.Y, zero.X, a.area.Max.Y)
	numbers = writing(tickSize, ink)
	numbers.YAlign = text.YTop
	for _, t := range a.x.ticks {
		a.FillText(numbers, vg.Point{X: a.at(t, 0).X, Y: a.area.Min.Y - 4}, a.x.label(t))
	}
	title := bold(leftWriting(textSize+0.5, ink))
	a.FillText(title, vg.Point{X: a.area.Min.X, Y: a.area.Max.Y + 7}, shorten(title, p.Title, barWidth-8))
	if len(p.Bars) == 0 {
		a.say(writing(textSize, grey), "nothing")
	}
}
