package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
)

// Options say how a classifier is fitted. The zero value of each field takes its documented default.
type Options struct {
	// C are the candidates for the inverse strength of the penalty; default 1e-4, 1e-3, … 10. With one there is no cross-validation.
	C []float64
	// Folds of the cross-validation; default 5, and fewer where there are fewer problems.
	Folds int
	// Seed deals the problems to the folds.
	Seed uint64
	// Tolerance is the largest part of the gradient of the mean loss at which a fit is done; default 1e-7.
	Tolerance float64
	// MaxIterations of one fit; default 1000.
	MaxIterations int
}

func (o Options) withDefaults() Options {
	if len(o.C) == 0 {
		o.C = []float64{1e-4, 1e-3, 1e-2, .1, 1, 10}
	}
	if o.Folds == 0 {
		o.Folds = 5
	}
	if o.Tolerance == 0 {
		o.Tolerance = 1e-7
	}
	if o.MaxIterations == 0 {
		o.MaxIterations = 1000
	}
	o.C = slices.Compact(slices.Sorted(slices.Values(o.C)))
	return o
}

// Validate joins all faults.
func (o Options) Validate() error {
	var faults []error
	for _, c := range o.C {
		if !(c > 0) || math.IsInf(c, 0) {
			faults = append(faults, fmt.Errorf("penalty C %v: expected a positive number", c))
		}
	}
	if o.Folds < 0 || o.Folds == 1 {
		faults = append(faults, fmt.Errorf("folds %d: expected at least 2", o.Folds))
	}
	if !(o.Tolerance >= 0) {
		faults = append(faults, fmt.Errorf("tolerance %v: expected a positive number", o.Tolerance))
	}
	if o.MaxIterations < 0 {
		faults = append(faults, fmt.Errorf("%d iterations: expected at least 1", o.MaxIterations))
	}
	return errors.Join(faults...)
}

// Candidate is a strength of the penalty that was tried.
type Candidate struct {
	C float64 `json:"c"`
	// Loss is the mean −ln of the probability that answers to unseen problems were given.
	Loss float64 `json:"held_out_loss"`
}

// Fit fits a classifier: x[i] is the hidden state of an answer, correct[i] its verdict, and problems[i] the problem it answers ("" is
// one of its own; nil: all are). There may be more features than rows, and constant ones. It fails where lengths differ, a value is
// not finite, all answers are right or all are wrong, or ctx ends.
func Fit(ctx context.Context, x Features, correct []bool, problems []string, opt Options) (*Classifier, error) {
	if problems == nil {
		problems = make([]string, len(correct))
	}
	err := errors.Join(opt.Validate(), checkRows(x, correct, problems))
	if err != nil {
		return nil, fmt.Errorf("fit probe: %w", err)
	}
	opt = opt.withDefaults()
	best, tried := opt.C[0], []Candidate(nil)
	if len(opt.C) > 1 {
		if tried, err = crossValidate(ctx, x, correct, problems, opt); err != nil {
			return nil, fmt.Errorf("fit probe: %w", err)
		}
		// Of equal losses the first, with the strongest penalty.
		best = slices.MinFunc(tried, func(a, b Candidate) int { return cmp.Compare(a.Loss, b.Loss) }).C
	}
	all := make([]int, len(correct))
	for i := range all {
		all[i] = i
	}
	fits, err := path(ctx, x, correct, all, []float64{best}, opt)
	if err != nil {
		return nil, fmt.Errorf("fit probe: %w", err)
	}
	c := fits[0]
	c.Candidates = tried
	return c, nil
}

// checkRows finds what no classifier can be fitted to.
func checkRows(x Features, correct []bool, problems []string) error {
	if err := x.check(); err != nil {
		return err
	}
	if n := x.Rows(); n != len(correct) || n != len(problems) {
		return fmt.Errorf("%d rows of features, %d verdicts and %d problems: expected as many of each", n, len(correct), len(problems))
	}
	if !mixed(correct) {
		return fmt.Errorf("expected right and wrong answers, found %d of one kind: there is nothing to tell apart", len(correct))
	}
	return nil
}

// mixed tells whether there are both right and wrong answers.
func mixed(correct []bool) bool {
	return slices.Contains(correct, true) && slices.Contains(correct, false)
}

// crossValidate gives each candidate's loss on unseen problems. A fold without which the answers are all right or all wrong is passed over.
func crossValidate(ctx context.Context, x Features, correct []bool, problems []string, opt Options) ([]Candidate, error) {
	folds, err := calibration.Folds(problems, opt.Folds, opt.Seed)
	if err != nil {
		return nil, fmt.Errorf("choose C of %v: %w; or give one C", opt.C, err)
	}
	tried := make([]Candidate, len(opt.C))
	seen := 0
	for fold := range slices.Max(folds) + 1 {
		var train, test []int
		var verdicts []bool
		for i, f := range folds {
			if f == fold {
				test = append(test, i)
			} else {
				train, verdicts = append(train, i), append(verdicts, correct[i])
			}
		}
		if !mixed(verdicts) {
			continue
		}
		fits, err := path(ctx, x, correct, train, opt.C, opt)
		if err != nil {
			return nil, fmt.Errorf("without fold %d: %w", fold, err)
		}
		for k, c := range fits {
			for _, i := range test {
				target := 0.0
				if correct[i] {
					target = 1
				}
				tried[k].Loss += logLoss(c.logOdds(x.row(i)), target)
			}
		}
		seen += len(test)
	}
	if seen == 0 {
		return nil, fmt.Errorf("choose C of %v: without any one of %d folds all answers are of one kind: give one C, or answers to more problems", opt.C, slices.Max(folds)+1)
	}
	for k := range tried {
		tried[k].C = opt.C[k]
		tried[k].Loss /= float64(seen)
	}
	return tried, nil
}

// path fits some rows with rising C, each fit starting from the one before.
func path(ctx context.Context, x Features, correct []bool, rows []int, cs []float64, opt Options) ([]*Classifier, error) {
	r := regression{x: x, correct: correct, rows: rows, scaling: x.scale(rows)}
	parameters := make([]float64, x.Hidden+1)
	var fits []*Classifier
	for _, c := range cs {
		r.penalty = 1 / (c * float64(len(rows)))
		next, gradient, err := r.minimize(ctx, parameters, opt)
		if err != nil {
			return nil, fmt.Errorf("fit with C = %v on %d rows: %w", c, len(rows), err)
		}
		parameters = next
		fit := &Classifier{Mean: r.scaling.mean, Scale: make([]float64, x.Hidden), Weights: slices.Clone(next[:x.Hidden]), Intercept: next[x.Hidden],
			C: c, Rows: len(rows), Gradient: gradient}
		for j, inverse := range r.scaling.inverse {
			fit.Scale[j] = 1
			if inverse > 0 {
				fit.Scale[j] = 1 / inverse
			}
		}
		fits = append(fits, fit)
	}
	return fits, nil
}
