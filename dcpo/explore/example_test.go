package explore_test

import (
	"fmt"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/explore"
)

// What a run recorded can be looked at without a model.
func ExampleRead() {
	const line = `{"problem": "p/3", "question": "6+1=", "response": "8\nCONFIDENCE: 0.9", "gold": "7", "correct": false, "rewards": {"calibration": -0.41}}`
	records, err := explore.Read(strings.NewReader(line))
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := records[0].View(nil, explore.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Facts)
	for i, t := range v.Tokens {
		fmt.Printf("%q in the span: %v\n", t.Text, v.Span.Start <= i && i < v.Span.End)
	}
	// Output:
	// [{right answer 7} {verdict wrong} {confidence 0.9} {reward calibration -0.41}]
	// "8\n" in the span: false
	// "CONFIDENCE: 0.9" in the span: true
}
