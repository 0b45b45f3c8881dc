package report

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation"
)

// writeLogs writes, for each confidence on each benchmark, what the reference's script prints, and all measures.
func writeLogs(dir string, results []*evaluation.Result, o Options) error {
	var faults []error
	for _, r := range results {
		for i := range r.Methods {
			for k := range r.Methods[i].Sets {
				s := &r.Methods[i].Sets[k]
				name := fmt.Sprintf("%s_Main_%s.log", fileName(s.Title), labelOf(r, i))
				path := filepath.Join(dir, inFolder("logs", folder(r, results)), name)
				faults = append(faults, replace(path, []byte(logOf(r, &r.Methods[i], s, o))))
			}
		}
	}
	return errors.Join(faults...)
}

// logOf begins with the reference's lines, digits and all.
func logOf(r *evaluation.Result, m *evaluation.Method, s *evaluation.Set, o Options) string {
	var b strings.Builder
	sum := s.Summary()
	fmt.Fprintf(&b, "Model: %s, Dataset: %s, Confidence Type: %s\n", r.Settings.Model, s.Title, m.Confidence)
	fmt.Fprintf(&b, "Mean Accuracy: %.4f\n", sum.Accuracy)
	fmt.Fprintf(&b, "Expected Calibration Error (ECE): %.4f\n", sum.ECE)
	fmt.Fprintf(&b, "Brier Score (BS): %.4f\n", sum.Brier)
	fmt.Fprintf(&b, "Area Under ROC (AUROC): %.4f\n", sum.AUROC)
	fmt.Fprintf(&b, "Over Confidence Expected Calibration Error (OverECE): %.4f\n", sum.PCE)
	bins := calibration.Bins(s.Rows[0].Answers, o.Bars)
	for _, bin := range bins {
		fmt.Fprintf(&b, "bin (%.4f, %.4f]: %d answers, accuracy %s, confidence %s\n", bin.Low, bin.High, bin.Count, calibration.Format(bin.Accuracy), calibration.Format(bin.Confidence))
	}
	c := s.Counts
	fmt.Fprintf(&b, "\n%d problems, %d answers, %d missing in all; %d cut off, %d refused, %d without an answer, %d not understood; %d without a confidence, %d outside [0, 1]\n\n",
		c.Problems, c.Answers, r.Missing, c.Truncated, c.Refused, c.NoAnswer, c.Unclear, c.NoConfidence, c.OutOfRange)
	fmt.Fprintln(&b, sum)
	return b.String()
}
