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

// linePanel is a panel of lines with what its kind of figure fixes of it.
type linePanel struct {
	Panel
	x, y   *scale                      // nil: they fit the data
	under  func(a axes, own linePanel) // drawn below the lines; may be nil
	absent string                      // said where there are no values; "" stands for "no values yet"
}

// lineGrid lays panels of lines out in rows, under one legend.
type lineGrid struct {
	panels  []linePanel
	names   []string // of the series, in order of appearance
	opt     CurveOptions
	columns int

	yLabel string
	note   string                    // at the bottom, in grey
	flat   bool                      // no panel has a title
	pens   map[string]draw.LineStyle // of series whose colour has a meaning
	size   vg.Point                  // of a panel
}

// Sizes in points. A panel is curveWidth × curveHeight unless its kind of figure
// says otherwise.
const (
	curveWidth   = 212
	curveHeight  = 176
	curveLeft    = 40
	curveRight   = 14
	curveBottom  = 36
	curveTop     = 22
	legendHeight = 20
	noteHeight   = 14
)

// newLineGrid checks and copies the panels.
func newLineGrid(panels []linePanel, opt CurveOptions) (*lineGrid, error) {
	if len(panels) == 0 {
		return nil, errors.New("there is no panel to draw: pass at least one")
	}
	if opt.XLabel == "" {
		opt.XLabel = "step"
	}
	if opt.Columns < 1 {
		opt.Columns = 3
	}
	g := &lineGrid{panels: slices.Clone(panels), opt: opt, columns: min(opt.Columns, len(panels)), size: vg.Point{X: curveWidth, Y: curveHeight}}
	for i, p := range panels {
		g.panels[i].Series = nil
		for _, s := range p.Series {
			own, err := s.prepare()
			if err != nil {
				return nil, fmt.Errorf("panel %q, series %q: %w", p.Title, s.Name, err)
			}
			g.panels[i].Series = append(g.panels[i].Series, own)
			if !slices.Contains(g.names, s.Name) {
				g.names = append(g.names, s.Name)
			}
		}
	}
	return g, nil
}

// figure is the grid as a finished figure.
func (g *lineGrid) figure(caption string) *Figure {
	rows := (len(g.panels) + g.columns - 1) / g.columns
	height := g.size.Y*vg.Length(rows) + g.legendRows()*legendHeight
	if g.note != "" {
		height += noteHeight
	}
	return &Figure{Caption: caption, width: g.size.X * vg.Length(g.columns), height: height, draw: g.draw}
}

// left is the room left of a panel's data.
func (g *lineGrid) left() vg.Length {
	if g.yLabel != "" {
		return curveLeft + 8
	}
	return curveLeft
}

// top is the room above a panel's data.
func (g *lineGrid) top() vg.Length {
	if g.flat {
		return digitHeight * tickSize
	}
	return curveTop
}

// caption gives the last value of every series, after what call calls it.
func (g *lineGrid) caption(what string, call func(linePanel, Series) string) string {
	var parts []string
	for _, p := range g.panels {
		for _, s := range p.Series {
			for i, v := range slices.Backward(s.Values) {
				if !math.IsNaN(v) {
					parts = append(parts, fmt.Sprintf("%s %.4g at %v", call(p, s), v, s.Steps[i]))
					break
				}
			}
		}
	}
	if len(parts) == 0 {
		return what + ": no values yet."
	}
	return what + ". " + strings.Join(parts, "; ") + "."
}

// titleOf calls a series by the panel's title and its own name.
func titleOf(p linePanel, s Series) string { return measureOf(p.Title, s.Name) }

// measureOf writes a measure of something, which may have no name.
func measureOf(measure, of string) string {
	if of == "" {
		return measure
	}
	return measure + " of " + of
}

// draw puts the legend, the panels row by row, and the note on a canvas.
func (g *lineGrid) draw(c draw.Canvas) {
	g.drawLegend(c)
	top := c.Max.Y - g.legendRows()*legendHeight
	for i, p := range g.panels {
		x := c.Min.X + g.size.X*vg.Length(i%g.columns)
		y := top - g.size.Y*vg.Length(i/g.columns+1)
		g.drawPanel(c, p, vg.Rectangle{
			Min: vg.Point{X: x + g.left(), Y: y + curveBottom},
			Max: vg.Point{X: x + g.size.X - curveRight, Y: y + g.size.Y - g.top()},
		})
	}
	if g.note != "" {
		c.FillText(leftWriting(noteSize, grey), vg.Point{X: c.Min.X + g.left(), Y: c.Min.Y + 5}, g.note)
	}
}
