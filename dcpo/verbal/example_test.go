package verbal_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

func ExampleParse() {
	for _, response := range []string{
		"3 + 4 = 7, so \\boxed{7}\nCONFIDENCE: 0.9",
		"3 + 4 = 7, so \\boxed{7}\nCONFIDENCE: 90%",
		"3 + 4 = 7, so \\boxed{7}",
	} {
		stated := verbal.Parse(response, verbal.Last)
		if stated.HasConfidence {
			fmt.Println(stated.Confidence, "from byte", stated.Start)
		} else {
			fmt.Println(stated.Problem)
		}
	}
	// Output:
	// 0.9 from byte 24
	// "CONFIDENCE: 90%" is not a plain decimal: the number runs into other characters
	// no "CONFIDENCE: <number>" in the response
}

func ExampleTokenSpan() {
	// The sampled tokens, and the byte of the response where each of them ends.
	tokens := []string{"\\boxed{7}", "\n", "CONF", "IDENCE", ":", " 0", ".9"}
	response, ends := "", []int{}
	for _, token := range tokens {
		response += token
		ends = append(ends, len(response))
	}
	stated := verbal.Parse(response, verbal.Last)
	span := verbal.TokenSpan(stated.SpanStart(verbal.SpanLine), ends)
	fmt.Printf("%q\n", tokens[span.Start:span.End])
	// Output: ["CONF" "IDENCE" ":" " 0" ".9"]
}
