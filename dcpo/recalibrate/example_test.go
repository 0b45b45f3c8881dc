package recalibrate_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/recalibrate"
)

// An over-confident model: it says 0.95 of what is right two times in three, and 0.6 of what is right one time in three.
func Example() {
	var answers []calibration.Answer
	for i := range 600 {
		a := calibration.Answer{Confidence: .95, HasConfidence: true, Correct: i%3 > 0, Problem: fmt.Sprint(i)}
		if i%2 == 1 {
			a.Confidence, a.Correct = .6, i%3 == 0
		}
		answers = append(answers, a)
	}
	m, err := recalibrate.Fit(answers, recalibrate.Platt)
	if err != nil {
		panic(err)
	}
	fmt.Printf("0.95 means %.2f, 0.6 means %.2f\n", m.Apply(.95), m.Apply(.6))
	honest, err := recalibrate.CrossFit(answers, recalibrate.Platt, 5, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("ECE %.2f before, %.2f after\n", calibration.ECE(answers, 10), calibration.ECE(honest, 10))
	// Output:
	// 0.95 means 0.67, 0.6 means 0.33
	// ECE 0.27 before, 0.00 after
}
