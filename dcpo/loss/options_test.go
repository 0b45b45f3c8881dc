package loss_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/loss"
)

func TestFaultyOptions(t *testing.T) {
	for want, o := range map[string]loss.Options{
		"kind":       {Kind: "ppo"},
		"clip_low":   {ClipLow: 1.5},
		"dual_clip":  {DualClip: 0.5},
		"kl \"k9\"":  {KL: "k9"},
		"kl_coef":    {KLCoef: -1},
		"value_coef": {ValueCoef: math.NaN()},
		"entropy":    {EntropyCoef: math.Inf(1)},
	} {
		if err := o.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want one with %q", o, err, want)
		}
	}
}

// TestNamesTellProgramsApart: objectives of different options never share a name, by which compiled programs are kept.
func TestNamesTellProgramsApart(t *testing.T) {
	seen := map[string]bool{}
	options := []loss.Options{{KLCoef: 0.1}, {KLCoef: 0.1, KL: "k2"}, {Importance: true},
		{Beta: 0.2}, {ValueCoef: 0.5}, {ValueCoef: 0.5, ValueClip: 0.1}, {EntropyCoef: 0.1}, {DualClip: 4}, {ClipLow: 0.1}, {ClipHigh: 0.1}}
	for _, kind := range loss.Kinds() {
		options = append(options, loss.Options{Kind: kind})
	}
	for _, o := range options {
		name := loss.Policy(o).Name
		if seen[name] {
			t.Errorf("%+v shares the name %s", o, name)
		}
		seen[name] = true
	}
}

// TestReads: an option changes a loss if and only if Reads says so.
func TestReads(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles 40 programs")
	}
	o := openOracle(t)
	fields, logProbs := o.inputsOf(t, loss.SeqMeanTokenMean), floats(t, o.inputs, "log_prob")
	for _, kind := range loss.Kinds() {
		_, _, base := evaluate(t, loss.Policy(loss.Options{Kind: kind}), logProbs, fields)
		changes := func(o loss.Options) bool {
			o.Kind = kind
			_, _, grad := evaluate(t, loss.Policy(o), logProbs, fields)
			return !slices.Equal(base, grad)
		}
		clip, dual, beta := loss.Reads(kind)
		if changes(loss.Options{ClipLow: 0.01, ClipHigh: 0.01}) != clip || changes(loss.Options{DualClip: 1.05}) != dual || changes(loss.Options{Beta: 7}) != beta {
			t.Errorf("%s: Reads says clip %v, dual clip %v, beta %v", kind, clip, dual, beta)
		}
	}
}
