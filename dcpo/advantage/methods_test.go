package advantage

import (
	"math"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/google/go-cmp/cmp"
)

// tokensOf lists the token advantages that an estimator gives.
func tokensOf(t *testing.T, name string, opt Options, rollouts []Rollout) [][]float64 {
	t.Helper()
	var out [][]float64
	for _, a := range mustEstimate(t, name, opt, rollouts) {
		out = append(out, a.Tokens)
	}
	return out
}

func wantTokens(t *testing.T, name string, opt Options, rollouts []Rollout, want [][]float64) {
	t.Helper()
	if diff := cmp.Diff(want, tokensOf(t, name, opt, rollouts), near); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// TestBaselines works the estimators of one reward a response on a group of
// rewards 1 0 0 (mean 1/3) of lengths 1 2 1, and a group of rewards 2 2.
func TestBaselines(t *testing.T) {
	rollouts := []Rollout{
		{Group: "p", Answer: 1, Length: 1}, {Group: "q", Answer: 2, Length: 2}, {Group: "p", Answer: 0, Length: 2},
		{Group: "q", Answer: 2, Length: 1}, {Group: "p", Answer: 0, Length: 1},
	}
	third := 1. / 3
	for name, p := range map[string][3]float64{
		"dr_grpo": {2 * third, -third, -third},
		"rlcr":    {2 * third, -third, -third},
		"rloo":    {1, -.5, -.5},                              // 1 − 0, 0 − 1/2, 0 − 1/2
		"opo":     {.75, -.25, -.25},                          // baseline 1·1 / (1+2+1)
		"gpg":     {10 * third / 3, -5 * third / 3, -5. / 9.}, // α = 5 / 3
	} {
		wantTokens(t, name, Options{}, rollouts, [][]float64{{p[0]}, {0, 0}, {p[1], p[1]}, {0}, {p[2]}})
	}
	// Centred 2/3 0 0 −1/3 −1/3 0 −1/3 over seven tokens: mean −1/21.
	scale := math.Sqrt((4./9 + 3./9 - 7./(21*21)) / 6)
	w := func(v float64) float64 { return (v + 1./21) / scale }
	wantTokens(t, "reinforce++-baseline", Options{}, rollouts, [][]float64{{w(2 * third)}, {w(0), w(0)}, {w(-third), w(-third)}, {w(0)}, {w(-third)}})
}

// TestTokenRewards: estimators of a whole response add rewards token by token to
// its reward; two streams take each where it falls.
func TestTokenRewards(t *testing.T) {
	span := verbal.Span{Start: 2, End: 3}
	rollouts := []Rollout{
		{Group: "q", Answer: 1, Calibration: -.5, HasConfidence: true, Length: 3, Span: span, TokenRewards: []float64{-.1, -.2, -.4}},
		{Group: "q", Answer: 0, Calibration: -.1, HasConfidence: true, Length: 3, Span: span},
	}
	half := func(a, b float64) float64 { return (a - b) / 2 }
	wantTokens(t, "dr_grpo", Options{}, rollouts, [][]float64{fill(3, half(.3, 0)), fill(3, -half(.3, 0))})
	centred := Options{Scaling: Scaling{NoStd: true}}
	a, c := half(.7, 0), half(-.9, -.1)
	wantTokens(t, "dcpo", centred, rollouts, [][]float64{{a, a, c}, {-a, -a, -c}})
	// Released, the span being the last token: all at the span is one reward, the rest the other.
	centred.Placement = Released
	at, rest := half(1-.5-.4, -.1), half(-.3, 0)
	wantTokens(t, "dcpo", centred, rollouts, [][]float64{{rest, rest, at}, {-rest, -rest, -at}})
}

// TestReturnsByHand works the estimators that credit tokens one by one.
func TestReturnsByHand(t *testing.T) {
	rollouts := []Rollout{
		{Group: "q", Answer: 1, Length: 2, TokenRewards: []float64{-.5, 0}, Baseline: .25, Values: []float64{.5, .25}},
		{Group: "q", Answer: 0, Length: 1, Baseline: .25, Values: []float64{.5}},
	}
	wantTokens(t, "remax", Options{}, rollouts, [][]float64{{.25, .75}, {-.25}})

	// Rewards −.5 1 | 0, discount ½: returns 0 1 | 0, mean 1/3, unbiased variance 1/3.
	s := math.Sqrt(1. / 3)
	wantTokens(t, "reinforce++", Options{Discount: .5}, rollouts, [][]float64{{-s, 2 * s}, {-s}})

	// δ: −.5 + .5·.25 − .5 = −.875, 1 − .25 = .75 | −.5; A with γλ = ¼: −.6875 .75 | −.5.
	got := mustEstimate(t, "gae", Options{Discount: .5, Lambda: .5}, rollouts)
	if diff := cmp.Diff([][]float64{{-.1875, 1}, {0}}, [][]float64{got[0].Returns, got[1].Returns}, near); diff != "" {
		t.Errorf("returns (-want +got):\n%s", diff)
	}
	mean := (-.6875 + .75 - .5) / 3
	std := math.Sqrt((square(-.6875-mean) + square(.75-mean) + square(-.5-mean)) / 2)
	wantTokens(t, "gae", Options{Discount: .5, Lambda: .5}, rollouts, [][]float64{{(-.6875 - mean) / std, (.75 - mean) / std}, {(-.5 - mean) / std}})
	// Without a stated confidence the last token is the confidence's.
	if a := got[0]; a.Answer != a.Tokens[0] || a.Confidence != a.Tokens[1] || got[1].Answer != 0 {
		t.Errorf("means of the tokens before and in the span: %+v", got)
	}
}

func square(v float64) float64 { return v * v }

func TestCCGSPG(t *testing.T) {
	half := math.Log(.5)
	rollouts := []Rollout{{Group: "q", Answer: 1, Length: 1, MeanLogProb: half}, {Group: "q", Answer: 0, Length: 1, MeanLogProb: 2 * half}, {Group: "q", Answer: .5, Length: 1, MeanLogProb: 1e-9}}
	wantTokens(t, "ccgspg", Options{}, rollouts, [][]float64{{1}, {-.5 / .75}, {0}})
	// A certain response is divided by ε alone, or by the floor.
	rollouts[0].MeanLogProb = 0
	wantTokens(t, "ccgspg", Options{Scaling: Scaling{StdFloor: .1, NoStd: true}}, rollouts, [][]float64{{.5 / (.1 + 1e-6)}, {-.5 / .75}, {0}})
	if got := tokensOf(t, "ccgspg", Options{}, rollouts)[0][0]; math.Abs(got/5e5-1) > 1e-9 {
		t.Errorf("certain response without floor: %v, want 0.5 / 1e-6", got)
	}
}

// TestBAEOCB has three right and two wrong rollouts in one group, and one of each
// in another, where the confidences have nothing to be compared with.
func TestBAEOCB(t *testing.T) {
	row := func(group string, right bool, calibration float64) Rollout {
		r := Rollout{Group: group, Correct: right, Calibration: calibration, HasConfidence: true, Length: 2, Span: verbal.Span{Start: 1, End: 2}}
		if right {
			r.Answer = 1
		}
		return r
	}
	rollouts := []Rollout{row("q", true, -.1), row("q", false, -.8), row("q", true, -.2), row("q", true, -.6), row("q", false, -.4), row("z", true, -.3), row("z", false, -.9)}
	wantTokens(t, "bae_ocb", Options{Scaling: Scaling{NoStd: true}}, rollouts,
		[][]float64{{.4, .2}, {-.6, -.2}, {.4, .1}, {.4, -.3}, {-.6, .2}, {.5, 0}, {-.5, 0}})
	right, wrong := math.Sqrt((.04+.01+.09)/2), math.Sqrt(.08)
	a, z := math.Sqrt(.3), math.Sqrt(.5) // accuracy: variance 3·2/(5·4) = .3, and ½
	wantTokens(t, "bae_ocb", Options{}, rollouts,
		[][]float64{{.4 / a, .2 / right}, {-.6 / a, -.2 / wrong}, {.4 / a, .1 / right}, {.4 / a, -.3 / right}, {-.6 / a, .2 / wrong}, {.5 / z, 0}, {-.5 / z, 0}})
	// A group whose id ends as an outcome does not mix with another.
	rollouts[5].Group, rollouts[6].Group = "q right", "q right"
	wantTokens(t, "bae_ocb", Options{Scaling: Scaling{NoStd: true}}, rollouts[5:], [][]float64{{.5, 0}, {-.5, 0}})
}

// TestGDPO: the spread of a reward does not matter, its weight does, and a
// penalty token by token keeps its size.
func TestGDPO(t *testing.T) {
	row := func(answer, format float64, penalty ...float64) Rollout {
		return Rollout{Group: "q", Length: 1, TokenRewards: penalty, Parts: []Part{{"answer", answer, 1}, {"format", format, .5}}}
	}
	// Standardised by hand: two values each give ±1/√2.
	whiten4 := func(a, b, c, d float64) [][]float64 {
		rows := [][]float64{{a}, {b}, {c}, {d}}
		whiten(rows)
		return rows
	}
	u := .5 / math.Sqrt(1./3)
	rollouts := []Rollout{row(1, 0), row(1, .001), row(0, 0), row(0, .001)}
	wantTokens(t, "gdpo", Options{Scaling: Scaling{Epsilon: 1e-12}}, rollouts, whiten4(u-u/2, u+u/2, -u-u/2, -u+u/2))
	rollouts = []Rollout{row(1, 0, -.3), row(1, .001, -.1), row(0, 0, 0), row(0, .001, 0)}
	wantTokens(t, "gdpo", Options{Scaling: Scaling{Epsilon: 1e-12}}, rollouts, whiten4(u-u/2-.2, u+u/2, -u-u/2+.1, -u+u/2+.1))
}

func TestInformative(t *testing.T) {
	rollouts := []Rollout{{Group: "c", Answer: 1}, {Group: "a", Answer: .1}, {Group: "b"}, {Group: "a", Answer: .1}, {Group: "c", Answer: 0}, {Group: "a", Answer: .1}}
	if diff := cmp.Diff([]string{"c", "b"}, Informative(rollouts)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := Informative(nil); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}
