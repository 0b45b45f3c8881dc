package calibration

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// some draws answers of which some are tied, missing or out of range, a few to each problem.
func some(rng *rand.Rand, n int) []Answer {
	answers := make([]Answer, n)
	for i := range answers {
		a := Answer{Confidence: rng.Float64(), HasConfidence: true, Problem: fmt.Sprint("p", rng.IntN(1+n/3))}
		a.Correct = rng.Float64() < a.Confidence
		switch rng.IntN(8) {
		case 0:
			a = Answer{Correct: a.Correct, Problem: a.Problem}
		case 1:
			a.Confidence = 1.5
		case 2, 3, 4:
			a.Confidence = float64(rng.IntN(5)) / 4
		}
		answers[i] = a
	}
	return answers
}

// TestFurtherByHand: four answers, two bins.
func TestFurtherByHand(t *testing.T) {
	s := Report([]Answer{stated(.9, true), stated(.7, false), stated(.4, true), stated(.2, false), {}}, 2)
	clipped := -(math.Log(.9) + math.Log(.3) + math.Log(.4) + math.Log(.8)) / 4
	want := Further{
		// Equal mass: the median of the four, .55, parts the same two bins: .8 and .3, each against one half.
		AdaptiveECE: (.3 + .2) / 2, SmoothECE: s.Further.SmoothECE,
		RMSCE: math.Sqrt((.09 + .04) / 2), RMSCEDebiased: 0, // .25/(2−1) of chance in each bin is more than there is
		NLL: clipped, BaseRateNLL: math.Ln2, BrierSkill: 1 - (.01+.49+.36+.04)/4/.25,
		Reliability: (.09 + .04) / 2, Resolution: 0, Uncertainty: .25, WithinBinVariance: .01,
		WithinBinCovariance: 2 * (2*.1*.5 + 2*.1*.5) / 4,
		// Wrong ones at ranks 2, 4 and 5 (the missing one): risks 0, 1/2, 1/3, 1/2, 3/5; at best 0, 0, 1/3, 1/2, 3/5.
		AURC: (1./2 + 1./3 + 1./2 + 3./5) / 5, EAURC: .5 / 5, PRR: (3 - (1./2 + 1./3 + 1./2 + 3./5)) / (3 - (1./3 + 1./2 + 3./5)),
		// Wrong ones first from the bottom: precision 1, 1, then 3/4 at .7.
		AUPRCErrors: (1 + 1 + 3./4) / 3, CoverageAtRisk05: .2, CoverageAtRisk10: .2, CoverageAtRisk20: .2, RiskAtCoverage80: .5, Distinct: 4,
	}
	if diff := cmp.Diff(&want, s.Further, closeTo(1e-14)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s.Further.SmoothECE < .05 || s.Further.SmoothECE > .25 {
		t.Errorf("smooth ECE %v", s.Further.SmoothECE)
	}
}

// TestBrierParts: the parts add up to the Brier score, with any answers and bins, and for shares of right answers too.
func TestBrierParts(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 1))
	check := func(s Summary) {
		t.Helper()
		f := s.Further
		if sum := f.Reliability - f.Resolution + f.Uncertainty + f.WithinBinVariance - f.WithinBinCovariance; math.Abs(sum-s.Brier) > 1e-14 {
			t.Errorf("the parts add up to %v, the Brier score is %v", sum, s.Brier)
		}
		if f.RMSCE*f.RMSCE-f.Reliability > 1e-15 || f.RMSCEDebiased > f.RMSCE {
			t.Errorf("RMSCE %v, debiased %v, reliability %v", f.RMSCE, f.RMSCEDebiased, f.Reliability)
		}
	}
	for range 100 {
		check(Report(some(rng, 20+rng.IntN(80)), 1+rng.IntN(30)))
		points := make([]point, 50)
		for i := range points {
			points[i] = newPoint(rng.Float64(), float64(rng.IntN(5))/4)
		}
		check(newReporter(prepare(points, 7, 50)).report())
	}
}

// TestWeights: a problem that counts k times gives what k copies of its answers give, in every measure.
func TestWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(12, 1))
	for range 60 {
		answers := some(rng, 5+rng.IntN(60))
		s := newSample(answers, 7)
		weight, at := make([]float64, s.clusters), map[string]int{}
		var copies []Answer
		for _, a := range answers {
			if _, known := at[a.Problem]; !known {
				at[a.Problem] = len(at)
				weight[at[a.Problem]] = float64(rng.IntN(4))
			}
			for range int(weight[at[a.Problem]]) {
				copies = append(copies, a)
			}
		}
		weighted, copied := newReporter(s).all(weight), newReporter(newSample(copies, 7)).all(nil)
		for k, name := range allNames() {
			if diff := cmp.Diff(copied[k], weighted[k], closeTo(1e-9)); diff != "" {
				t.Errorf("%s of %d answers (-copies +weights):\n%s", name, len(answers), diff)
			}
		}
	}
}

// TestAURCTies: equal confidences count in the mean over the orders in which they can stand.
func TestAURCTies(t *testing.T) {
	answers := []Answer{stated(.9, false), stated(.5, true), stated(.5, false), stated(.5, true), stated(.5, true)}
	rng, sum := rand.New(rand.NewPCG(13, 1)), 0.0
	const orders = 100_000
	for range orders {
		wrong := 0.0
		rng.Shuffle(4, func(i, j int) { answers[1+i], answers[1+j] = answers[1+j], answers[1+i] })
		for i, a := range answers {
			if !a.Correct {
				wrong++
			}
			sum += wrong / float64(i+1) / float64(len(answers)) / orders
		}
	}
	if got := Report(answers, 2).Further.AURC; math.Abs(got-sum) > .002 {
		t.Errorf("AURC %v, the mean over the orders is %.4f", got, sum)
	}
}

// TestSmoothECELimits: perfectly calibrated constants have no smooth error; a constant that is off by d has about d.
func TestSmoothECELimits(t *testing.T) {
	var fair, over []Answer
	for i := range 1000 {
		fair = append(fair, stated(.3, i%10 < 3))
		over = append(over, stated(.8, i%10 < 5))
	}
	if got := Report(fair, 10).Further.SmoothECE; got > 1e-9 {
		t.Errorf("calibrated: %v", got)
	}
	if got := Report(over, 10).Further.SmoothECE; math.Abs(got-.3) > .01 {
		t.Errorf("over-confident by .3: %v", got)
	}
}

func TestFurtherDegenerate(t *testing.T) {
	nothing := Report(nil, 10).Further
	for k, field := range nothing.fields() {
		if !math.IsNaN(*field) {
			t.Errorf("of nothing, %s is %v, want NaN", furtherNames[k].key, *field)
		}
	}
	cases := map[string]struct {
		answers []Answer
		want    map[string]float64
	}{
		"all missing": {[]Answer{{Correct: true}, {}}, map[string]float64{"smooth_ece": nan(), "adaptive_ece": nan(), "nll": nan(), "reliability": nan(), "aurc": .5, "e_aurc": .25, "prr": 0}},
		"all right, stated with 1": {[]Answer{stated(1, true), stated(1, true)}, map[string]float64{"smooth_ece": 0, "adaptive_ece": 0, "nll": -math.Log1p(-ConfidenceClip), "brier_skill": nan(),
			"aurc": 0, "prr": nan(), "auprc_errors": nan(), "coverage_at_risk_05": 1, "risk_at_coverage_80": 0}},
		"all wrong, stated with 1": {[]Answer{stated(1, false), stated(1, false)}, map[string]float64{"adaptive_ece": 1, "nll": -math.Log(ConfidenceClip), "rmsce": 1, "rmsce_debiased": 1,
			"aurc": 1, "e_aurc": 0, "auprc_errors": 1, "coverage_at_risk_20": 0, "risk_at_coverage_80": 1}},
		"one answer, no confidence of 0 to 1": {[]Answer{stated(95, true)}, map[string]float64{"nll": nan(), "aurc": 0, "rmsce": nan()}},
	}
	for name, c := range cases {
		values := Report(c.answers, 10).Further.fields()
		for k, n := range furtherNames {
			want, ok := c.want[n.key]
			if diff := cmp.Diff(want, *values[k], closeTo(1e-9)); ok && diff != "" {
				t.Errorf("%s, %s (-want +got):\n%s", name, n.key, diff)
			}
		}
	}
}

func TestReportJSON(t *testing.T) {
	answers := some(rand.New(rand.NewPCG(14, 1)), 60)
	for name, s := range map[string]Summary{"report": Report(answers, 10), "empty": Report(nil, 10), "bootstrap": Bootstrap{Resamples: 20}.Report(answers, 10)} {
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Summary
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatalf("%s: %v in %s", name, err, raw)
		}
		if diff := cmp.Diff(s, back, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-written +read):\n%s", name, diff)
		}
		if auroc, nll := strings.Index(string(raw), `"auroc":`), strings.Index(string(raw), `"nll":`); auroc < 0 || nll < auroc {
			t.Errorf("%s: %s", name, raw)
		}
	}
	if raw, _ := json.Marshal(Report(nil, 10)); !strings.Contains(string(raw), `"smooth_ece":null`) || strings.Contains(string(raw), "NaN") {
		t.Errorf("%s", raw)
	}
}

func TestBaseRate(t *testing.T) {
	answers := some(rand.New(rand.NewPCG(15, 1)), 100)
	s := Report(BaseRate(answers), 10)
	if s.ECE > 1e-12 || s.AUROC != .5 || math.Abs(s.Brier-s.Further.Uncertainty) > 1e-12 || math.Abs(s.Further.BrierSkill) > 1e-12 || math.Abs(s.Further.NLL-s.Further.BaseRateNLL) > 1e-12 {
		t.Errorf("%v", s)
	}
	if answers[0].Confidence == s.Accuracy {
		t.Error("the answers themselves were changed")
	}
}

// TestReportValues: verdicts of 0 and 1 give what answers give; shares leave only the rankings of verdicts undefined.
func TestReportValues(t *testing.T) {
	answers := some(rand.New(rand.NewPCG(16, 1)), 80)
	var confidence, correct []float64
	var problems []string
	for _, a := range answers {
		c, right := a.Confidence, 0.
		if !a.HasConfidence {
			c = nan()
		}
		if a.Correct {
			right = 1
		}
		confidence, correct, problems = append(confidence, c), append(correct, right), append(problems, a.Problem)
	}
	b := Bootstrap{Resamples: 30}
	got, err := b.ReportValues(confidence, correct, problems, 10)
	if diff := cmp.Diff(b.Report(answers, 10), got, closeTo(1e-12)); err != nil || diff != "" {
		t.Errorf("%v (-answers +values):\n%s", err, diff)
	}
	correct[0] = .25
	got, err = ReportValues(confidence, correct, nil, 10)
	if f := got.Further; err != nil || !math.IsNaN(got.AUROC) || !math.IsNaN(f.AUPRCErrors) || math.IsNaN(f.AURC) || math.IsNaN(f.NLL) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := b.ReportValues(confidence, correct, problems[:3], 10); err == nil || !strings.Contains(err.Error(), "80 confidences but 3 problems") {
		t.Error(err)
	}
}

func BenchmarkReport(b *testing.B) {
	answers := draw(rand.New(rand.NewPCG(4, 4)), 500, 4)
	b.Run("summary", func(b *testing.B) {
		for b.Loop() {
			Summarize(answers, 20)
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			Report(answers, 20)
		}
	})
	b.Run("bootstrap", func(b *testing.B) {
		for b.Loop() {
			Bootstrap{}.Report(answers, 20)
		}
	})
}
