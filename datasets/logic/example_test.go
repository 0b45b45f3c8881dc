package logic_test

import (
	"fmt"

	"github.com/dcpo-go/godcpo/datasets/logic"
)

func Example() {
	gen, err := logic.NewGenerator(logic.Options{Seed: 1, MaxPeople: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := gen.Next()
	fmt.Println(p.Question)
	fmt.Println(p.Answer())
	// Output:
	// On a far island everybody is either a knight or a knave. What a knight says is always true, and what a knave says is always false. You come upon three of the islanders: Viktor, Magda and Jamal. "If Jamal is a knight then Magda is a knight," Viktor replies. "Viktor is a knave and Jamal is a knave," Magda assures you. "Viktor is a knight or Jamal is a knight," claims Jamal. Who of them is a knight, and who is a knave?
	// (1) Viktor is a knave
	// (2) Magda is a knave
	// (3) Jamal is a knight
}

func ExampleGrade() {
	gold := "(1) Zoey is a knight\n(2) Jack is a knave"
	response := "<think>Were Zoey a knave, …</think>\n<answer>\n(1) Zoey is a knight\n(2) Jack is a knave\n</answer>\nCONFIDENCE: 0.9"
	fmt.Println(logic.Form(response), logic.Grade(response, gold).Correct)
	v := logic.Grade("<answer>Zoey is a knight</answer>", gold)
	fmt.Println(v.Correct, v.Reason)
	// Output:
	// <nil> true
	// false the answer leaves somebody out
}

func ExampleSolve() {
	// The first says "we are both knaves", the second "the first is a knave".
	all, err := logic.Solve([]logic.Statement{
		{Op: "and", Claims: []logic.Claim{{Person: 0}, {Person: 1}}},
		{Claims: []logic.Claim{{Person: 0}}},
	})
	fmt.Println(all, err)
	// Output: [[false true]] <nil>
}
