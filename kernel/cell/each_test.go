package cell_test

import (
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// TestLoopsIntoOuterVariables: a loop or a select without := sets the variables that are there.
func TestLoopsIntoOuterVariables(t *testing.T) {
	for _, s := range []step{
		{code: "m := map[any]int{any(3): 1}\nvar k any\nfor k = range m {}\nfmt.Print(k)", out: "3"},
		{code: "m := map[int]int{3: 1}\nf := func() (k int) { for k = range m {}; return }\nfmt.Print(f())", out: "3"},
		{code: "m := map[string]int{\"q\": 1}\nfor i := 0; i < 2; i++ { k, v := \"\", 0\nfor k, v = range m {}\nfmt.Print(k, v) }", out: "q1q1"},
		{code: "ch := make(chan int, 2)\nch <- 3\nclose(ch)\nx := 0\nfor x = range ch {}\nfmt.Print(x)", out: "3"},
		{code: "m := map[string]int{}\nfor _, m[\"a\"] = range []int{4, 5} {}\nfmt.Print(m)", out: "map[a:5]"},
		{code: "type P struct{ A int }\nvar p P\nvar ps []*P\nfor _, p = range []P{{1}, {2}} { ps = append(ps, &p) }\nfmt.Print(p.A, ps[0].A, ps[0] == ps[1])", out: "2 2 true"},
		{code: "i, r := 0, ' '\nfor i, r = range \"aé\" { if r == 'é' { break } }\nfmt.Print(i, r)", out: "1 233"},
		{code: "i := 0\nout:\nfor i = range []int{1,2,3} { for j := range 3 { if j == 1 { if i == 1 { break out }; continue out } } }\nfmt.Print(i)", out: "1"},
		{code: "a := [3]int{1,2,3}\nv := 0\nfor _, v = range a { a[2] = 9 }\nfmt.Print(v)", out: "3"},
		{code: "var f func() int\nfor i := range []int{1,2} { var j int\nfor _, j = range []int{7, 8} { f = func() int { return j + i } } }\nfmt.Print(f())", out: "9"},
		{code: "x, ch := 0, make(chan int, 2)\nch <- 3\nselect { case x = <-ch: }\nfmt.Print(x)", err: "a case of a select that receives into a variable from outside"},
	} {
		runSteps(t, cell.Options{Interpret: true}, []step{s})
	}
}
