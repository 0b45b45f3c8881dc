package figure

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// overConfident makes n answers, four a problem, that state more than their
// chance of being right; some state nothing.
func overConfident(n int) []calibration.Answer {
	rng := rand.New(rand.NewPCG(1, 2))
	var answers []calibration.Answer
	for i := range n {
		chance := rng.Float64()
		stated := math.Round(100*math.Min(1, math.Max(0, 0.6+0.4*chance+0.1*rng.NormFloat64()))) / 100
		answers = append(answers, calibration.Answer{Confidence: stated, HasConfidence: rng.IntN(40) > 0, Correct: rng.Float64() < chance, Problem: fmt.Sprint(i / 4)})
	}
	return answers
}

// learning makes a noisy series that moves from one value to another.
func learning(name string, from, to float64) Series {
	rng := rand.New(rand.NewPCG(3, 4))
	s := Series{Name: name}
	for i := range 120 {
		v := from + (to-from)*float64(i)/120 + 0.04*rng.NormFloat64()
		s.Values = append(s.Values, v)
		s.Low, s.High = append(s.Low, v-0.05), append(s.High, v+0.05)
	}
	return s
}

// everyFigure is one figure of each kind and of each degenerate input.
func everyFigure(t *testing.T) map[string]*Figure {
	t.Helper()
	figures := map[string]*Figure{}
	add := func(name string, f *Figure, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		figures[name] = f
	}
	wrong := []calibration.Answer{{Confidence: .95, HasConfidence: true, Problem: "a"}, {Confidence: .95, HasConfidence: true, Problem: "b"}}
	nan := []calibration.Answer{{Confidence: math.NaN(), HasConfidence: true}, {Confidence: 95, HasConfidence: true, Correct: true}}
	quick := ReliabilityOptions{Bootstrap: calibration.Bootstrap{Resamples: 100}}
	for name, answers := range map[string][]calibration.Answer{
		"reliability": overConfident(800), "no answers": nil, "one bin, all wrong": wrong, "one answer": wrong[:1],
		"all missing": make([]calibration.Answer, 9), "undefined and 95": nan,
	} {
		f, err := Reliability(Named{name, answers}, quick)
		add(name, f, err)
	}
	f, err := Reliability(Named{"no band", overConfident(200)}, ReliabilityOptions{NoBand: true, Bins: 1})
	add("no band, one bin", f, err)
	f, err = ReliabilityRow([]Named{{"base", overConfident(40)}, {"a name that is much too long for its diagram and is cut", overConfident(12000)}, {"", nil}}, quick)
	add("row of three", f, err)
	f, err = TrainingCurves([]Panel{
		{Title: "accuracy", Unit: true, Series: []Series{learning("GRPO", .3, .5), learning("DCPO", .3, .6)}},
		{Title: "PCE", Series: []Series{learning("GRPO", .3, .25), learning("DCPO", .3, -.1)}},
		{Title: "tokens", Series: []Series{{Name: "DCPO", Steps: []float64{0, 1e4, 2e4}, Values: []float64{0, 1.5e6, 3e6}}}},
		{Title: "loss", Series: []Series{{Name: "GRPO", Values: []float64{1e-5, math.NaN(), 3e-5, math.Inf(1), -1e-5, 0}}}},
	}, CurveOptions{Smooth: 10})
	add("curves", f, err)
	for name, s := range map[string]Series{
		"no values": {Name: "a"}, "all undefined": {Values: []float64{math.NaN(), math.NaN()}}, "one value": {Name: "a", Values: []float64{.5}},
		"constant 0": {Name: "a", Values: []float64{0, 0, 0}}, "huge": {Name: "a", Values: []float64{-1e14, 1e14}}, "above 1": {Name: "a", Values: []float64{.5, 7}},
	} {
		f, err := TrainingCurves([]Panel{{Title: name, Series: []Series{s}, Unit: name == "above 1"}}, CurveOptions{})
		add("curve, "+name, f, err)
	}
	var many []Series
	for i := range 12 {
		many = append(many, learning(fmt.Sprint("series number ", i), 0, float64(i)))
	}
	f, err = TrainingCurves([]Panel{{Title: "many series", Series: many}}, CurveOptions{XLabel: "rollouts"})
	add("many series", f, err)
	f, err = TrainingCurves([]Panel{{Title: "no series"}}, CurveOptions{})
	add("no series", f, err)
	return figures
}

// pixels decodes a PNG.
func pixels(t *testing.T, raw []byte) image.Image {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the PNG cannot be read: %v", err)
	}
	return img
}

// countColor counts the pixels of exactly one colour in a column range.
func countColor(img image.Image, c color.NRGBA, fromX, toX int) int {
	n := 0
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := fromX; x < toX; x++ {
			if color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) == c {
				n++
			}
		}
	}
	return n
}

// countDark counts the pixels nearer to black than to white.
func countDark(img image.Image) int {
	n := 0
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			if color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y < 128 {
				n++
			}
		}
	}
	return n
}
