package arithmetic_test

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/datasets/arithmetic"
)

func generator(t *testing.T, opts arithmetic.Options) *arithmetic.Generator {
	t.Helper()
	g, err := arithmetic.NewGenerator(opts)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// evaluate computes the question by Go's own constant arithmetic.
func evaluate(t *testing.T, text string) string {
	t.Helper()
	value, err := types.Eval(token.NewFileSet(), nil, token.NoPos, strings.TrimSuffix(text, "="))
	if err != nil || value.Value == nil || value.Value.Kind() != constant.Int {
		t.Fatalf("%q: %v %v", text, value, err)
	}
	return value.Value.ExactString()
}

func TestAnswersAreRight(t *testing.T) {
	forms := map[arithmetic.Kind]string{
		arithmetic.Add2:  `^\d{1,2}\+\d{1,2}=$`,
		arithmetic.Add3:  `^[1-9]\d{2}\+[1-9]\d{2}=$`,
		arithmetic.Sub2:  `^\d{1,2}-\d{1,2}=$`,
		arithmetic.Sub3:  `^[1-9]\d{2}-[1-9]\d{2}=$`,
		arithmetic.Mul21: `^[1-9]\d\*[2-9]=$`,
		arithmetic.Mul22: `^[1-9]\d\*[1-9]\d=$`,
		arithmetic.Mod:   `^[1-9]\d%[2-9]=$`,
		arithmetic.Chain: `^\d{1,2}[+*-]\d{1,2}[+-]\d{1,2}=$`,
	}
	seen := map[arithmetic.Kind]int{}
	var all []arithmetic.KindOptions
	for _, kind := range arithmetic.Kinds() {
		all = append(all, arithmetic.KindOptions{Kind: kind, Weight: 1, Exact: arithmetic.Beta{A: 1, B: 1}, Slipped: arithmetic.Beta{A: 1, B: 1}})
	}
	g := generator(t, arithmetic.Options{Seed: 1, Kinds: all})
	for range 4000 {
		q := g.Next()
		seen[q.Kind]++
		if want := evaluate(t, q.Text); q.Answer != want {
			t.Errorf("%s: answer %s, want %s", q.Text, q.Answer, want)
		}
		if !regexp.MustCompile(forms[q.Kind]).MatchString(q.Text) {
			t.Errorf("%s is not of kind %s", q.Text, q.Kind)
		}
		if i := strings.IndexFunc(q.Text+q.Answer, func(r rune) bool { return !strings.ContainsRune(arithmetic.Alphabet, r) }); i >= 0 {
			t.Errorf("%s %s: character outside the alphabet", q.Text, q.Answer)
		}
	}
	for _, kind := range arithmetic.Kinds() {
		if n := seen[kind]; n < 400 || n > 600 {
			t.Errorf("kind %s: %d of 4000, expected about 500", kind, n)
		}
	}
}

func TestSeedDecidesEverything(t *testing.T) {
	text := func(seed uint64) string {
		c, err := arithmetic.NewCorpus(arithmetic.Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, ex := range c.Take(200) {
			b.WriteString(ex.Question.Text + ex.Response + "\n")
		}
		return b.String()
	}
	if first, second := text(7), text(7); first != second {
		t.Error("one seed gave two corpora")
	}
	if text(7) == text(8) {
		t.Error("two seeds gave one corpus")
	}
	c, err := arithmetic.NewCorpus(arithmetic.Options{Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	for i, q := range generator(t, arithmetic.Options{Seed: 7}).Take(200) {
		if got := c.Next().Question.Text; got != q.Text {
			t.Fatalf("question %d: corpus %q, generator %q", i, got, q.Text)
		}
	}
}

func TestWeights(t *testing.T) {
	kinds := []arithmetic.KindOptions{
		{Kind: arithmetic.Add2, Weight: 3, PExact: 1, Exact: arithmetic.Beta{A: 1, B: 1}, Slipped: arithmetic.Beta{A: 1, B: 1}},
		{Kind: arithmetic.Mod, Weight: 1, PExact: 1, Exact: arithmetic.Beta{A: 1, B: 1}, Slipped: arithmetic.Beta{A: 1, B: 1}},
	}
	n := map[arithmetic.Kind]int{}
	for _, q := range generator(t, arithmetic.Options{Kinds: kinds}).Take(4000) {
		n[q.Kind]++
	}
	if len(n) != 2 || math.Abs(float64(n[arithmetic.Add2])/4000-0.75) > 0.03 {
		t.Errorf("counts %v, expected 3 to 1", n)
	}
}

func TestCorpusIsInformativeButNoisy(t *testing.T) {
	for _, decimals := range []int{1, 2} {
		c, err := arithmetic.NewCorpus(arithmetic.Options{Seed: 3, Decimals: decimals, Slip: arithmetic.Digit})
		if err != nil {
			t.Fatal(err)
		}
		form := regexp.MustCompile(fmt.Sprintf(`^(0|-?[1-9]\d*)\nCONFIDENCE: (0\.\d{%d})$`, decimals))
		n, right := map[arithmetic.Kind]float64{}, map[arithmetic.Kind]float64{}
		var ifRight, ifWrong []float64
		for _, ex := range c.Take(20000) {
			m := form.FindStringSubmatch(ex.Response)
			if m == nil {
				t.Fatalf("response %q does not have the form %s", ex.Response, form)
			}
			stated, _ := strconv.ParseFloat(m[2], 64)
			if m[1] != ex.Written || stated != ex.Confidence || stated > 0.9 {
				t.Fatalf("response %q does not say %s, %v", ex.Response, ex.Written, ex.Confidence)
			}
			if ex.Right != (ex.Written == ex.Question.Answer) {
				t.Fatalf("%s%s: Right is %v", ex.Question.Text, ex.Written, ex.Right)
			}
			n[ex.Question.Kind]++
			if ex.Right {
				right[ex.Question.Kind]++
				ifRight = append(ifRight, stated)
			} else {
				ifWrong = append(ifWrong, stated)
			}
		}
		for _, k := range arithmetic.DefaultKinds() {
			// Four standard errors of a share.
			tolerance := 4 * math.Sqrt(k.PExact*(1-k.PExact)/n[k.Kind])
			if rate := right[k.Kind] / n[k.Kind]; math.Abs(rate-k.PExact) > tolerance {
				t.Errorf("kind %s: right rate %.3f, expected %.3f ± %.3f", k.Kind, rate, k.PExact, tolerance)
			}
		}
		if a := auroc(ifRight, ifWrong); a < 0.9 {
			t.Errorf("AUROC of the stated confidence %.3f, expected it to tell slips from exact answers", a)
		}
		slices.Sort(ifRight)
		if low, high := ifRight[len(ifRight)/20], ifRight[len(ifRight)*19/20]; high-low < 0.25 {
			t.Errorf("right answers are stated with %.2f to %.2f, expected noise", low, high)
		}
	}
}

func TestEstimatesEndInZero(t *testing.T) {
	kinds := []arithmetic.KindOptions{{Kind: arithmetic.Sub3, Weight: 1, Exact: arithmetic.Beta{A: 1, B: 1}, Slipped: arithmetic.Beta{A: 1, B: 1}}}
	c, err := arithmetic.NewCorpus(arithmetic.Options{Kinds: kinds})
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for _, ex := range c.Take(2000) {
		want, _ := strconv.Atoi(ex.Question.Answer)
		if got, _ := strconv.Atoi(ex.Written); got%10 != 0 || (want-got) >= 10 || (got-want) >= 10 {
			t.Errorf("%s%s is no estimate of %d", ex.Question.Text, ex.Written, want)
		}
		if ex.Right {
			right++
		}
	}
	if right < 130 || right > 270 {
		t.Errorf("%d of 2000 estimates are right, expected about one in ten", right)
	}
}

func TestLessonsAreRightAndStateNothing(t *testing.T) {
	c, err := arithmetic.NewLessons(arithmetic.Options{})
	if err != nil {
		t.Fatal(err)
	}
	n := map[arithmetic.Kind]int{}
	for _, ex := range c.Take(4000) {
		n[ex.Question.Kind]++
		if ex.Response != ex.Question.Answer || !ex.Right {
			t.Fatalf("lesson %q for %s", ex.Response, ex.Question.Text)
		}
	}
	if share := float64(n[arithmetic.Mod]) / 4000; math.Abs(share-0.3) > 0.03 {
		t.Errorf("mod is %.3f of the lessons, expected 0.3", share)
	}
}

// auroc counts the pairs in which the right answer is the more confident one,
// ties half, over the possible confidences in hundredths.
func auroc(right, wrong []float64) float64 {
	var r, w [101]float64
	for _, c := range right {
		r[int(math.Round(c*100))]++
	}
	for _, c := range wrong {
		w[int(math.Round(c*100))]++
	}
	below, pairs := 0.0, 0.0
	for i := range r {
		pairs += r[i] * (below + w[i]/2)
		below += w[i]
	}
	return pairs / float64(len(right)) / float64(len(wrong))
}

func TestCarrySlips(t *testing.T) {
	kinds := []arithmetic.KindOptions{{Kind: arithmetic.Add2, Weight: 1, PExact: 0, Exact: arithmetic.Beta{A: 1, B: 1}, Slipped: arithmetic.Beta{A: 1, B: 1}}}
	c, err := arithmetic.NewCorpus(arithmetic.Options{Kinds: kinds, Slip: arithmetic.Carry})
	if err != nil {
		t.Fatal(err)
	}
	for _, ex := range c.Take(500) {
		want, _ := strconv.Atoi(ex.Question.Answer)
		got, _ := strconv.Atoi(ex.Written)
		if d := got - want; d != -10 && d != -100 && d != 10 {
			t.Errorf("%s%s: off by %d, expected a carry", ex.Question.Text, ex.Written, d)
		}
	}
}

func TestBadOptions(t *testing.T) {
	ok := arithmetic.Beta{A: 1, B: 1}
	for want, opts := range map[string]arithmetic.Options{
		"unknown kind":    {Kinds: []arithmetic.KindOptions{{Kind: "cube", Weight: 1, Exact: ok, Slipped: ok}}},
		"sum to 0":        {Kinds: []arithmetic.KindOptions{{Kind: arithmetic.Add2, Exact: ok, Slipped: ok}}},
		"PExact 2":        {Kinds: []arithmetic.KindOptions{{Kind: arithmetic.Add2, Weight: 1, PExact: 2, Exact: ok, Slipped: ok}}},
		"Beta(0, 0)":      {Kinds: []arithmetic.KindOptions{{Kind: arithmetic.Add2, Weight: 1, Exact: ok}}},
		"weight NaN":      {Kinds: []arithmetic.KindOptions{{Kind: arithmetic.Add2, Weight: math.NaN(), Exact: ok, Slipped: ok}}},
		"Decimals 3":      {Decimals: 3},
		`Slip "none"`:     {Slip: "none"},
		"MaxConfidence 2": {MaxConfidence: 2},
	} {
		if _, err := arithmetic.NewCorpus(opts); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected one with %q", err, want)
		}
	}
}

// additions are explicit, so that the examples outlive a change of defaults.
var additions = []arithmetic.KindOptions{{
	Kind: arithmetic.Add2, Weight: 1, PExact: 0.8,
	Exact: arithmetic.Beta{A: 6, B: 2}, Slipped: arithmetic.Beta{A: 4, B: 3},
}}

func ExampleNewGenerator() {
	g, err := arithmetic.NewGenerator(arithmetic.Options{Seed: 42, Kinds: additions})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, q := range g.Take(3) {
		fmt.Println(q.Kind, q.Text+q.Answer)
	}
	// Output:
	// add2 81+59=140
	// add2 15+64=79
	// add2 14+33=47
}

func ExampleNewCorpus() {
	c, err := arithmetic.NewCorpus(arithmetic.Options{Seed: 42, Kinds: additions})
	if err != nil {
		fmt.Println(err)
		return
	}
	ex := c.Next()
	fmt.Printf("%s%s\n", ex.Question.Text, ex.Response)
	fmt.Println("right:", ex.Right)
	// Output:
	// 81+59=140
	// CONFIDENCE: 0.7
	// right: true
}
