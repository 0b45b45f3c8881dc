package calibration

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// oracleCase is one case of the shared fixture, made by running the released
// evaluation's own functions.
type oracleCase struct {
	Name       string    `json:"name"`
	Confidence []float64 `json:"confidence"`
	Correct    []float64 `json:"correct"`
	Expected   struct {
		Bins20         errorsOf `json:"bins20"`
		Bins15         errorsOf `json:"bins15"`
		Bins10         errorsOf `json:"bins10"`
		Accuracy       float64  `json:"accuracy"`
		MeanConfidence float64  `json:"mean_confidence"`
		Brier          float64  `json:"brier"`
		AUROC          *float64 `json:"auroc"`
		Counts20       []int    `json:"bin_counts20"`
		Counts15       []int    `json:"bin_counts15"`
		NetcalECE20    *float64 `json:"netcal_ece20"`
		NetcalMCE20    *float64 `json:"netcal_mce20"`
		NetcalECE15    *float64 `json:"netcal_ece15"`
		NetcalMCE15    *float64 `json:"netcal_mce15"`
	} `json:"expected"`
}

type errorsOf struct {
	ECE float64 `json:"ece"`
	PCE float64 `json:"overconf_ece"`
	MCE float64 `json:"mce"`
}

func oracleCases(t *testing.T) []oracleCase {
	t.Helper()
	const path = "../../../shared/fixtures/metrics/public.json"
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is absent: the comparison with the reference's metrics is skipped", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []oracleCase `json:"cases"`
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%s: %d cases, error %v", path, len(file.Cases), err)
	}
	return file.Cases
}

// TestOracle: every measure equals the reference's to 1e-12, for 10, 15 and 20
// bins, with confidences on bin edges, one rounding off them, and outside [0, 1].
func TestOracle(t *testing.T) {
	for _, c := range oracleCases(t) {
		t.Run(c.Name, func(t *testing.T) {
			for bins, want := range map[int]errorsOf{20: c.Expected.Bins20, 15: c.Expected.Bins15, 10: c.Expected.Bins10} {
				got, err := SummarizeValues(c.Confidence, c.Correct, bins)
				if err != nil {
					t.Fatal(err)
				}
				auroc := math.NaN()
				if c.Expected.AUROC != nil {
					auroc = *c.Expected.AUROC
				}
				for _, m := range []struct {
					name      string
					got, want float64
				}{
					{"accuracy", got.Accuracy, c.Expected.Accuracy}, {"mean confidence", got.MeanConfidence, c.Expected.MeanConfidence},
					{"Brier", got.Brier, c.Expected.Brier}, {"AUROC", got.AUROC, auroc},
					{"ECE", got.ECE, want.ECE}, {"PCE", got.PCE, want.PCE}, {"MCE", got.MCE, want.MCE},
				} {
					if math.IsNaN(m.got) != math.IsNaN(m.want) || math.Abs(m.got-m.want) > 1e-12 {
						t.Errorf("%d bins, %s: %v, want %v", bins, m.name, m.got, m.want)
					}
				}
				checkConditional(t, got)
			}
		})
	}
}

// TestOracleAnswers: cases with plain verdicts give the same through Answer, and
// the bins hold as many answers as the reference's.
func TestOracleAnswers(t *testing.T) {
	for _, c := range oracleCases(t) {
		answers, plain := make([]Answer, len(c.Confidence)), true
		for i, confidence := range c.Confidence {
			answers[i] = Answer{Confidence: confidence, HasConfidence: true, Correct: c.Correct[i] == 1, Problem: fmt.Sprint(i)}
			plain = plain && (c.Correct[i] == 0 || c.Correct[i] == 1)
		}
		for n, want := range map[int][]int{20: c.Expected.Counts20, 15: c.Expected.Counts15} {
			var counts []int
			for _, b := range Bins(answers, n) {
				counts = append(counts, b.Count)
			}
			if diff := cmp.Diff(want, counts); diff != "" && want != nil {
				t.Errorf("%s, %d bins (-want +got):\n%s", c.Name, n, diff)
			}
		}
		if !plain {
			continue
		}
		want, err := SummarizeValues(c.Confidence, c.Correct, 15)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, Summarize(answers, 15), closeTo(1e-15)); diff != "" {
			t.Errorf("%s (-values +answers):\n%s", c.Name, diff)
		}
	}
}

// checkConditional: PCE is the conditional error times the share it is over.
func checkConditional(t *testing.T, s Summary) {
	t.Helper()
	switch {
	case s.PCE == 0 && !math.IsNaN(s.PCEConditional):
		t.Errorf("no over-confident bin, yet conditional PCE is %v", s.PCEConditional)
	case s.PCE > 0 && !(s.PCEConditional >= s.PCE-1e-15 && s.PCEConditional <= s.MCE+1e-15):
		t.Errorf("conditional PCE %v is not between PCE %v and MCE %v", s.PCEConditional, s.PCE, s.MCE)
	case s.PCE > s.ECE+1e-15:
		t.Errorf("PCE %v exceeds ECE %v", s.PCE, s.ECE)
	}
}
