package calibration

import (
	"fmt"
	"math"
	"strings"
	"text/tabwriter"
)

// String is the summary as a small text table, one measure a line, with its
// interval where there is one.
func (s Summary) String() string {
	var of Intervals
	head := "measure\tvalue\n"
	if s.Intervals != nil {
		of = *s.Intervals
		head = fmt.Sprintf("measure\tvalue\t%v %% interval\n", 100*of.Level)
	}
	rows := []tableRow{
		{"accuracy", s.Accuracy, of.Accuracy},
		{"mean confidence", s.MeanConfidence, of.MeanConfidence},
		{"mean stated confidence", s.MeanStated, of.MeanStated},
		{"share without confidence", s.ShareMissing, of.ShareMissing},
		{fmt.Sprintf("ECE (%d bins)", s.Bins), s.ECE, of.ECE},
		{"PCE", s.PCE, of.PCE},
		{"PCE, conditional", s.PCEConditional, of.PCEConditional},
		{"MCE", s.MCE, of.MCE},
		{"Brier", s.Brier, of.Brier},
		{"AUROC", s.AUROC, of.AUROC},
	}
	rows = append(rows, s.Further.tableRows(of.Further)...)
	return aligned(func(out *tabwriter.Writer) {
		fmt.Fprint(out, head)
		fmt.Fprintf(out, "answers\t%d\n", s.N)
		for _, row := range rows {
			fmt.Fprintf(out, "%s\t%s", row.name, Format(row.value))
			if s.Intervals != nil {
				fmt.Fprintf(out, "\t%s", row.interval)
			}
			fmt.Fprintln(out)
		}
		if s.Further != nil {
			fmt.Fprintf(out, "distinct confidences\t%d\n", s.Further.Distinct)
		}
	})
}

// tableRow is a line of a summary's table.
type tableRow struct {
	name     string
	value    float64
	interval Interval
}

// tableRows are the further measures with their intervals, if there are any; none of nil.
func (f *Further) tableRows(of *FurtherIntervals) (rows []tableRow) {
	if f == nil {
		return nil
	}
	if of == nil {
		of = &FurtherIntervals{}
	}
	intervals := of.fields()
	for k, value := range f.fields() {
		rows = append(rows, tableRow{furtherNames[k].title, *value, *intervals[k]})
	}
	return rows
}

// String is the interval as "0.12 to 0.34", or "–" where undefined.
func (i Interval) String() string {
	if !i.Defined() {
		return "–"
	}
	return Format(i.Low) + " to " + Format(i.High)
}

// Row is a named summary in a Table.
type Row struct {
	Name    string
	Summary Summary
}

// Table sets several summaries side by side, one a line, in the paper's order of
// columns.
func Table(rows []Row) string {
	return aligned(func(out *tabwriter.Writer) {
		fmt.Fprintln(out, "\tanswers\taccuracy\tmean confidence\tECE\tPCE\tPCE cond.\tBrier\tAUROC\tmissing")
		for _, r := range rows {
			s := r.Summary
			fmt.Fprintf(out, "%s\t%d", r.Name, s.N)
			for _, v := range []float64{s.Accuracy, s.MeanConfidence, s.ECE, s.PCE, s.PCEConditional, s.Brier, s.AUROC, s.ShareMissing} {
				fmt.Fprintf(out, "\t%s", Format(v))
			}
			fmt.Fprintln(out)
		}
	})
}

// Format writes a measure with three decimals, and NaN as "–".
func Format(value float64) string {
	if math.IsNaN(value) {
		return "–"
	}
	if math.Abs(value) < .0005 {
		value = 0 // not −0.000
	}
	return fmt.Sprintf("%.3f", value)
}

// aligned runs write on a writer that lines columns up, and trims line ends.
func aligned(write func(*tabwriter.Writer)) string {
	var text strings.Builder
	out := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	write(out)
	out.Flush()
	lines := strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.Join(lines, "\n")
}
