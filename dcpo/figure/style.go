package figure

import (
	"image/color"

	stdfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Colours: Okabe and Ito's palette, which stays distinct under the common forms
// of colour blindness, and greys.
var (
	white     = color.NRGBA{255, 255, 255, 255}
	ink       = color.NRGBA{34, 34, 34, 255}
	grey      = color.NRGBA{110, 110, 110, 255}
	gridGrey  = color.NRGBA{230, 230, 230, 255}
	vermilion = color.NRGBA{213, 94, 0, 255}
	green     = color.NRGBA{0, 158, 115, 255}
	amber     = color.NRGBA{230, 159, 0, 255}
	paleAmber = color.NRGBA{255, 224, 158, 255}

	palette = []color.NRGBA{
		{0, 114, 178, 255}, vermilion, green, {204, 121, 167, 255}, amber, {86, 180, 233, 255}, ink,
	}
)

// shade is the colour of a bar that holds the given share of the fullest one's
// answers, from light to dark blue. Lightness alone carries it.
func shade(share float64) color.NRGBA {
	return between(color.NRGBA{198, 219, 239, 255}, color.NRGBA{8, 64, 129, 255}, share)
}

// between mixes two opaque colours: a at share 0, b at 1.
func between(a, b color.NRGBA, share float64) color.NRGBA {
	mix := func(a, b uint8) uint8 { return uint8(float64(a) + share*(float64(b)-float64(a)) + 0.5) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// faded is the colour with the given opacity.
func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(255*opacity + 0.5)
	return c
}

// fonts are the ones that come with gonum/plot, so figures look the same on all
// machines.
var fonts = text.Plain{Fonts: font.NewCache(liberation.Collection())}

// Font sizes in points.
const (
	titleSize = 11
	textSize  = 9
	tickSize  = 8
	noteSize  = 7
)

// writing is a text style, centred at its point horizontally and on its base
// line vertically.
func writing(size vg.Length, c color.Color) text.Style {
	return text.Style{
		Color: c, Handler: fonts, XAlign: text.XCenter, YAlign: text.YBottom,
		Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size},
	}
}

// leftWriting is writing that starts at its point.
func leftWriting(size vg.Length, c color.Color) text.Style {
	s := writing(size, c)
	s.XAlign = text.XLeft
	return s
}

// serif is a style's text in the reference's typeface, with serifs.
func serif(s text.Style) text.Style {
	s.Font.Variant = "Serif"
	return s
}

// bold makes a style bold.
func bold(s text.Style) text.Style {
	s.Font.Weight = stdfont.WeightBold
	return s
}

// shorten cuts text with an ellipsis until it is at most so wide.
func shorten(s text.Style, txt string, most vg.Length) string {
	if s.Width(txt) <= most {
		return txt
	}
	runes := []rune(txt)
	for n := len(runes) - 1; n > 0; n-- {
		if short := string(runes[:n]) + "…"; s.Width(short) <= most {
			return short
		}
	}
	return "…"
}

// pen is a line style; dashes are lengths of ink and gap in points.
func pen(width vg.Length, c color.Color, dashes ...vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: c, Width: width, Dashes: dashes}
}
