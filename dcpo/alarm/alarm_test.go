package alarm

import (
	"maps"
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// healthy is a step that nothing is wrong with.
func healthy() Figures {
	return Figures{
		Step: 30, Rollouts: 1000, Answer: Advantages{Groups: 125, Equal: 60, Std: 0.7}, Confidence: Advantages{Groups: 125, Equal: 2, Std: 0.99},
		Loss: 0.01, GradNorm: 0.4, Updates: 1000, Truncated: 20, Missing: 10, Unreadable: 30,
		Confidences: []float64{0.1, 0.2, 0.3, 0.5, 0.5, 0.7, 0.9, 1, 1, 0},
		Tokens:      1e6, Gap: 0.003, MismatchKL: 1e-4, Entropy: 0.3, ReferenceKL: 0.02, ClipFraction: 0.02,
		Times: map[string]time.Duration{"rollout": 50 * time.Second, "update": 20 * time.Second}, Residue: map[string]int64{"rollout": 40e9, "update": 60e9},
	}
}

// names are the warnings' names.
func names(warnings []Warning) string {
	var out []string
	for _, w := range warnings {
		out = append(out, w.Name)
	}
	return strings.Join(out, " ")
}

// past is as many healthy steps.
func past(n int) []Figures {
	return slices.Repeat([]Figures{healthy()}, n)
}

// sides are n confidences with a standard deviation, half of them on either side of 0.5.
func sides(std float64, n int) []float64 {
	var out []float64
	for i := range n {
		out = append(out, 0.5+std*float64(2*(i%2)-1))
	}
	return out
}

// ends are ten confidences, n of them 1.
func ends(n int) []float64 {
	return append(slices.Repeat([]float64{1}, n), slices.Repeat([]float64{0.3}, 10-n)...)
}

// limitCases set figures of a healthy step below, at and above the default limits.
var limitCases = []struct {
	what string
	set  func(f *Figures)
	want string
}{
	{"healthy", func(*Figures) {}, ""},
	{"nothing known", func(f *Figures) { *f = Figures{} }, ""},
	{"all undefined", func(f *Figures) {
		n := math.NaN()
		f.Loss, f.GradNorm, f.Gap, f.MismatchKL, f.Entropy, f.ReferenceKL, f.ClipFraction = n, n, n, n, n, n, n
	}, ""},

	{"equal groups below", func(f *Figures) { f.Answer.Equal = 99 }, ""},
	{"equal groups at", func(f *Figures) { f.Answer.Equal = 100 }, ""},
	{"equal groups above", func(f *Figures) { f.Answer.Equal = 101 }, "equal_groups"},
	{"equal confidences only", func(f *Figures) { f.Confidence.Equal = 125 }, ""},

	{"gradient near 0", func(f *Figures) { f.GradNorm = 1e-30 }, ""},
	{"gradient 0", func(f *Figures) { f.GradNorm = 0 }, "zero_gradient"},
	{"gradient 0 without updates", func(f *Figures) { f.GradNorm, f.Updates = 0, 0 }, ""},
	{"gradient 0 and all equal", func(f *Figures) { f.GradNorm, f.Answer.Equal, f.Confidence.Equal = 0, 125, 125 }, "equal_groups zero_gradient"},

	{"not finite at", func(f *Figures) { f.NotFinite = 1 }, ""},
	{"not finite above", func(f *Figures) { f.NotFinite = 2 }, "not_finite"},
	{"one of few updates not finite", func(f *Figures) { f.Updates, f.NotFinite = 4, 1 }, "not_finite"},

	{"truncated below", func(f *Figures) { f.Truncated = 249 }, ""},
	{"truncated at", func(f *Figures) { f.Truncated = 250 }, ""},
	{"truncated above", func(f *Figures) { f.Truncated = 251 }, "truncated"},

	{"gap below", func(f *Figures) { f.Gap = 0.049 }, ""},
	{"gap at", func(f *Figures) { f.Gap = 0.05 }, ""},
	{"gap above", func(f *Figures) { f.Gap = 0.051 }, "logprob_mismatch"},
	{"mismatch KL below", func(f *Figures) { f.MismatchKL = 0.009 }, ""},
	{"mismatch KL at", func(f *Figures) { f.MismatchKL = 0.01 }, ""},
	{"mismatch KL above", func(f *Figures) { f.MismatchKL = 0.011 }, "logprob_mismatch"},
	{"gap at the stop", func(f *Figures) { f.Gap = 0.5 }, "logprob_mismatch"},
	{"gap above the stop", func(f *Figures) { f.Gap = 0.51 }, "logprob_broken"},
	{"infinite gap", func(f *Figures) { f.Gap = math.Inf(1) }, "logprob_broken"},

	{"panics below", func(f *Figures) { f.Panics = 0 }, ""},
	{"panics at", func(f *Figures) { f.Panics = 1 }, ""},
	{"panics above", func(f *Figures) { f.Panics = 2 }, "reward_panics"},
	{"time-outs at", func(f *Figures) { f.TimeOuts = 1 }, ""},
	{"time-outs above", func(f *Figures) { f.TimeOuts = 2 }, "reward_timeouts"},
	{"unreadable below", func(f *Figures) { f.Unreadable = 499 }, ""},
	{"unreadable at", func(f *Figures) { f.Unreadable = 500 }, ""},
	{"unreadable above", func(f *Figures) { f.Unreadable = 501 }, "unreadable_answers"},

	{"missing below", func(f *Figures) { f.Missing = 199 }, ""},
	{"missing at", func(f *Figures) { f.Missing = 200 }, ""},
	{"missing above", func(f *Figures) { f.Missing = 201 }, "missing_confidence"},
	{"spread above", func(f *Figures) { f.Confidences = sides(0.011, 8) }, ""},
	{"spread at", func(f *Figures) { f.Confidences = sides(1./64, 8) }, ""}, // the limit is 1/64 here
	{"spread below", func(f *Figures) { f.Confidences = sides(0.009, 8) }, "constant_confidence"},
	{"spread of few", func(f *Figures) { f.Confidences = sides(0, 7) }, ""},
	{"ends below", func(f *Figures) { f.Confidences = ends(7) }, ""},
	{"ends at", func(f *Figures) { f.Confidences = ends(8) }, ""},
	{"ends above", func(f *Figures) { f.Confidences = ends(9) }, "extreme_confidence"},
	{"all certain", func(f *Figures) { f.Confidences = ends(10) }, "constant_confidence extreme_confidence"},

	{"entropy above", func(f *Figures) { f.Entropy = 0.061 }, ""},
	{"entropy below", func(f *Figures) { f.Entropy = 0.019 }, "entropy_collapse"},
	{"entropy fallen", func(f *Figures) { f.Entropy = 0.059 }, "entropy_collapse"},
	{"entropy of nothing", func(f *Figures) { f.Entropy, f.Tokens = 0, 0 }, ""},
	{"KL below", func(f *Figures) { f.ReferenceKL = 0.49 }, ""},
	{"KL at", func(f *Figures) { f.ReferenceKL = 0.5 }, ""},
	{"KL above", func(f *Figures) { f.ReferenceKL = 0.51 }, "kl_runaway"},
	{"clip fraction below", func(f *Figures) { f.ClipFraction = 0.29 }, ""},
	{"clip fraction at", func(f *Figures) { f.ClipFraction = 0.3 }, ""},
	{"clip fraction above", func(f *Figures) { f.ClipFraction = 0.31 }, "clipped"},

	{"phase time below", func(f *Figures) { f.Times["update"] = 79 * time.Second }, ""},
	{"phase time at", func(f *Figures) { f.Times["update"] = 80 * time.Second }, ""},
	{"phase time above", func(f *Figures) { f.Times["update"] = 81 * time.Second }, "slow_phase"},
	{"new phase", func(f *Figures) { f.Times["save"] = time.Hour }, ""},
}

func TestAlarmsAtTheirLimits(t *testing.T) {
	for _, c := range limitCases {
		f := healthy()
		c.set(&f)
		o := Options{}
		if c.what == "spread at" {
			o.ConfidenceStd = 1. / 64
		}
		got := Check(o, past(10), f)
		if names(got) != c.want {
			t.Errorf("%s: warnings %q, want %q", c.what, names(got), c.want)
		}
		for _, w := range got {
			if w.Step != f.Step || w.Why == "" || w.Try == "" || w.Stop != (w.Name == "logprob_broken") || strings.Contains(w.String(), "%!") {
				t.Errorf("%s: %+v", c.what, w)
			}
		}
		off := Options{-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}
		if got := Check(off, past(10), f); len(got) > 0 {
			t.Errorf("%s: switched off, there are the warnings %q", c.what, names(got))
		}
	}
}

func TestEntropyAtItsLimits(t *testing.T) {
	f := healthy()
	for _, c := range []struct {
		entropy, limit, drop float64
		past                 int
		want                 string
	}{
		{0.25, 0.25, -1, 0, ""}, {0.2, 0.25, -1, 0, "entropy_collapse"},
		{0.15, -1, 0.5, 5, ""}, {0.14, -1, 0.5, 5, "entropy_collapse"}, {0.14, -1, 0.5, 4, ""},
	} {
		f.Entropy = c.entropy
		if got := names(Check(Options{Entropy: c.limit, EntropyDrop: c.drop}, past(c.past), f)); got != c.want {
			t.Errorf("entropy %v with limits %v and %v after %d steps: %q, want %q", c.entropy, c.limit, c.drop, c.past, got, c.want)
		}
	}
}

func TestSlowPhaseNeedsASecondAndAFewSteps(t *testing.T) {
	step := func(t time.Duration) Figures { return Figures{Times: map[string]time.Duration{"credit": t}} }
	before := slices.Repeat([]Figures{step(10 * time.Millisecond)}, 5)
	for _, c := range []struct {
		now  time.Duration
		past []Figures
		want string
	}{
		{1010 * time.Millisecond, before, ""}, {1011 * time.Millisecond, before, "slow_phase"}, {time.Minute, before[1:], ""},
		// One slow step, as the first one that compiles, is no measure.
		{time.Minute, append([]Figures{step(time.Hour)}, before...), "slow_phase"},
	} {
		if got := names(Check(Options{}, c.past, step(c.now))); got != c.want {
			t.Errorf("%v after %d steps: %q, want %q", c.now, len(c.past), got, c.want)
		}
	}
}

func TestMemoryResidue(t *testing.T) {
	const mib = 1 << 20
	steps := func(residue ...int64) (past []Figures, f Figures) {
		for _, r := range residue {
			past = append(past, Figures{Residue: map[string]int64{"rollout": r * mib, "update": 5000 * mib}})
		}
		return past[:len(past)-1], past[len(past)-1]
	}
	for what, c := range map[string]struct {
		residue []int64
		want    string
	}{
		"grows":            {[]int64{1000, 1020, 1040, 1060, 1080, 1101}, "memory_residue"},
		"grows at":         {[]int64{1000, 1020, 1040, 1060, 1080, 1100}, ""},
		"grows below":      {[]int64{1000, 1020, 1040, 1060, 1080, 1090}, ""},
		"grew before":      {[]int64{900, 1000, 1020, 1040, 1060, 1080, 1101}, "memory_residue"},
		"stands still":     {[]int64{1000, 1200, 1200, 1400, 1600, 1800}, ""},
		"falls once":       {[]int64{1000, 1300, 1299, 1400, 1600, 1800}, ""},
		"few steps":        {[]int64{1000, 2000, 3000, 4000, 5000}, ""},
		"less than 64 MiB": {[]int64{10, 20, 30, 40, 50, 74}, ""},
		"from nothing":     {[]int64{0, 20, 30, 40, 50, 75}, "memory_residue"},
	} {
		past, f := steps(c.residue...)
		if got := names(Check(Options{}, past, f)); got != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
	past, f := steps(1000, 1020, 1040, 1060, 1080, 1101)
	delete(past[2].Residue, "rollout")
	if got := names(Check(Options{}, past, f)); got != "" {
		t.Errorf("with a step that lacks the phase: %q", got)
	}
}

// TestEqualGroupsExplains: loss and gradient 0 come with the reason and with the advantages of each span.
func TestEqualGroupsExplains(t *testing.T) {
	f := healthy()
	f.Answer, f.Confidence, f.Loss, f.GradNorm = Advantages{Groups: 125, Equal: 125}, Advantages{Groups: 125, Equal: 125, Mean: 0.25, Std: 0.5}, 0, 0
	got := Check(Options{}, nil, f)
	if names(got) != "equal_groups zero_gradient" {
		t.Fatalf("warnings %q", names(got))
	}
	for i, want := range []string{"100 % (125 of 125)", "because all groups are equal"} {
		for _, want := range []string{want, "answer advantage 0 ± 0 with 125 of 125 groups equal", "confidence advantage 0.25 ± 0.5"} {
			if !strings.Contains(got[i].Seen, want) {
				t.Errorf("%q lacks %q", got[i].Seen, want)
			}
		}
	}
}

// TestDocNamesAllAlarms keeps the package's table and the rules together.
func TestDocNamesAllAlarms(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^//\t([a-z]+_?[a-z]+) {2,}`).FindAllStringSubmatch(string(doc), -1) {
		listed[m[1]] = m[1] != "name"
	}
	delete(listed, "name")
	rules := map[string]bool{}
	for _, r := range slices.Concat(signalRules, rolloutRules, confidenceRules, policyRules, resourceRules) {
		rules[r.name] = true
	}
	if !maps.Equal(listed, rules) {
		t.Errorf("the table lists %v, the rules are %v", listed, rules)
	}
}
