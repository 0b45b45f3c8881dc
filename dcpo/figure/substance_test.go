package figure

import (
	"image/color"
	"math"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var nan = math.NaN()

// TestBarsHaveTheirHeight reads the drawn height of bars off the pixels.
func TestBarsHaveTheirHeight(t *testing.T) {
	var answers []calibration.Answer
	for i := range 40 { // 30 of 40 right at 0.9; 1 of 4 right at 0.3
		answers = append(answers, calibration.Answer{Confidence: .9, HasConfidence: true, Correct: i < 30})
	}
	for i := range 4 {
		answers = append(answers, calibration.Answer{Confidence: .3, HasConfidence: true, Correct: i < 1})
	}
	f, err := Reliability(Named{"x", answers}, ReliabilityOptions{Bins: 5, NoBand: true})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.PNG(72) // one pixel a point
	if err != nil {
		t.Fatal(err)
	}
	img := pixels(t, raw)
	// One column of pixels in each bar, off the diagonal and the histogram's lines.
	column := func(confidence float64) int { return panelLeft + int(confidence*panelSide) }
	const histogramBar = histogramHeight * 40 / 40 // the fullest bin reaches the top tick, 40
	if got, want := countColor(img, shade(1), column(.97), column(.97)+1), .75*panelSide+histogramBar; math.Abs(float64(got)-want) > 4 {
		t.Errorf("the bar of 30 in 40 and its count are %d pixels high, want %.0f", got, want)
	}
	if got, want := countColor(img, shade(.1), column(.38), column(.38)+1), .25*panelSide+histogramBar/10.; math.Abs(float64(got)-want) > 4 {
		t.Errorf("the bar of 1 in 4 and its count are %d pixels high, want %.0f", got, want)
	}
	if raw, err = f.PNG(144); err != nil {
		t.Fatal(err)
	}
	img = pixels(t, raw)
	for name, c := range map[string]color.NRGBA{"accuracy": green, "mean confidence": vermilion} {
		if got := countColor(img, c, 0, 2*panelWidth); got < 100 {
			t.Errorf("%d pixels of the colour of %s", got, name)
		}
	}
}

// TestBandIsDrawn: intervals appear only where asked for.
func TestBandIsDrawn(t *testing.T) {
	for _, without := range []bool{false, true} {
		f, err := Reliability(Named{"x", overConfident(400)}, ReliabilityOptions{NoBand: without, Bootstrap: calibration.Bootstrap{Resamples: 100}})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := f.PNG(144)
		if err != nil {
			t.Fatal(err)
		}
		if n := countColor(pixels(t, raw), paleAmber, 0, 2*panelWidth); (n > 500) == without {
			t.Errorf("NoBand %v: %d pixels of the band's colour", without, n)
		}
	}
}

// TestCurvesFollowTheirValues reads a flat line's height off the pixels.
func TestCurvesFollowTheirValues(t *testing.T) {
	f, err := TrainingCurves([]Panel{{Unit: true, Series: []Series{
		{Name: "a", Values: []float64{.75, .75, .75}}, {Name: "b", Values: []float64{.25, nan, .25}},
	}}}, CurveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.PNG(144)
	if err != nil {
		t.Fatal(err)
	}
	img := pixels(t, raw)
	area := 2. * (curveHeight - curveTop - curveBottom)
	wantY := f.height.Points()*2 - 2*curveBottom - .75*area
	found := 0
	for y := range img.Bounds().Max.Y {
		for x := 2 * curveLeft; x < 2*(curveWidth-curveRight); x++ {
			r, g, b, _ := img.At(x, y).RGBA()
			if r>>8 == 0 && g>>8 == 114 && b>>8 == 178 && y > 2*legendHeight {
				found++
				if math.Abs(float64(y)-wantY) > 3 {
					t.Fatalf("the line is at pixel row %d, want %.0f", y, wantY)
				}
			}
		}
	}
	if found < 500 {
		t.Errorf("the line has %d pixels", found)
	}
}

func TestNiceScale(t *testing.T) {
	cases := []struct {
		low, high, least float64
		steps            int
		want             []float64
		labels           []string
	}{
		{0, 1, 0, 5, []float64{0, .2, .4, .6, .8, 1}, []string{"0.0", "0.2", "0.4", "0.6", "0.8", "1.0"}},
		{0, 221, 1, 3, []float64{0, 100, 200, 300}, []string{"0", "100", "200", "300"}},
		{0, 1, 1, 3, []float64{0, 1}, []string{"0", "1"}},
		{1, 1, 1, 5, []float64{0, 1, 2}, []string{"0", "1", "2"}},
		{0, 0, 0, 5, []float64{-1, -.5, 0, .5, 1}, []string{"-1.0", "-0.5", "0.0", "0.5", "1.0"}},
		{0, 19000, 0, 3, []float64{0, 10000, 20000}, []string{"0", "10k", "20k"}},
		{0, 3e6, 0, 3, []float64{0, 1e6, 2e6, 3e6}, []string{"0", "1M", "2M", "3M"}},
		{-.013, .028, 0, 3, []float64{-.02, 0, .02, .04}, []string{"-0.02", "0.00", "0.02", "0.04"}},
	}
	for _, c := range cases {
		s := niceScale(c.low, c.high, c.steps, c.least)
		if diff := cmp.Diff(c.want, s.ticks, cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("%v to %v (-want +got):\n%s", c.low, c.high, diff)
		}
		var labels []string
		for _, v := range s.ticks {
			labels = append(labels, s.label(v))
		}
		if diff := cmp.Diff(c.labels, labels); diff != "" {
			t.Errorf("%v to %v (-want +got):\n%s", c.low, c.high, diff)
		}
	}
}

func TestSmoothedAndRuns(t *testing.T) {
	values := []float64{1, 3, nan, 5, 7}
	if diff := cmp.Diff([]float64{1, 2, nan, 4, 6}, smoothed(values, 3), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][2]int{{0, 2}, {3, 5}}, runs(values)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := runs([]float64{nan}); got != nil {
		t.Errorf("runs of nothing: %v", got)
	}
}

// TestLiveSeries: a figure does not change when its caller goes on appending.
func TestLiveSeries(t *testing.T) {
	values := make([]float64, 2, 8)
	f, err := TrainingCurves([]Panel{{Title: "p", Series: []Series{{Values: values}}}}, CurveOptions{})
	if err != nil {
		t.Fatal(err)
	}
	before, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	values[0] = 100
	after, err := f.SVG()
	if err != nil || string(after) != string(before) {
		t.Errorf("the figure changed with its caller's slice (error %v)", err)
	}
}

func BenchmarkMIMEBundle(b *testing.B) {
	f, err := TrainingCurves([]Panel{{Title: "a", Series: []Series{learning("x", 0, 1)}}, {Title: "b"}, {Title: "c"}}, CurveOptions{})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		f.MIMEBundle()
	}
}
