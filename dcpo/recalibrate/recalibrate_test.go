package recalibrate

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func answers(confidence []float64, correct []int) []calibration.Answer {
	all := make([]calibration.Answer, len(confidence))
	for i, c := range confidence {
		all[i] = calibration.Answer{Confidence: c, HasConfidence: true, Correct: correct[i] == 1, Problem: fmt.Sprint(i / 2)}
	}
	return all
}

// TestOracle: the maps are those of scikit-learn 1.7.2 (Platt, isotonic), betacal 1.1.0 and scipy 1.17.1 (temperature), at grid points and at
// confidences that were fitted; testdata/oracle.py made them.
func TestOracle(t *testing.T) {
	raw, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Clip  float64
		Cases []struct {
			Name                               string
			Confidence, Grid                   []float64
			Correct                            []int
			Temperature, Platt, Beta, Isotonic []float64
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) == 0 || file.Clip != Clip {
		t.Fatalf("%d cases, clip %v, %v", len(file.Cases), file.Clip, err)
	}
	for _, c := range file.Cases {
		for _, m := range []struct {
			method    Method
			want      []float64
			tolerance float64
		}{{Temperature, c.Temperature, 1e-7}, {Platt, c.Platt, 1e-7}, {Beta, c.Beta, 1e-7}, {Isotonic, c.Isotonic, 1e-12}} {
			got, err := Fit(answers(c.Confidence, c.Correct), m.method)
			if err != nil {
				t.Fatal(err)
			}
			worst := 0.0
			for i, x := range c.Grid {
				worst = max(worst, math.Abs(got.Apply(x)-m.want[i]))
			}
			t.Logf("%s: %v, off by %.2g at most", c.Name, got, worst)
			if !(worst <= m.tolerance) {
				t.Errorf("%s: %v is off by %v", c.Name, got, worst)
			}
		}
	}
}

// TestIsotonicByHand: ties are averaged first (.5: 1 of 2), then .7 falls below and is pooled with it.
func TestIsotonicByHand(t *testing.T) {
	m, err := Fit(answers([]float64{.5, .9, .7, .2, .5}, []int{1, 1, 0, 0, 0}), Isotonic)
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range map[float64]float64{0: 0, .2: 0, .35: 1. / 6, .5: 1. / 3, .6: 1. / 3, .7: 1. / 3, .8: 2. / 3, .9: 1, 1: 1} {
		if got := m.Apply(c); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v maps to %v, want %v", c, got, want)
		}
	}
	if s := m.String(); s != "isotonic, 3 levels from 0 to 1" {
		t.Error(s)
	}
}

// TestTemperatureByHand: one confidence c, of which a share r is right, has log-odds logit(r)/logit(c) times its own.
func TestTemperatureByHand(t *testing.T) {
	m, err := Fit(answers([]float64{.9, .9, .9, .9}, []int{1, 1, 1, 0}), Temperature)
	if err != nil || math.Abs(m.Apply(.9)-.75) > 1e-9 || m.Apply(.5) != .5 {
		t.Errorf("%v maps .9 to %v, .5 to %v; %v", m, m.Apply(.9), m.Apply(.5), err)
	}
	if s := m.String(); s != "temperature 2" {
		t.Error(s)
	}
}

// TestRising: every map but Platt's keeps the order, whatever the answers, and gives probabilities.
func TestRising(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for trial := range 100 {
		n := 1 + rng.IntN(40)
		confidence, correct := make([]float64, n), make([]int, n)
		for i := range confidence {
			confidence[i], correct[i] = rng.Float64(), rng.IntN(2)
			if rng.IntN(3) == 0 {
				confidence[i] = float64(rng.IntN(3)) / 2
			}
			switch trial % 4 {
			case 0: // all right
				correct[i] = 1
			case 1: // parted completely
				correct[i] = int(math.Round(confidence[i]))
			case 2: // the wrong way round
				correct[i] = 1 - int(math.Round(confidence[i]))
			}
		}
		for _, method := range Methods() {
			m, err := Fit(answers(confidence, correct), method)
			if err != nil {
				t.Fatal(err)
			}
			last := math.Inf(-1)
			for i := range 101 {
				p := m.Apply(float64(i) / 100)
				if !(p >= 0 && p <= 1) || method != Platt && p < last-1e-12 {
					t.Fatalf("trial %d: %v maps %v to %v, after %v", trial, m, float64(i)/100, p, last)
				}
				last = p
			}
		}
	}
}

func TestApply(t *testing.T) {
	set := []calibration.Answer{{Confidence: .9, HasConfidence: true, Problem: "a"}, {Confidence: .9, Problem: "b"}, {Confidence: 95, HasConfidence: true}, {Confidence: math.NaN(), HasConfidence: true}}
	m, err := Fit(set, Temperature) // one wrong answer: certain to be wrong is as far as a temperature goes
	if err != nil {
		t.Fatal(err)
	}
	got := Apply(m, set)
	if got[0].Confidence != .5 || got[0].Problem != "a" || set[0].Confidence != .9 {
		t.Errorf("mapped %+v of %+v by %v", got[0], set[0], m)
	}
	if diff := cmp.Diff(set[1:], got[1:], cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("answers without a confidence in [0, 1] changed:\n%s", diff)
	}
}

// TestCrossFit: an answer's confidence hangs on the other problems' verdicts, never on its own problem's.
func TestCrossFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	var set []calibration.Answer
	for p := range 60 {
		for range 3 {
			c := rng.Float64()
			set = append(set, calibration.Answer{Confidence: c, HasConfidence: rng.IntN(10) > 0, Correct: rng.Float64() < c*c, Problem: fmt.Sprint(p)})
		}
	}
	for _, method := range Methods() {
		mapped, err := CrossFit(set, method, 5, 3)
		if err != nil {
			t.Fatal(err)
		}
		if before, after := calibration.ECE(set, 10), calibration.ECE(mapped, 10); after > before || after > .8*before && method != Temperature {
			t.Errorf("%s: ECE %.3f before and %.3f after", method, before, after)
		}
		turned := append([]calibration.Answer(nil), set...)
		for i := range 3 { // all answers to the first problem
			turned[i].Correct = !turned[i].Correct
		}
		again, err := CrossFit(turned, method, 5, 3)
		if err != nil {
			t.Fatal(err)
		}
		changed := 0
		for i := range set {
			if i < 3 && again[i].Confidence != mapped[i].Confidence {
				t.Errorf("%s: answer %d is mapped by its own verdict", method, i)
			}
			if again[i].Confidence != mapped[i].Confidence {
				changed++
			}
			if !set[i].HasConfidence && mapped[i] != set[i] {
				t.Errorf("%s: a missing confidence became %+v", method, mapped[i])
			}
		}
		if changed == 0 {
			t.Errorf("%s: verdicts change nothing", method)
		}
	}
}

func TestFaults(t *testing.T) {
	one := answers([]float64{.5, .6}, []int{1, 0})
	if _, err := Fit(one, "histogram"); err == nil || !strings.Contains(err.Error(), `method "histogram": expected one of [temperature platt beta isotonic]`) {
		t.Error(err)
	}
	if _, err := Fit([]calibration.Answer{{Confidence: .5}, {Confidence: 2, HasConfidence: true}}, Platt); err == nil || !strings.Contains(err.Error(), "none of 2 answers states a confidence in [0, 1]") {
		t.Error(err)
	}
	if _, err := CrossFit(one, Platt, 5, 0); err == nil || !strings.Contains(err.Error(), "at least two of each") {
		t.Error(err)
	}
	two := []calibration.Answer{{Confidence: .5, HasConfidence: true, Problem: "a"}, {Problem: "b"}}
	if _, err := CrossFit(two, Beta, 2, 0); err == nil || !strings.Contains(err.Error(), "none of 1 answers states") {
		t.Error(err)
	}
}
