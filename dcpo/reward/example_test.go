package reward_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/reward"
)

func ExampleScore() {
	rewards, err := reward.Score([]reward.Answer{
		{Group: "3+4", Correct: true, Confidence: 0.75, HasConfidence: true},
		{Group: "3+4", Correct: false, Confidence: 0.75, HasConfidence: true},
		{Group: "3+4", Correct: false}, // no readable confidence
		{Group: "3+4", Correct: true, Confidence: 0.25, HasConfidence: true},
	}, reward.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range rewards {
		fmt.Printf("accuracy %v  target %.2f  calibration %.3f\n", r.Accuracy, r.Target, r.Calibration)
	}
	// Output:
	// accuracy 1  target 0.75  calibration 0.000
	// accuracy 0  target 0.25  calibration -0.125
	// accuracy 0  target 0.25  calibration -0.781
	// accuracy 1  target 0.75  calibration -0.125
}
