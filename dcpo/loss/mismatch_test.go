package loss_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/loss"
)

// logs are the logarithms of probabilities.
func logs(p ...float64) []float32 {
	out := make([]float32, len(p))
	for i, x := range p {
		out[i] = float32(math.Log(x))
	}
	return out
}

func TestCompareByHand(t *testing.T) {
	m, err := loss.Compare([][]float32{logs(.5, .25), logs(.5)}, [][]float32{logs(.25, .5), logs(.5)})
	if err != nil {
		t.Fatal(err)
	}
	// Log-ratios are −ln 2, ln 2 and 0; probabilities (½, ¼), (¼, ½), (½, ½), of which both have variance 1/72 and covariance −1/144.
	want := loss.Mismatch{Tokens: 3, MeanGap: math.Ln2 * 2 / 3, MaxGap: math.Ln2, KL: ((.5 + math.Ln2 - 1) + (2 - math.Ln2 - 1)) / 3, MaxRatio: 2, Correlation: -.5}
	for _, c := range []struct {
		name      string
		got, want float64
	}{{"tokens", float64(m.Tokens), float64(want.Tokens)}, {"mean gap", m.MeanGap, want.MeanGap}, {"largest gap", m.MaxGap, want.MaxGap}, {"KL", m.KL, want.KL},
		{"largest ratio", m.MaxRatio, want.MaxRatio}, {"correlation", m.Correlation, want.Correlation}} {
		if math.Abs(c.got-c.want) > 1e-6 {
			t.Errorf("%s is %g, want %g", c.name, c.got, c.want)
		}
	}
	if m, err := loss.Compare(nil, nil); err != nil || m.Tokens != 0 || m.MeanGap != 0 || m.KL != 0 || !math.IsNaN(m.Correlation) {
		t.Errorf("of nothing: %+v, %v", m, err)
	}
	alike := logs(.3, .3, .3, .3, .3, .3, .3)
	if m, _ := loss.Compare([][]float32{alike}, [][]float32{alike}); !math.IsNaN(m.Correlation) || m.MaxRatio != 1 || m.KL != 0 {
		t.Errorf("of equal tokens: %+v", m)
	}
	for _, c := range [][2][][]float32{{{logs(.5)}, {logs(.5), logs(.5)}}, {{logs(.5)}, {logs(.5, .5)}}} {
		if _, err := loss.Compare(c[0], c[1]); err == nil {
			t.Errorf("%v and %v do not belong together, but no error", c[0], c[1])
		}
	}
}

func TestImportanceWeightsByHand(t *testing.T) {
	scored, sampled := logs(.5, .1, .9, .2), logs(.25, .4, .9, .05) // ratios 2, ¼, 1, 4, whose product is 2
	for _, c := range []struct {
		mode loss.Truncation
		most float64
		want []float64
	}{
		{loss.ByToken, 0, []float64{2, .25, 1, 2}}, // 2 by default
		{loss.ByToken, 3, []float64{2, .25, 1, 3}},
		{loss.BySequence, 3, []float64{2, 2, 2, 2}},
		{loss.BySequence, 1.5, []float64{1.5, 1.5, 1.5, 1.5}},
	} {
		got, err := loss.ImportanceWeights(c.mode, scored, sampled, c.most)
		if err != nil {
			t.Fatal(err)
		}
		for i := range c.want {
			if math.Abs(float64(got[i])-c.want[i]) > 1e-6 {
				t.Errorf("%s up to %g: %v, want %v", c.mode, c.most, got, c.want)
				break
			}
		}
	}
	weights := []float32{2, .25, 1, .5}
	if loss.MaskBelow(weights, .5); !slices.Equal(weights, []float32{2, 0, 1, .5}) {
		t.Errorf("masked below ½: %v", weights)
	}
	none := float32(math.Inf(-1))
	for want, of := range map[string]struct {
		mode            loss.Truncation
		scored, sampled []float32
		most            float64
	}{
		"unknown": {"both", scored, sampled, 2}, "4 scored": {loss.ByToken, scored, sampled[:3], 2}, "bounded by -1": {loss.ByToken, scored, sampled, -1},
		"token 0": {loss.ByToken, []float32{none}, []float32{none}, 2},
	} {
		if _, err := loss.ImportanceWeights(of.mode, of.scored, of.sampled, of.most); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

// TestImportanceScalesTheSurrogate: weights of 3 triple the policy's gradient and leave that of the divergence as it is.
func TestImportanceScalesTheSurrogate(t *testing.T) {
	o := openOracle(t)
	fields, logProbs := o.inputsOf(t, loss.TokenMean), floats(t, o.inputs, "log_prob")
	for i := range fields[loss.ImportanceWeight] {
		fields[loss.ImportanceWeight][i] = 3
	}
	_, _, plain := evaluate(t, loss.Policy(loss.Options{}), logProbs, fields)
	_, _, withKL := evaluate(t, loss.Policy(loss.Options{KLCoef: 0.1}), logProbs, fields)
	_, _, weighed := evaluate(t, loss.Policy(loss.Options{KLCoef: 0.1, Importance: true}), logProbs, fields)
	for i := range plain {
		if want := 2*plain[i] + withKL[i]; math.Abs(float64(weighed[i]-want)) > 1e-7 {
			t.Fatalf("token %d: gradient %g, want %g", i, weighed[i], want)
		}
	}
}
