package calibration_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// Eight answers: four stated 0.9 and half of them right, four stated 0.3 and
// one of them right.
func answers() []calibration.Answer {
	var out []calibration.Answer
	for i := range 8 {
		a := calibration.Answer{Confidence: 0.9, HasConfidence: true, Correct: i < 2, Problem: fmt.Sprint("problem ", i)}
		if i >= 4 {
			a.Confidence, a.Correct = 0.3, i == 4
		}
		out = append(out, a)
	}
	return out
}

func ExampleSummarize() {
	fmt.Println(calibration.Summarize(answers(), 20))
	// Output:
	// measure                   value
	// answers                   8
	// accuracy                  0.375
	// mean confidence           0.600
	// mean stated confidence    0.600
	// share without confidence  0.000
	// ECE (20 bins)             0.225
	// PCE                       0.225
	// PCE, conditional          0.225
	// MCE                       0.400
	// Brier                     0.300
	// AUROC                     0.633
}

func ExampleTable() {
	fmt.Println(calibration.Table([]calibration.Row{
		{Name: "base", Summary: calibration.Summarize(answers(), 20)},
		{Name: "half", Summary: calibration.Summarize(answers()[:4], 20)},
	}))
	// Output:
	//       answers  accuracy  mean confidence  ECE    PCE    PCE cond.  Brier  AUROC  missing
	// base  8        0.375     0.600            0.225  0.225  0.225      0.300  0.633  0.000
	// half  4        0.500     0.900            0.400  0.400  0.400      0.410  0.500  0.000
}

func ExampleBootstrap() {
	s := calibration.Bootstrap{Seed: 1}.Summarize(answers(), 20)
	fmt.Println("accuracy", s.Accuracy, "from", s.Intervals.Accuracy)
	// Output: accuracy 0.375 from 0.125 to 0.750
}
