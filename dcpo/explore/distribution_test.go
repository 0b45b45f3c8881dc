package explore

import (
	"context"
	"math"
	"strings"
	"testing"
)

// table is a model made by hand: the probability of each next token (by its text) after the text so far; 0 where it has none.
type table map[string]map[string]float64

// distribution enumerates a table whose tokens are the given texts.
func (m table) distribution(t *testing.T, lead string, decimals int, tokens ...string) *Distribution {
	t.Helper()
	var all []piece
	for i, text := range tokens {
		if helps(text, lead, decimals) {
			all = append(all, piece{int32(i), text})
		}
	}
	d, err := enumerate(context.Background(), place{lead: lead}, all, decimals, func(_ context.Context, sequences [][]int32) ([]float64, error) {
		out := make([]float64, len(sequences))
		for i, ids := range sequences {
			text := ""
			for _, id := range ids[:len(ids)-1] {
				text += tokens[id]
			}
			out[i] = math.Log(m[text][tokens[ids[len(ids)-1]]])
		}
		return out, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func near(t *testing.T, name string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s is %v, want %v", name, got, want)
	}
}

// Worked by hand: 0.8 is written as "0.8", "0.80", "0.805" and ".8", by single digits and by "80" as a token.
func TestEnumerateByHand(t *testing.T) {
	m := table{
		"":     {"0": 0.7, "1": 0.1, ".": 0.05, "9": 0.05, "x": 0.1},
		"0":    {".": 0.9, "5": 0.04, "x": 0.06},
		"0.":   {"8": 0.5, "80": 0.2, "3": 0.2, "x": 0.1},
		"0.8":  {"0": 0.1, "x": 0.9},
		"0.3":  {"1": 1},
		"1":    {".": 0.5, "x": 0.5},
		"1.":   {"3": 0.2, "0": 0.3, "x": 0.5},
		"1.0":  {"0": 0.5, "2": 0.5},
		".":    {"8": 0.5, "x": 0.5},
		".8":   {"x": 1},
		"0.80": {"5": 1}, // never asked: the third decimal changes nothing
	}
	d := m.distribution(t, "", 2, "0", "1", "2", "3", "5", "8", "9", ".", "80", "x")
	zero, eighty, third, one := 0.7*0.06+0.7*0.9*0.1, 0.7*0.9*0.7+0.05*0.5, 0.7*0.9*0.2, 0.1*0.5+0.1*0.5*0.5+0.1*0.5*0.3*0.5
	near(t, "stated", d.Stated, zero+eighty+third+one)
	near(t, "outside", d.Outside, 0.05+0.7*0.04+0.1*0.5*0.2+0.1*0.5*0.3*0.5)
	near(t, "other", d.Other, 0.1+0.05*0.5)
	near(t, "all", d.Stated+d.Outside+d.Other, 1)
	for value, p := range map[int]float64{0: zero, 80: eighty, 31: third, 100: one, 8: 0, 30: 0, 99: 0} {
		near(t, "share", d.Shares[value], p/d.Stated)
	}
	near(t, "mean", d.Mean(), (0.8*eighty+0.31*third+one)/d.Stated)
	near(t, "share of 0.805", d.Share(0.805), eighty/d.Stated)
	near(t, "share of 95", d.Share(95), 0)
	near(t, "median", d.Quantile(0.5), 0.8)
	near(t, "least", d.Quantile(0), 0)
	near(t, "most", d.Quantile(1), 1)
	for _, say := range []string{"Left out", percent(d.Outside), percent(d.Other), percent(d.Stated)} {
		if !strings.Contains(d.Account(), say) {
			t.Errorf("the account lacks %q: %s", say, d.Account())
		}
	}
}

// A token that holds what stands before the number is looked for with it.
func TestEnumerateAfterALead(t *testing.T) {
	m := table{"": {" ": 0.5, " 0": 0.3, "x": 0.2}, " ": {"0": 0.5, "1": 0.5}, " 0": {"x": 1}, " 1": {"x": 1}}
	d := m.distribution(t, " ", 1, " ", " 0", "0", "1", ".", "x")
	near(t, "0", d.Shares[0], (0.3+0.25)/0.8)
	near(t, "1", d.Shares[10], 0.25/0.8)
	near(t, "other", d.Other, 0.2)
}

func TestEnumerateRefusesNoNumbers(t *testing.T) {
	for _, bad := range []float64{math.NaN(), 1} {
		_, err := enumerate(context.Background(), place{}, []piece{{0, "0"}}, 2, func(context.Context, [][]int32) ([]float64, error) { return []float64{bad}, nil })
		if err == nil {
			t.Errorf("a log-prob of %v was taken", bad)
		}
	}
	// Two tokens that are each certain cannot be.
	if _, err := enumerate(context.Background(), place{}, []piece{{0, "8"}, {1, "9"}}, 2, func(_ context.Context, s [][]int32) ([]float64, error) {
		return make([]float64, len(s)), nil
	}); err == nil || !strings.Contains(err.Error(), "sum to") {
		t.Errorf("probabilities that sum to 2: %v", err)
	}
}

// Where no number can be stated nothing is invented.
func TestNothingStated(t *testing.T) {
	d := table{"": {"x": 1}}.distribution(t, "", 2, "0", "1", ".", "x")
	if d.Stated != 0 || d.Other != 1 || !math.IsNaN(d.Mean()) || !math.IsNaN(d.Quantile(0.5)) || d.summary(nil) != "no confidence can be stated here" {
		t.Errorf("%+v: %s", d, d.summary(nil))
	}
}
