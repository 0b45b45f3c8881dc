package figure

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/plot/vg/draw"
)

// TestFormats: every figure, degenerate ones included, renders in all formats.
func TestFormats(t *testing.T) {
	for name, f := range everyFigure(t) {
		t.Run(name, func(t *testing.T) {
			svg, err := f.SVG()
			if err != nil {
				t.Fatal(err)
			}
			for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
				if _, err := decoder.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("the SVG is not well-formed: %v", err)
				}
			}
			if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
				t.Error("the SVG has coordinates that are not finite")
			}
			raw, err := f.PNG(72)
			if err != nil {
				t.Fatal(err)
			}
			img, width, height := pixels(t, raw), f.width.Points(), f.height.Points()
			if size := img.Bounds().Size(); size.X != int(width) || size.Y != int(height) {
				t.Errorf("at 72 dpi the image is %v for %v × %v points", size, width, height)
			}
			if c := color.NRGBAModel.Convert(img.At(0, 0)); c != white {
				t.Errorf("the corner is %v, not white", c)
			}
			if n := countDark(img); n < 200 {
				t.Errorf("%d dark pixels: the figure looks blank", n)
			}
			pdf, err := f.PDF()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.HasPrefix(pdf, []byte("%PDF-")) || !bytes.Contains(pdf, []byte("/Count 1")) || !bytes.HasSuffix(bytes.TrimSpace(pdf), []byte("%%EOF")) {
				t.Error("the PDF is not a whole document of one page")
			}
			if f.Caption == "" || strings.Contains(f.Caption, "NaN") {
				t.Errorf("caption %q", f.Caption)
			}
		})
	}
}

// TestRepeatable: rendering twice, and drawing the same input twice, gives the
// same bytes.
func TestRepeatable(t *testing.T) {
	one, two := everyFigure(t), everyFigure(t)
	for _, name := range []string{"reliability, three", "risk-coverage, three", "curves"} {
		for format, render := range map[string]func(*Figure) ([]byte, error){
			"SVG": (*Figure).SVG, "PNG": func(f *Figure) ([]byte, error) { return f.PNG(0) },
		} {
			var all [3][]byte
			for i, f := range []*Figure{one[name], one[name], two[name]} {
				raw, err := render(f)
				if err != nil {
					t.Fatal(err)
				}
				all[i] = raw
			}
			if !bytes.Equal(all[0], all[1]) || !bytes.Equal(all[0], all[2]) {
				t.Errorf("%s: the %s differs from one rendering to the next", name, format)
			}
		}
	}
}

func TestMIMEBundle(t *testing.T) {
	f, err := Reliability(Named{"GRPO", overConfident(100)}, ReliabilityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	bundle := f.MIMEBundle()
	if svg, _ := bundle["image/svg+xml"].(string); !strings.Contains(svg, "<svg") || !strings.Contains(svg, "GRPO") || !strings.Contains(svg, "Arial") {
		t.Errorf("the SVG lacks its root, title or fallback font: %.200s", svg)
	}
	encoded, _ := bundle["image/png"].(string)
	raw, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatalf("the PNG is not base64: %v", err)
	}
	if size := pixels(t, raw).Bounds().Size(); size.X != 2*panelWidth || size.Y != 2*panelHeight {
		t.Errorf("the PNG is %v", size)
	}
	if text, _ := bundle["text/plain"].(string); !strings.Contains(text, "GRPO: 100 answers, accuracy 0.") {
		t.Errorf("the text is %q", text)
	}
	broken := &Figure{Caption: "c", width: 10, height: 10, draw: func(draw.Canvas) { panic("no ink") }}
	if bundle := broken.MIMEBundle(); len(bundle) != 1 || !strings.Contains(bundle["text/plain"].(string), "no ink") {
		t.Errorf("a figure that cannot be drawn shows %v", bundle)
	}
}

func TestSave(t *testing.T) {
	f, err := Reliability(Named{"GRPO", overConfident(40)}, ReliabilityOptions{NoBand: true})
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for ext, start := range map[string]string{".svg": "<?xml", ".PNG": "\x89PNG", ".pdf": "%PDF"} {
		path := filepath.Join(folder, "new", "figure"+ext)
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(raw), start) {
			t.Errorf("%s starts with %.8q, error %v", ext, raw, err)
		}
	}
	for _, bad := range []string{"figure.jpg", "figure"} {
		if err := f.Save(filepath.Join(folder, bad)); err == nil || !strings.Contains(err.Error(), ".svg, .png or .pdf") {
			t.Errorf("%s: error %v does not list the formats", bad, err)
		}
	}
	if err := f.Save(filepath.Join(folder, "new", "figure.pdf", "x.png")); err == nil {
		t.Error("a file was saved below a file")
	}
}

func TestFaults(t *testing.T) {
	f, err := Reliability(Named{"x", nil}, ReliabilityOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, dpi := range []int{-1, 100000} {
		if _, err := f.PNG(dpi); err == nil || !strings.Contains(err.Error(), "dpi") {
			t.Errorf("%d dpi: %v", dpi, err)
		}
	}
	if _, err := ReliabilityRow(nil, ReliabilityOptions{}); err == nil {
		t.Error("a row of nothing was drawn")
	}
	if _, err := Reliability(Named{}, ReliabilityOptions{Bins: -1, MetricBins: 5000}); err == nil || !strings.Contains(err.Error(), "Bins is -1") || !strings.Contains(err.Error(), "MetricBins is 5000") {
		t.Errorf("bad bins: %v", err)
	}
	if _, err := TrainingCurves(nil, CurveOptions{}); err == nil {
		t.Error("curves of nothing were drawn")
	}
	for want, s := range map[string]Series{
		"2 steps but 1 values":          {Steps: []float64{1, 2}, Values: []float64{1}},
		"1 low and 0 high":              {Values: []float64{1}, Low: []float64{1}},
		"step 1 is 1, after 2":          {Steps: []float64{2, 1}, Values: []float64{1, 1}},
		"step 0 is NaN":                 {Steps: []float64{nan}, Values: []float64{1}},
		`panel "p", series "s": it has`: {Name: "s", Steps: []float64{}, Values: []float64{1}},
	} {
		if _, err := TrainingCurves([]Panel{{Title: "p", Series: []Series{s}}}, CurveOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

// TestTwoReliability: both names and captions are there, and one bar scale.
func TestTwoReliability(t *testing.T) {
	many := make([]calibration.Answer, 40)
	for i := range many {
		many[i] = calibration.Answer{Confidence: .5, HasConfidence: true, Correct: true}
	}
	f, err := TwoReliability(Named{"before", many[:10]}, Named{"after", many}, ReliabilityOptions{NoBand: true})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(f.Caption, "before: 10 answers") || !strings.Contains(f.Caption, "after: 40 answers") {
		t.Errorf("caption %q", f.Caption)
	}
	raw, err := f.PNG(72)
	if err != nil {
		t.Fatal(err)
	}
	img := pixels(t, raw)
	if n := countColor(img, shade(.25), 0, panelWidth); n < 1000 {
		t.Errorf("the left bar, a quarter as full as the right one, has %d pixels of its colour", n)
	}
	if n := countColor(img, shade(1), panelWidth, 2*panelWidth); n < 1000 {
		t.Errorf("the right bar has %d pixels of the darkest colour", n)
	}
}

// TestConcurrent: one figure may be rendered by several goroutines at once.
func TestConcurrent(t *testing.T) {
	f, err := Reliability(Named{"GRPO", overConfident(100)}, ReliabilityOptions{NoBand: true})
	if err != nil {
		t.Fatal(err)
	}
	want, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := f.SVG()
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("the SVG differs, or error %v", err)
			}
			if _, err := f.PNG(72); err != nil {
				t.Error(err)
			}
			if _, err := f.PDF(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

// TestWideFiguresFit: the SVG of a wide figure takes the size of the page's column in a notebook, that of a narrow one its own, and both have the same content as SVG gives.
func TestWideFiguresFit(t *testing.T) {
	for n, wide := range map[int]bool{1: false, 2: false, 4: true} {
		var named []Named
		for i := range n {
			named = append(named, Named{string(rune('a' + i)), overConfident(50)})
		}
		f, err := ReliabilityRow(named, ReliabilityOptions{NoBand: true})
		if err != nil {
			t.Fatal(err)
		}
		whole, err := f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		shown, _ := f.MIMEBundle()["image/svg+xml"].(string)
		root := func(svg string) (head, rest string) {
			head, rest, _ = strings.Cut(svg[strings.Index(svg, "<svg"):], ">")
			return head, rest
		}
		wholeHead, wholeRest := root(string(whole))
		head, rest := root(shown)
		if rest != wholeRest || !strings.Contains(head, "viewBox=") {
			t.Errorf("%d diagrams: the notebook's SVG has other content, or no view box: %s", n, head)
		}
		if fits := !strings.Contains(head, " width="); fits != wide || !wide && head != wholeHead {
			t.Errorf("%d diagrams: the root is %s", n, head)
		}
	}
}
