package verl_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/datasets/grade/verl"
)

// TestAgainstFixture: every verdict of the reference is reproduced.
func TestAgainstFixture(t *testing.T) {
	for _, file := range []string{"public.jsonl", "mathverify_tests.jsonl"} {
		path := "../../../../shared/fixtures/grader/" + file
		f, err := os.Open(path)
		if err != nil {
			t.Skipf("%s is absent: the grader's fixtures lie beside the project, not in it", path)
		}
		defer f.Close()
		scanner := bufio.NewScanner(f)
		scanner.Buffer(nil, 1<<24)
		rows := 0
		for scanner.Scan() {
			var g struct {
				ID, Gold, Completion, Pred string
				Verdict                    any `json:"verl_verdict"`
			}
			if err := json.Unmarshal(scanner.Bytes(), &g); err != nil {
				t.Fatal(err)
			}
			rows++
			want := g.Verdict == true || g.Verdict == 1.0
			if g.Pred != "" { // math-verify's own tests have bare answers, both between dollar signs
				g.Gold, g.Completion = bare(g.Gold), g.Pred
				if !strings.Contains(g.Pred, `\boxed`) {
					g.Completion = `\boxed{` + bare(g.Pred) + "}"
				}
			}
			if got, answer, _ := verl.Grade(g.Completion, g.Gold); got != want {
				t.Errorf("%s: %v, want %v: gold %q, box %q", g.ID, got, want, g.Gold, answer)
			}
		}
		if err := scanner.Err(); err != nil || rows < 200 {
			t.Fatalf("%s: %d rows, %v", path, rows, err)
		}
		t.Logf("%s: %d rows", file, rows)
	}
}

func bare(text string) string {
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(text), "$"))
}

// TestRules: what the original does, by hand, its exceptions included.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		completion, gold string
		want             bool
	}{
		{`\boxed{\frac12}`, `\frac{1}{2}`, true}, {`\boxed{\tfrac1{72}}`, `\frac{1}{72}`, true}, {`\boxed{1/2}`, `\frac{1}{2}`, true},
		{`\boxed{01/2}`, `\frac{1}{2}`, false}, {`\boxed{-0/2}`, `-0/2`, true}, {`\boxed{a/2}`, `a/2`, true}, {`\boxed{a /2}`, `a/2`, false}, {`\boxed{x=1/2/3}`, `1/2/3`, true}, {`\boxed{0.5}`, `\frac{1}{2}`, true}, {`\boxed{0.50}`, `0.5`, false},
		{`\boxed{.5}`, `0.5`, true}, {`\boxed{k = 5}`, `5`, true}, {`\boxed{abc=5}`, `5`, false}, {`\boxed{a=b=5}`, `b=5`, false},
		{`\boxed{\sqrt3}`, `\sqrt{3}`, true}, {`\boxed{5 \text{ cm}}`, `5`, true}, {`\boxed{5\text{cm}}`, `5`, false}, {`\boxed{90^\circ}`, `90`, true},
		{`\boxed{50\%}`, `50`, true}, {`\boxed{\$5}`, `5`, true}, {`\boxed{1,\!000}`, `1,000`, true}, {"\\boxed{1\n2}", `12`, true},
		{`\boxed{\left(1,2\right)}`, `(1,2)`, true}, {`\boxed 5$ and`, `5`, true}, {`\boxed{6} \boxed 5`, `6`, false}, {`\fbox{5}`, `5`, false},
		{`\boxed{5`, `5`, false}, {`no box`, `no box`, false}, {`\boxed{}`, ``, true}, {`\boxed{\frac1}`, `\frac1`, true}, {`\boxed{\frac}`, `\frac`, true},
		{`\boxed{\sqrt}`, `\sqrt `, false}, {`\boxed{1\text{ a}\text{ b}}`, `1`, false}, {`\boxed{1\text{ a}\text{ b}}`, `1\text{ a}\text{ b}`, true},
		{`\boxed{\frac\pi2}`, `\frac{\}{p}i2`, true}, {`\boxed{\sqrt é}`, `\sqrt{ }é`, true},
	} {
		if got, _, _ := verl.Grade(c.completion, c.gold); got != c.want {
			t.Errorf("%q for %q: %v", c.completion, c.gold, got)
		}
	}
}

func FuzzGrade(f *testing.F) {
	f.Add(`\boxed{\frac12\sqrt3}`, `\frac{1}{2}`)
	f.Add(`\boxed x$`, `é/2`)
	f.Fuzz(func(t *testing.T, completion, gold string) {
		verl.Grade(completion, gold) // must not panic
		if ok, answer, found := verl.Grade(`\boxed `+gold, gold); found && answer == gold && !ok {
			t.Errorf("%q is not itself", gold)
		}
	})
}

func ExampleGrade() {
	fmt.Println(verl.Grade(`It is $\boxed{\frac12}$.`, `\frac{1}{2}`))
	fmt.Println(verl.Grade(`It is $\boxed{2,1}$.`, `1,2`))
	// Output:
	// true \frac12 true
	// false 2,1 true
}
