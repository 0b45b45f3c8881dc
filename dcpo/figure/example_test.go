package figure_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/figure"
)

// Ten answers that all state 0.9, of which six are right.
func answers() []calibration.Answer {
	out := make([]calibration.Answer, 10)
	for i := range out {
		out[i] = calibration.Answer{Confidence: 0.9, HasConfidence: true, Correct: i < 6, Problem: fmt.Sprint("problem ", i)}
	}
	return out
}

func ExampleReliability() {
	f, err := figure.Reliability(figure.Named{Name: "GRPO", Answers: answers()}, figure.ReliabilityOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	folder, err := os.MkdirTemp("", "figures")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(folder)
	fmt.Println(f.Caption)
	fmt.Println("saved:", f.Save(filepath.Join(folder, "grpo.pdf")) == nil)
	// Output:
	// Reliability diagram. GRPO: 10 answers, accuracy 0.600, mean confidence 0.900, ECE 0.300, PCE 0.300, AUROC 0.500.
	// saved: true
}

func ExampleReliabilityRow() {
	f, err := figure.ReliabilityRow([]figure.Named{{Name: "GRPO", Answers: answers()}, {Name: "DCPO"}}, figure.ReliabilityOptions{Columns: 1, ReferenceLook: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Size())
	fmt.Println(f.Caption)
	// Output:
	// 234 460
	// Reliability diagram. GRPO: 10 answers, accuracy 0.600, mean confidence 0.900, ECE 0.300, PCE 0.300, AUROC 0.500; DCPO: no answers.
}

func ExampleTwoReliability() {
	before, after := figure.Named{Name: "before", Answers: answers()}, figure.Named{Name: "after", Answers: answers()[:6]}
	f, err := figure.TwoReliability(before, after, figure.ReliabilityOptions{NoBand: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Reliability diagram. before: 10 answers, accuracy 0.600, mean confidence 0.900, ECE 0.300, PCE 0.300, AUROC 0.500; after: 6 answers, accuracy 1.000, mean confidence 0.900, ECE 0.100, PCE 0.000, AUROC –.
}

func ExampleReferencePath() {
	fmt.Println(figure.ReferencePath("Qwen3-8B", 15, "verbal", "AIME24"))
	// Output:
	// figs/Qwen3-8B/15_calibration_verbal_AIME24.pdf
}

func ExampleHistograms() {
	f, err := figure.Histograms([]figure.Named{{Name: "GRPO", Answers: answers()}}, figure.HistogramOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Confidence by correctness. GRPO: 6 right with mean confidence 0.900, 4 wrong with 0.900, AUROC 0.500.
}

func ExampleRiskCoverage() {
	surer := answers() // those that are right state a little more
	for i := range surer {
		if surer[i].Correct {
			surer[i].Confidence = 0.95
		}
	}
	f, err := figure.RiskCoverage([]figure.Named{{Name: "GRPO", Answers: answers()}, {Name: "DCPO", Answers: surer}}, figure.RiskCoverageOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Risk–coverage. GRPO, AURC 0.400; DCPO, AURC 0.113.
}

func ExampleMeasureBars() {
	f, err := figure.MeasureBars([]figure.Named{{Name: "GRPO", Answers: answers()}}, figure.ReliabilityOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Bars. accuracy ↑ of GRPO 0.600; mean stated confidence of GRPO 0.900; ECE ↓ of GRPO 0.300; PCE ↓ of GRPO 0.300; Brier ↓ of GRPO 0.330; AUROC ↑ of GRPO 0.500.
}

func ExampleBars() {
	f, err := figure.Bars([]figure.BarPanel{{Title: "AUROC", Unit: true, Bars: []figure.Bar{
		{Name: "GRPO", Value: 0.57, Interval: &calibration.Interval{Low: 0.54, High: 0.60}},
		{Name: "DCPO", Value: 0.83, Interval: &calibration.Interval{Low: 0.80, High: 0.86}},
	}}}, figure.BarOptions{Note: "Lines: 95 % interval over five seeds."})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Bars. AUROC of GRPO 0.570; AUROC of DCPO 0.830.
}

func ExampleTokenProbabilities() {
	f, err := figure.TokenProbabilities([]figure.Responses{{Name: "DCPO", LogProbs: [][]float64{{-0.7, -0.1, -0.01}, {-0.5, -0.02}}}}, figure.TokenOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Token probability by place in the response. DCPO, 2 responses.
}

// Two steps of a run.
func run() figure.Run {
	return figure.Run{Name: "DCPO", Steps: []float64{10, 20}, Values: map[string][]float64{
		"accuracy": {0.31, 0.52}, "confidence": {0.60, 0.55}, "ece": {0.29, 0.06},
		"gradient/reasoning": {0.8, 0.6}, "gradient/confidence": {0.3, 0.1}, "gradient/cosine": {-0.1, 0.02},
	}}
}

func ExampleRunCurves() {
	f, err := figure.RunCurves([]figure.Run{run()}, []string{"accuracy", "ece"}, figure.CurveOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Training curves. accuracy of DCPO 0.52 at 20; ece of DCPO 0.06 at 20.
}

func ExampleAccuracyConfidence() {
	f, err := figure.AccuracyConfidence([]figure.Run{run()}, figure.CurveOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Accuracy and confidence. accuracy of DCPO 0.52 at 20; mean confidence of DCPO 0.55 at 20.
}

func ExampleGradients() {
	f, err := figure.Gradients([]figure.Run{run()}, figure.GradientNames{}, figure.CurveOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Gradients. gradient norm of DCPO, reasoning tokens 0.6 at 20; gradient norm of DCPO, confidence tokens 0.1 at 20; cosine of DCPO 0.02 at 20.
}

func ExampleTrainingCurves() {
	f, err := figure.TrainingCurves([]figure.Panel{
		{Title: "accuracy", Unit: true, Series: []figure.Series{
			{Name: "GRPO", Values: []float64{0.30, 0.41, 0.52}},
			{Name: "DCPO", Values: []float64{0.30, 0.40, 0.53}},
		}},
		{Title: "PCE", Series: []figure.Series{
			{Name: "GRPO", Values: []float64{0.28, 0.31, 0.34}},
			{Name: "DCPO", Values: []float64{0.28, 0.15, 0.06}},
		}},
	}, figure.CurveOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Caption)
	// Output:
	// Training curves. accuracy of GRPO 0.52 at 3; accuracy of DCPO 0.53 at 3; PCE of GRPO 0.34 at 3; PCE of DCPO 0.06 at 3.
}
