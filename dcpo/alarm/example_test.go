package alarm_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/alarm"
)

func ExampleCheck() {
	step := alarm.Figures{Step: 12, Rollouts: 64, Truncated: 40}
	for _, w := range alarm.Check(alarm.Options{}, nil, step) {
		fmt.Println(w.Name+":", w.Seen)
	}
	// Output:
	// truncated: 62.5 % (40 of 64) of the responses were cut off by the length limit, the limit of this alarm is 25 %
}
