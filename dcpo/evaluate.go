package dcpo

import (
	"context"
	"fmt"
	"html"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// EvalOptions say how a model is evaluated. The zero value of each field takes its documented default.
type EvalOptions struct {
	Rows         int     // first so many problems of the task; 0: all (512 fresh ones of a synthetic task)
	Samples      int     // answers a problem; default 4
	Temperature  float64 // default 1: the policy as it is
	MaxNewTokens int     // default 256
	MaxRows      int     // answers decoded at once; default 256
	Seed         uint64
	Confidence   ConfidenceConfig
	Bins         int // of ECE and PCE; default 20
	// Done, if set, is told how many of all answers are ready.
	Done func(finished, all int)
}

func (o EvalOptions) withDefaults() EvalOptions {
	if o.Samples == 0 {
		o.Samples = 4
	}
	if o.Temperature == 0 {
		o.Temperature = 1
	}
	if o.Bins == 0 {
		o.Bins = calibration.DefaultBins
	}
	if o.Confidence.Policy == "" {
		o.Confidence.Policy = verbal.Last
	}
	return o
}

// Result is an evaluation.
type Result struct {
	Name     string // what the figures and tables call it; the model's name at first
	Task     string
	Answers  []calibration.Answer
	Rollouts []Rollout // every answer in full
	Summary  calibration.Summary
	ByLevel  map[string]calibration.Summary // by the problems' level
}

// Evaluate asks each problem Samples times and measures accuracy and calibration of the stated confidence, with 95 %
// bootstrap intervals clustered by problem.
func Evaluate(ctx context.Context, m *backend.Model, t *Task, opt EvalOptions) (*Result, error) {
	opt = opt.withDefaults()
	problems, err := t.Head(opt.Rows)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", m.Name, err)
	}
	rollouts, err := sample(ctx, m, t, problems, opt.Samples, backend.Sampling{Temperature: opt.Temperature,
		MaxNewTokens: opt.MaxNewTokens, MaxRows: opt.MaxRows, Seed: mix(opt.Seed, 0xe7a1), Done: opt.Done})
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", m.Name, err)
	}
	judge(t, opt.Confidence, rollouts)
	r := &Result{Name: m.Name, Task: t.Name, Rollouts: rollouts, ByLevel: map[string]calibration.Summary{}}
	byLevel := map[string][]calibration.Answer{}
	for i := range rollouts {
		a := rollouts[i].answer()
		r.Answers = append(r.Answers, a)
		if level := rollouts[i].Problem.Level; level != "" {
			byLevel[level] = append(byLevel[level], a)
		}
	}
	r.Summary = calibration.Bootstrap{Seed: opt.Seed}.Summarize(r.Answers, opt.Bins)
	for level, answers := range byLevel {
		r.ByLevel[level] = calibration.Summarize(answers, opt.Bins)
	}
	return r, nil
}

// Named returns the result under another name.
func (r *Result) Named(name string) *Result {
	c := *r
	c.Name = name
	return &c
}

// String is the result's summary as text.
func (r *Result) String() string {
	return fmt.Sprintf("%s on %s\n%s", r.Name, r.Task, r.Summary)
}

// MIMEBundle shows the summary as a table in a notebook.
func (r *Result) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": r.String(), "text/html": "<pre>" + html.EscapeString(r.String()) + "</pre>"}
}
