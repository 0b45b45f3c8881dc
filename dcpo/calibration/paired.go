package calibration

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"text/tabwriter"
)

// Paired compares two methods on the same problems.
type Paired struct {
	Level               float64 // coverage of the intervals, such as 0.95
	Resamples, Problems int
	Differences         []Difference // one a measure, in the order of a full report
}

// Difference is how far two methods are apart in one measure.
type Difference struct {
	Measure    string // its name in JSON, such as "ece"
	One, Other float64
	Difference float64  // Other − One
	Interval   Interval // of the difference
	// P is the two-sided p-value of no difference: twice the share of resamples in which the difference is 0 or has the other
	// sign, at least 2/(Resamples + 1) and at most 1. It falls below 1 − Level about where the interval leaves 0 out. NaN where the interval is undefined.
	P float64
}

// basicNames are the names in JSON of the measures of a Summary.
var basicNames = [measures]string{
	"accuracy", "mean_confidence", "mean_stated_confidence", "share_missing", "ece", "pce", "pce_conditional", "mce", "brier", "auroc",
}

// Compare measures two methods' answers to the same problems and the differences, each resample drawing the same problems for
// both: what makes some problems harder for both methods cancels out. The numbers of answers may differ. It fails where
// an answer names no problem, or a problem has answers of one method only.
func (b Bootstrap) Compare(one, other []Answer, bins int) (Paired, error) {
	b = b.withDefaults()
	match, err := matchProblems(one, other)
	if err != nil {
		return Paired{}, fmt.Errorf("compare two methods: %w", err)
	}
	first, second := newReporter(newSample(one, bins)), newReporter(newSample(other, bins))
	draws := make([][]float64, measures+furthers)
	weightOther := make([]float64, len(match))
	b.resample(len(match), func(weight []float64) {
		for c, w := range weight {
			weightOther[match[c]] = w
		}
		x, y := first.all(weight), second.all(weightOther)
		for k := range draws {
			draws[k] = append(draws[k], y[k]-x[k])
		}
	})
	p := Paired{Level: b.Level, Resamples: b.Resamples, Problems: len(match)}
	x, y, names := first.all(nil), second.all(nil), allNames()
	for k := range draws {
		d := Difference{Measure: names[k], One: x[k], Other: y[k], Difference: y[k] - x[k], Interval: b.interval(draws[k])}
		d.P = d.significance(draws[k])
		p.Differences = append(p.Differences, d)
	}
	return p, nil
}

// all are the measures of a Summary, then the further ones.
func (r reporter) all(weight []float64) []float64 {
	basic, further := r.measure(weight), r.further(weight)
	return append(basic[:], further[:]...)
}

// allNames are the names in JSON of what all gives.
func allNames() []string {
	names := slices.Clone(basicNames[:])
	for _, f := range furtherNames {
		names = append(names, f.key)
	}
	return names
}

// significance is P, of the differences drawn.
func (d Difference) significance(draws []float64) float64 {
	if !d.Interval.Defined() {
		return math.NaN()
	}
	below, above, n := 1.0, 1.0, 1.0
	for _, x := range draws {
		if math.IsNaN(x) {
			continue
		}
		n++
		if x <= 0 {
			below++
		}
		if x >= 0 {
			above++
		}
	}
	return min(1, 2*min(below, above)/n)
}

// matchProblems gives the other sample's cluster of each cluster of the one.
func matchProblems(one, other []Answer) ([]int, error) {
	names, err := problemNames(one)
	if err != nil {
		return nil, fmt.Errorf("the first: %w", err)
	}
	others, err := problemNames(other)
	if err != nil {
		return nil, fmt.Errorf("the second: %w", err)
	}
	at := map[string]int{}
	for i, name := range others {
		at[name] = i
	}
	match := make([]int, len(names))
	for i, name := range names {
		j, ok := at[name]
		if !ok {
			return nil, fmt.Errorf("the second has no answer to problem %q: expected answers of both to each problem", name)
		}
		match[i] = j
	}
	if len(others) > len(names) {
		i := slices.IndexFunc(others, func(name string) bool { return !slices.Contains(names, name) })
		return nil, fmt.Errorf("the first has no answer to problem %q: expected answers of both to each problem", others[i])
	}
	return match, nil
}

// problemNames are the problems in the order of their clusters in a sample, that of their first answers.
func problemNames(answers []Answer) (names []string, err error) {
	seen := map[string]bool{}
	for i, a := range answers {
		if a.Problem == "" {
			return nil, fmt.Errorf("answer %d names no problem: expected the name by which both have it", i)
		}
		if !seen[a.Problem] {
			seen[a.Problem] = true
			names = append(names, a.Problem)
		}
	}
	return names, nil
}

// String is a text table, one measure a line.
func (p Paired) String() string {
	return aligned(func(out *tabwriter.Writer) {
		fmt.Fprintf(out, "measure\tone\tother\tdifference\t%v %% interval\tp\n", 100*p.Level)
		for _, d := range p.Differences {
			fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", d.Measure, Format(d.One), Format(d.Other), Format(d.Difference), d.Interval, Format(d.P))
		}
	})
}

// MarshalJSON writes {"measure", "one", "other", "difference", "interval", "p"}, null where undefined.
func (d Difference) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Measure    string   `json:"measure"`
		One        number   `json:"one"`
		Other      number   `json:"other"`
		Difference number   `json:"difference"`
		Interval   Interval `json:"interval"`
		P          number   `json:"p"`
	}{d.Measure, number(d.One), number(d.Other), number(d.Difference), d.Interval, number(d.P)})
}
