package calibration

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func closeTo(margin float64) cmp.Option {
	return cmp.Options{cmpopts.EquateApprox(0, margin), cmpopts.EquateNaNs()}
}

func stated(confidence float64, correct bool) Answer {
	return Answer{Confidence: confidence, HasConfidence: true, Correct: correct}
}

func nan() float64 { return math.NaN() }

// TestSummarizeByHand uses two bins, (0, 0.5] with 0 and (0.5, 1].
func TestSummarizeByHand(t *testing.T) {
	cases := []struct {
		name    string
		answers []Answer
		want    Summary
	}{
		{"over- and under-confident bins, one missing",
			[]Answer{stated(.9, true), stated(.7, false), stated(.4, true), stated(.2, true), {Confidence: .9}},
			// Upper bin: .8 against .5; lower bin: .3 against 1; missing: -.1 against 0.
			Summary{N: 5, Bins: 2, Accuracy: .6, MeanConfidence: 2.1 / 5, MeanStated: .55, ShareMissing: .2,
				ECE: (2*.3 + 2*.7) / 5, PCE: 2 * .3 / 5, PCEConditional: .3, MCE: .7,
				Brier: (.01 + .49 + .36 + .64) / 4, AUROC: (2 + 1 + 1.) / 6}},
		{"nothing", nil, Summary{Bins: 2, Accuracy: nan(), MeanConfidence: nan(), MeanStated: nan(), ShareMissing: nan(),
			ECE: nan(), PCE: nan(), PCEConditional: nan(), MCE: nan(), Brier: nan(), AUROC: nan()}},
		{"all missing: errors are 0, as in the reference, and the share says why", []Answer{{Correct: true}, {}},
			Summary{N: 2, Bins: 2, Accuracy: .5, MeanConfidence: -.1, MeanStated: nan(), ShareMissing: 1, PCEConditional: nan(), Brier: nan(), AUROC: .5}},
		{"all right", []Answer{stated(1, true), stated(1, true)},
			Summary{N: 2, Bins: 2, Accuracy: 1, MeanConfidence: 1, MeanStated: 1, PCEConditional: nan(), AUROC: nan()}},
		{"out of range: in no bin, in the means and the ranking", []Answer{stated(95, false), stated(.5, true)},
			Summary{N: 2, Bins: 2, Accuracy: .5, MeanConfidence: 47.75, MeanStated: 47.75, ECE: .25, MCE: .5, PCEConditional: nan(), Brier: .25}},
		{"not finite counts as missing", []Answer{stated(math.Inf(1), false), stated(nan(), false)},
			Summary{N: 2, Bins: 2, MeanConfidence: -.1, MeanStated: nan(), ShareMissing: 1, PCEConditional: nan(), Brier: nan(), AUROC: nan()}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Summarize(c.answers, 2), closeTo(1e-15)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestBins(t *testing.T) {
	bins := Bins([]Answer{stated(0, true), stated(.5, false), stated(.5000001, true), stated(1, false), stated(1.1, true), {}}, 2)
	want := []Bin{{0, .5, 2, .5, .25}, {.5, 1, 2, .5, .75000005}}
	if diff := cmp.Diff(want, bins, closeTo(1e-15)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	empty := Bins(nil, 0)
	if len(empty) != DefaultBins || !math.IsNaN(empty[3].Accuracy) || empty[3].Count != 0 {
		t.Errorf("no answers: %d bins, the fourth %+v", len(empty), empty[3])
	}
}

// TestAUROC compares with the definition: all pairs, ties half.
func TestAUROC(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		var answers []Answer
		for range 1 + rng.IntN(60) {
			answers = append(answers, Answer{Confidence: float64(rng.IntN(8)) / 8, HasConfidence: rng.IntN(6) > 0, Correct: rng.IntN(2) == 0})
		}
		value := func(a Answer) float64 {
			if !a.HasConfidence {
				return -.1
			}
			return a.Confidence
		}
		won, pairs := 0.0, 0.0
		for _, right := range answers {
			for _, wrong := range answers {
				if right.Correct && !wrong.Correct {
					pairs++
					if value(right) > value(wrong) {
						won++
					} else if value(right) == value(wrong) {
						won += .5
					}
				}
			}
		}
		if diff := cmp.Diff(won/pairs, AUROC(answers), closeTo(1e-12)); diff != "" {
			t.Fatalf("%d answers (-pairs +got):\n%s", len(answers), diff)
		}
	}
}

func TestSingleMeasures(t *testing.T) {
	answers := []Answer{stated(.9, true), stated(.8, false), stated(.1, false)}
	s := Summarize(answers, 0)
	if s.Bins != DefaultBins || ECE(answers, 0) != s.ECE || PCE(answers, 0) != s.PCE || Brier(answers) != s.Brier || AUROC(answers) != s.AUROC {
		t.Errorf("single measures differ from %+v", s)
	}
}

func TestSummarizeValuesFaults(t *testing.T) {
	for want, values := range map[string][2][]float64{
		"2 confidences but 1 verdicts": {{.1, .2}, {1}},
		"verdict 1 is 1.5":             {{.1, .2}, {1, 1.5}},
		"verdict 0 is NaN":             {{.1}, {nan()}},
	} {
		if _, err := SummarizeValues(values[0], values[1], 10); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
	got, err := SummarizeValues([]float64{nan(), .5}, []float64{1, .25}, 10)
	if err != nil || got.ShareMissing != .5 || !math.IsNaN(got.AUROC) || got.ECE != .125 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSummaryJSON(t *testing.T) {
	answers := []Answer{stated(.75, true), stated(.75, true)}
	raw, err := json.Marshal(Summarize(answers, 20))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"n":2,"bins":20,"accuracy":1,"mean_confidence":0.75,"mean_stated_confidence":0.75,"share_missing":0,` +
		`"ece":0.25,"pce":0,"pce_conditional":null,"mce":0.25,"brier":0.0625,"auroc":null}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	for name, s := range map[string]Summary{"plain": Summarize(answers, 20), "empty": Summarize(nil, 5), "intervals": Bootstrap{Resamples: 20}.Summarize(answers, 5)} {
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
	}
	var back Summary
	if err := json.Unmarshal([]byte(`{"n":1}`), &back); err != nil || !math.IsNaN(back.ECE) {
		t.Errorf("absent measures: %+v, %v", back, err)
	}
}

func TestFormat(t *testing.T) {
	for value, want := range map[float64]string{.12345: "0.123", -.5: "-0.500", -.0004: "0.000", .0005: "0.001", nan(): "–"} {
		if got := Format(value); got != want {
			t.Errorf("%v is %q, want %q", value, got, want)
		}
	}
}

// FuzzSummaryJSON: whatever is read can be written and read again.
func FuzzSummaryJSON(f *testing.F) {
	f.Add([]byte(`{"n":2,"ece":0.25,"auroc":null,"intervals":{"level":0.95,"ece":[0.1,0.2],"brier":null}}`))
	f.Add([]byte(`{"ece":"x"}`))
	f.Add([]byte(`{"n":2,"nll":0.5,"distinct_confidences":2,"intervals":{"smooth_ece":[0.1,0.2],"prr":null}}`))
	f.Add([]byte(`{"nll":null,"distinct_confidences":"2"}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var first, second Summary
		if json.Unmarshal(raw, &first) != nil {
			return
		}
		text, err := json.Marshal(first)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if err := json.Unmarshal(text, &second); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(first, second, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s (-read +again):\n%s", raw, diff)
		}
	})
}
