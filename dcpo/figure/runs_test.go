package figure

import (
	"image/color"
	"math"
	"slices"
	"strings"
	"testing"
)

// TestByPlace cuts short and long responses into hundredths.
func TestByPlace(t *testing.T) {
	half, quarter := math.Log(.5), math.Log(.25)
	parts := byPlace([]float64{half, nan, quarter, 0})
	for part, want := range map[int]float64{0: .5, 24: .5, 25: .5, 49: .5, 50: .25, 74: .25, 75: 1, 99: 1} {
		if math.Abs(parts[part]-want) > 1e-12 {
			t.Errorf("part %d is %v, want %v", part, parts[part], want)
		}
	}
	var long []float64
	for range 100 {
		long = append(long, half, quarter, nan)
	}
	for part, got := range byPlace(long) {
		if math.Abs(got-.375) > 1e-12 {
			t.Errorf("part %d of a long response is %v, want 0.375", part, got)
		}
	}
	if parts := byPlace([]float64{nan, 0}); !math.IsNaN(parts[49]) || parts[50] != 1 {
		t.Errorf("before the first known token: %v, after it %v", parts[49], parts[50])
	}
	exact := make([]float64, 100) // the reference's floating point puts token 29 into part 28
	for i := range exact {
		exact[i] = -float64(i)
	}
	for part, got := range byPlace(exact) {
		if got != math.Exp(-float64(part)) {
			t.Errorf("part %d does not hold token %d alone", part, part)
		}
	}
}

// TestTokenSeries: mean and quantiles over responses.
func TestTokenSeries(t *testing.T) {
	var r Responses
	for i := range 11 {
		r.LogProbs = append(r.LogProbs, []float64{math.Log(float64(i) / 10)})
	}
	s, n, err := r.series(TokenOptions{Band: 0.8})
	if err != nil || n != 11 {
		t.Fatalf("%d responses, error %v", n, err)
	}
	for _, c := range []struct {
		what      string
		got, want float64
	}{{"mean", s.Values[50], .5}, {"low", s.Low[50], .1}, {"high", s.High[50], .9}, {"place", s.Steps[50], 50.5}} {
		if math.Abs(c.got-c.want) > 1e-12 {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
}

// TestOverConfidenceIsShaded: only where confidence lies above accuracy.
func TestOverConfidenceIsShaded(t *testing.T) {
	shaded := func(confidence ...float64) int {
		f, err := AccuracyConfidence([]Run{{Name: "r", Values: map[string][]float64{"accuracy": {.5, .5, .5}, "confidence": confidence}}}, CurveOptions{})
		img := drawn(t, f, err)
		f2 := faded(vermilion, 0.16)
		mix := func(c uint8) uint8 { return uint8(255 - (255-int(c))*int(f2.A)/255) }
		n := 0
		for y := range img.Bounds().Max.Y {
			for x := range img.Bounds().Max.X {
				p := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
				if math.Abs(float64(p.R)-float64(mix(f2.R))) < 3 && math.Abs(float64(p.G)-float64(mix(f2.G))) < 3 && math.Abs(float64(p.B)-float64(mix(f2.B))) < 3 {
					n++
				}
			}
		}
		return n
	}
	const area = (curveWidth - curveLeft - curveRight) * (curveHeight - curveTop - curveBottom)
	if n := shaded(.1, .2, .3); n > 50 {
		t.Errorf("%d pixels are shaded under an under-confident run", n)
	}
	// The area of 0.4 above, less lines; half of that from the crossing on.
	all, half := shaded(.9, .9, .9), shaded(.1, .5, .9)
	if want := .4 * area; math.Abs(float64(all)-want) > 0.12*want {
		t.Errorf("%d pixels are shaded, want about %.0f", all, want)
	}
	if want := .1 * area; math.Abs(float64(half)-want) > 0.2*want {
		t.Errorf("%d pixels are shaded after a crossing, want about %.0f", half, want)
	}
}

// TestSparseMeasures: what is measured every few steps is joined, a single
// undefined value is a gap.
func TestSparseMeasures(t *testing.T) {
	r := Run{Steps: []float64{1, 2, 3, 4, 5}, Values: map[string][]float64{"every": {nan, 1, nan, 2, nan}, "gap": {1, nan, 2, 3, nan}}}
	if s := r.series("every")[0]; !slices.Equal(s.Steps, []float64{2, 4}) || !slices.Equal(s.Values, []float64{1, 2}) {
		t.Errorf("a measure of every second step: %v", s)
	}
	if s := r.series("gap")[0]; len(s.Values) != 5 || !math.IsNaN(s.Values[1]) {
		t.Errorf("a measure with gaps: %v", s)
	}
	if s := r.series("absent")[0]; len(s.Values) != 0 || len(s.Steps) != 0 {
		t.Errorf("a measure that is not there: %v", s)
	}
}

// TestSteplessRun: without steps, measures of one run may differ in length, and
// confidence alone is not shaded.
func TestSteplessRun(t *testing.T) {
	r := Run{Name: "r", Values: map[string][]float64{"accuracy": {.1, .2}, "confidence": {.5, .6, .7}}}
	for _, r := range []Run{r, {Name: "r", Values: map[string][]float64{"confidence": {.5, .6}}}, {Name: "r", Values: map[string][]float64{"accuracy": {.1, .2, .3}, "confidence": {.6}}}} {
		f, err := AccuracyConfidence([]Run{r}, CurveOptions{})
		drawn(t, f, err)
	}
}

// TestGradientPanels: a row a run, and no cosines where none are known.
func TestGradientPanels(t *testing.T) {
	for name, c := range map[string]struct {
		runs          []Run
		width, height float64
	}{
		"with a cosine": {[]Run{trained("a", .5, .3), trained("b", .5, 0)}, 2 * curveWidth, 2*curveHeight + legendHeight},
		"without":       {[]Run{trained("a", .5, 0), trained("b", .5, 0)}, 2 * curveWidth, curveHeight + legendHeight},
	} {
		f, err := Gradients(c.runs, GradientNames{}, CurveOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if width, height := f.Size(); width != c.width || height != c.height {
			t.Errorf("%s: %v × %v, want %v × %v", name, width, height, c.width, c.height)
		}
		if strings.Contains(f.Caption, "cosine") != (name == "with a cosine") {
			t.Errorf("%s: caption %q", name, f.Caption)
		}
	}
	f, err := Gradients([]Run{{Name: "r", Values: map[string][]float64{"thinking": {1, 2}}}}, GradientNames{Reasoning: "thinking"}, CurveOptions{})
	if err != nil || !strings.Contains(f.Caption, "gradient norm of r, reasoning tokens 2 at 2") {
		t.Errorf("caption %q, error %v", f.Caption, err)
	}
}
