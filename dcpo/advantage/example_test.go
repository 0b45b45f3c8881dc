package advantage_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/advantage"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

func ExampleNew() {
	estimator, err := advantage.New("dcpo", advantage.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// Two responses of five tokens, the last two of which state the confidence.
	span := verbal.Span{Start: 3, End: 5}
	advantages, err := estimator.Estimate([]advantage.Rollout{
		{Group: "3+4", Answer: 1, Calibration: -0.20, HasConfidence: true, Length: 5, Span: span},
		{Group: "3+4", Answer: 0, Calibration: -0.05, HasConfidence: true, Length: 5, Span: span},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, a := range advantages {
		fmt.Printf("%+.2f\n", a.Tokens)
	}
	// Output:
	// [+0.71 +0.71 +0.71 -0.71 -0.71]
	// [-0.71 -0.71 -0.71 +0.71 +0.71]
}
