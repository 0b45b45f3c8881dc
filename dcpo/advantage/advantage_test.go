package advantage

import (
	"math"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var near = cmpopts.EquateApprox(0, 1e-5)

func TestStandardize(t *testing.T) {
	root2 := math.Sqrt2
	cases := []struct {
		name    string
		scaling Scaling
		values  []float64
		groups  string // one letter a value
		want    []float64
	}{
		{"two groups interleaved", Scaling{}, []float64{1, 10, 0, 30}, "abab", []float64{1 / root2, -1 / root2, -1 / root2, 1 / root2}},
		{"unbiased std", Scaling{}, []float64{1, 0, 0, 0}, "aaaa", []float64{1.5, -.5, -.5, -.5}},
		{"group of one keeps its value", Scaling{}, []float64{-.3, 1, 1}, "abb", []float64{-.3, 0, 0}},
		{"group of one without std", Scaling{NoStd: true}, []float64{-.3}, "a", []float64{-.3}},
		{"no std", Scaling{NoStd: true}, []float64{1, 0, 0, 0}, "aaaa", []float64{.75, -.25, -.25, -.25}},
		{"floor applies", Scaling{StdFloor: 2}, []float64{1, 0}, "aa", []float64{.25, -.25}},
		{"floor below the std does nothing", Scaling{StdFloor: .1}, []float64{1, 0}, "aa", []float64{1 / root2, -1 / root2}},
		{"large epsilon", Scaling{Epsilon: 1 - 1/root2}, []float64{1, 0}, "aa", []float64{.5, -.5}},
		{"empty", Scaling{}, nil, "", []float64{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := c.scaling.standardize(c.values, strings.Split(c.groups, ""))
			if diff := cmp.Diff(c.want, got, near); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStandardizeEqual: values whose mean is not representable still give 0.
func TestStandardizeEqual(t *testing.T) {
	for _, v := range []float64{.1, 1. / 3, .7, -.0845, -4418} {
		for n := 2; n <= 9; n++ {
			values, groups := fill(n, v), make([]string, n)
			for i, got := range (Scaling{Epsilon: 1e-12}).standardize(values, groups) {
				if got != 0 {
					t.Errorf("value %d of %d equal to %v: %v, want exactly 0", i, n, v, got)
				}
			}
		}
	}
}

// Four literal rollouts of one group: two right, one of them without confidence.
func fourRollouts() []Rollout {
	return []Rollout{
		{Group: "q", Answer: 1, Calibration: -.1, HasConfidence: true, Length: 4, Span: verbal.Span{Start: 2, End: 4}},
		{Group: "q", Answer: 0, Calibration: -.3, HasConfidence: true, Length: 3, Span: verbal.Span{Start: 0, End: 3}},
		{Group: "q", Answer: 1, Calibration: -.7, Length: 3, Span: verbal.Span{Start: 99, End: -1}}, // no confidence: the span is not read
		{Group: "q", Answer: 0, Calibration: -.1, HasConfidence: true, Length: 5, Span: verbal.Span{Start: 2, End: 4}},
	}
}

func TestEstimatorsByHand(t *testing.T) {
	a := .5 / math.Sqrt(1./3)             // accuracy: 1 0 1 0, mean .5, unbiased variance 1/3
	s := math.Sqrt((.04 + .16 + .04) / 3) // calibration: mean -.3, deviations .2 0 -.4 .2
	c := []float64{.2 / s, 0, -.4 / s, .2 / s}
	cases := []struct {
		name      string
		estimator string
		opt       Options
		want      []Advantage
	}{
		{"dcpo", "dcpo", Options{}, []Advantage{
			{Answer: a, Confidence: c[0], Tokens: []float64{a, a, c[0], c[0]}},
			{Answer: -a, Confidence: c[1], Tokens: []float64{c[1], c[1], c[1]}},
			{Answer: a, Confidence: c[2], Tokens: []float64{a, a, c[2]}},
			{Answer: -a, Confidence: c[3], Tokens: []float64{-a, -a, c[3], c[3], -a}},
		}},
		{"dcpo released", "dcpo", Options{Placement: Released}, []Advantage{
			{Answer: c[0], Confidence: a, Tokens: []float64{c[0], c[0], a, a}},
			{Answer: c[1], Confidence: -a, Tokens: []float64{-a, -a, -a}},
			{Answer: c[2], Confidence: a, Tokens: []float64{c[2], a, a}},
			{Answer: c[3], Confidence: -a, Tokens: []float64{c[3], c[3], -a, -a, -a}},
		}},
		{"grpo", "grpo", Options{}, []Advantage{
			{Answer: a, Confidence: a, Tokens: []float64{a, a, a, a}},
			{Answer: -a, Confidence: -a, Tokens: []float64{-a, -a, -a}},
			{Answer: a, Confidence: a, Tokens: []float64{a, a, a}},
			{Answer: -a, Confidence: -a, Tokens: []float64{-a, -a, -a, -a, -a}},
		}},
	}
	for _, k := range cases {
		t.Run(k.name, func(t *testing.T) {
			e, err := New(k.estimator, k.opt)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Estimate(fourRollouts())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(k.want, got, near); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestShortMissing: without a confidence, a response of one token carries the
// calibration advantage, and an empty one nothing.
func TestShortMissing(t *testing.T) {
	e, err := New("dcpo", Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Estimate([]Rollout{{Answer: 1, Calibration: -2, Length: 1}, {Length: 0}})
	if err != nil {
		t.Fatal(err)
	}
	if len(got[0].Tokens) != 1 || got[0].Tokens[0] != got[0].Confidence || got[0].Confidence >= 0 || len(got[1].Tokens) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestFaults(t *testing.T) {
	for _, c := range []struct {
		name string
		opt  Options
		want string
	}{
		{"ppo", Options{}, `"gpg" "grpo"`},
		{"dcpo", Options{Placement: "last"}, `"released"`},
		{"dcpo", Options{Scaling: Scaling{StdFloor: -1}}, "std floor is -1"},
		{"grpo", Options{Scaling: Scaling{Epsilon: math.NaN()}}, "epsilon is NaN"},
		{"gae", Options{Discount: 1.5}, "discount is 1.5"},
		{"gae", Options{Lambda: -1}, "lambda is -1"},
	} {
		if e, err := New(c.name, c.opt); err == nil || e != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("New(%q, %+v): %v, error %v does not say %q", c.name, c.opt, e, err, c.want)
		}
	}
}

// TestBadRollouts: what is wrong with a rollout is an error of every estimator
// that reads it, and of no other.
func TestBadRollouts(t *testing.T) {
	good := Rollout{Group: "q7", HasConfidence: true, Length: 3, Span: verbal.Span{Start: 1, End: 3}, TokenRewards: []float64{0, 0, 0},
		Values: []float64{0, 0, 0}, Parts: []Part{{"answer", 1, 1}, {"format", 0, .5}}, MeanLogProb: -1}
	always := func(Needs) bool { return true }
	for what, c := range map[string]struct {
		change func(*Rollout)
		reads  func(Needs) bool
	}{
		"NaN answer":          {func(r *Rollout) { r.Answer = math.NaN() }, always},
		"Inf reward":          {func(r *Rollout) { r.Calibration = math.Inf(-1) }, always},
		"empty span":          {func(r *Rollout) { r.Span = verbal.Span{Start: 3, End: 3} }, always},
		"span too far":        {func(r *Rollout) { r.Span.End = 4 }, always},
		"negative start":      {func(r *Rollout) { r.Span.Start = -1 }, always},
		"negative size":       {func(r *Rollout) { r.Length = -1; r.HasConfidence = false }, always},
		"few token rewards":   {func(r *Rollout) { r.TokenRewards = []float64{0} }, always},
		"NaN token reward":    {func(r *Rollout) { r.TokenRewards = []float64{0, 0, math.NaN()} }, always},
		"no values":           {func(r *Rollout) { r.Values = nil }, func(n Needs) bool { return n.Values }},
		"Inf value":           {func(r *Rollout) { r.Values = []float64{0, math.Inf(1), 0} }, func(n Needs) bool { return n.Values }},
		"NaN baseline":        {func(r *Rollout) { r.Baseline = math.NaN() }, func(n Needs) bool { return n.Baseline }},
		"NaN log-prob":        {func(r *Rollout) { r.MeanLogProb = math.NaN() }, func(n Needs) bool { return n.LogProbs }},
		"positive log-prob":   {func(r *Rollout) { r.MeanLogProb = .1 }, func(n Needs) bool { return n.LogProbs }},
		"no parts":            {func(r *Rollout) { r.Parts = nil }, func(n Needs) bool { return n.Parts }},
		"a part less":         {func(r *Rollout) { r.Parts = r.Parts[:1] }, func(n Needs) bool { return n.Parts }},
		"another part":        {func(r *Rollout) { r.Parts = []Part{{"answer", 1, 1}, {"length", 0, .5}} }, func(n Needs) bool { return n.Parts }},
		"another part weight": {func(r *Rollout) { r.Parts = []Part{{"answer", 1, 1}, {"format", 0, .6}} }, func(n Needs) bool { return n.Parts }},
		"Inf part":            {func(r *Rollout) { r.Parts = []Part{{"answer", math.Inf(1), 1}, {"format", 0, .5}} }, func(n Needs) bool { return n.Parts }},
	} {
		bad := good
		c.change(&bad)
		for _, name := range Names() {
			e, err := New(name, Options{})
			if err != nil {
				t.Fatal(err)
			}
			needs, err := Requires(name)
			if err != nil {
				t.Fatal(err)
			}
			_, err = e.Estimate([]Rollout{good, bad})
			if !c.reads(needs) && err != nil {
				t.Errorf("%s does not read it, %s: error %v", name, what, err)
			}
			if c.reads(needs) && (err == nil || !strings.Contains(err.Error(), `rollout 1 of group "q7"`) || !strings.Contains(err.Error(), name+" advantages")) {
				t.Errorf("%s, %s: error %v", name, what, err)
			}
		}
	}
	if _, err := Requires("ppo"); err == nil {
		t.Error("Requires knows a method that does not exist")
	}
}

func TestPack(t *testing.T) {
	rows := []Advantage{{Tokens: []float64{1, 2}}, {Tokens: []float64{3}}, {}}
	got, err := Pack(rows, []int{2, 0, 4}, 4)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float32{0, 0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for name, starts := range map[string][]int{"too far": {3, 0, 0}, "negative": {0, -1, 0}, "too few": {0}} {
		if got, err := Pack(rows, starts, 4); err == nil {
			t.Errorf("%s: %v and no error", name, got)
		}
	}
}
