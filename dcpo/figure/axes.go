package figure

import (
	"math"
	"strconv"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// scale maps values on a line to its ticks.
type scale struct {
	min, max float64
	ticks    []float64
	decimals int // of the tick labels
}

// unitScale runs from 0 to 1.
func unitScale() scale {
	return scale{0, 1, []float64{0, .2, .4, .6, .8, 1}, 1}
}

// niceScale covers low to high with about so many steps of 1, 2 or 5 times a
// power of ten, not finer than least.
func niceScale(low, high float64, steps int, least float64) scale {
	if high-low < 1e-9*math.Max(math.Abs(low), math.Abs(high)) || high <= low {
		pad := math.Max(math.Abs(low)*0.1, least)
		if pad == 0 {
			pad = 1
		}
		low, high = low-pad, high+pad
	}
	step := math.Max(niceStep((high-low)/float64(steps)), least)
	first, last := math.Floor(low/step+1e-9), math.Ceil(high/step-1e-9)
	s := scale{min: first * step, max: last * step, decimals: max(0, int(-math.Floor(math.Log10(step)+1e-9)))}
	for i := first; i <= last; i++ {
		s.ticks = append(s.ticks, i*step)
	}
	return s
}

// niceStep is the least of 1, 2, 5 times a power of ten that is not below raw.
func niceStep(raw float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// label writes a tick's value; large ones are shortened to 20k, 3M.
func (s scale) label(v float64) string {
	size := math.Max(math.Abs(s.min), math.Abs(s.max))
	switch {
	case v == 0 && s.decimals == 0:
		return "0"
	case size >= 1e9, s.decimals > 4:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case size >= 1e6:
		return strconv.FormatFloat(v/1e6, 'f', -1, 64) + "M"
	case size >= 1e4:
		return strconv.FormatFloat(v/1e3, 'f', -1, 64) + "k"
	}
	return strconv.FormatFloat(v+0, 'f', s.decimals, 64) // v+0 turns −0 into 0
}

// axes is a data area with a scale on each side.
type axes struct {
	draw.Canvas
	area vg.Rectangle
	x, y scale
}

// at maps data to the canvas.
func (a axes) at(x, y float64) vg.Point {
	size := a.area.Size()
	return vg.Point{
		X: a.area.Min.X + size.X*vg.Length((x-a.x.min)/(a.x.max-a.x.min)),
		Y: a.area.Min.Y + size.Y*vg.Length((y-a.y.min)/(a.y.max-a.y.min)),
	}
}

// box fills the rectangle between two points of data.
func (a axes) box(x0, y0, x1, y1 float64) vg.Rectangle {
	return vg.Rectangle{Min: a.at(x0, y0), Max: a.at(x1, y1)}
}

// grid draws the horizontal grid lines; it goes under the data.
func (a axes) grid() {
	for _, t := range a.y.ticks {
		from, to := a.at(a.x.min, t), a.at(a.x.max, t)
		a.StrokeLine2(pen(0.5, gridGrey), from.X, from.Y, to.X, to.Y)
	}
}

// say writes a message in the middle, on white.
func (a axes) say(message text.Style, what string) {
	message.YAlign = text.YCenter
	at := vg.Point{X: (a.area.Min.X + a.area.Max.X) / 2, Y: (a.area.Min.Y + a.area.Max.Y) / 2}
	size := message.Rectangle(what).Size()
	a.FillPolygon(white, corners(vg.Rectangle{Min: vg.Point{X: at.X - size.X/2 - 4, Y: at.Y - size.Y}, Max: vg.Point{X: at.X + size.X/2 + 4, Y: at.Y + size.Y}}))
	a.FillText(message, at, what)
}

// quarterTurn is the rotation of text that is read from below.
const quarterTurn = math.Pi / 2

const (
	tickLength  = 3
	digitHeight = 0.7 // of the font size
)

// frame draws the axis lines, ticks and labels; it goes over the data. An empty
// label takes no room, and xNumbers says whether the x ticks are numbered.
func (a axes) frame(xLabel, yLabel string, xNumbers bool) {
	line := pen(0.8, ink)
	a.StrokeLines(line, []vg.Point{{X: a.area.Min.X, Y: a.area.Max.Y}, a.area.Min, {X: a.area.Max.X, Y: a.area.Min.Y}})
	numbers := writing(tickSize, ink)
	numbers.YAlign = text.YTop
	for _, t := range a.x.ticks {
		p := a.at(t, a.y.min)
		a.StrokeLine2(line, p.X, p.Y, p.X, p.Y-tickLength)
		if xNumbers {
			a.FillText(numbers, vg.Point{X: p.X, Y: p.Y - tickLength - 2}, a.x.label(t))
		}
	}
	numbers.XAlign, numbers.YAlign = text.XRight, text.YBottom
	widest := vg.Length(0)
	for _, t := range a.y.ticks {
		p := a.at(a.x.min, t)
		label := a.y.label(t)
		a.StrokeLine2(line, p.X, p.Y, p.X-tickLength, p.Y)
		a.FillText(numbers, vg.Point{X: p.X - tickLength - 2, Y: p.Y - digitHeight*tickSize/2}, label)
		widest = max(widest, numbers.Width(label))
	}
	center := vg.Point{X: (a.area.Min.X + a.area.Max.X) / 2, Y: (a.area.Min.Y + a.area.Max.Y) / 2}
	words := writing(textSize, ink)
	if xLabel != "" {
		words.YAlign = text.YTop
		a.FillText(words, vg.Point{X: center.X, Y: a.area.Min.Y - tickLength - 4 - tickSize - 3}, xLabel)
	}
	if yLabel != "" {
		words.YAlign, words.Rotation = text.YBottom, quarterTurn
		// At least a fixed distance away, so that labels of stacked axes line up.
		a.FillText(words, vg.Point{X: a.area.Min.X - tickLength - 2 - max(widest+5, 20), Y: center.Y}, yLabel)
	}
}
