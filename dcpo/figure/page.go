package figure

import (
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// page lays panels of one size out in rows, from the top left on.
type page struct {
	panels, columns int
	size            vg.Point // of a panel
}

// pageOf is a page of at most so many columns.
func pageOf(panels, columns int, size vg.Point) page {
	return page{panels, max(1, min(columns, panels)), size}
}

func (p page) rows() int { return (p.panels + p.columns - 1) / p.columns }

func (p page) width() vg.Length  { return p.size.X * vg.Length(p.columns) }
func (p page) height() vg.Length { return p.size.Y * vg.Length(p.rows()) }

// corner is the lower left corner of panel i on a canvas whose rows end at its
// bottom edge.
func (p page) corner(c draw.Canvas, i int) vg.Point {
	return vg.Point{X: c.Min.X + p.size.X*vg.Length(i%p.columns), Y: c.Min.Y + p.size.Y*vg.Length(p.rows()-1-i/p.columns)}
}
