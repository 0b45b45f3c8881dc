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

// calibrated makes n answers, four a problem, that state their chance of being
// right.
func calibrated(n int) []calibration.Answer {
	rng := rand.New(rand.NewPCG(7, 8))
	var answers []calibration.Answer
	for i := range n {
		chance := math.Round(20*math.Sqrt(rng.Float64())) / 20
		answers = append(answers, calibration.Answer{Confidence: chance, HasConfidence: true, Correct: rng.Float64() < chance, Problem: fmt.Sprint(i / 4)})
	}
	return answers
}

// guessed makes n answers that state 0.7 to 0.9, whatever they are.
func guessed(n int) []calibration.Answer {
	rng := rand.New(rand.NewPCG(9, 10))
	var answers []calibration.Answer
	for i := range n {
		answers = append(answers, calibration.Answer{Confidence: 0.7 + 0.1*float64(rng.IntN(3)), HasConfidence: true, Correct: rng.Float64() < .3, Problem: fmt.Sprint(i / 4)})
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
