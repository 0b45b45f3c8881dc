package figure

import (
	"cmp"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// stroke is the pen of a series: colours first, then dashes once they run out.
func (g *lineGrid) stroke(name string, width vg.Length) draw.LineStyle {
	if own, ok := g.pens[name]; ok {
		own.Width = width
		return own
	}
	i := slices.Index(g.names, name)
	dashes := [][]vg.Length{nil, {5, 2}, {1.5, 1.5}, {6, 2, 1.5, 2}}
	return pen(width, palette[i%len(palette)], dashes[i/len(palette)%len(dashes)]...)
}

// drawPanel draws one panel with its data in the given area.
func (g *lineGrid) drawPanel(c draw.Canvas, p linePanel, area vg.Rectangle) {
	a := axes{Canvas: c, area: area}
	var found bool
	a.x, a.y, found = p.scales()
	if p.x != nil {
		a.x = *p.x
	}
	if p.y != nil {
		a.y = *p.y
	}
	a.grid()
	if p.under != nil {
		p.under(a, p)
	}
	for _, s := range p.Series {
		g.drawBand(a, s)
	}
	for _, s := range p.Series {
		values := s.Values
		if g.opt.Smooth > 1 {
			faint := g.stroke(s.Name, 0.7)
			faint.Color = faded(faint.Color.(color.NRGBA), 0.35)
			drawLine(a, s.Steps, values, faint)
			values = smoothed(values, g.opt.Smooth)
		}
		drawLine(a, s.Steps, values, g.stroke(s.Name, 1.6))
	}
	a.frame(g.opt.XLabel, g.yLabel, true)
	title := bold(leftWriting(textSize+0.5, ink))
	c.FillText(title, vg.Point{X: area.Min.X, Y: area.Max.Y + 7}, shorten(title, p.Title, area.Size().X))
	if !found {
		a.say(writing(textSize, grey), cmp.Or(p.absent, "no values yet"))
	}
}

// scales fits the axes to the data; found is false where there is none.
func (p Panel) scales() (x, y scale, found bool) {
	lowX, highX, lowY, highY := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range p.Series {
		for i, v := range s.Values {
			if math.IsNaN(v) {
				continue
			}
			lowX, highX = math.Min(lowX, s.Steps[i]), math.Max(highX, s.Steps[i])
			lowY, highY = math.Min(lowY, v), math.Max(highY, v)
			if s.Low != nil && s.Low[i] <= s.High[i] {
				lowY, highY = math.Min(lowY, s.Low[i]), math.Max(highY, s.High[i])
			}
		}
	}
	if found = lowX <= highX; !found {
		return scale{0, 1, []float64{0, 1}, 0}, unitScale(), false
	}
	x = tight(niceScale(lowX, highX, 5, p.leastStep()), lowX, highX)
	if p.Unit {
		return x, unitScale(), true
	}
	room := 0.05 * (highY - lowY)
	low, high := lowY-room, highY+room
	if lowY >= 0 {
		low = math.Max(low, 0) // nothing below 0 where nothing is negative
	}
	y = niceScale(lowY, highY, 5, 0)
	if room > 0 {
		y = tight(niceScale(low, high, 5, 0), low, high)
	}
	return x, y, true
}

// leastStep is 1 where all steps are whole numbers: there is no step 1.5.
func (p Panel) leastStep() float64 {
	for _, s := range p.Series {
		for _, x := range s.Steps {
			if x != math.Trunc(x) {
				return 0
			}
		}
	}
	return 1
}

// tight cuts a scale to the data, so that lines end at the frame.
func tight(s scale, low, high float64) scale {
	if low == high {
		return s
	}
	s.min, s.max = low, high
	s.ticks = slices.DeleteFunc(s.ticks, func(t float64) bool { return t < low || t > high })
	return s
}

// drawLine strokes the runs of drawable values; one by itself becomes a dot.
// Lines are clipped to the panel, so an outlier of a fixed scale stays in it.
func drawLine(a axes, steps, values []float64, style draw.LineStyle) {
	clip := a.Canvas
	clip.Rectangle = a.area
	for _, run := range runs(values) {
		points := make([]vg.Point, 0, run[1]-run[0])
		for i := run[0]; i < run[1]; i++ {
			points = append(points, a.at(steps[i], values[i]))
		}
		if len(points) == 1 {
			clip.DrawGlyph(draw.GlyphStyle{Color: style.Color, Radius: 1.2 + style.Width/2, Shape: draw.CircleGlyph{}}, points[0])
			continue
		}
		a.StrokeLines(style, clip.ClipLinesXY(points)...)
	}
}

// runs returns the half-open index ranges of consecutive values that are not NaN.
func runs(values []float64) [][2]int {
	var out [][2]int
	for i := 0; i < len(values); i++ {
		if math.IsNaN(values[i]) {
			continue
		}
		start := i
		for i < len(values) && !math.IsNaN(values[i]) {
			i++
		}
		out = append(out, [2]int{start, i})
	}
	return out
}

// drawBand fills between the bounds of a series, where both are known.
func (g *lineGrid) drawBand(a axes, s Series) {
	clip := a.Canvas
	clip.Rectangle = a.area
	gaps := make([]float64, len(s.Low))
	for i := range gaps {
		gaps[i] = s.Low[i] + s.High[i] // NaN where either is
	}
	for _, run := range runs(gaps) {
		var outline []vg.Point
		for i := run[0]; i < run[1]; i++ {
			outline = append(outline, a.at(s.Steps[i], s.High[i]))
		}
		for i := run[1] - 1; i >= run[0]; i-- {
			outline = append(outline, a.at(s.Steps[i], s.Low[i]))
		}
		if len(outline) > 2 {
			a.FillPolygon(faded(g.stroke(s.Name, 1).Color.(color.NRGBA), 0.18), clip.ClipPolygonXY(outline))
		}
	}
}

// entry is one name of the legend and where it stands.
type entry struct {
	name string
	x    vg.Length
	row  int
}

const (
	keyLength = 16
	keyGap    = 5
	entryGap  = 16
)

// legend breaks the names into rows as wide as the figure.
func (g *lineGrid) legend() []entry {
	words := leftWriting(textSize, ink)
	most := g.size.X*vg.Length(g.columns) - g.left() - curveRight
	var entries []entry
	x, row := vg.Length(0), 0
	for _, name := range g.names {
		if name == "" {
			continue // there is nothing to say of it
		}
		short := shorten(words, name, most-keyLength-keyGap)
		width := keyLength + keyGap + words.Width(short)
		if x > 0 && x+width > most {
			x, row = 0, row+1
		}
		entries = append(entries, entry{name, x, row})
		x += width + entryGap
	}
	return entries
}

// legendRows is the height of the legend in rows.
func (g *lineGrid) legendRows() vg.Length {
	entries := g.legend()
	if len(entries) == 0 {
		return 0
	}
	return vg.Length(entries[len(entries)-1].row + 1)
}

func (g *lineGrid) drawLegend(c draw.Canvas) {
	if g.legendRows() == 0 {
		return
	}
	words := leftWriting(textSize, ink)
	most := g.size.X*vg.Length(g.columns) - g.left() - curveRight
	for _, e := range g.legend() {
		x, y := c.Min.X+g.left()+e.x, c.Max.Y-legendHeight*vg.Length(e.row+1)+4
		c.StrokeLine2(g.stroke(e.name, 2), x, y+3.3, x+keyLength, y+3.3)
		c.FillText(words, vg.Point{X: x + keyLength + keyGap, Y: y}, shorten(words, e.name, most-keyLength-keyGap))
	}
}
