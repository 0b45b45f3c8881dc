package klcontrol_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/klcontrol"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmpopts.EquateApprox(0, 1e-12)

func fixture(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "fixtures", "rl", name)
	if _, err := os.Stat(path); err != nil {
		t.Skip("../shared is absent: the comparison with the reference's outputs is skipped")
	}
	return path
}

func rows(t *testing.T, file, name string) [][]float64 {
	t.Helper()
	f, err := safetensors.Open(fixture(t, file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	flat, err := f.Float32(name)
	if err != nil {
		t.Fatal(err)
	}
	out := make([][]float64, 64)
	for i := range out {
		for _, v := range flat[i*48 : (i+1)*48] {
			out[i] = append(out[i], float64(v))
		}
	}
	return out
}

// TestOraclePenalty: the rewards that the reference makes of outcome rewards and
// the log-probs of the sampling and the reference policy, on every token.
func TestOraclePenalty(t *testing.T) {
	rewards, mask := rows(t, "inputs.safetensors", "token_level_rewards_outcome"), lengths(t)
	old, ref := rows(t, "inputs.safetensors", "old_log_prob"), rows(t, "inputs.safetensors", "ref_log_prob")
	want := rows(t, "dcpo_oracle.safetensors", "kl_in_reward/beta0.05_kl")
	for i, n := range mask {
		kl := make([]float64, n)
		for t := range kl {
			kl[t] = old[i][t] - ref[i][t] // k1
		}
		got, err := klcontrol.Controller{Coefficient: .05}.Penalise(rewards[i][:n], kl)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, make([]float64, 48-n)...) // nothing behind the response
		if diff := cmp.Diff(want[i], got, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("rollout %d (-want +got):\n%s", i, diff)
		}
	}
}

func lengths(t *testing.T) []int {
	t.Helper()
	f, err := safetensors.Open(fixture(t, "inputs.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw, err := f.Bytes("lengths")
	if err != nil {
		t.Fatal(err)
	}
	values, err := safetensors.Int64s(raw, safetensors.I64)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int, len(values))
	for i, v := range values {
		out[i] = int(v)
	}
	return out
}

// TestOracleController follows the reference's coefficient through five batches,
// saving and reading the state back between them.
func TestOracleController(t *testing.T) {
	raw, err := os.ReadFile(fixture(t, "dcpo_oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Adaptive struct {
			Init, Target, Horizon float64
			Trace                 [][3]float64 `json:"trace_current_n_value"`
		} `json:"adaptive_kl"`
	}
	if err := json.Unmarshal(raw, &oracle); err != nil {
		t.Fatal(err)
	}
	a := oracle.Adaptive
	if len(a.Trace) == 0 {
		t.Fatal("the fixture has no trace")
	}
	c := klcontrol.Controller{Coefficient: a.Init, Target: a.Target, Horizon: a.Horizon}
	for i, step := range a.Trace {
		if err := c.Update(step[0], int(step[1])); err != nil {
			t.Fatal(err)
		}
		if math.Abs(c.Coefficient-step[2]) > 1e-12 {
			t.Errorf("batch %d: coefficient %v, want %v", i, c.Coefficient, step[2])
		}
		saved, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		c = klcontrol.Controller{}
		if err := json.Unmarshal(saved, &c); err != nil {
			t.Fatal(err)
		}
	}
}

func TestUpdate(t *testing.T) {
	fixed := klcontrol.Controller{Coefficient: .1}
	if err := fixed.Update(5, 64); err != nil || fixed.Coefficient != .1 {
		t.Errorf("without a target: %+v, %v", fixed, err)
	}
	c := klcontrol.Controller{Coefficient: 1, Target: 2} // horizon 10,000
	if err := c.Update(2.2, 1000); err != nil || math.Abs(c.Coefficient-1.01) > 1e-12 {
		t.Errorf("a tenth above the target: %+v, %v", c, err)
	}
	before := c
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		if err := c.Update(bad, 8); err == nil || c != before {
			t.Errorf("divergence %v: %+v, %v", bad, c, err)
		}
	}
	if err := c.Update(0, 50000); err == nil || !strings.Contains(err.Error(), "more than 10000") || c != before {
		t.Errorf("a batch of five horizons: %+v, %v", c, err)
	}
}

func TestPenalise(t *testing.T) {
	c, rewards := klcontrol.Controller{Coefficient: .5}, []float64{1, 0}
	for _, k := range []struct{ rewards, want []float64 }{{nil, []float64{-1, .5}}, {rewards, []float64{0, .5}}} {
		got, err := c.Penalise(k.rewards, []float64{2, -1})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(k.want, got, near); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	if rewards[0] != 1 {
		t.Error("the rewards passed in have changed")
	}
	if _, err := c.Penalise(rewards, []float64{1}); err == nil {
		t.Error("two rewards and one divergence pass")
	}
	if _, err := c.Penalise(nil, []float64{0, math.NaN()}); err == nil || !strings.Contains(err.Error(), "token 1") {
		t.Errorf("NaN: %v", err)
	}
}

func TestDivergence(t *testing.T) {
	if got := klcontrol.Divergence([][]float64{{1, 3}, {}, {4}}); got != 3 {
		t.Errorf("mean of 2 and 4: %v", got)
	}
	if got := klcontrol.Divergence(nil); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestValidate(t *testing.T) {
	err := klcontrol.Controller{Coefficient: -1, Target: math.NaN(), Horizon: math.Inf(1)}.Validate()
	if err == nil {
		t.Fatal("three faults pass")
	}
	for _, want := range []string{"coefficient is -1", "target is NaN", "horizon is +Inf"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	if err := (klcontrol.Controller{}).Validate(); err != nil {
		t.Errorf("the zero value: %v", err)
	}
}

func ExampleController() {
	c := klcontrol.Controller{Coefficient: 0.1, Target: 0.02}
	kl := [][]float64{{0.05, 0.03}, {0.02}}
	rewards, err := c.Penalise(nil, kl[0])
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := c.Update(klcontrol.Divergence(kl), 500); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f, then β = %.3f\n", rewards, c.Coefficient)
	// Output: [-0.005 -0.003], then β = 0.101
}
