package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oracleCase is a case of testdata/oracle.json, fitted by scikit-learn 1.7.2 (LogisticRegression with an L2 penalty and LBFGS, on StandardScaler's
// features); testdata/oracle.py made it. One feature is constant, and one varies by a hundred-thousandth of its mean.
type oracleCase struct {
	Name        string
	Hidden      int
	X           []float32
	Correct     []int
	Folds       []int
	Mean, Scale []float64
	Fits        []struct {
		C, Intercept           float64
		Weights, Probabilities []float64
	}
	HeldOutLoss []float64 `json:"held_out_loss"`
}

func oracleCases(t *testing.T) []oracleCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []oracleCase }
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	return file.Cases
}

func (c oracleCase) data() (x Features, correct []bool, problems []string) {
	for i, y := range c.Correct {
		correct = append(correct, y == 1)
		problems = append(problems, fmt.Sprint(c.Folds[i]))
	}
	return Features{c.Hidden, c.X}, correct, problems
}

func farthest(a, b []float64) (far float64) {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	for i := range a {
		if d := math.Abs(a[i] - b[i]); !(d <= far) {
			far = d
		}
	}
	return far
}

func TestOracle(t *testing.T) {
	for _, c := range oracleCases(t) {
		x, correct, _ := c.data()
		for _, want := range c.Fits {
			got, err := Fit(context.Background(), x, correct, nil, Options{C: []float64{want.C}, Tolerance: 1e-9})
			if err != nil {
				t.Fatal(err)
			}
			for what, far := range map[string]float64{
				"weights": farthest(got.Weights, want.Weights), "intercept": math.Abs(got.Intercept - want.Intercept),
				"probabilities": farthest(got.Probabilities(x), want.Probabilities),
				"mean":          farthest(got.Mean, c.Mean), "scale": farthest(got.Scale, c.Scale),
			} {
				t.Logf("%s, C = %v: %s off by %.2g", c.Name, want.C, what, far)
				if !(far <= 1e-6) {
					t.Errorf("%s, C = %v: %s off by %v", c.Name, want.C, what, far)
				}
			}
		}
	}
}

// TestCrossValidation: with four problems and four folds, each problem is a fold, so the losses are those of scikit-learn's fits on
// the same parts, and the C of the least one is taken.
func TestCrossValidation(t *testing.T) {
	for _, c := range oracleCases(t) {
		x, correct, problems := c.data()
		var cs []float64
		for _, f := range c.Fits {
			cs = append(cs, f.C)
		}
		got, err := Fit(context.Background(), x, correct, problems, Options{C: cs, Folds: 4, Tolerance: 1e-9})
		if err != nil {
			t.Fatal(err)
		}
		best := 0
		for k, tried := range got.Candidates {
			if tried.C != cs[k] || !(math.Abs(tried.Loss-c.HeldOutLoss[k]) <= 1e-5) {
				t.Errorf("%s: %+v, want loss %v", c.Name, tried, c.HeldOutLoss[k])
			}
			if c.HeldOutLoss[k] < c.HeldOutLoss[best] {
				best = k
			}
		}
		if len(got.Candidates) != len(cs) || got.C != cs[best] {
			t.Errorf("%s: took C = %v of %+v", c.Name, got.C, got.Candidates)
		}
	}
}

// noisy draws hidden states whose first feature tells how likely an answer is to be right.
func noisy(rng *rand.Rand, n, hidden int) (x Features, correct []bool, problems []string) {
	x = Features{hidden, make([]float32, n*hidden)}
	for i := range x.Values {
		x.Values[i] = float32(rng.NormFloat64())
	}
	for i := range n {
		correct = append(correct, rng.Float64() < sigmoid(2*float64(x.row(i)[0])))
		problems = append(problems, fmt.Sprint(i/4))
	}
	return x, correct, problems
}

// TestLearns: more features than rows, all but one of them noise; on fresh rows the classifier still beats the base rate.
func TestLearns(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	x, correct, problems := noisy(rng, 150, 200)
	c, err := Fit(context.Background(), x, correct, problems, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fresh, verdicts, _ := noisy(rng, 1000, 200)
	loss := 0.0
	for i, p := range c.Probabilities(fresh) {
		if !verdicts[i] {
			p = 1 - p
		}
		loss -= math.Log(p) / 1000
	}
	if loss > .66 {
		t.Errorf("mean loss %.3f on fresh rows, that of the base rate is about 0.69; C = %v of %+v", loss, c.C, c.Candidates)
	}
	if weakest := c.Candidates[len(c.Candidates)-1]; c.C == weakest.C {
		t.Errorf("the weakest penalty was chosen of %+v", c.Candidates)
	}
}

// TestSame: a fit is the same with one processor and with several, and again.
func TestSame(t *testing.T) {
	x, correct, problems := noisy(rand.New(rand.NewPCG(2, 1)), 300, 10)
	fit := func(seed uint64) *Classifier {
		c, err := Fit(context.Background(), x, correct, problems, Options{Seed: seed})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	several := fit(1)
	old := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(old)
	if diff := cmp.Diff(several, fit(1)); diff != "" {
		t.Errorf("(-several +one):\n%s", diff)
	}
	if cmp.Equal(several.Candidates, fit(2).Candidates) {
		t.Error("the seed does not change the folds")
	}
}

// TestGradient: the gradient is the slope of the loss.
func TestGradient(t *testing.T) {
	x, correct, _ := noisy(rand.New(rand.NewPCG(3, 1)), 200, 5)
	rows := []int{3, 7, 11, 12, 13, 20, 150, 151, 199}
	r := regression{x, correct, rows, x.scale(rows), .3}
	p, gradient := []float64{.5, -1, .2, 0, 2, -.3}, make([]float64, 6)
	r.loss(p, gradient)
	for j := range p {
		const h = 1e-6
		up, down, ignored := slices.Clone(p), slices.Clone(p), make([]float64, 6)
		up[j] += h
		down[j] -= h
		if slope := (r.loss(up, ignored) - r.loss(down, ignored)) / (2 * h); math.Abs(slope-gradient[j]) > 1e-8 {
			t.Errorf("parameter %d: slope %v, gradient %v", j, slope, gradient[j])
		}
	}
}

func TestFitFaults(t *testing.T) {
	x, correct, problems := noisy(rand.New(rand.NewPCG(4, 1)), 20, 3)
	poisoned := Features{3, slices.Clone(x.Values)}
	poisoned.Values[7] = float32(math.NaN())
	right := slices.Repeat([]bool{true}, 20)
	halves, sides := make([]string, 20), make([]bool, 20)
	for i := range halves {
		halves[i], sides[i] = fmt.Sprint(i/10), i < 10 // each problem all right or all wrong
	}
	for name, c := range map[string]struct {
		x        Features
		correct  []bool
		problems []string
		opt      Options
		want     string
	}{
		"NaN":            {poisoned, correct, problems, Options{}, "row 2, feature 1 is NaN: expected finite numbers"},
		"no width":       {Features{}, nil, nil, Options{}, "0 values are not rows of width 0"},
		"ragged":         {Features{7, x.Values}, correct, problems, Options{}, "60 values are not rows of width 7"},
		"lengths":        {x, correct[:19], problems[:19], Options{}, "20 rows of features, 19 verdicts and 19 problems"},
		"problems":       {x, correct, problems[:5], Options{}, "20 verdicts and 5 problems"},
		"all right":      {x, right, problems, Options{}, "expected right and wrong answers, found 20 of one kind"},
		"one problem":    {x, correct, slices.Repeat([]string{"a"}, 20), Options{}, "20 answers to 1 problems"},
		"one-sided":      {x, sides, halves, Options{}, "without any one of 2 folds all answers are of one kind"},
		"options":        {x, correct, problems, Options{C: []float64{0, 1}, Folds: 1, Tolerance: -1, MaxIterations: -1}, "penalty C 0: expected a positive number\nfolds 1: expected at least 2\ntolerance -1"},
		"no convergence": {x, correct, problems, Options{C: []float64{1}, MaxIterations: 1}, "after 1 iterations the gradient is still"},
	} {
		if _, err := Fit(context.Background(), c.x, c.correct, c.problems, c.opt); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Fit(ctx, x, correct, problems, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if c, err := Fit(context.Background(), x, sides, halves, Options{C: []float64{1}}); err != nil || c.Candidates != nil {
		t.Errorf("one C needs no folds: %+v, %v", c, err)
	}
}

// TestConstant: features that never vary tell nothing, whatever they are later.
func TestConstant(t *testing.T) {
	x := Features{2, []float32{.1, 1, .1, 1, .1, 1, .1, 1}}
	c, err := Fit(context.Background(), x, []bool{true, false, true, true}, nil, Options{C: []float64{10}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range c.Probabilities(Features{2, []float32{.1, 1, 1e6, -1e6}}) {
		if math.Abs(p-.75) > 1e-6 {
			t.Errorf("probability %v, want the share of right answers, .75", p)
		}
	}
}

func BenchmarkLoss(b *testing.B) {
	x, correct, _ := noisy(rand.New(rand.NewPCG(6, 1)), 2000, 1024)
	rows := make([]int, 2000)
	for i := range rows {
		rows[i] = i
	}
	r := regression{x, correct, rows, x.scale(rows), 1e-3}
	p, g := make([]float64, 1025), make([]float64, 1025)
	for b.Loop() {
		r.loss(p, g)
	}
}
