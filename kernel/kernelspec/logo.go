package kernelspec

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"
)

// The logo is a small reliability diagram: bars of accuracy under the dashed line of perfect calibration, on a rounded tile. It is drawn from the shapes
// below, in units of the logo's width, so that all its sizes agree and no picture has to be kept.
const (
	cornerRadius = 0.18
	lineWidth    = 0.045
)

var (
	tileColour = color.NRGBA{0x00, 0x7D, 0x9C, 0xFF} // the blue of Go's pages
	barColour  = color.NRGBA{0xFF, 0xFF, 0xFF, 0xFF}
	lineColour = color.NRGBA{0xFD, 0xDD, 0x00, 0xFF}
)

// box is a rectangle from its upper left to its lower right corner.
type box struct{ x0, y0, x1, y1 float64 }

var bars = []box{
	{0.16, 0.72, 0.30, 0.84},
	{0.34, 0.58, 0.48, 0.84},
	{0.52, 0.38, 0.66, 0.84},
	{0.70, 0.26, 0.84, 0.84},
}

// dashes are pieces of the diagonal, by the horizontal position of their ends; a point at x has its height at 1 − x.
var dashes = [][2]float64{{0.16, 0.26}, {0.32, 0.42}, {0.48, 0.58}, {0.64, 0.74}, {0.80, 0.86}}

// logoNames are the names that Jupyter looks for.
var logoNames = []string{"logo-32x32.png", "logo-64x64.png", "logo-svg.svg"}

// logos returns the logo's files.
func logos() ([]file, error) {
	var files []file
	for i, size := range []int{32, 64} {
		var data bytes.Buffer
		if err := png.Encode(&data, draw(size)); err != nil {
			return nil, fmt.Errorf("encode the logo: %w", err)
		}
		files = append(files, file{logoNames[i], data.Bytes()})
	}
	return append(files, file{logoNames[2], svg()}), nil
}

// samples is how many points a side of a pixel are looked at, for smooth edges.
const samples = 4

// draw returns the logo with that many pixels a side.
func draw(size int) image.Image {
	picture := image.NewNRGBA(image.Rect(0, 0, size, size))
	step := 1 / float64(size*samples)
	for y := range size {
		for x := range size {
			var r, g, b, a float64
			for i := range samples * samples {
				c := colourAt((float64(x*samples+i%samples)+0.5)*step, (float64(y*samples+i/samples)+0.5)*step)
				weight := float64(c.A) / 255
				r, g, b, a = r+float64(c.R)*weight, g+float64(c.G)*weight, b+float64(c.B)*weight, a+weight
			}
			if a > 0 {
				picture.SetNRGBA(x, y, color.NRGBA{uint8(r/a + 0.5), uint8(g/a + 0.5), uint8(b/a + 0.5), uint8(255*a/(samples*samples) + 0.5)})
			}
		}
	}
	return picture
}

// colourAt returns the logo's colour at a point of the unit square.
func colourAt(x, y float64) color.NRGBA {
	for _, d := range dashes {
		if distance(x, y, d[0], d[1]) <= lineWidth/2 {
			return lineColour
		}
	}
	for _, b := range bars {
		if x >= b.x0 && x <= b.x1 && y >= b.y0 && y <= b.y1 {
			return barColour
		}
	}
	dx := max(cornerRadius-x, x-(1-cornerRadius), 0)
	dy := max(cornerRadius-y, y-(1-cornerRadius), 0)
	if math.Hypot(dx, dy) > cornerRadius {
		return color.NRGBA{}
	}
	return tileColour
}

// distance from a point to the piece of the diagonal between two horizontal positions.
func distance(x, y, from, to float64) float64 {
	nearest := min(max((x+1-y)/2, from), to)
	return math.Hypot(x-nearest, y-(1-nearest))
}

// svg returns the same shapes as SVG.
func svg() []byte {
	hex := func(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
	var s strings.Builder
	fmt.Fprintln(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" width="64" height="64">`)
	fmt.Fprintf(&s, "<rect width=\"1\" height=\"1\" rx=\"%g\" fill=\"%s\"/>\n", cornerRadius, hex(tileColour))
	for _, b := range bars {
		fmt.Fprintf(&s, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"/>\n", b.x0, b.y0, b.x1-b.x0, b.y1-b.y0, hex(barColour))
	}
	for _, d := range dashes {
		fmt.Fprintf(&s, "<path d=\"M%.2f %.2fL%.2f %.2f\" stroke=\"%s\" stroke-width=\"%g\" stroke-linecap=\"round\"/>\n",
			d[0], 1-d[0], d[1], 1-d[1], hex(lineColour), lineWidth)
	}
	fmt.Fprintln(&s, "</svg>")
	return []byte(s.String())
}
