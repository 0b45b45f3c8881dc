package calibration

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// furtherCase is a case of testdata/oracle.json. Its figures are those of scikit-learn 1.7.2 (Brier, NLL, AUROC, average precision,
// quantile bins), relplot 1.0.3 (smooth ECE), uncertainty-calibration 0.1.4 (RMSCE, plain and debiased, and AURC), and numpy 2.4.6 by
// definition (the parts of the Brier score, risk and coverage); testdata/oracle.py made it.
type furtherCase struct {
	Name          string    `json:"name"`
	Confidence    []float64 `json:"confidence"`
	Correct       []int     `json:"correct"`
	Brier         float64   `json:"brier"`
	NLL           float64   `json:"nll"`
	AUROC         float64   `json:"auroc"`
	AUPRCErrors   float64   `json:"auprc_errors"`
	RMSCE         float64   `json:"rmsce"`
	RMSCEDebiased float64   `json:"rmsce_debiased"`
	AdaptiveECE   float64   `json:"adaptive_ece"`
	SmoothECE     float64   `json:"smooth_ece"`
	Reliability   float64   `json:"reliability"`
	Resolution    float64   `json:"resolution"`
	Uncertainty   float64   `json:"uncertainty"`
	Variance      float64   `json:"within_variance"`
	Covariance    float64   `json:"within_covariance"`
	Coverage      []float64 `json:"coverage"`
	Risk          []float64 `json:"risk"`
	AURC          *float64  `json:"aurc"` // null where confidences are tied: the package's depends on the order of the answers
	BestAURC      float64   `json:"best_aurc"`
}

func (c furtherCase) answers() []Answer {
	answers := make([]Answer, len(c.Confidence))
	for i, confidence := range c.Confidence {
		answers[i] = Answer{Confidence: confidence, HasConfidence: true, Correct: c.Correct[i] == 1, Problem: fmt.Sprint(i)}
	}
	return answers
}

func furtherCases(t *testing.T) (cases []furtherCase, bins int) {
	t.Helper()
	raw, err := os.ReadFile("testdata/oracle.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Bins  int
		Clip  float64
		Cases []furtherCase
	}
	if err := json.Unmarshal(raw, &file); err != nil || len(file.Cases) == 0 {
		t.Fatalf("%d cases, %v", len(file.Cases), err)
	}
	if file.Clip != ConfidenceClip {
		t.Fatalf("the oracle clips at %v, we at %v", file.Clip, ConfidenceClip)
	}
	return file.Cases, file.Bins
}

func TestFurtherOracle(t *testing.T) {
	cases, bins := furtherCases(t)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			s := Report(c.answers(), bins)
			f := s.Further
			checks := map[string][2]float64{
				"Brier": {s.Brier, c.Brier}, "AUROC": {s.AUROC, c.AUROC}, "NLL": {f.NLL, c.NLL}, "AUPRC of errors": {f.AUPRCErrors, c.AUPRCErrors},
				"RMSCE": {f.RMSCE, c.RMSCE}, "debiased RMSCE": {f.RMSCEDebiased, c.RMSCEDebiased}, "adaptive ECE": {f.AdaptiveECE, c.AdaptiveECE},
				"smooth ECE": {f.SmoothECE, c.SmoothECE}, "reliability": {f.Reliability, c.Reliability}, "resolution": {f.Resolution, c.Resolution},
				"uncertainty": {f.Uncertainty, c.Uncertainty}, "variance": {f.WithinBinVariance, c.Variance}, "covariance": {f.WithinBinCovariance, c.Covariance},
				"best AURC": {f.AURC - f.EAURC, c.BestAURC},
			}
			if c.AURC != nil {
				checks["AURC"] = [2]float64{f.AURC, *c.AURC}
			}
			for name, got := range checks {
				if !(math.Abs(got[0]-got[1]) <= 1e-12) {
					t.Errorf("%s is %v, want %v", name, got[0], got[1])
				}
			}
			curve := RiskCoverage(c.answers())
			if len(curve) != len(c.Risk) || f.Distinct != len(c.Risk) {
				t.Fatalf("%d points, %d distinct confidences, want %d", len(curve), f.Distinct, len(c.Risk))
			}
			for i, p := range curve {
				if math.Abs(p.Coverage-c.Coverage[i]) > 1e-12 || math.Abs(p.Risk-c.Risk[i]) > 1e-12 {
					t.Errorf("point %d is %+v, want coverage %v, risk %v", i, p, c.Coverage[i], c.Risk[i])
				}
			}
		})
	}
}

// TestNetcal: where no confidence sits on an edge of a bin, the shared fixture's ECE and MCE of netcal 1.4.0 are ours too.
func TestNetcal(t *testing.T) {
	checked := 0
	for _, c := range oracleCases(t) {
		for bins, want := range map[int][2]*float64{20: {c.Expected.NetcalECE20, c.Expected.NetcalMCE20}, 15: {c.Expected.NetcalECE15, c.Expected.NetcalMCE15}} {
			if want[0] == nil || want[1] == nil || onEdge(c.Confidence, bins) {
				continue
			}
			checked++
			got, err := SummarizeValues(c.Confidence, c.Correct, bins)
			if err != nil || math.Abs(got.ECE-*want[0]) > 1e-12 || math.Abs(got.MCE-*want[1]) > 1e-12 {
				t.Errorf("%s, %d bins: ECE %v, MCE %v, want %v and %v (%v)", c.Name, bins, got.ECE, got.MCE, *want[0], *want[1], err)
			}
		}
	}
	if checked < 5 {
		t.Errorf("only %d figures were compared", checked)
	}
}

func onEdge(confidence []float64, bins int) bool {
	for _, c := range confidence {
		if x := c * float64(bins); c > 0 && c < 1 && math.Abs(x-math.Round(x)) < 1e-9 {
			return true
		}
	}
	return false
}
