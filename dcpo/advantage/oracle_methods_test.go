package advantage

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// methodCases pairs keys of the fixtures with the estimator that must give the
// same advantages. Each key is followed by the kinds of reward: one a response, or
// rewards spread over its tokens.
var methodCases = []struct {
	file, key string
	name      string
	opt       Options
	unequal   bool // groups of unequal size, one of them of one rollout
	kinds     []string
}{
	{"dcpo", "adv/grpo/", "grpo", Options{}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv/rloo/", "rloo", Options{}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv/rfpp_g1.0/", "reinforce++", Options{}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv/rfpp_g0.95/", "reinforce++", Options{Discount: .95}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv/rfpp_baseline/", "reinforce++-baseline", Options{}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv/remax/", "remax", Options{}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv/ccpo_bce/", "ccgspg", Options{}, false, []string{"outcome", "dense"}},
	{"dcpo", "adv_unequal/grpo/", "grpo", Options{}, true, []string{"outcome"}},
	{"dcpo", "adv_unequal/rloo/", "rloo", Options{}, true, []string{"outcome"}},
	{"dcpo", "adv_unequal/rfpp_baseline/", "reinforce++-baseline", Options{}, true, []string{"outcome"}},
	{"verl", "adv/grpo/", "grpo", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/grpo_vectorized/", "grpo", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/dr_grpo_no_std/", "dr_grpo", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/dr_grpo_no_std/", "rlcr", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/dr_grpo_no_std/", "grpo", Options{Scaling: Scaling{NoStd: true}}, false, []string{"outcome", "dense"}},
	{"verl", "adv/rloo/", "rloo", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/rloo_vectorized/", "rloo", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/rfpp_g0.95/", "reinforce++", Options{Discount: .95}, false, []string{"outcome", "dense"}},
	{"verl", "adv/rfpp_baseline/", "reinforce++-baseline", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/remax/", "remax", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/gae_g0.99_l0.9/", "gae", Options{Discount: .99, Lambda: .9}, false, []string{"outcome", "dense"}},
	{"verl", "adv/opo/", "opo", Options{}, false, []string{"outcome", "dense"}},
	{"verl", "adv/gpg/", "gpg", Options{}, false, []string{"outcome", "dense"}},
}

// TestOracleMethods compares every response token of every rollout.
func TestOracleMethods(t *testing.T) {
	in, f := openInputs(t), open(t, "inputs.safetensors")
	unequal := ids(f.vector(t, "index_unequal"))
	for _, c := range methodCases {
		for _, kind := range c.kinds {
			t.Run(c.file+"/"+c.key+kind+"/"+c.name, func(t *testing.T) {
				oracle := open(t, c.file+"_oracle.safetensors")
				group := in.group
				if c.unequal {
					group = unequal
				}
				want := oracle.matrix(t, oracle.precise(c.key+kind))
				rollouts := in.full(t, f, kind, group)
				compare(t, estimate(t, c.name, c.opt, rollouts, len(want[0])), want, in.padding)
			})
		}
	}
}

// precise is the key of the same tensor computed in float64, where there is one.
func (f tensors) precise(key string) string {
	if _, ok := f.header[key+"/f64"]; ok {
		return key + "/f64"
	}
	return key
}

// padding tells tokens behind a response, where some references leave numbers.
func (in inputs) padding(row, token int) bool { return token >= in.length[row] }

// full makes rollouts with everything that an estimator may read. With rewards
// of kind "outcome" the reward is the answer's, else token by token.
func (in inputs) full(t *testing.T, f tensors, kind string, group []string) []Rollout {
	t.Helper()
	rewards, values, logProbs := f.matrix(t, "token_level_rewards_"+kind), f.matrix(t, "values"), f.matrix(t, "old_log_prob")
	baselines := f.vector(t, "reward_baselines")
	rollouts := make([]Rollout, len(group))
	for i, n := range in.length {
		r := Rollout{Group: group[i], Correct: in.accuracy[i] == 1, Length: n, TokenRewards: rewards[i][:n], Values: values[i][:n],
			Baseline: baselines[i], MeanLogProb: sum(logProbs[i][:n]) / (float64(n) + 1e-6)} // as the reference guards its mean
		if kind == "outcome" {
			r.Answer, r.TokenRewards = rewards[i][n-1], nil
			if rest := sum(rewards[i]) - r.Answer; rest != 0 {
				t.Fatalf("rollout %d has rewards of %v before its last token", i, rest)
			}
		}
		r.Parts = []Part{{"all", r.score(), 1}}
		rollouts[i] = r
	}
	return rollouts
}

func sum(values []float64) float64 {
	total := 0.
	for _, v := range values {
		total += v
	}
	return total
}

// TestOracleReturns compares discounted rewards, and what the value head is
// trained on. The older GAE reads values on the padding behind a response, so it
// is given whole rows; with values there set to 0, it is ours.
func TestOracleReturns(t *testing.T) {
	in, f, oracle := openInputs(t), open(t, "inputs.safetensors"), open(t, "dcpo_oracle.safetensors")
	values, mask := f.matrix(t, "values"), in.padding
	for _, kind := range []string{"outcome", "dense"} {
		rewards := f.matrix(t, "token_level_rewards_"+kind)
		rows := func(of func(i int) []float64) [][]float64 {
			out := make([][]float64, len(rewards))
			for i := range out {
				out[i] = of(i)
			}
			return out
		}
		for key, discount := range map[string]float64{"ret/rfpp_g1.0/": 1, "ret/rfpp_g0.95/": .95, "ret/remax/": 1} {
			want := oracle.matrix(t, oracle.precise(key+kind))
			compare(t, rows(func(i int) []float64 { return discounted(rewards[i], discount) }), want, mask)
		}
		for key, opt := range map[string]Options{"gae_g0.99_l0.9/": {Discount: .99, Lambda: .9}, "gae_g1.0_l0.95/": {Lambda: .95}, "gae_g1.0_l1.0/": {}} {
			tokens := rows(func(i int) []float64 {
				return generalised(rewards[i], values[i], orOne(opt.Discount), orOne(opt.Lambda))
			})
			returns := rows(func(i int) []float64 {
				out := slices.Clone(tokens[i])
				for t, v := range values[i] {
					out[t] += v
				}
				return out
			})
			compare(t, returns, oracle.matrix(t, oracle.precise("ret/"+key+kind)), mask)
			for i := range tokens {
				tokens[i] = tokens[i][:in.length[i]]
			}
			whiten(tokens)
			compare(t, pad(tokens, len(values[0])), oracle.matrix(t, oracle.precise("adv/"+key+kind)), mask)
		}
	}
}

// pad lengthens rows with zeros.
func pad(rows [][]float64, width int) [][]float64 {
	out := make([][]float64, len(rows))
	for i, row := range rows {
		out[i] = append(slices.Clone(row), make([]float64, width-len(row))...)
	}
	return out
}

// TestGAEReturns: returns are the advantages before whitening plus the values.
func TestGAEReturns(t *testing.T) {
	in, f := openInputs(t), open(t, "inputs.safetensors")
	rollouts := in.full(t, f, "dense", in.group)
	e, err := New("gae", Options{Discount: .99, Lambda: .9})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Estimate(rollouts)
	if err != nil {
		t.Fatal(err)
	}
	raw := make([][]float64, len(got))
	for i, a := range got {
		for t, v := range a.Returns {
			raw[i] = append(raw[i], v-rollouts[i].Values[t])
		}
	}
	whiten(raw)
	for i, a := range got {
		for j, v := range a.Tokens {
			if math.Abs(v-raw[i][j]) > 1e-12 {
				t.Fatalf("rollout %d token %d: %v, want %v", i, j, v, raw[i][j])
			}
		}
	}
}

// TestOracleWhiten whitens the fixture's values.
func TestOracleWhiten(t *testing.T) {
	in, f := openInputs(t), open(t, "inputs.safetensors")
	values := f.matrix(t, "values")
	rows := make([][]float64, len(values))
	for i := range rows {
		rows[i] = slices.Clone(values[i][:in.length[i]])
	}
	whiten(rows)
	compare(t, pad(rows, len(values[0])), open(t, "dcpo_oracle.safetensors").matrix(t, "masked_whiten/values"), in.padding)
}

// TestOracleInformative: the groups that the reference's dynamic sampling keeps.
func TestOracleInformative(t *testing.T) {
	in := openInputs(t)
	var oracle map[string]json.RawMessage
	if err := json.Unmarshal(readFixture(t, "verl_oracle.json"), &oracle); err != nil {
		t.Fatal(err)
	}
	var kept []int
	if err := json.Unmarshal(oracle["dapo_dynamic_sampling_kept_groups(std of accuracy>0 or size 1)"], &kept); err != nil {
		t.Fatal(err)
	}
	rollouts, want := make([]Rollout, len(in.group)), make([]string, len(kept))
	for i, g := range in.group {
		rollouts[i] = Rollout{Group: g, Answer: in.accuracy[i]}
	}
	for i, g := range kept {
		want[i] = strconv.Itoa(g)
	}
	got := Informative(rollouts)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestOracleGRPOOnSum: both of DCPO's rewards as one, on every token.
func TestOracleGRPOOnSum(t *testing.T) {
	in, oracle := openInputs(t), open(t, "dcpo_oracle.safetensors")
	for _, target := range targets {
		for _, placement := range []string{"paper", "released"} {
			key := string(target) + "/" + placement
			t.Run(key, func(t *testing.T) {
				want := oracle.matrix(t, "adv/grpo_on_sum/"+key)
				rewards := oracle.matrix(t, "token_rewards/"+key)
				rollouts := make([]Rollout, len(rewards))
				for i, n := range in.length {
					rollouts[i] = Rollout{Group: in.group[i], Length: n, TokenRewards: rewards[i][:n]}
				}
				compare(t, estimate(t, "grpo", Options{}, rollouts, len(want[0])), want, in.padding)
			})
		}
	}
}

// TestOracleComplete: each advantage in the fixtures is compared by a test here,
// or named as one of a method that we do not have.
func TestOracleComplete(t *testing.T) {
	elsewhere := map[string][]string{
		"dcpo": {"adv/dcpo/", "adv_unequal/dcpo/", "adv/grpo_on_sum/", "adv/gae_", "ret/"},
		"verl": {"adv/grpo_passk/"}, // no such method here
	}
	for _, file := range []string{"dcpo", "verl"} {
		prefixes := elsewhere[file]
		for _, c := range methodCases {
			if c.file == file {
				for _, kind := range c.kinds {
					prefixes = append(prefixes, c.key+kind)
				}
			}
		}
		for _, key := range slices.Sorted(maps.Keys(open(t, file+"_oracle.safetensors").header)) {
			if !strings.HasPrefix(key, "adv") && !strings.HasPrefix(key, "ret/") {
				continue
			}
			if !slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) }) {
				t.Errorf("%s: no test compares %s", file, key)
			}
		}
	}
}
