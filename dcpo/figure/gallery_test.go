package figure

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// gallery collects figures by name.
type gallery map[string]*Figure

func (g gallery) add(t *testing.T, name string, f *Figure, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	g[name] = f
}

// everyFigure is one figure of each kind and of each degenerate input.
func everyFigure(t *testing.T) gallery {
	t.Helper()
	g := gallery{}
	g.addAnswers(t)
	g.addCurves(t)
	g.addRuns(t)
	g.addTokens(t)
	g.addBars(t)
	return g
}

// answerKinds are the figures of sets of answers.
var answerKinds = map[string]func([]Named) (*Figure, error){
	"reliability":       func(r []Named) (*Figure, error) { return ReliabilityRow(r, quick) },
	"reliability, grid": func(r []Named) (*Figure, error) { return ReliabilityRow(r, with(quick, 2)) },
	"reference look": func(r []Named) (*Figure, error) {
		return ReliabilityRow(r, ReliabilityOptions{ReferenceLook: true, Columns: 2})
	},
	"histogram": func(r []Named) (*Figure, error) { return Histograms(r, HistogramOptions{}) },
	"risk-coverage": func(r []Named) (*Figure, error) {
		return RiskCoverage(r, RiskCoverageOptions{Bootstrap: quick.Bootstrap})
	},
	"bars": func(r []Named) (*Figure, error) { return MeasureBars(r, quick) },
}

var quick = ReliabilityOptions{Bootstrap: calibration.Bootstrap{Resamples: 100}}

// with sets the columns.
func with(opt ReliabilityOptions, columns int) ReliabilityOptions {
	opt.Columns = columns
	return opt
}

func (g gallery) addAnswers(t *testing.T) {
	wrong := []calibration.Answer{{Confidence: .95, HasConfidence: true, Problem: "a"}, {Confidence: .95, HasConfidence: true, Problem: "b"}}
	undefined := []calibration.Answer{{Confidence: math.NaN(), HasConfidence: true}, {Confidence: 95, HasConfidence: true, Correct: true}}
	right := make([]calibration.Answer, 30)
	for i := range right {
		right[i] = calibration.Answer{Confidence: float64(i) / 29, HasConfidence: true, Correct: true}
	}
	results := map[string][]Named{
		"one": {{"GRPO", overConfident(800)}}, "three": {{"GRPO", overConfident(800)}, {"DCPO", calibrated(800)}, {"base", guessed(300)}},
		"odd names":  {{"base", overConfident(40)}, {"a name that is much too long for its diagram and for its legend and is cut", overConfident(12000)}, {"", nil}},
		"no answers": {{"GRPO", nil}}, "no name, no answers": {{"", nil}}, "one answer": {{"GRPO", wrong[:1]}}, "all the same, all wrong": {{"GRPO", wrong}},
		"all right": {{"GRPO", right}}, "all missing": {{"GRPO", make([]calibration.Answer, 9)}}, "undefined and 95": {{"GRPO", undefined}},
	}
	for kind, make := range answerKinds {
		for name, r := range results {
			f, err := make(r)
			g.add(t, kind+", "+name, f, err)
		}
	}
	f, err := Reliability(Named{"no band", overConfident(200)}, ReliabilityOptions{NoBand: true, Bins: 1})
	g.add(t, "reliability, no band, one bin", f, err)
	var many []Named
	for i := range 9 {
		many = append(many, Named{fmt.Sprint("method number ", i), overConfident(200)})
	}
	f, err = RiskCoverage(many, RiskCoverageOptions{NoBand: true})
	g.add(t, "risk-coverage, many", f, err)
	f, err = MeasureBars(many, ReliabilityOptions{NoBand: true, Columns: 2})
	g.add(t, "bars, many", f, err)
}

func (g gallery) addCurves(t *testing.T) {
	f, err := TrainingCurves([]Panel{
		{Title: "accuracy", Unit: true, Series: []Series{learning("GRPO", .3, .5), learning("DCPO", .3, .6)}},
		{Title: "PCE", Series: []Series{learning("GRPO", .3, .25), learning("DCPO", .3, -.1)}},
		{Title: "tokens", Series: []Series{{Name: "DCPO", Steps: []float64{0, 1e4, 2e4}, Values: []float64{0, 1.5e6, 3e6}}}},
		{Title: "loss", Series: []Series{{Name: "GRPO", Values: []float64{1e-5, math.NaN(), 3e-5, math.Inf(1), -1e-5, 0}}}},
	}, CurveOptions{Smooth: 10})
	g.add(t, "curves", f, err)
	for name, s := range map[string]Series{
		"no values": {Name: "a"}, "all undefined": {Values: []float64{math.NaN(), math.NaN()}}, "one value": {Name: "a", Values: []float64{.5}},
		"constant 0": {Name: "a", Values: []float64{0, 0, 0}}, "huge": {Name: "a", Values: []float64{-1e14, 1e14}}, "above 1": {Name: "a", Values: []float64{.5, 7}},
	} {
		f, err := TrainingCurves([]Panel{{Title: name, Series: []Series{s}, Unit: name == "above 1"}}, CurveOptions{})
		g.add(t, "curve, "+name, f, err)
	}
	var many []Series
	for i := range 12 {
		many = append(many, learning(fmt.Sprint("series number ", i), 0, float64(i)))
	}
	f, err = TrainingCurves([]Panel{{Title: "many series", Series: many}}, CurveOptions{XLabel: "rollouts"})
	g.add(t, "curves, many series", f, err)
	f, err = TrainingCurves([]Panel{{Title: "no series"}}, CurveOptions{})
	g.add(t, "curves, no series", f, err)
}

// trained is a made-up run.
func trained(name string, confidence, cosine float64) Run {
	r := Run{Name: name, Values: map[string][]float64{
		"accuracy": learning("", .3, .6).Values, "confidence": learning("", .5, confidence).Values, "ece": learning("", .3, .1).Values,
		"gradient/reasoning": learning("", .9, .5).Values, "gradient/confidence": learning("", .3, .2).Values,
	}}
	if cosine != 0 {
		r.Values["gradient/cosine"] = learning("", cosine, 0).Values
	}
	return r
}

func (g gallery) addRuns(t *testing.T) {
	empty := Run{Name: "empty"}
	once := Run{Name: "one step", Steps: []float64{7}, Values: map[string][]float64{"accuracy": {.4}, "confidence": {.8}, "gradient/reasoning": {0}, "gradient/cosine": {-1}}}
	for name, runs := range map[string][]Run{
		"one": {trained("DCPO", .65, -.4)}, "three": {trained("GRPO", .9, 0), trained("DCPO", .6, .3), trained("a run whose name is too long for its panel", .2, .1)},
		"no name": {trained("", .7, 0)}, "nothing": {empty}, "one step": {once, empty},
	} {
		for kind, draw := range map[string]func() (*Figure, error){
			"run curves": func() (*Figure, error) {
				return RunCurves(runs, []string{"accuracy", "confidence", "ece", "absent"}, CurveOptions{Columns: 2})
			},
			"accuracy-confidence": func() (*Figure, error) { return AccuracyConfidence(runs, CurveOptions{Smooth: 10}) },
			"gradients":           func() (*Figure, error) { return Gradients(runs, GradientNames{}, CurveOptions{}) },
		} {
			f, err := draw()
			g.add(t, kind+", "+name, f, err)
		}
	}
}

// spoken makes responses whose tokens grow more certain, and end in some doubt.
func spoken(name string, n int, doubt float64) Responses {
	rng := rand.New(rand.NewPCG(5, uint64(100*doubt)))
	r := Responses{Name: name}
	for range n {
		logProbs := make([]float64, 20+rng.IntN(400))
		for t := range logProbs {
			at := float64(t) / float64(len(logProbs))
			mean := (0.1 + doubt/2) * (1 - at) * (1 - at)
			if at > 0.95 {
				mean = doubt
			}
			logProbs[t] = -mean * rng.ExpFloat64()
		}
		r.LogProbs = append(r.LogProbs, logProbs)
	}
	return r
}

func (g gallery) addTokens(t *testing.T) {
	for name, models := range map[string][]Responses{
		"one": {spoken("DCPO", 80, .9)}, "two": {spoken("GRPO", 80, .02), spoken("DCPO", 80, .9)}, "no responses": {{Name: "DCPO"}}, "empty response": {{LogProbs: [][]float64{{}}}},
		"one token": {{"DCPO", [][]float64{{-1}}}}, "all certain": {{"DCPO", [][]float64{{0, 0, 0}}}}, "undefined": {{"DCPO", [][]float64{{nan, nan}, {nan, -1, math.Inf(-1)}}}},
	} {
		f, err := TokenProbabilities(models, TokenOptions{})
		g.add(t, "tokens, "+name, f, err)
	}
}

func (g gallery) addBars(t *testing.T) {
	f, err := Bars([]BarPanel{
		{Title: "gain", Bars: []Bar{{"GRPO", -.2, &calibration.Interval{Low: -.35, High: .05}}, {"DCPO", .4, &calibration.Interval{Low: .2, High: 7}}}},
		{Title: "out of range", Unit: true, Bars: []Bar{{"RLCR", 3, &calibration.Interval{Low: -1, High: 4}}, {"DCPO", nan, &calibration.Interval{Low: nan, High: nan}}}},
		{Title: "no bars"}, {Title: "zero", Bars: []Bar{{"GRPO", 0, nil}}},
	}, BarOptions{})
	g.add(t, "bars, odd", f, err)
	f, err = Bars([]BarPanel{{Title: "nothing here"}}, BarOptions{Note: "a note"})
	g.add(t, "bars, none", f, err)
}

// TestLook saves every figure below $GODCPO_FIGURES, to be looked at.
func TestLook(t *testing.T) {
	folder := os.Getenv("GODCPO_FIGURES")
	if folder == "" {
		t.Skip("GODCPO_FIGURES names no folder for the pictures")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, f := range everyFigure(t) {
		raw, err := f.PNG(110)
		if err != nil {
			t.Fatal(err)
		}
		file := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(name, "-") + ".png"
		if err := os.WriteFile(filepath.Join(folder, file), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
