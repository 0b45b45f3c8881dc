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

func ExampleReport() {
	f := calibration.Report(answers(), 20).Further
	fmt.Printf("smooth ECE %.3f, NLL %.3f against %.3f of the base rate, AURC %.3f\n", f.SmoothECE, f.NLL, f.BaseRateNLL, f.AURC)
	// Output: smooth ECE 0.225, NLL 0.886 against 0.662 of the base rate, AURC 0.546
}

func ExampleRiskCoverage() {
	for _, p := range calibration.RiskCoverage(answers()) {
		fmt.Printf("above %.1f: %.0f %% of the answers, of which %.1f %% are wrong\n", p.Threshold, 100*p.Coverage, 100*p.Risk)
	}
	// Output:
	// above 0.9: 50 % of the answers, of which 50.0 % are wrong
	// above 0.3: 100 % of the answers, of which 62.5 % are wrong
}

func ExampleBootstrap_Compare() {
	p, err := calibration.Bootstrap{Resamples: 200}.Compare(answers(), calibration.BaseRate(answers()), 20)
	if err != nil {
		panic(err)
	}
	for _, d := range p.Differences {
		if d.Measure == "brier" {
			fmt.Printf("Brier %.3f and %.3f\n", d.One, d.Other)
		}
	}
	// Output: Brier 0.300 and 0.234
}
