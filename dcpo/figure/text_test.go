package figure

import (
	"math"
	"testing"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"
)

// placed is a drawn text and the page area that its letters cover.
type placed struct {
	text string
	area vg.Rectangle
}

// affine maps a point (x, y) to (a·x + b·y + e, c·x + d·y + f).
type affine struct{ a, b, c, d, e, f float64 }

func (m affine) apply(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(m.a*x + m.b*y + m.e), Y: vg.Length(m.c*x + m.d*y + m.f)}
}

// texts draws a figure on a recorder and returns where each text stands.
func texts(f *Figure) []placed {
	var canvas recorder.Canvas
	f.draw(draw.NewCanvas(&canvas, f.width, f.height))
	var out []placed
	stack := []affine{{a: 1, d: 1}}
	for _, action := range canvas.Actions {
		m := &stack[len(stack)-1]
		switch act := action.(type) {
		case *recorder.Push:
			stack = append(stack, *m)
		case *recorder.Pop:
			stack = stack[:len(stack)-1]
		case *recorder.Translate:
			p := m.apply(act.Point.X.Points(), act.Point.Y.Points())
			m.e, m.f = p.X.Points(), p.Y.Points()
		case *recorder.Rotate:
			sin, cos := math.Sincos(act.Angle)
			m.a, m.b, m.c, m.d = m.a*cos+m.b*sin, m.b*cos-m.a*sin, m.c*cos+m.d*sin, m.d*cos-m.c*sin
		case *recorder.FillString:
			style := text.Style{Handler: fonts, Font: font.From(act.Font, act.Size)}
			x, y := act.Point.X.Points(), act.Point.Y.Points()
			// Capitals and descenders, a little less than the line box.
			low := m.apply(x, y-0.18*act.Size.Points())
			high := m.apply(x+style.Width(act.String).Points(), y+0.7*act.Size.Points())
			out = append(out, placed{act.String, vg.Rectangle{
				Min: vg.Point{X: min(low.X, high.X), Y: min(low.Y, high.Y)}, Max: vg.Point{X: max(low.X, high.X), Y: max(low.Y, high.Y)},
			}})
		}
	}
	return out
}

// TestTextsApart: in every figure, no text covers another or leaves the page.
func TestTextsApart(t *testing.T) {
	for name, f := range everyFigure(t) {
		all := texts(f)
		if len(all) < 5 {
			t.Errorf("%s: only %d texts were recorded", name, len(all))
		}
		for i, p := range all {
			if p.area.Min.X < 0 || p.area.Min.Y < 0 || p.area.Max.X > f.width || p.area.Max.Y > f.height {
				t.Errorf("%s: %q at %v leaves the page of %v × %v", name, p.text, p.area, f.width, f.height)
			}
			for _, q := range all[i+1:] {
				if p.area.Min.X < q.area.Max.X && q.area.Min.X < p.area.Max.X && p.area.Min.Y < q.area.Max.Y && q.area.Min.Y < p.area.Max.Y {
					t.Errorf("%s: %q at %v and %q at %v overlap", name, p.text, p.area, q.text, q.area)
				}
			}
		}
	}
}
