package figure

import (
	"image/color"

	stdfont "golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/encoding/charmap"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// pdfCanvas mends three things of vgpdf v0.17: it can hold one font file a
// document, so that a bold title changes all other text; it sends UTF-8 to a
// Windows-1252 font; and it writes premultiplied colours beside their alpha, so
// that translucent ones come out too dark.
type pdfCanvas struct{ *vgpdf.Canvas }

func newPDF(width, height vg.Length) pdfCanvas { return pdfCanvas{vgpdf.New(width, height)} }

// SetColor sets the colour of lines, fills and text.
func (c pdfCanvas) SetColor(clr color.Color) {
	if clr == nil {
		clr = color.Black
	}
	c.Canvas.SetColor(straight(color.NRGBAModel.Convert(clr).(color.NRGBA)))
}

// straight is a colour that reports its components as they are, not multiplied
// by alpha.
type straight color.NRGBA

// RGBA implements color.Color, on purpose without its rule of premultiplication.
func (s straight) RGBA() (r, g, b, a uint32) {
	return uint32(s.R) * 0x101, uint32(s.G) * 0x101, uint32(s.B) * 0x101, uint32(s.A) * 0x101
}

// FillString writes plain text in the encoding of the document's font, which
// keeps it searchable, and bold or other text as outlines.
func (c pdfCanvas) FillString(face font.Face, at vg.Point, text string) {
	encoded := make([]byte, 0, len(text))
	plain := face.Font.Weight == stdfont.WeightNormal
	for _, r := range text {
		b, ok := charmap.Windows1252.EncodeRune(r)
		encoded = append(encoded, b)
		plain = plain && ok
	}
	if plain {
		c.Canvas.FillString(face, at, string(encoded))
		return
	}
	if path := outline(face, at, text); len(path) > 0 {
		c.Fill(path)
	}
}

// outline is the outline of a text whose base line starts at a point. Glyphs the
// font cannot give are left out.
func outline(face font.Face, at vg.Point, text string) vg.Path {
	const unitsPerPoint = 64 // of fixed.Int26_6
	size := fixed.Int26_6(face.Font.Size.Points() * unitsPerPoint)
	var buffer sfnt.Buffer
	var path vg.Path
	for _, r := range text {
		glyph, err := face.Face.GlyphIndex(&buffer, r)
		if err != nil {
			continue
		}
		segments, err := face.Face.LoadGlyph(&buffer, glyph, size, nil)
		if err != nil {
			continue
		}
		point := func(p fixed.Point26_6) vg.Point { // y points down in fonts
			return vg.Point{X: at.X + vg.Length(p.X)/unitsPerPoint, Y: at.Y - vg.Length(p.Y)/unitsPerPoint}
		}
		for i, s := range segments {
			switch s.Op {
			case sfnt.SegmentOpMoveTo:
				if i > 0 {
					path.Close()
				}
				path.Move(point(s.Args[0]))
			case sfnt.SegmentOpLineTo:
				path.Line(point(s.Args[0]))
			case sfnt.SegmentOpQuadTo:
				path.QuadTo(point(s.Args[0]), point(s.Args[1]))
			case sfnt.SegmentOpCubeTo:
				path.CubeTo(point(s.Args[0]), point(s.Args[1]), point(s.Args[2]))
			}
		}
		if len(segments) > 0 {
			path.Close()
		}
		if advance, err := face.Face.GlyphAdvance(&buffer, glyph, size, stdfont.HintingNone); err == nil {
			at.X += vg.Length(advance) / unitsPerPoint
		}
	}
	return path
}
