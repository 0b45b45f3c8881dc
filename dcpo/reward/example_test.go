package reward_test

import (
	"context"
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

// A method's reward is a sum of parts, each in the stream of the tokens it trains.
func ExampleComposition() {
	short := reward.Component{Name: "short", Weight: -0.01, Func: func(s reward.Sample) float64 { return float64(s.Length) }}
	composition := reward.Composition{Components: []reward.Component{reward.Accuracy(1), reward.Calibration(1, reward.ConfidenceStream), short}}
	earned, lost, err := composition.Score(context.Background(), []reward.Sample{
		{Group: "3+4", Correct: true, Confidence: 0.75, HasConfidence: true, Length: 20},
		{Group: "3+4", Correct: false, Confidence: 0.75, HasConfidence: true, Length: 10},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, e := range earned {
		fmt.Printf("answer %.2f  confidence %.3f", e.Answer, e.Confidence)
		for _, p := range e.Parts {
			fmt.Printf("  %s %g", p.Name, p.Value)
		}
		fmt.Println()
	}
	fmt.Println(len(lost), "lost")
	// Output:
	// answer 0.80  confidence 0.000  accuracy 1  calibration 0  short 20
	// answer -0.10  confidence -0.125  accuracy 0  calibration -0.125  short 10
	// 0 lost
}
