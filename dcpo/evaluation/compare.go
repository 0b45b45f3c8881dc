package evaluation

import (
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// Comparison is the difference of two methods on the problems that both were asked.
type Comparison struct {
	// Title is the benchmark's; One and Other name the methods.
	Title, One, Other string
	// Left is how many problems only one of them was asked.
	Left int
	calibration.Paired
}

// Compare names the results' methods and compares each method of the later results with the first result's of the same confidence, or
// with its first where it has none, on each benchmark that both have, and on all of them. It fails where two have nothing in common.
func Compare(results []*Result) ([]Comparison, error) {
	var out []Comparison
	for _, r := range results[1:] {
		for k := range r.Methods {
			other := &r.Methods[k]
			one := counterpart(results[0], other.Confidence)
			some, err := compare(one, other, results[0].Options)
			if err != nil {
				return nil, fmt.Errorf("compare %s with %s: %w", results[0].Name, r.Name, err)
			}
			for i := range some {
				some[i].One, some[i].Other = results[0].Name+", "+one.Title(), r.Name+", "+other.Title()
			}
			out = append(out, some...)
		}
	}
	return out, nil
}

// counterpart is a result's method to compare one of a confidence with.
func counterpart(r *Result, c Confidence) *Method {
	for i := range r.Methods {
		if r.Methods[i].Confidence == c {
			return &r.Methods[i]
		}
	}
	return &r.Methods[0]
}

// compare goes through the sets of two methods.
func compare(one, other *Method, o MeasureOptions) (out []Comparison, err error) {
	for i := range one.Sets {
		for k := range other.Sets {
			if one.Sets[i].Benchmark != other.Sets[k].Benchmark {
				continue
			}
			a, b, left := common(one.Sets[i].Rows[0].Answers, other.Sets[k].Rows[0].Answers)
			if len(a) == 0 {
				continue
			}
			paired, err := o.Bootstrap.Compare(a, b, o.Bins)
			if err != nil {
				return nil, err
			}
			out = append(out, Comparison{Title: one.Sets[i].Title, Left: left, Paired: paired})
		}
	}
	if len(out) == 0 {
		return nil, errors.New("they have no problem in common")
	}
	return out, nil
}

// common leaves out answers to problems that the other has no answer to, and tells how many problems these are.
func common(one, other []calibration.Answer) (a, b []calibration.Answer, left int) {
	problems := func(answers []calibration.Answer) map[string]bool {
		set := map[string]bool{}
		for _, x := range answers {
			set[x.Problem] = true
		}
		return set
	}
	first, second := problems(one), problems(other)
	keep := func(answers []calibration.Answer, in map[string]bool) (kept []calibration.Answer) {
		for _, x := range answers {
			if in[x.Problem] {
				kept = append(kept, x)
			}
		}
		return kept
	}
	for p := range first {
		if !second[p] {
			left++
		}
	}
	for p := range second {
		if !first[p] {
			left++
		}
	}
	return keep(one, second), keep(other, first), left
}
