package figure

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// DefaultDPI is the resolution of PNGs where none is given: two pixels for each
// of a common screen's.
const DefaultDPI = 144

// maxDPI keeps a slip of the keyboard from asking for gigabytes of pixels.
const maxDPI = 1200

// Figure is a finished drawing of fixed size. Its methods may be called any
// number of times and from several goroutines.
type Figure struct {
	// Caption says in words what the figure shows; it is the alternative text
	// where pictures cannot be shown.
	Caption string

	width, height vg.Length
	draw          func(draw.Canvas)
}

// Size returns the width and height of the figure in points, 1/72 inch.
func (f *Figure) Size() (width, height float64) { return f.width.Points(), f.height.Points() }

// SVG renders the figure as an SVG document. Text stays text, in Liberation
// Sans or the reader's Arial or Helvetica, which have the same widths; with the
// reference's look, in Liberation Serif or Times.
func (f *Figure) SVG() ([]byte, error) {
	canvas := vgsvg.New(f.width, f.height)
	out, err := f.render("SVG", canvas)
	out = bytes.ReplaceAll(out, []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	out = bytes.ReplaceAll(out, []byte("font-family:Liberation Serif;"), []byte("font-family:'Liberation Serif','Times New Roman',Times,serif;"))
	return out, err
}

// PNG renders the figure as a PNG image with dpi pixels to the inch; 0 stands
// for DefaultDPI.
func (f *Figure) PNG(dpi int) ([]byte, error) {
	if dpi == 0 {
		dpi = DefaultDPI
	}
	if dpi < 1 || dpi > maxDPI {
		return nil, fmt.Errorf("render figure as PNG: resolution is %d dpi: use 1 to %d, or 0 for %d", dpi, maxDPI, DefaultDPI)
	}
	canvas := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(dpi))
	return f.render("PNG", vgimg.PngCanvas{Canvas: canvas})
}

// PDF renders the figure as a one-page PDF document with its font embedded.
// Titles are outlines; other text can be searched and copied.
func (f *Figure) PDF() ([]byte, error) { return f.render("PDF", newPDF(f.width, f.height)) }

// render draws on a canvas and encodes it. gonum/plot reports faults by panics;
// this is where they become errors.
func (f *Figure) render(format string, canvas vg.CanvasWriterTo) (out []byte, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			out, err = nil, fmt.Errorf("render figure as %s: %v", format, fault)
		}
	}()
	c := draw.New(canvas)
	c.FillPolygon(white, corners(c.Rectangle))
	f.draw(c)
	var buffer bytes.Buffer
	if _, err := canvas.WriteTo(&buffer); err != nil {
		return nil, fmt.Errorf("render figure as %s: %w", format, err)
	}
	return buffer.Bytes(), nil
}

// Save writes the figure to a file, in the format of its extension: .svg, .png
// (at 300 dpi, for print) or .pdf. Missing folders are made.
func (f *Figure) Save(path string) error {
	var raw []byte
	var err error
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".svg":
		raw, err = f.SVG()
	case ".png":
		raw, err = f.PNG(300)
	case ".pdf":
		raw, err = f.PDF()
	default:
		err = fmt.Errorf("the extension is %q: use .svg, .png or .pdf", ext)
	}
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o755)
	}
	if err == nil {
		err = os.WriteFile(path, raw, 0o644)
	}
	if err != nil {
		return fmt.Errorf("save figure %s: %w", path, err)
	}
	return nil
}

// MIMEBundle returns the figure in the forms a notebook can show: SVG (a
// string), PNG (base64) and the caption as plain text. A form that cannot be
// rendered is left out and the text says why.
func (f *Figure) MIMEBundle() map[string]any {
	bundle := map[string]any{}
	svg, svgErr := f.SVG()
	if svgErr == nil {
		bundle["image/svg+xml"] = f.fitting(string(svg))
	}
	png, pngErr := f.PNG(DefaultDPI)
	if pngErr == nil {
		bundle["image/png"] = base64.StdEncoding.EncodeToString(png)
	}
	bundle["text/plain"] = f.Caption
	if err := errors.Join(svgErr, pngErr); err != nil {
		bundle["text/plain"] = f.Caption + "\n(" + err.Error() + ")"
	}
	return bundle
}

// columnWidth is the width, in points, that pages with a figure have at least.
const columnWidth = 600

// fitting leaves the size of a wide figure to the page that shows it: notebooks would cut it off at their column's end.
func (f *Figure) fitting(svg string) string {
	width, height := f.Size()
	if width <= columnWidth {
		return svg
	}
	return strings.Replace(svg, fmt.Sprintf(`width="%gpt" height="%gpt"`, width, height), fmt.Sprintf(`style="max-width:%gpt"`, width), 1)
}

// corners returns the corners of a rectangle, as a polygon.
func corners(r vg.Rectangle) []vg.Point {
	return []vg.Point{r.Min, {X: r.Max.X, Y: r.Min.Y}, r.Max, {X: r.Min.X, Y: r.Max.Y}}
}
