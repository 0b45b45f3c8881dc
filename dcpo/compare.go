package dcpo

import (
	"cmp"
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// Comparison is a table of results: one line a name. Several results of one name (one a seed) are summarised by mean and
// standard deviation; a single one carries its 95 % bootstrap interval.
type Comparison struct {
	names   []string
	results map[string][]*Result
}

// Compare sets results side by side, in the order in which their names appear.
func Compare(results ...*Result) Comparison {
	c := Comparison{results: map[string][]*Result{}}
	for _, r := range results {
		if _, ok := c.results[r.Name]; !ok {
			c.names = append(c.names, r.Name)
		}
		c.results[r.Name] = append(c.results[r.Name], r)
	}
	return c
}

// measures are the columns, in the order of the paper's tables.
var measures = []struct {
	name     string
	value    func(s calibration.Summary) float64
	interval func(i *calibration.Intervals) calibration.Interval
}{
	{"accuracy ↑", func(s calibration.Summary) float64 { return s.Accuracy }, func(i *calibration.Intervals) calibration.Interval { return i.Accuracy }},
	{"mean confidence", func(s calibration.Summary) float64 { return s.MeanStated }, func(i *calibration.Intervals) calibration.Interval { return i.MeanStated }},
	{"ECE ↓", func(s calibration.Summary) float64 { return s.ECE }, func(i *calibration.Intervals) calibration.Interval { return i.ECE }},
	{"PCE ↓", func(s calibration.Summary) float64 { return s.PCE }, func(i *calibration.Intervals) calibration.Interval { return i.PCE }},
	{"Brier ↓", func(s calibration.Summary) float64 { return s.Brier }, func(i *calibration.Intervals) calibration.Interval { return i.Brier }},
	{"AUROC ↑", func(s calibration.Summary) float64 { return s.AUROC }, func(i *calibration.Intervals) calibration.Interval { return i.AUROC }},
}

// cells returns the value and its uncertainty in words, for each measure of a line.
func (c Comparison) cells(name string) (values, spread []string) {
	results := c.results[name]
	for _, m := range measures {
		if len(results) > 1 {
			mean, sd := meanAndDeviation(results, m.value)
			values, spread = append(values, calibration.Format(mean)), append(spread, "± "+calibration.Format(sd))
			continue
		}
		s := results[0].Summary
		values = append(values, calibration.Format(m.value(s)))
		if s.Intervals == nil || !m.interval(s.Intervals).Defined() {
			spread = append(spread, "")
			continue
		}
		i := m.interval(s.Intervals)
		spread = append(spread, fmt.Sprintf("%.3f – %.3f", i.Low, i.High))
	}
	return values, spread
}

// meanAndDeviation is over the results, with the unbiased deviation.
func meanAndDeviation(results []*Result, value func(calibration.Summary) float64) (mean, sd float64) {
	n := float64(len(results))
	for _, r := range results {
		mean += value(r.Summary) / n
	}
	for _, r := range results {
		d := value(r.Summary) - mean
		sd += d * d / (n - 1)
	}
	return mean, math.Sqrt(sd)
}

// note says what the small figures are.
func (c Comparison) note() string {
	for _, name := range c.names {
		if n := len(c.results[name]); n > 1 {
			return fmt.Sprintf("mean ± standard deviation over %d seeds", n)
		}
	}
	return "below: 95 % bootstrap intervals, clustered by problem"
}

// String is the table as aligned text.
func (c Comparison) String() string {
	rows := [][]string{{""}}
	for _, m := range measures {
		rows[0] = append(rows[0], m.name)
	}
	for _, name := range c.names {
		values, spread := c.cells(name)
		if len(c.results[name]) > 1 {
			for i := range values {
				values[i] += " " + spread[i]
			}
			rows = append(rows, append([]string{name}, values...))
			continue
		}
		rows = append(rows, append([]string{name}, values...), append([]string{""}, spread...))
	}
	return align(rows) + "\n(" + c.note() + ")"
}

// MIMEBundle shows the table in a notebook.
func (c Comparison) MIMEBundle() map[string]any {
	var b strings.Builder
	b.WriteString("<table><thead><tr><th></th>")
	for _, m := range measures {
		fmt.Fprintf(&b, `<th style="text-align:right">%s</th>`, m.name)
	}
	b.WriteString("</tr></thead><tbody>")
	for _, name := range c.names {
		fmt.Fprintf(&b, `<tr><th style="text-align:left">%s</th>`, html.EscapeString(name))
		values, spread := c.cells(name)
		for i := range values {
			fmt.Fprintf(&b, `<td style="text-align:right">%s<br><small>%s</small></td>`, values[i], spread[i])
		}
		b.WriteString("</tr>")
	}
	fmt.Fprintf(&b, "</tbody></table><p><small>%s</small></p>", html.EscapeString(c.note()))
	return map[string]any{"text/plain": c.String(), "text/html": b.String()}
}

// ByLevel is a table of accuracy and mean stated confidence by the problems' level, for results side by side.
func ByLevel(results ...*Result) LevelTable { return LevelTable(results) }

// LevelTable is what ByLevel returns; it shows itself in a notebook.
type LevelTable []*Result

// rows are a heading and one line a level, from easy to hard for the first result.
func (t LevelTable) rows() [][]string {
	head := []string{"problems"}
	levels := map[string]float64{}
	for _, r := range t {
		head = append(head, r.Name+": right", "stated")
		for level, s := range r.ByLevel {
			if _, ok := levels[level]; !ok {
				levels[level] = s.Accuracy
			}
		}
	}
	names := slices.SortedFunc(maps.Keys(levels), func(a, b string) int {
		return cmp.Or(cmp.Compare(levels[b], levels[a]), cmp.Compare(a, b))
	})
	rows := [][]string{head}
	for _, level := range names {
		row := []string{level}
		for _, r := range t {
			s, ok := r.ByLevel[level]
			if !ok {
				row = append(row, "–", "–")
				continue
			}
			row = append(row, calibration.Format(s.Accuracy), calibration.Format(s.MeanStated))
		}
		rows = append(rows, row)
	}
	return rows
}

// String is the table as aligned text.
func (t LevelTable) String() string { return align(t.rows()) }

// MIMEBundle shows the table in a notebook.
func (t LevelTable) MIMEBundle() map[string]any { return tableBundle(t.rows()) }

// Examples shows the first answers to the first n problems, with what was right.
func (r *Result) Examples(n int) ExampleTable {
	var t ExampleTable
	for i := range r.Rollouts {
		if i > 0 && r.Rollouts[i].Group == r.Rollouts[i-1].Group {
			continue
		}
		if len(t) == n {
			break
		}
		t = append(t, &r.Rollouts[i])
	}
	return t
}

// ExampleTable is what Examples returns; it shows itself in a notebook.
type ExampleTable []*Rollout

func (t ExampleTable) rows() [][]string {
	rows := [][]string{{"problem", "right answer", "the model says", "stated confidence", "right?"}}
	for _, r := range t {
		stated, mark := "none", "no"
		if r.Stated.HasConfidence {
			stated = fmt.Sprint(r.Stated.Confidence)
		}
		if r.Verdict.Correct {
			mark = "yes"
		}
		rows = append(rows, []string{shorten(r.Problem.Question), r.Problem.Answer, shorten(r.Response.Text[:r.Stated.Start]), stated, mark})
	}
	return rows
}

// String is the table as aligned text.
func (t ExampleTable) String() string { return align(t.rows()) }

// MIMEBundle shows the table in a notebook.
func (t ExampleTable) MIMEBundle() map[string]any { return tableBundle(t.rows()) }

// shorten keeps a text to one line of a table.
func shorten(s string) string {
	s = strings.Join(strings.Fields(strings.ToValidUTF8(s, "�")), " ")
	if runes := []rune(s); len(runes) > 120 {
		return string(runes[:117]) + "..."
	}
	return s
}
