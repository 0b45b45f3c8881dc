package reweight_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/reweight"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmpopts.EquateApprox(0, 1e-6)

func openFixture(t *testing.T, name string) *safetensors.File {
	t.Helper()
	dir := filepath.Join("..", "..", "..", "shared", "fixtures", "rl")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("../shared is absent: the comparison with the reference's outputs is skipped")
	}
	f, err := safetensors.Open(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func floats(t *testing.T, f *safetensors.File, name string) []float32 {
	t.Helper()
	v, err := f.Float32(name)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestOracle has each of the reference's modes as options.
func TestOracle(t *testing.T) {
	oracle := openFixture(t, "dcpo_oracle.safetensors")
	advantages, logProbs := floats(t, oracle, "adv/grpo/outcome"), floats(t, openFixture(t, "inputs.safetensors"), "old_log_prob")
	modes := map[string]reweight.Options{
		"both_linear":               {},
		"both_linear_normal":        {NegativeWeight: .8},
		"both_linear_balance1":      {Only: reweight.Positive, NegativeWeight: .8},
		"both_sigmoid":              {Shape: reweight.Sigmoid},
		"both_sigmoid_balance1":     {Shape: reweight.Sigmoid, NegativeWeight: .8},
		"negative_sigmoid":          {Shape: reweight.Sigmoid, Only: reweight.Negative},
		"negative_sigmoid_balance1": {Shape: reweight.Sigmoid, Only: reweight.Negative, Balance: true, NegativeWeight: .8},
		"mask_prob_interval1":       {Shape: reweight.Band, High: .25},
		"mask_prob_interval3":       {Shape: reweight.Band, Low: .5, High: .75},
		"mask_prob_lower0.5":        {Shape: reweight.Band, High: .5},
	}
	for mode, opt := range modes {
		want := floats(t, oracle, "reweight/"+mode)
		got, err := reweight.Advantages(advantages, logProbs, opt)
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if math.Abs(float64(got[i]-want[i])) > 1e-6 {
				t.Errorf("%s: advantage %d is %v, want %v", mode, i, got[i], want[i])
				break
			}
		}
	}
	for _, name := range oracle.Names() {
		mode, found := strings.CutPrefix(name, "reweight/")
		if _, ok := modes[mode]; found && !ok {
			t.Errorf("no test compares %s", name)
		}
	}
}

func logs(probabilities ...float64) []float32 {
	out := make([]float32, len(probabilities))
	for i, p := range probabilities {
		out[i] = float32(math.Log(p))
	}
	return out
}

func TestByHand(t *testing.T) {
	nan := float32(math.NaN())
	advantages, logProbs := []float32{1, -1, 2, 0}, append(logs(.5, .2, 1), nan) // padding is not read
	for _, c := range []struct {
		opt  reweight.Options
		want []float32
	}{
		{reweight.Options{}, []float32{.85, -.76, 2, 0}},
		{reweight.Options{Alpha: 1}, []float32{.5, -.2, 2, 0}},
		{reweight.Options{Alpha: .5, Only: reweight.Negative, NegativeWeight: 2}, []float32{1, -1.2, 2, 0}},
		{reweight.Options{Shape: reweight.Sigmoid, Slope: 1e6, Centre: .3}, []float32{2, 0, 4, 0}},
		{reweight.Options{Shape: reweight.Band, Low: .5}, []float32{0, 0, 2, 0}},  // above low, not at it
		{reweight.Options{Alpha: 1e-9, Balance: true}, []float32{1, -12.5, 2, 0}}, // ½·1 + 1·2 = .2·12.5
	} {
		got, err := reweight.Advantages(advantages, logProbs, c.opt)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got, near); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", c.opt, diff)
		}
	}
	if !slices.Equal(advantages, []float32{1, -1, 2, 0}) {
		t.Error("the advantages passed in have changed")
	}
	if got, err := reweight.Advantages([]float32{-1}, logs(.5), reweight.Options{Balance: true}); err != nil || got[0] != 0 {
		t.Errorf("negative advantages alone, balanced: %v, %v", got, err)
	}
	if got, err := reweight.Advantages([]float32{1}, logs(.5), reweight.Options{Alpha: 1, Balance: true}); err != nil || got[0] != .5 {
		t.Errorf("positive advantages alone, balanced: %v, %v", got, err)
	}
}

// TestIsolate: each token's weight is in one of the two updates.
func TestIsolate(t *testing.T) {
	weights := []float32{.25, .25, 0, .5}
	rare, common, err := reweight.Isolate(weights, append(logs(.49, .51), float32(math.NaN()), 1e-6), .5)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]float32{{.25, 0, 0, 0}, {0, .25, 0, .5}}, [][]float32{rare, common}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFaults(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		advantages, logProbs []float32
		opt                  reweight.Options
		want                 string
	}{
		{nil, nil, reweight.Options{Shape: "step"}, `"band"`},
		{nil, nil, reweight.Options{Only: "none"}, `"negative"`},
		{nil, nil, reweight.Options{Alpha: 2}, "alpha is 2"},
		{nil, nil, reweight.Options{Slope: math.NaN()}, "slope NaN"},
		{nil, nil, reweight.Options{Low: .5, High: .5}, "band from 0.5 to 0.5"},
		{nil, nil, reweight.Options{NegativeWeight: -1}, "is -1"},
		{[]float32{1}, nil, reweight.Options{}, "0 log-probs"},
		{[]float32{inf}, []float32{0}, reweight.Options{}, "advantage 0 is +Inf"},
		{[]float32{0, 1}, []float32{0, float32(math.NaN())}, reweight.Options{}, "log-prob 1 is NaN"},
		{[]float32{1}, []float32{.5}, reweight.Options{}, "log-prob 0 is 0.5"},
	} {
		if got, err := reweight.Advantages(c.advantages, c.logProbs, c.opt); err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v %v %+v: error %v does not say %q", c.advantages, c.logProbs, c.opt, err, c.want)
		}
	}
	for _, eta := range []float64{0, -1, 1.5, math.NaN()} {
		if _, _, err := reweight.Isolate(nil, nil, eta); err == nil || !strings.Contains(err.Error(), fmt.Sprint(eta)) {
			t.Errorf("eta %v: error %v", eta, err)
		}
	}
	if _, _, err := reweight.Isolate([]float32{1}, []float32{inf}, .5); err == nil {
		t.Error("an infinite log-prob passes")
	}
}

func ExampleAdvantages() {
	// Two tokens of one good response, sampled with probabilities 0.1 and 0.9.
	got, err := reweight.Advantages([]float32{1, 1}, logs(.1, .9), reweight.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", got)
	// Output: [0.73 0.97]
}
