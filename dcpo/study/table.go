package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// columns are the figures of the paper's Table 1, and two more.
var columns = []struct {
	name  string
	value func(calibration.Summary) float64
}{
	{"accuracy ↑", func(s calibration.Summary) float64 { return s.Accuracy }},
	{"mean confidence", func(s calibration.Summary) float64 { return s.MeanStated }},
	{"ECE ↓", func(s calibration.Summary) float64 { return s.ECE }},
	{"PCE ↓", func(s calibration.Summary) float64 { return s.PCE }},
	{"Brier ↓", func(s calibration.Summary) float64 { return s.Brier }},
	{"AUROC ↑", func(s calibration.Summary) float64 { return s.AUROC }},
}

// table is Markdown: mean and 95 % interval over the seeds, by Student's t.
func (s *study) table() string {
	var b strings.Builder
	b.WriteString("| method |")
	for _, c := range columns {
		fmt.Fprintf(&b, " %s |", c.name)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" --- |", len(columns)) + "\n")
	for _, r := range s.rows {
		fmt.Fprintf(&b, "| %s |", r.name)
		for _, c := range columns {
			fmt.Fprintf(&b, " %s |", interval(r.results, c.value))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// interval is a figure's mean over the seeds and half its 95 % interval.
func interval(results []*dcpo.Result, value func(calibration.Summary) float64) string {
	values := make([]float64, len(results))
	for i, r := range results {
		values[i] = value(r.Summary)
	}
	mean, sd := stat.MeanStdDev(values, nil)
	if len(values) < 2 {
		return calibration.Format(mean)
	}
	n := float64(len(values))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(0.975)
	return fmt.Sprintf("%s ± %s", calibration.Format(mean), calibration.Format(t*sd/math.Sqrt(n)))
}
