package figure

import (
	"fmt"
	"image/color"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Sizes of a diagram with the reference's look, in points: 3.25 by 3 inches, and
// a line for a name.
const (
	referenceWidth  = 3.25 * 72
	referenceHeight = 3 * 72
	referenceLeft   = 34
	referenceBottom = 32
	referenceMargin = 8
	referenceTitle  = 14
	referenceBar    = 0.9 // of a bin's width
)

// ReferencePath is where the reference's evaluation puts the diagram of a model:
// figs/<model>/<bins>_calibration_<confidence>_<dataset>.pdf. confidence is
// "verbal" or "logits". A model named as hub/model stands in two folders; no name
// leads out of figs.
func ReferencePath(model string, bins int, confidence, dataset string) string {
	flat := strings.NewReplacer("/", "_", `\`, "_")
	name := fmt.Sprintf("%d_calibration_%s_%s.pdf", bins, flat.Replace(confidence), flat.Replace(dataset))
	return filepath.Join("figs", filepath.Join("/", filepath.ToSlash(model)), name)
}

// referenceFigure lays diagrams with the reference's look out.
func referenceFigure(panels []reliabilityPanel, columns int, caption string) *Figure {
	page := pageOf(len(panels), columns, vg.Point{X: referenceWidth, Y: referenceHeight})
	named := false
	for _, p := range panels {
		named = named || p.name != ""
	}
	if named {
		page.size.Y += referenceTitle
	}
	return &Figure{
		Caption: caption, width: page.width(), height: page.height(),
		draw: func(c draw.Canvas) {
			for i, p := range panels {
				p.drawReference(c, page.corner(c, i))
			}
		},
	}
}

// drawReference draws bars as the reference does: over the diagonal, in the
// middle of their bins, coloured from the least to the most filled bin.
func (p reliabilityPanel) drawReference(c draw.Canvas, corner vg.Point) {
	a := axes{Canvas: c, x: unitScale(), y: unitScale(), area: vg.Rectangle{
		Min: vg.Point{X: corner.X + referenceLeft, Y: corner.Y + referenceBottom},
		Max: vg.Point{X: corner.X + referenceWidth - referenceMargin, Y: corner.Y + referenceHeight - referenceMargin},
	}}
	from, to := a.at(0, 0), a.at(1, 1)
	a.StrokeLine2(pen(0.8, color.Black, 3, 1.3), from.X, from.Y, to.X, to.Y)
	least, most := -1, 0
	for _, b := range p.bins {
		if b.Count > 0 {
			most = max(most, b.Count)
			if least < 0 || b.Count < least {
				least = b.Count
			}
		}
	}
	for _, b := range p.bins {
		if b.Count == 0 {
			continue
		}
		inset := (1 - referenceBar) / 2 * (b.High - b.Low)
		bar := corners(a.box(b.Low+inset, 0, b.High-inset, b.Accuracy))
		share := float64(b.Count-least) / (float64(most-least) + 1e-8)
		a.FillPolygon(blues(0.3+0.7*share), bar)
		a.StrokeLines(pen(0.6, color.Black), append(bar, bar[0]))
	}
	drawBox(a, "Confidence Bin", "Accuracy in Bin")
	if p.name != "" {
		title := serif(writing(textSize, color.Black))
		middle := (a.area.Min.X + a.area.Max.X) / 2
		c.FillText(title, vg.Point{X: middle, Y: a.area.Max.Y + 5}, shorten(title, p.name, a.area.Size().X))
	}
	if p.count() == 0 {
		a.say(serif(writing(textSize, grey)), noConfidence(p.summary.N))
	}
}

// drawBox draws axes as a box with the reference's ticks and names.
func drawBox(a axes, xLabel, yLabel string) {
	line := pen(0.8, color.Black)
	box := corners(a.area)
	a.StrokeLines(line, append(box, box[0]))
	numbers, words := serif(writing(tickSize, color.Black)), serif(writing(textSize, color.Black))
	middle := vg.Point{X: (a.area.Min.X + a.area.Max.X) / 2, Y: (a.area.Min.Y + a.area.Max.Y) / 2}
	for _, t := range a.x.ticks {
		numbers.XAlign, numbers.YAlign = text.XCenter, text.YTop
		p := a.at(t, 0)
		a.StrokeLine2(line, p.X, p.Y, p.X, p.Y-tickLength)
		a.FillText(numbers, vg.Point{X: p.X, Y: p.Y - tickLength - 2}, a.x.label(t))
		numbers.XAlign, numbers.YAlign = text.XRight, text.YBottom
		p = a.at(0, t)
		a.StrokeLine2(line, p.X, p.Y, p.X-tickLength, p.Y)
		a.FillText(numbers, vg.Point{X: p.X - tickLength - 2, Y: p.Y - digitHeight*tickSize/2}, a.x.label(t))
	}
	words.YAlign = text.YTop
	a.FillText(words, vg.Point{X: middle.X, Y: a.area.Min.Y - tickLength - 3 - tickSize - 3}, xLabel)
	words.YAlign, words.Rotation = text.YBottom, quarterTurn
	a.FillText(words, vg.Point{X: a.area.Min.X - 19, Y: middle.Y}, yLabel)
}

// blues is ColorBrewer's ramp of nine blues, which the reference's bars have, at
// a place from 0, nearly white, to 1.
func blues(at float64) color.NRGBA {
	ramp := [9]color.NRGBA{
		{247, 251, 255, 255}, {222, 235, 247, 255}, {198, 219, 239, 255}, {158, 202, 225, 255}, {107, 174, 214, 255},
		{66, 146, 198, 255}, {33, 113, 181, 255}, {8, 81, 156, 255}, {8, 48, 107, 255},
	}
	place := min(max(at, 0), 1) * float64(len(ramp)-1)
	i := min(int(place), len(ramp)-2)
	return between(ramp[i], ramp[i+1], place-float64(i))
}
