package advantage

import (
	"fmt"
	"math"
	"strconv"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/reward"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// These tests compare with outputs of the released code's own functions on 64
// rollouts (8 groups of 8, up to 48 response tokens).

const oracleTolerance = 1e-5

// inputs are the fixture's rollouts.
type inputs struct {
	accuracy, confidence, missing []float64
	position, length              []int // first token of the span; response tokens
	group                         []string
}

func openInputs(t *testing.T) inputs {
	f := open(t, "inputs.safetensors")
	in := inputs{accuracy: f.vector(t, "accuracy"), confidence: f.vector(t, "confidence"), missing: f.vector(t, "confidence_missing")}
	in.position, in.length = ints(f.vector(t, "confidence_pos")), ints(f.vector(t, "lengths"))
	in.group = ids(f.vector(t, "index"))
	return in
}

func ints(values []float64) []int {
	out := make([]int, len(values))
	for i, v := range values {
		out[i] = int(v)
	}
	return out
}

func ids(values []float64) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = strconv.Itoa(int(v))
	}
	return out
}

// fromTensor makes rollouts whose two rewards are what the released estimator
// reads from a reward tensor: the entry at the span, and the sum of the rest.
// Every row has a span in the fixture, also those without a confidence.
func (in inputs) fromTensor(rewards [][]float64, group []string) []Rollout {
	rollouts := make([]Rollout, len(rewards))
	for i, row := range rewards {
		r := Rollout{Group: group[i], Length: in.length[i], HasConfidence: true, Span: verbal.Span{Start: in.position[i], End: in.length[i]}}
		for t, v := range row[:r.Length] {
			if t == in.position[i] {
				r.Calibration = v
			} else {
				r.Answer += v
			}
		}
		rollouts[i] = r
	}
	return rollouts
}

// fromRewards makes rollouts from accuracy and stated confidence alone.
func (in inputs) fromRewards(t *testing.T, target reward.Target) []Rollout {
	t.Helper()
	answers := make([]reward.Answer, len(in.accuracy))
	for i := range answers {
		answers[i] = reward.Answer{Group: in.group[i], Correct: in.accuracy[i] == 1, Confidence: in.confidence[i], HasConfidence: in.missing[i] == 0}
	}
	scored, err := reward.Score(answers, reward.Options{Target: target})
	if err != nil {
		t.Fatal(err)
	}
	rollouts := make([]Rollout, len(answers))
	for i, s := range scored {
		rollouts[i] = Rollout{
			Group: in.group[i], Answer: s.Accuracy, Calibration: s.Calibration, Length: in.length[i],
			Confidence: in.confidence[i], HasConfidence: in.missing[i] == 0, Span: verbal.Span{Start: in.position[i], End: in.length[i]},
		}
	}
	return rollouts
}

// estimate runs an estimator and packs its result to the fixture's width.
func estimate(t *testing.T, name string, opt Options, rollouts []Rollout, width int) [][]float64 {
	t.Helper()
	estimator, err := New(name, opt)
	if err != nil {
		t.Fatal(err)
	}
	advantages, err := estimator.Estimate(rollouts)
	if err != nil {
		t.Fatal(err)
	}
	flat, err := Pack(advantages, make([]int, len(advantages)), width)
	if err != nil {
		t.Fatal(err)
	}
	rows := make([][]float64, len(advantages))
	for i := range rows {
		rows[i] = make([]float64, width)
		for j := range rows[i] {
			rows[i][j] = float64(flat[i*width+j])
		}
	}
	return rows
}

// compare reports tokens that differ, padding included; skip may excuse some.
func compare(t *testing.T, got, want [][]float64, skip func(row, token int) bool) (compared int) {
	t.Helper()
	for i := range want {
		for j := range want[i] {
			if skip != nil && skip(i, j) {
				continue
			}
			compared++
			if diff := math.Abs(got[i][j] - want[i][j]); !(diff <= oracleTolerance) {
				t.Errorf("rollout %d token %d: %v, want %v", i, j, got[i][j], want[i][j])
			}
		}
	}
	return compared
}

var targets = []reward.Target{reward.Instance, reward.GroupMean, reward.Hybrid}

// TestOracleDCPOArithmetic: on the very rewards the released estimator reads,
// every token agrees, in both placements of the rewards.
func TestOracleDCPOArithmetic(t *testing.T) {
	in, oracle := openInputs(t), open(t, "dcpo_oracle.safetensors")
	for _, target := range targets {
		for _, placement := range []string{"paper", "released"} {
			key := fmt.Sprintf("%s/%s", target, placement)
			t.Run(key, func(t *testing.T) {
				want := oracle.matrix(t, "adv/dcpo/"+key+"/f64")
				rollouts := in.fromTensor(oracle.matrix(t, "token_rewards/"+key), in.group)
				compare(t, estimate(t, "dcpo", Options{}, rollouts, len(want[0])), want, nil)
			})
		}
	}
}

// TestOracleDCPOReleased: from accuracy and confidence alone, placement
// "released" gives the released code's advantages on every token of every
// rollout: also where no confidence was stated, and where both rewards fall on
// one entry because the span is the last token alone.
func TestOracleDCPOReleased(t *testing.T) {
	in, oracle := openInputs(t), open(t, "dcpo_oracle.safetensors")
	for _, target := range targets {
		t.Run(string(target), func(t *testing.T) {
			want := oracle.matrix(t, "adv/dcpo/"+string(target)+"/released/f64")
			compare(t, estimate(t, "dcpo", Options{Placement: Released}, in.fromRewards(t, target), len(want[0])), want, nil)
		})
	}
}

// TestOracleDCPOPaper: from accuracy and confidence alone, our default agrees
// with the released estimator fed with exchanged rewards, but for two things
// that follow from that code's single reward tensor:
//
//   - a rollout without a confidence has its last two tokens as span there, and
//     its last token alone carries the calibration advantage here;
//   - rollout 20 is one token long, so its two rewards share one entry: that
//     code takes their sum for the confidence's and 0 for the answer's, which
//     moves the mean and std of its whole group 2. Here the two stay apart.
func TestOracleDCPOPaper(t *testing.T) {
	in, oracle := openInputs(t), open(t, "dcpo_oracle.safetensors")
	for _, target := range targets {
		t.Run(string(target), func(t *testing.T) {
			want := oracle.matrix(t, "adv/dcpo/"+string(target)+"/paper/f64")
			got := estimate(t, "dcpo", Options{}, in.fromRewards(t, target), len(want[0]))
			differ := func(i, j int) bool {
				return in.group[i] == "2" || in.missing[i] == 1 && j == in.length[i]-2
			}
			compared := compare(t, got, want, differ)
			// 8 rows of group 2 and one token of each of the 7 other rows without a confidence.
			if all := len(want) * len(want[0]); all-compared != 8*48+7 {
				t.Errorf("%d of %d tokens were excused, want %d", all-compared, all, 8*48+7)
			}
			for i := range got {
				if n := in.length[i]; in.missing[i] == 1 && n >= 2 && in.accuracy[i] != 0 && got[i][n-2] != got[i][0] {
					t.Errorf("rollout %d without a confidence: token %d has %v, want the reasoning's %v", i, n-2, got[i][n-2], got[i][0])
				}
			}
		})
	}
}

// TestOracleCalibrationReward checks the squared gaps and group accuracies that
// the rewards are made of.
func TestOracleCalibrationReward(t *testing.T) {
	in, oracle := openInputs(t), open(t, "dcpo_oracle.safetensors")
	weights := map[reward.Target]float64{reward.Instance: .3, reward.GroupMean: .5, reward.Hybrid: .5}
	for _, target := range targets {
		want := oracle.vector(t, "calibration_sq/"+string(target))
		for i, r := range in.fromRewards(t, target) {
			squared := -r.Calibration / weights[target]
			if diff := math.Abs(squared - want[i]); diff > 1e-6*max(1, want[i]) {
				t.Errorf("%s, rollout %d: squared gap %v, want %v", target, i, squared, want[i])
			}
		}
	}
}

// TestOracleDCPOUnequal has groups of unequal size, one of them of one rollout.
func TestOracleDCPOUnequal(t *testing.T) {
	in, oracle := openInputs(t), open(t, "dcpo_oracle.safetensors")
	unequal := ids(open(t, "inputs.safetensors").vector(t, "index_unequal"))
	want := oracle.matrix(t, "adv_unequal/dcpo/released_group")
	rollouts := in.fromTensor(oracle.matrix(t, "token_rewards/group/released"), unequal)
	compare(t, estimate(t, "dcpo", Options{}, rollouts, len(want[0])), want, nil)
}
