package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/paper"
)

const paperNote = "Acc in percent, the others are fractions. Overall: ours is the mean of the benchmarks shown; the paper's is printed, over its own. " +
	"PCE is the released code's, never above ECE; PCE|c divides it by the share of answers in over-confident bins. The paper's PCE was computed otherwise " +
	"(above its ECE in 23 of 50 cells) and is no target. † 5 % or more of the answers have no confidence; they are in no bin, which makes ECE and PCE small."

// mainHead are the columns of a benchmark in the paper's layout, with the conditional PCE.
var mainHead = []string{"Acc", "ECE", "PCE", "PCE|c", "AUROC"}

// mainTable is the paper's layout: a method a line, its figures on each benchmark, with the paper's own below.
func mainTable(results []*evaluation.Result) table {
	titles := titlesOf(results)
	overall := len(titles) > 1
	t := table{Title: "Accuracy and calibration", Note: paperNote, Head: []string{"Method"}, Groups: []group{{"", 1}}}
	columns := slices.Clone(titles)
	if overall {
		columns = append(columns, "Overall")
	}
	for _, c := range columns {
		t.Groups = append(t.Groups, group{c, len(mainHead)})
		t.Head = append(t.Head, mainHead...)
	}
	for _, r := range results {
		for i := range r.Methods {
			t.Rows = append(t.Rows, row{"ours", ownCells(r.Name+", "+r.Methods[i].Title(), &r.Methods[i], titles, overall)})
		}
	}
	for _, p := range paper.Table() {
		name := "paper: " + p.Method
		if p.Confidence != "" {
			name += ", " + p.Confidence
		}
		cells := words(name)
		for _, c := range columns {
			at := paper.Column(c)
			if at < 0 {
				cells = append(cells, words("–", "–", "–", "–", "–")...)
				continue
			}
			f := p.Cells[at]
			cells = append(cells, words(fmt.Sprintf("%.1f", f.Accuracy), calibration.Format(f.ECE), calibration.Format(f.PCE), "–", calibration.Format(f.AUROC))...)
		}
		t.Rows = append(t.Rows, row{"paper", cells})
	}
	return t
}

// titlesOf are the benchmarks of all results: the paper's first, in its order.
func titlesOf(results []*evaluation.Result) []string {
	var titles []string
	for _, r := range results {
		for i := range r.Methods {
			for _, s := range r.Methods[i].Sets {
				if s.Benchmark != "" && !slices.Contains(titles, s.Title) {
					titles = append(titles, s.Title)
				}
			}
		}
	}
	place := func(title string) int {
		if at := paper.Column(title); at >= 0 {
			return at
		}
		return len(paper.Columns)
	}
	slices.SortStableFunc(titles, func(a, b string) int { return place(a) - place(b) })
	return titles
}

// ownCells are a method's line.
func ownCells(name string, m *evaluation.Method, titles []string, overall bool) []cell {
	cells := words(name)
	for _, title := range titles {
		at := slices.IndexFunc(m.Sets, func(s evaluation.Set) bool { return s.Benchmark != "" && s.Title == title })
		if at < 0 {
			cells = append(cells, words("–", "–", "–", "–", "–")...)
			overall = false
			continue
		}
		s := m.Sets[at].Summary()
		cells = append(cells, mainCells(s)...)
	}
	switch {
	case overall:
		cells = append(cells, mainCells(*m.Overall)...)
	case len(titles) > 1: // the mean of some benchmarks is not to stand beside that of all
		cells = append(cells, words("–", "–", "–", "–", "–")...)
	}
	return cells
}

// manyMissing is the share of answers without a confidence from which the table marks the errors, which are then too small.
const manyMissing = 0.05

func mainCells(s calibration.Summary) []cell {
	percent, mark := "–", ""
	if !math.IsNaN(s.Accuracy) {
		percent = fmt.Sprintf("%.1f", 100*s.Accuracy)
	}
	if s.ShareMissing >= manyMissing {
		mark = "†"
	}
	return words(percent, calibration.Format(s.ECE)+mark, calibration.Format(s.PCE)+mark, calibration.Format(s.PCEConditional), calibration.Format(s.AUROC))
}

// measureHead are the columns of a table of measures with their intervals.
var measureHead = []string{"", "accuracy", "mean confidence", "missing", "ECE", "PCE", "PCE|c", "MCE", "Brier", "AUROC"}

// setTable compares a confidence with its baselines on a benchmark.
func setTable(s *evaluation.Set) table {
	t := table{Title: s.Title, Note: s.Note, Head: measureHead}
	for i, r := range s.Rows {
		class := ""
		if i == 0 {
			class = "ours"
		}
		t.Rows = append(t.Rows, measureRow(class, r.Name, r.Summary))
	}
	return t
}

// overallTable is the mean over a method's benchmarks.
func overallTable(m *evaluation.Method) table {
	return table{Title: "Overall: mean of the benchmarks", Head: measureHead, Rows: []row{measureRow("ours", string(m.Confidence), *m.Overall)}}
}

func measureRow(class, name string, v calibration.Summary) row {
	var in calibration.Intervals
	none := calibration.Interval{Low: math.NaN(), High: math.NaN()}
	if v.Intervals != nil {
		in = *v.Intervals
	} else {
		in.Accuracy, in.MeanConfidence, in.ShareMissing, in.ECE, in.PCE, in.PCEConditional, in.MCE, in.Brier, in.AUROC = none, none, none, none, none, none, none, none, none
	}
	return row{class, append(words(name), measured(v.Accuracy, in.Accuracy), measured(v.MeanConfidence, in.MeanConfidence),
		measured(v.ShareMissing, in.ShareMissing), measured(v.ECE, in.ECE), measured(v.PCE, in.PCE), measured(v.PCEConditional, in.PCEConditional),
		measured(v.MCE, in.MCE), measured(v.Brier, in.Brier), measured(v.AUROC, in.AUROC))}
}

// countTable tells what became of the answers.
func countTable(results []*evaluation.Result) table {
	t := table{Title: "What became of the requests", Head: []string{"", "problems", "answers", "cut off", "refused", "no answer found", "answer not understood",
		"no confidence", "outside [0, 1]", "read otherwise*", "tokens", "seconds a response"},
		Note: "All but the missing ones count as answers. * by the other way to read a stated confidence: the reference takes the first number after CONFIDENCE:, whatever follows; " +
			"the strict way the last line, within 0 to 1."}
	for _, r := range results {
		for i := range r.Methods {
			for k := range r.Methods[i].Sets {
				s := &r.Methods[i].Sets[k]
				c := s.Counts
				t.Rows = append(t.Rows, row{"", words(r.Name+", "+string(r.Methods[i].Confidence)+", "+s.Title, fmt.Sprint(c.Problems), fmt.Sprint(c.Answers), fmt.Sprint(c.Truncated),
					fmt.Sprint(c.Refused), fmt.Sprint(c.NoAnswer), fmt.Sprint(c.Unclear), fmt.Sprint(c.NoConfidence), fmt.Sprint(c.OutOfRange), fmt.Sprint(c.Ambiguous),
					fmt.Sprint(c.Tokens), fmt.Sprintf("%.1f", c.Seconds/float64(max(1, c.Answers))))})
			}
		}
	}
	return t
}

// voteTable tells what the samples of a problem are worth together.
func voteTable(results []*evaluation.Result) table {
	t := table{Title: "Votes", Head: []string{"", "one answer", "majority", "weighted by confidence"},
		Note: "Share of right answers: of a single one, of the commonest answer to each problem, and of the one with most confidence behind it."}
	for _, r := range results {
		for i := range r.Methods {
			for _, s := range r.Methods[i].Sets {
				t.Rows = append(t.Rows, row{"", words(r.Name+", "+string(r.Methods[i].Confidence)+", "+s.Title, calibration.Format(s.Summary().Accuracy),
					calibration.Format(s.Votes.Majority), calibration.Format(s.Votes.Weighted))})
			}
		}
	}
	return t
}

// comparedMeasures stand in the table of a comparison, by their names in JSON.
var comparedMeasures = []string{"accuracy", "mean_confidence", "share_missing", "ece", "pce", "pce_conditional", "smooth_ece", "brier", "nll", "auroc", "aurc"}

// comparisonTable shows the differences of two methods.
func comparisonTable(c evaluation.Comparison) table {
	t := table{Title: c.Title + ": " + c.Other + " against " + c.One, Head: []string{"measure", c.One, c.Other, "difference", "p"},
		Note: fmt.Sprintf("Paired bootstrap over %d problems that both were asked.", c.Problems)}
	if c.Left > 0 {
		t.Note += fmt.Sprintf(" %d problems that only one was asked are left out.", c.Left)
	}
	for _, d := range c.Differences {
		if slices.Contains(comparedMeasures, d.Measure) {
			t.Rows = append(t.Rows, row{"", append(words(d.Measure, calibration.Format(d.One), calibration.Format(d.Other)), measured(d.Difference, d.Interval), cell{Text: calibration.Format(d.P)})})
		}
	}
	return t
}
