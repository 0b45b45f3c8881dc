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
