package probe_test

import (
	"context"
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/probe"
)

// Two hidden units, of which the first is high when the answer is right.
func Example() {
	x, err := probe.Join([][]float32{{2, 5}, {1.5, 3}, {1, 4}, {-1, 5}, {-1.5, 4}, {-2, 3}})
	if err != nil {
		panic(err)
	}
	correct := []bool{true, true, true, false, false, false}
	problems := []string{"a", "a", "b", "b", "c", "c"}
	c, err := probe.Fit(context.Background(), x, correct, problems, probe.Options{C: []float64{1}})
	if err != nil {
		panic(err)
	}
	for _, p := range c.Probabilities(probe.Features{Hidden: 2, Values: []float32{1, 4, -1, 4}}) {
		fmt.Printf("%.2f\n", p)
	}
	// Output:
	// 0.69
	// 0.31
}
