package evaluation

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// MeasureOptions say how answers are measured. The zero value measures as the reference does.
type MeasureOptions struct {
	// Name is what tables call the journal; "" stands for the model.
	Name string
	// Confidences to measure. Default: what the journal can tell.
	Confidences []Confidence
	// Policy reads stated confidences. Default verbal.Reference.
	Policy verbal.Policy
	// Bins of ECE, PCE and MCE. Default 20.
	Bins int
	// Bootstrap of the intervals.
	Bootstrap calibration.Bootstrap
	// NoIntervals leaves them out, which is much quicker.
	NoIntervals bool
}

func (o MeasureOptions) withDefaults() MeasureOptions {
	if o.Policy == "" {
		o.Policy = verbal.Reference
	}
	if o.Bins == 0 {
		o.Bins = calibration.DefaultBins
	}
	return o
}

// Validate reports every fault of the options at once.
func (o MeasureOptions) Validate() error {
	faults := []error{o.Policy.Validate()}
	if o.Bins < 0 || o.Bins > 1000 {
		faults = append(faults, fmt.Errorf("bins are %d, want 1 to 1000, or 0 for %d", o.Bins, calibration.DefaultBins))
	}
	for _, c := range o.Confidences {
		faults = append(faults, c.Validate())
	}
	return errors.Join(faults...)
}

// Open reads the journal in a folder, grades its answers and measures them. Texts stay in the file, so memory is small whatever the
// answers are. A journal that an evaluation is writing can be opened too: it tells what there is so far.
func Open(dir string, o MeasureOptions) (*Result, error) {
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("measure %s: %w", dir, err)
	}
	r := &Result{Dir: dir, Options: o.withDefaults(), asked: map[string]map[string]*journal.Problem{}}
	if err := r.read(); err != nil {
		return nil, err
	}
	if r.Name = o.Name; r.Name == "" {
		r.Name = filepath.ToSlash(r.Settings.Model)
	}
	if len(r.answers) == 0 {
		return nil, fmt.Errorf("measure %s: its journal holds no answers yet", dir)
	}
	vote(r.answers, r.problem)
	r.Missing, r.FailedNow = r.missing()
	if r.Methods = r.methods(); len(r.Methods) == 0 {
		return nil, fmt.Errorf("measure %s: its answers have none of the confidences %v", dir, r.Options.Confidences)
	}
	r.measure()
	return r, nil
}

// read grades the answers as they come from the file, where problems stand before them.
func (r *Result) read() error {
	place := map[journal.Key]int{} // of answers
	c, err := journal.Read(r.Dir, func(p *journal.Problem) {
		if r.asked[p.Benchmark] == nil {
			r.asked[p.Benchmark] = map[string]*journal.Problem{}
		}
		r.asked[p.Benchmark][p.ID] = p
	}, func(a *journal.Answer, at int64) error {
		p := r.problem(a.Key)
		if p == nil {
			return fmt.Errorf("an answer is to problem %q of %s, which does not stand before it", a.Problem, a.Benchmark)
		}
		if a.Check {
			return r.check(a, place)
		}
		place[a.Key] = len(r.answers)
		r.answers = append(r.answers, judge(a, p, r.Options.Policy, at))
		return nil
	})
	if err != nil {
		return err
	}
	r.Contents = *c
	r.order()
	return nil
}

// check takes in what the model says of an answer, which stands before it.
func (r *Result) check(a *journal.Answer, place map[journal.Key]int) error {
	k := a.Key
	k.Check = false
	at, ok := place[k]
	if !ok {
		return fmt.Errorf("a check is of sample %d of problem %q of %s, which does not stand before it", a.Sample, a.Problem, a.Benchmark)
	}
	r.answers[at].checked = true
	r.answers[at].PTrue, r.answers[at].HasPTrue = pTrue(a.First)
	return nil
}

// order sorts answers by benchmark, problem and sample, so that equal answers give equal figures however they came in.
func (r *Result) order() {
	place := map[string]map[string]int{}
	sets := map[string]int{}
	for i, b := range r.Benchmarks {
		sets[b.Name] = i
		place[b.Name] = map[string]int{}
		for k, p := range r.Problems[b.Name] {
			place[b.Name][p.ID] = k
		}
	}
	slices.SortStableFunc(r.answers, func(a, b Answer) int {
		if d := sets[a.Benchmark] - sets[b.Benchmark]; d != 0 {
			return d
		}
		if d := place[a.Benchmark][a.Problem] - place[b.Benchmark][b.Problem]; d != 0 {
			return d
		}
		return a.Sample - b.Sample
	})
}

// methods are what the journal can tell: stated confidences of answers to prompts that ask for them, or that hold some all the same; logits of
// answers to the bare problem, or to another prompt where there are none.
func (r *Result) methods() (out []Method) {
	prompts := promptsOf(r.answers)
	add := func(c Confidence, p verbal.Prompt) {
		if len(r.Options.Confidences) == 0 || slices.Contains(r.Options.Confidences, c) {
			out = append(out, Method{Confidence: c, Prompt: p})
		}
	}
	for _, p := range prompts {
		if asks(p) || r.any(p, func(a *Answer) bool { return a.HasStated }) {
			add(Verbal, p)
		}
	}
	bare := slices.Contains(prompts, verbal.PromptNone)
	for _, p := range prompts {
		if (p == verbal.PromptNone || !bare) && r.any(p, func(a *Answer) bool { return a.HasProbability }) {
			add(Logits, p)
		}
	}
	return out
}

// any tells whether an answer to a prompt is of a kind.
func (r *Result) any(p verbal.Prompt, is func(*Answer) bool) bool {
	for i := range r.answers {
		if a := &r.answers[i]; a.Prompt == p && is(a) {
			return true
		}
	}
	return false
}
