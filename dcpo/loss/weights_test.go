package loss_test

import (
	"math"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/dcpo/loss"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// three responses of 4, 2 and no tokens, of which the first ends in 2 that state a confidence; a window of 5.
var three = []loss.Row{{Length: 4, Span: verbal.Span{Start: 2, End: 4}}, {Length: 2}, {}}

func TestTokenWeightsByHand(t *testing.T) {
	for _, c := range []struct {
		a             loss.Aggregation
		confidence    float64
		first, second []float64
	}{
		{"", 0, []float64{1. / 6, 1. / 6, 1. / 6, 1. / 6, 0}, []float64{1. / 6, 1. / 6, 0, 0, 0}},
		{loss.TokenSum, 0, []float64{1, 1, 1, 1, 0}, []float64{1, 1, 0, 0, 0}},
		{loss.SeqMeanTokenSum, 0, []float64{.5, .5, .5, .5, 0}, []float64{.5, .5, 0, 0, 0}},
		{loss.SeqMeanTokenSumNorm, 0, []float64{.1, .1, .1, .1, 0}, []float64{.1, .1, 0, 0, 0}},
		{loss.SeqMeanTokenMean, 0, []float64{.125, .125, .125, .125, 0}, []float64{.25, .25, 0, 0, 0}},
		// Four reasoning tokens in two responses, two confidence tokens in one; the latter's aggregate weighs 3.
		{loss.TokenMean, 3, []float64{.25, .25, 1.5, 1.5, 0}, []float64{.25, .25, 0, 0, 0}},
		{loss.TokenSum, 3, []float64{1, 1, 3, 3, 0}, []float64{1, 1, 0, 0, 0}},
		{loss.SeqMeanTokenSum, 3, []float64{.5, .5, 3, 3, 0}, []float64{.5, .5, 0, 0, 0}},
		{loss.SeqMeanTokenMean, 3, []float64{.25, .25, 1.5, 1.5, 0}, []float64{.25, .25, 0, 0, 0}},
	} {
		got, err := loss.TokenWeights(c.a, three, 5, loss.SpanWeights{Confidence: c.confidence})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range append(append(c.first, c.second...), 0, 0, 0, 0, 0) {
			if math.Abs(float64(got[i])-want) > 1e-7 {
				t.Errorf("%s with %g: token %d of row %d has %g, want %g", c.a, c.confidence, i%5, i/5, got[i], want)
			}
		}
	}
}

func TestFaultyWeights(t *testing.T) {
	for want, err := range map[string]error{
		"unknown aggregation":  weightsError("mean", three, 0),
		"row 1 has 9 tokens":   weightsError("", []loss.Row{{Length: 2}, {Length: 9}}, 0),
		"confidence at [1, 4)": weightsError("", []loss.Row{{Length: 3, Span: verbal.Span{Start: 1, End: 4}}}, 0),
		"weight is -1":         weightsError("", three, -1),
		"weight is NaN":        weightsError("", three, math.NaN()),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
	if err := weightsError("", nil, 0); err != nil {
		t.Errorf("no rows: %v", err)
	}
}

func weightsError(a loss.Aggregation, rows []loss.Row, confidence float64) error {
	_, err := loss.TokenWeights(a, rows, 5, loss.SpanWeights{Confidence: confidence})
	return err
}
