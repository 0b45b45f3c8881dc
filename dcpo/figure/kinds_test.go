package figure

import (
	"image"
	"image/color"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// drawn renders a figure with one pixel a point.
func drawn(t *testing.T, f *Figure, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := f.PNG(72)
	if err != nil {
		t.Fatal(err)
	}
	return pixels(t, raw)
}

// near reports whether a measured length is within two pixels of the wanted one.
func near(got int, want float64) bool { return math.Abs(float64(got)-want) <= 2 }

// stated is n answers of one confidence, so many of them right.
func stated(confidence float64, n, right int) []calibration.Answer {
	out := make([]calibration.Answer, n)
	for i := range out {
		out[i] = calibration.Answer{Confidence: confidence, HasConfidence: true, Correct: i < right}
	}
	return out
}

// TestHistogramHalves reads the heights of both halves off the pixels.
func TestHistogramHalves(t *testing.T) {
	answers := append(stated(.875, 60, 60), stated(.375, 40, 0)...)
	f, err := Histograms([]Named{{"x", answers}}, HistogramOptions{Bins: 4})
	img := drawn(t, f, err)
	column := func(confidence float64) int { return panelLeft + int(confidence*panelSide) }
	perPercent := halvesHeight / (1.06 * 100)
	for _, c := range []struct {
		at      float64
		fill    color.NRGBA
		percent float64
	}{{.95, palette[0], 60}, {.45, vermilion, 40}, {.95, vermilion, 0}, {.45, palette[0], 0}, {.1, palette[0], 0}} {
		if got := countColor(img, c.fill, column(c.at), column(c.at)+1); !near(got, c.percent*perPercent) {
			t.Errorf("at %v: %d pixels of %v, want %.1f", c.at, got, c.fill, c.percent*perPercent)
		}
	}
	if want := "60 right with mean confidence 0.875, 40 wrong with 0.375, AUROC 1.000"; !strings.Contains(f.Caption, want) {
		t.Errorf("caption %q does not say %q", f.Caption, want)
	}
}

// TestHistogramShares: sets of different size are drawn alike, by their shares.
func TestHistogramShares(t *testing.T) {
	f, err := Histograms([]Named{{"few", stated(.5, 10, 5)}, {"many", stated(.5, 1000, 500)}}, HistogramOptions{Bins: 1})
	img := drawn(t, f, err)
	few, many := countColor(img, palette[0], 0, panelWidth), countColor(img, palette[0], panelWidth, 2*panelWidth)
	if few < 1000 || math.Abs(float64(few-many)) > 0.02*float64(few) {
		t.Errorf("%d and %d pixels of right answers", few, many)
	}
}

// TestRisks compares the drawn curve with the points of package calibration, and
// a case by hand.
func TestRisks(t *testing.T) {
	for name, answers := range map[string][]calibration.Answer{
		"over-confident": overConfident(700), "tied": guessed(300), "calibrated": calibrated(333),
		"out of range": {{Confidence: 95, HasConfidence: true}, {Confidence: .5, HasConfidence: true, Correct: true}, {Confidence: nan, HasConfidence: true}, {}},
	} {
		curve := newRanking(answers).risks(nil)
		checked := 0
		for _, p := range calibration.RiskCoverage(answers) {
			at := p.Coverage * float64(len(coverages))
			if i := int(math.Round(at)) - 1; math.Abs(at-math.Round(at)) < 1e-9 {
				checked++
				if math.Abs(curve[i]-p.Risk) > 1e-12 {
					t.Errorf("%s: risk %v at coverage %v, want %v", name, curve[i], p.Coverage, p.Risk)
				}
			}
		}
		if checked == 0 {
			t.Errorf("%s: no point was compared", name)
		}
		if mean, area := mean(curve), calibration.Report(answers, 0).Further.AURC; math.Abs(mean-area) > 0.02 && len(answers) > 50 {
			t.Errorf("%s: the curve's mean is %v, the area %v", name, mean, area)
		}
	}
	// Two sure ones, one of them wrong; then a wrong one and a missing right one.
	answers := append(stated(.9, 2, 1), calibration.Answer{Confidence: .2, HasConfidence: true}, calibration.Answer{Correct: true})
	curve := newRanking(answers).risks(nil)
	for coverage, want := range map[float64]float64{.005: .5, .25: .5, .5: .5, .625: 1.5 / 2.5, .75: 2. / 3, 1: .5} {
		if got := curve[int(coverage*200)-1]; math.Abs(got-want) > 1e-12 {
			t.Errorf("risk %v at coverage %v, want %v", got, coverage, want)
		}
	}
}

// TestRiskBand: the band holds its curve, narrows with the answers, and repeats;
// one problem has none.
func TestRiskBand(t *testing.T) {
	width := map[int]float64{}
	for _, n := range []int{100, 1600} {
		r := newRanking(overConfident(n))
		low, high, level := r.band(calibration.Bootstrap{Resamples: 200})
		again, _, _ := r.band(calibration.Bootstrap{Resamples: 200})
		if level != 0.95 || !slices.Equal(low, again) {
			t.Errorf("level %v, or a band that does not repeat", level)
		}
		for i, v := range r.risks(nil) {
			if low[i] > v || high[i] < v {
				t.Errorf("%d answers: risk %v at coverage %v is outside %v to %v", n, v, coverages[i], low[i], high[i])
			}
		}
		width[n] = high[99] - low[99]
	}
	if ratio := width[100] / width[1600]; ratio < 2.5 || ratio > 6.5 { // about √16
		t.Errorf("sixteen times the answers narrow the band %v-fold", ratio)
	}
	one := stated(.5, 9, 4)
	for i := range one {
		one[i].Problem = "the only one"
	}
	if low, high, _ := newRanking(one).band(calibration.Bootstrap{}); low != nil || high != nil {
		t.Error("one problem has a band")
	}
}

// TestBarLengths reads bars off the pixels, below 0 and beyond the axis too.
func TestBarLengths(t *testing.T) {
	f, err := Bars([]BarPanel{{Unit: true, Bars: []Bar{{"a", .5, nil}, {"b", 3, nil}, {"c", nan, &calibration.Interval{Low: .1, High: .9}}}}, {Bars: []Bar{{"a", -1, nil}, {"b", 1, nil}}}}, BarOptions{})
	img := drawn(t, f, err)
	left := int(f.width.Points()) - 2*barWidth
	const area = barWidth - barValue
	fill := func(name int) color.NRGBA { return between(palette[name], white, 0.45) }
	row := func(c color.NRGBA, from, to int) int { // the longest row of a colour
		longest := 0
		for y := range img.Bounds().Max.Y {
			n := 0
			for x := from; x < to; x++ {
				if color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) == c {
					n++
				}
			}
			longest = max(longest, n)
		}
		return longest
	}
	for _, c := range []struct {
		name, panel int
		want        float64
	}{{0, 0, area / 2}, {1, 0, area}, {2, 0, 0}, {0, 1, area / 2}, {1, 1, area / 2}} {
		from := left + c.panel*barWidth
		if got := row(fill(c.name), from-1, from+area+1); math.Abs(float64(got)-c.want) > 4 { // grid lines lie under bars, the axis over them
			t.Errorf("panel %d: bar %d is %d pixels long, want %.0f", c.panel, c.name, got, c.want)
		}
	}
}

// TestReferenceLook: the fullest bin is darkest, the emptiest lightest, and there
// is nothing of the house's own.
func TestReferenceLook(t *testing.T) {
	answers := slices.Concat(stated(.9, 40, 30), stated(.3, 4, 1), stated(.5, 22, 11))
	f, err := Reliability(Named{"", answers}, ReliabilityOptions{Bins: 5, ReferenceLook: true})
	img := drawn(t, f, err)
	if width, height := f.Size(); width != 234 || height != 216 {
		t.Errorf("%v × %v points, want 3.25 × 3 inches", width, height)
	}
	const side = referenceHeight - referenceBottom - referenceMargin
	column := func(confidence float64) int {
		return referenceLeft + int(confidence*(referenceWidth-referenceLeft-referenceMargin))
	}
	for _, c := range []struct{ at, accuracy, share float64 }{{.9, .75, 1}, {.3, .25, .3}, {.5, .5, .65}} {
		if got := countColor(img, blues(c.share), column(c.at), column(c.at)+1); !near(got, c.accuracy*side-1) {
			t.Errorf("at %v: %d pixels, want %.0f", c.at, got, c.accuracy*side)
		}
	}
	for _, c := range []color.NRGBA{paleAmber, green, vermilion} {
		if n := countColor(img, c, 0, img.Bounds().Max.X); n > 0 {
			t.Errorf("%d pixels of %v", n, c)
		}
	}
}

func TestReferencePath(t *testing.T) {
	for _, c := range []struct {
		model, confidence, dataset, want string
		bins                             int
	}{
		{"Qwen3-8B", "verbal", "AIME24", "figs/Qwen3-8B/15_calibration_verbal_AIME24.pdf", 15},
		{"models/Qwen3-8B", "logits", "MATH-500", "figs/models/Qwen3-8B/20_calibration_logits_MATH-500.pdf", 20},
		{"/../../etc", "../x", "a/b", "figs/etc/15_calibration_.._x_a_b.pdf", 15},
		{"", "verbal", "AMC23", "figs/15_calibration_verbal_AMC23.pdf", 15},
	} {
		if got := filepath.ToSlash(ReferencePath(c.model, c.bins, c.confidence, c.dataset)); got != c.want {
			t.Errorf("%q: %s, want %s", c.model, got, c.want)
		}
	}
}

// TestColumns: the page grows by rows.
func TestColumns(t *testing.T) {
	three := make([]Named, 3)
	for columns, want := range map[int][2]float64{0: {3 * panelWidth, panelHeight}, 1: {panelWidth, 3 * panelHeight}, 2: {2 * panelWidth, 2 * panelHeight}, 7: {3 * panelWidth, panelHeight}} {
		f, err := ReliabilityRow(three, ReliabilityOptions{NoBand: true, Columns: columns})
		if err != nil {
			t.Fatal(err)
		}
		if width, height := f.Size(); width != want[0] || height != want[1] {
			t.Errorf("%d columns: %v × %v, want %v", columns, width, height, want)
		}
	}
}

func TestKindFaults(t *testing.T) {
	for want, draw := range map[string]func() (*Figure, error){
		"histograms: there is no result": func() (*Figure, error) { return Histograms(nil, HistogramOptions{}) },
		"Bins is -1":                     func() (*Figure, error) { return Histograms(make([]Named, 1), HistogramOptions{Bins: -1}) },
		"curves: there is no result":     func() (*Figure, error) { return RiskCoverage(nil, RiskCoverageOptions{}) },
		"bars: there is no result":       func() (*Figure, error) { return MeasureBars(nil, ReliabilityOptions{}) },
		"bars: there is no panel":        func() (*Figure, error) { return Bars(nil, BarOptions{}) },
		`two bars "a"`: func() (*Figure, error) {
			return Bars([]BarPanel{{Bars: []Bar{{Name: "a"}, {Name: "a"}}}}, BarOptions{})
		},
		`bar "a" is +Inf`: func() (*Figure, error) {
			return Bars([]BarPanel{{Bars: []Bar{{Name: "a", Value: math.Inf(1)}}}}, BarOptions{})
		},
		"there are no responses": func() (*Figure, error) { return TokenProbabilities(nil, TokenOptions{}) },
		"Band is 1.5":            func() (*Figure, error) { return TokenProbabilities(make([]Responses, 1), TokenOptions{Band: 1.5}) },
		"m, response 1: the log-prob of tok": func() (*Figure, error) {
			return TokenProbabilities([]Responses{{"m", [][]float64{{-1}, {.5}}}}, TokenOptions{})
		},
		"curves of runs: there is no run": func() (*Figure, error) { return RunCurves(nil, []string{"accuracy"}, CurveOptions{}) },
		"there is no panel":               func() (*Figure, error) { return RunCurves(make([]Run, 1), nil, CurveOptions{}) },
		"confidence: there is no run":     func() (*Figure, error) { return AccuracyConfidence(nil, CurveOptions{}) },
		"gradients: there is no run":      func() (*Figure, error) { return Gradients(nil, GradientNames{}, CurveOptions{}) },
		"it has 1 steps but 2 values": func() (*Figure, error) {
			return AccuracyConfidence([]Run{{Steps: []float64{1}, Values: map[string][]float64{"accuracy": {1, 2}}}}, CurveOptions{})
		},
		"Columns is -2": func() (*Figure, error) { return ReliabilityRow(make([]Named, 1), ReliabilityOptions{Columns: -2}) },
	} {
		if _, err := draw(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestQuantiles(t *testing.T) {
	low, high := quantiles([]float64{4, nan, 0, 1, 3, 2}, .125)
	if diff := cmp.Diff([]float64{.5, 3.5}, []float64{low, high}, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if low, high := quantiles([]float64{nan}, .1); !math.IsNaN(low) || !math.IsNaN(high) {
		t.Errorf("of nothing: %v, %v", low, high)
	}
}
