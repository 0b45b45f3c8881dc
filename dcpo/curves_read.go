package dcpo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
)

// Read adds the steps of a finished or running run from its folder, by the record in metrics.jsonl. Of each report the step, the answers' calibration, the spread of
// confidences, loss and gradient norm are filled in; what the record leaves undefined is NaN.
func (c *Curves) Read(run, dir string) error {
	path := filepath.Join(dir, "metrics.jsonl")
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read curves: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	steps := 0
	for number := 1; lines.Scan(); number++ {
		var values map[string]*float64
		if err := json.Unmarshal(lines.Bytes(), &values); err != nil {
			return fmt.Errorf("read curves: %s, line %d: want numbers by name: %w", path, number, err)
		}
		if values["step"] == nil || values["accuracy"] == nil { // a validation between two steps
			continue
		}
		steps++
		c.Add(run, reportOf(values))
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read curves: %s: %w", path, err)
	}
	if steps == 0 {
		return fmt.Errorf("read curves: %s holds no training steps", path)
	}
	return nil
}

// reportOf fills in what a record tells of a step.
func reportOf(values map[string]*float64) (r StepReport) {
	number := func(name string) float64 {
		if x := values[name]; x != nil {
			return *x
		}
		return math.NaN()
	}
	r.Step = int(number("step"))
	s := &r.Summary
	s.Accuracy, s.MeanStated, s.ShareMissing = number("accuracy"), number("confidence"), number("confidence_missing")
	s.ECE, s.PCE, s.Brier, s.AUROC = number("ece"), number("pce"), number("brier"), number("auroc")
	r.ConfidenceStd, r.ConfidenceEnds = number("confidence_std"), number("confidence_ends")
	r.Loss, r.GradNorm, r.MeanLength, r.Entropy, r.Difficulty = number("loss"), number("grad_norm"), number("response_tokens"), number("entropy"), number("difficulty")
	return r
}
