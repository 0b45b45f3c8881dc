package grade_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/datasets/grade"
)

func TestExtraction(t *testing.T) {
	for _, c := range []struct{ completion, answer, reason string }{
		{`so $\boxed{\frac{1}{2}}$ holds`, `\frac{1}{2}`, ""},
		{`first \boxed{7}, no: \boxed{8}`, `8`, ""},
		{`\boxed{3} and \boxed{4}.`, `3, 4`, ""},
		{`\boxed{\boxed{5}}`, `5`, ""},
		{`\boxed {A} or \fbox{B}`, `A or B`, ""},
		{`\boxed{\{1,2\}}`, `\{1,2\}`, ""},
		{`\boxed 12`, `12`, ""},
		{"the answer is \\boxed{12", "", grade.ReasonOpenBox},
		{`we put it in \boxed but forgot 3`, `3`, ""},
		{"\\boxed{ }", "", grade.ReasonNotFound},
		{"", "", grade.ReasonNotFound},
		{"CONFIDENCE: 0.7", "", grade.ReasonNotFound},
		{"132\nCONFIDENCE: 0.7", "132", ""},
		{"132 CONFIDENCE: 0.7", "132", ""},
		{"132\n**Confidence:** 90%", "132", ""},
		{"CONFIDENCE: 0.83 \\boxed{5}", "5", ""},
		{"12 men\nConfidence: 80%. The final answer is \\boxed{7}.", "7", ""},
		{"so 12\nCONFIDENCE: 0.9. Final answer: 13", "13", ""},
		{"132\nCONFIDENCE: 0.7 (I checked 3 of 4 cases)", "132", ""},
		{"x = 5\n#### 1,234\n", "1,234", ""},
		{"Thus the final answer is $x^2$. I hope it is correct.", "x^2", ""},
		{"The answer is $1$, $2$ and $3$.", "1, 2, 3", ""},
		{"the answer is 0.5, which is small.", "0.5", ""},
		{"Final Answer: The largest $n$ is 34.", "34", ""},
		{"**Answer:** 12", "12", ""},
		{"<think>\\boxed{7}?</think>\nThe answer is 9.", "9", ""},
		{"So we obtain $\\text{84}$.", `\text{84}`, ""},
		{"There are 3 boys and 12 girls in K2.", "12", ""},
		{"Some text\n-\\sqrt{3}", `-\sqrt{3}`, ""},
		{"so $8$,$4$.", "4", ""},
		{"3 and 4", "3 and 4", ""},
		{"Final Answer: She started growing it 3 hours ago. I hope it is correct.", "3", ""},
		{"one half is $\\boxed{200}$, so the other is 255. Final Answer: The final answer is $455$. I hope it is correct.", "455", ""},
		{"$\\boxed{200}$. That final answer is consistent.", "200", ""},
		{"$\\boxed{1}$ for (a) and $\\boxed{2}$ for (b)", "2", ""},
		{"it cannot be done", "it cannot be done", ""},
	} {
		v := grade.Grade(c.completion, "no such answer")
		got := []string{v.Answer, ""}
		if !v.Found {
			got[1] = v.Reason
		}
		if diff := cmp.Diff([]string{c.answer, c.reason}, got); diff != "" {
			t.Errorf("%q: %s", c.completion, diff)
		}
	}
}

func TestEqual(t *testing.T) {
	for _, c := range []struct {
		answer, gold string
		want         bool
	}{
		// Spelling of numbers.
		{`\frac43`, `\frac{4}{3}`, true}, {`\dfrac 4 3`, `4/3`, true}, {`1\frac{1}{3}`, `\tfrac{4}{3}`, true}, {`1 1/3`, `4/3`, true},
		{`0.5`, `\frac12`, true}, {`.50`, `1/2`, true}, {`0.\overline{3}`, `\frac13`, true}, {`0.33`, `\frac13`, false}, {`0.333333`, `\frac13`, true},
		{`1,234`, `1234`, true}, {`1{,}234`, `1234`, true}, {`11,\! 111,\! 100`, `11111100`, true}, {`996\,000`, `996000`, true}, {`32, 349`, `32349`, false},
		{`4.5 \times 10^{33}`, `4.5e33`, true}, {`4.5e32`, `4.5e33`, false}, {`-24+4.6e`, `4.6e-24`, true}, {`0.2`, `2e-1`, true}, {`2e - 1`, `2e-1`, true}, {`2e`, `2e-1`, false},
		{`{2 \over 15}`, `2/15`, true}, {`3,14`, `3.14`, true}, {`003`, `3`, true}, {`6 7`, `42`, false}, {`529.01`, `529`, false},
		// What surrounds a value.
		{`$5$.`, `5`, true}, {`\left( 5 \right)`, `5`, true}, {`\text{66}`, `66`, true}, {`\textbf{(C)}\ 42`, `42`, true}, {`\textbf{(C)}\ 42`, `\text{C}`, true}, {`\textbf{(C)}\ 42`, `D`, false},
		{`5\text{ cm}`, `5`, true}, {`5`, `5 \mbox{ cm}^2`, true}, {`5\text{ m}`, `5\text{ cm}`, false}, {`\text{cm}`, `5`, false}, {`\$18.90`, `18.9`, true},
		{`28\%`, `28`, true}, {`0.28`, `28\%`, true}, {`2.8`, `28\%`, false}, {`90^\circ`, `90`, true}, {`90\text{ rad}`, `90^\circ`, false}, {`\frac{37}{4}`, `\frac{37}{4} m`, true},
		{`x = 5`, `5`, true}, {`5 = x`, `x=5`, true}, {`m+n = 5`, `5`, true}, {`\approx 5`, `5`, true}, {`2\sqrt2 \approx 2.83`, `2\sqrt{2}`, true},
		// Expressions.
		{`2 + \sqrt{5}`, `\sqrt5+2`, true}, {`\frac{2}{\sqrt 2}`, `\sqrt{2}`, true}, {`\sqrt[3]{8}`, `2`, true}, {`5\pi`, `5`, false}, {`\pi`, `3.14`, false},
		{`(x+1)^2`, `x^2+2x+1`, true}, {`(x+1)^2`, `x^2+1`, false}, {`\sqrt{x^2}`, `x`, false}, {`\ln a + \ln b`, `\ln(ab)`, true},
		{`\frac{k}{l}-\frac1l`, `\frac{K-1}{L}`, true}, {`\sin^2 x + \cos^2 x`, `1`, true}, {`\log_2 8`, `3`, true}, {`\ln {2}^{1/2}`, `\ln \sqrt{2}`, true}, {`\cos{\left(x\right)}^2`, `\cos^2 x`, true}, {`\sin 30^\circ`, `\frac12`, true},
		{`\binom{5}{2}`, `10`, true}, {`5!`, `120`, true}, {`|{-3}|`, `3`, true}, {`\lfloor 2.5 \rfloor`, `2`, true}, {`e^{i\pi}`, `-1`, true}, {`3q`, `3n`, false},
		{`4210_5`, `4210_{5}`, true}, {`4210_{6}`, `4210_{5}`, false}, {`I(0)/2`, `I(0)`, false}, {`9^{9^{9^9}}`, `9^{9^{9^{9^9}}}`, false},
		// Collections.
		{`3, 1`, `1,3`, true}, {`\{1,3\}`, `1 \text{ and } 3`, true}, {`1, 3, 17`, `1,3`, false}, {`1`, `1,3`, false}, {`x=1, x=3`, `1,3`, true}, {`1 \pm \sqrt{2}`, `1-\sqrt2, 1+\sqrt2`, true},
		{`(1,2)`, `(2,1)`, false}, {`(1,2)`, `\left(1, \frac{4}{2}\right)`, true}, {`(1,2]`, `[1,2]`, false}, {`(x,y)=(1,2)`, `(1,2)`, true}, {`x=1,y=2`, `(1,2)`, true}, {`(1,2)`, `\{1,2\}`, false},
		{`1 < x \le 2`, `(1,2]`, true}, {`x \in (-\infty,0]`, `x \le 0`, true}, {`(-\infty,0)`, `x \le 0`, false}, {`[8,9) \cup [3,7]`, `[3,7]\cup[8,9)`, true}, {`1<x<2 \text{ or } x>3`, `(1,2)\cup(3,\infty)`, true},
		{`\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}`, `\begin{pmatrix} 1 & 2 \\ 3 & \frac{8}{2} \end{pmatrix}`, true}, {`\begin{pmatrix} 1 & 2 \end{pmatrix}`, `\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, false},
		{`14:64`, `7:32`, true}, {`1:00`, `12:00`, false}, {`a=1, b=2`, `a=2, b=1`, false},
		// Relations.
		{`2x - 4 = 0`, `x = 2`, true}, {`y = 2x + 1`, `2x - y + 1 = 0`, true}, {`y = 2x`, `2x - y + 1 = 0`, false}, {`0`, `2x - y + 1 = 0`, false}, {`-x > -1`, `x < 1`, true}, {`-x > -1`, `x > 1`, false}, {`11a+c`, `7 = 11a + c`, false},
		{`y = 2x + 3 = 4`, `2x+3=4`, true}, {`y = 2x + 3 = 5`, `2x+3=4`, false},
		// Sets of real numbers by what they hold.
		{`(-\infty,2)\cup(4,\infty)`, `(-\infty,2)\cup(3,\infty)`, false}, {`x<2 \text{ or } x>3`, `(-\infty,2)\cup(3,\infty)`, true}, {`x<2, x>3`, `(-\infty,2)\cup(3,\infty)`, true},
		{`x \ne 0`, `(-\infty,0)\cup(0,\infty)`, true}, {`\mathbb{R}\setminus\{0\}`, `x \ne 0`, true}, {`\mathbb{R}\setminus\{1\}`, `x \ne 0`, false}, {`[1,2]\cup[2,3]`, `[1,3]`, true}, {`[1,2)\cup(2,3]`, `[1,3]`, false},
		{`x^2<4`, `(-2,2)`, true}, {`x^2\le 4`, `(-2,2)`, false}, {`x^2<4`, `(-\infty,4)`, false}, {`x^2<5`, `x^2<5.1`, false}, {`1\le|z|\le 2`, `[-2,-1]\cup[1,2]`, true},
		{`\{x : 1<x\le 3\}`, `(1,3]`, true}, {`\{x \in \mathbb{R} \mid x>3\}`, `(1,3]`, false}, {`x>2 \text{ and } x<5`, `(2,5)`, true}, {`\text{all real numbers}`, `(-\infty,\infty)`, true}, {`(-\infty,0)`, `\mathbb{R}`, false}, {`\text{no solution}`, `\varnothing`, true},
		// Families, matrices, angles, logarithms, numerals.
		{`n\pi, n \in \mathbb{Z}`, `k\pi, k \in \mathbb{Z}`, true}, {`2n\pi, n \in \mathbb{Z}`, `k\pi, k \in \mathbb{Z}`, false}, {`n\pi`, `k\pi`, false},
		{`p=5,q=2;p=7,q=2`, `(5,2),(7,2)`, true}, {`p=5,q=2;p=7,q=2`, `(2,5),(2,7)`, false}, {`[1,2,3]`, `(1,2,3)`, true}, {`\boxed{15\frac{39}{40}}, or \boxed{\frac{639}{40}}`, `\frac{639}{40}`, true},
		{`\frac12\begin{pmatrix} 2 \\ 4 \end{pmatrix} + \begin{pmatrix} 0 \\ 1 \end{pmatrix}`, `(1,3)`, true}, {`\begin{pmatrix} 1 & 2 \end{pmatrix}^T`, `\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, true}, {`\begin{pmatrix} a & b \\ 0 & 1 \end{pmatrix}\begin{pmatrix} 1 & 1 \\ 0 & 1 \end{pmatrix}`, `\begin{pmatrix} a & a+b \\ 0 & 1 \end{pmatrix}`, true}, {`\begin{pmatrix} 1 \\ 2 \end{pmatrix}\begin{pmatrix} 1 \\ 2 \end{pmatrix}`, `\begin{pmatrix} 1 \\ 4 \end{pmatrix}`, false},
		{`30^\circ`, `\frac{\pi}{6}`, true}, {`30^\circ`, `\frac{\pi}{3}`, false}, {`\log_{10} x`, `\log x`, true}, {`\ln x`, `\log x`, true}, {`\ln x`, `\log_{10} x`, false},
		{`0.1666...`, `\frac16`, true}, {`0.16...`, `\frac16`, false}, {`-3./2`, `-1.5`, true}, {`\text{five}`, `5`, true}, {`14 {, }916`, `14916`, true},
		// Words.
		{`navin`, `\text{Navin}`, true}, {`\text{not Navin}`, `\text{Navin}`, false}, {`not east`, `\text{east}`, false}, {`\text{no solution}`, `7`, false}, {`(e)`, `\text{(E)}`, true},
	} {
		if got, reason := grade.Equal(c.answer, c.gold); got != c.want {
			t.Errorf("%q for %q: %v (%s)", c.answer, c.gold, got, reason)
		}
	}
}

// TestSolutionForReference: a worked solution may stand in the reference's place.
func TestSolutionForReference(t *testing.T) {
	for _, c := range []struct {
		answer, gold string
		want         bool
	}{
		{`28\%`, `The stock keeps $72 \%$ of its value, so the loss is the rest. Final Answer: The final answer is $28 \%$. I hope it is correct.`, true},
		{`72\%`, `The stock keeps $72 \%$ of its value, so the loss is the rest. Final Answer: The final answer is $28 \%$. I hope it is correct.`, false},
		{`\frac{639}{40}`, `Hence $d = \boxed{15\frac{39}{40}},$ or $\boxed{\frac{639}{40}}$ inches.`, true},
		{`1, 2`, `$\boxed{1}$ paper and $\boxed{2}$ bins`, true},
		{`2`, `$\boxed{1}$ paper and $\boxed{2}$ bins`, false},
		{`W(x)=1orW(x)=-1`, `\boxed{W(n) = 1 \text{ and } W(n) = -1`, true},
	} {
		if got := grade.Grade(`\boxed{`+c.answer+`}`, c.gold); got.Correct != c.want {
			t.Errorf("%q for %q: %+v", c.answer, c.gold, got)
		}
	}
}

func TestReasons(t *testing.T) {
	for _, c := range []struct{ completion, gold, want string }{
		{`\boxed{x+1}`, `x+1`, grade.ReasonSameText},
		{`\boxed{0.5}`, `\frac12`, grade.ReasonSameNumber},
		{`\boxed{1+x}`, `x+1`, grade.ReasonEquivalent},
		{`\boxed{2}`, `3`, grade.ReasonWrong},
		{`\boxed{((2}`, `3`, grade.ReasonUnreadable},
		{`\boxed{` + strings.Repeat("(", 900) + "1" + strings.Repeat(")", 900) + `}`, `3`, grade.ReasonTooCostly},
		{`\boxed{` + strings.Repeat("1+", 4000) + `1}`, `3`, grade.ReasonTooCostly},
		{`\boxed{2`, `3`, grade.ReasonOpenBox},
		{"\n", `3`, grade.ReasonNotFound},
	} {
		if got := grade.Grade(c.completion, c.gold).Reason; got != c.want {
			t.Errorf("%.60q for %q: %q, want %q", c.completion, c.gold, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	for _, c := range []struct {
		completion, gold, reason string
		correct                  bool
	}{
		{"132\nCONFIDENCE: 0.7", "132", grade.ReasonSameNumber, true},
		{"80+52=\n 132 \nCONFIDENCE: ", "132", grade.ReasonSameNumber, true},
		{"-19\nCONFIDENCE: 1.0", "-19", grade.ReasonSameNumber, true},
		{"132.0", "132", grade.ReasonSameNumber, true},
		{"47+85", "132", grade.ReasonNotNumber, false},
		{"131 132", "132", grade.ReasonNotNumber, false},
		{"131", "132", grade.ReasonWrong, false},
		{"CONFIDENCE: 0.7", "132", grade.ReasonNotFound, false},
		{"1", "one", grade.ReasonUnreadable, false},
		{strings.Repeat("9", 100000), "132", grade.ReasonNotNumber, false},
	} {
		v := grade.Number(c.completion, c.gold)
		if v.Correct != c.correct || v.Reason != c.reason || v.Found != (c.reason != grade.ReasonNotFound) {
			t.Errorf("%.40q: %+v, want %v, %q", c.completion, v, c.correct, c.reason)
		}
	}
}

// TestHostile: nothing takes long, whatever a model writes.
func TestHostile(t *testing.T) {
	const mega = 10 << 20
	repeat := func(s string) string { return strings.Repeat(s, mega/len(s)) }
	box := func(s string) string { return `\boxed{` + s + `}` }
	for name, completion := range map[string]string{
		"tower":           box(`9^{9^{9^9}}`),
		"huge factorial":  box(`(999999999!)!`),
		"huge exponent":   box(`10^{999999999} - 10^{999999999}`),
		"scientific":      box(`1e999999 - 1e999998`),
		"binomial":        box(`\binom{10^9}{10^8}`),
		"open braces":     repeat("{"),
		"close braces":    repeat("}"),
		"braces in box":   box(repeat("{")),
		"closed in box":   box(strings.Repeat("{", mega/2) + strings.Repeat("}", mega/2)),
		"open boxes":      repeat(`\boxed{`),
		"closed boxes":    repeat(`\boxed{1}`),
		"nested boxes":    strings.Repeat(`\boxed{`, mega/8) + strings.Repeat(`}`, mega/8),
		"box words":       repeat(`\boxed `),
		"answers":         repeat("answer is "),
		"dollars":         repeat("$"),
		"digits":          repeat("7"),
		"lines":           repeat("\n"),
		"confidence":      repeat("confidence"),
		"CONFIDENCE":      repeat("CONFIDENCE: 1\n"),
		"c":               repeat("c"),
		"nested f":        box(strings.Repeat("f(", 1000)),
		"nested f closed": box(strings.Repeat("f(x,", 300) + "1" + strings.Repeat(")", 300)),
		"long list":       box(strings.Repeat("x,", 700) + "y"),
		"long relations":  box(strings.Repeat("a=1,", 350) + "b=1"),
		"nested fractions": box(strings.Repeat(`\frac{1}{1+`, 50) + "x" +
			strings.Repeat("}", 50)),
		"powers":       box(strings.Repeat(`(`, 50) + "x+1" + strings.Repeat(`)^{99}`, 50)),
		"over-escaped": box(strings.Repeat(`\\`, 2000)),
		"texts":        box(strings.Repeat(`\text{1`, 500) + strings.Repeat("}", 500)),
		"unicode":      box(strings.Repeat("√", 1300)),
		"matrices":     box(strings.Repeat(`\begin{pmatrix}a&b\\c&d\end{pmatrix}`, 100)),
		"nested sums":  box(strings.Repeat(`(`, 40) + "1" + strings.Repeat(`+\begin{pmatrix}a\\b\end{pmatrix})(x+1)`, 40)),
		"unions":       box(strings.Repeat(`(x,y)\cup[1,2]\cup`, 200) + "(1,2)"),
		"inequalities": box(strings.Repeat(`x<2 or `, 300) + "|x^{x^x}|>3"),
		"final":        `\boxed{1}` + repeat("final answer "),
		"boxes":        repeat(`\boxed{1}, and `),
		"formulas":     repeat(`$1$, $2$, `),
	} {
		for _, gold := range []string{"5", "x, y, z", `\{a=1,b=2\}`, `(-\infty,1)\cup(2,3)`, completionTail(completion)} {
			within(t, name, func() { grade.Grade(completion, gold) })
			within(t, name, func() { grade.Grade(`\boxed{5}`, gold) })
			within(t, name, func() { grade.Number(completion, gold) })
		}
		within(t, name+" as reference", func() { grade.Grade(`\boxed{5}`, completion) })
	}
}

// within fails if a verdict takes more than the promised 50 ms, each of five
// times: the machine may be busy.
func within(t *testing.T, name string, verdict func()) {
	t.Helper()
	var took time.Duration
	for range 5 {
		start := time.Now()
		verdict()
		if took = time.Since(start); took <= 50*time.Millisecond {
			return
		}
	}
	t.Errorf("%s took %v", name, took)
}

// completionTail makes a reference as hostile as the answer.
func completionTail(completion string) string {
	if len(completion) > 4000 {
		completion = completion[:4000]
	}
	return "y+" + completion
}

func FuzzGrade(f *testing.F) {
	for _, seed := range []string{
		`\boxed{\frac{1}{2}}`, `\boxed{\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}}`, `the final answer is $x \in [1,2)$.`,
		`#### 1,234.5e-7`, `\boxed{|x|^{2_3}!'°\%}`, `\boxed{\{a \text{ or } b\} \cup (1;2]}`, `0.\overline{36}`, `\\frac\sqrt\binom_^`, "CONFIDENCE: \xff",
		`\boxed{x=1\pm\sqrt[3]{2}} \boxed{f(g(3))'}`, `\boxed{7:32 \le 1{,}000}`, `(C) -41`, `{1 \over 2 \choose 3}`,
	} {
		f.Add(seed, `\frac{1}{2}`)
		f.Add(`\boxed{12}`, seed)
	}
	f.Fuzz(func(t *testing.T, completion, gold string) {
		v := grade.Grade(completion, gold)
		within(t, "a verdict", func() { grade.Grade(completion, gold) })
		if v.Correct && !v.Found || v.Reason == "" || !v.Found && v.Answer != "" {
			t.Errorf("inconsistent verdict %+v", v)
		}
		if ok, reason := grade.Equal(gold, gold); !ok || reason != grade.ReasonSameText {
			t.Errorf("%q does not equal itself: %s", gold, reason)
		}
	})
}

func ExampleGrade() {
	completion := `Adding both gives $\boxed{\frac{6}{8}}$.

CONFIDENCE: 0.9`
	v := grade.Grade(completion, "0.75")
	fmt.Println(v.Correct, v.Answer, v.Reason)
	fmt.Println(grade.Grade("I give up.", "0.75").Correct)
	// Output:
	// true \frac{6}{8} same number
	// false
}

func ExampleNumber() {
	fmt.Println(grade.Number("132\nCONFIDENCE: 0.7", "132").Correct)
	fmt.Println(grade.Number("47+85\nCONFIDENCE: 0.7", "132").Reason)
	// Output:
	// true
	// the last line is not a number
}
