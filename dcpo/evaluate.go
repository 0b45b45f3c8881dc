package dcpo

import (
	"context"
	"fmt"
	"html"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/config"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// EvalOptions say how a model is evaluated. The zero value of each field takes its documented default.
type EvalOptions struct {
	Rows         int     // first so many problems of the task; 0: all (512 fresh ones of a synthetic task)
	Samples      int     // answers a problem; default 4
	Temperature  float64 // default 1: the policy as it is
	TopK         int     // 0: all tokens
	TopP         float64 // 0: all tokens
	MaxNewTokens int     // default 256
	MaxRows      int     // answers decoded at once; default 256
	Seed         uint64
	Confidence   config.Confidence
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

	bins int
	seed uint64
}

// Evaluate asks each problem Samples times and measures accuracy and calibration of the stated confidence, with 95 %
// bootstrap intervals clustered by problem.
func Evaluate(ctx context.Context, m *backend.Model, t *Task, opt EvalOptions) (*Result, error) {
	opt = opt.withDefaults()
	problems, err := t.Head(opt.Rows)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", m.Name, err)
	}
	rollouts, err := ask(ctx, embedded{m}, m, t, problems, opt.Samples, backend.Sampling{Temperature: opt.Temperature, TopK: opt.TopK, TopP: opt.TopP,
		MaxNewTokens: opt.MaxNewTokens, MaxRows: opt.MaxRows, Seed: mix(opt.Seed, 0xe7a1), Done: opt.Done})
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", m.Name, err)
	}
	judge(t, opt.Confidence, rollouts)
	answers := make([]calibration.Answer, len(rollouts))
	for i := range rollouts {
		answers[i] = rollouts[i].answer()
	}
	r := &Result{Name: m.Name, Task: t.Name, Rollouts: rollouts, bins: opt.Bins, seed: opt.Seed}
	r.measure(answers)
	return r, nil
}

// measure summarises answers, one for each rollout.
func (r *Result) measure(answers []calibration.Answer) {
	r.Answers = answers
	r.Summary = calibration.Bootstrap{Seed: r.seed}.Summarize(answers, r.bins)
	byLevel := map[string][]calibration.Answer{}
	for i, a := range answers {
		if level := r.Rollouts[i].Problem.Level; level != "" {
			byLevel[level] = append(byLevel[level], a)
		}
	}
	r.ByLevel = map[string]calibration.Summary{}
	for level, answers := range byLevel {
		r.ByLevel[level] = calibration.Summarize(answers, r.bins)
	}
}

// WithConfidences returns the same answers under other confidences than the stated ones, one for each of Rollouts: those of a
// classifier, say.
func (r *Result) WithConfidences(name string, confidences []float64) (*Result, error) {
	if len(confidences) != len(r.Answers) {
		return nil, fmt.Errorf("result %s: it has %d answers, but %d confidences were given", r.Name, len(r.Answers), len(confidences))
	}
	c := r.Named(name)
	answers := slices.Clone(r.Answers)
	for i := range answers {
		answers[i].Confidence, answers[i].HasConfidence = confidences[i], true
	}
	c.measure(answers)
	return c, nil
}

// Logits returns the same answers with the model's own probability of them as their confidence: exp of the mean log-prob of the
// response's tokens, as the reference's "logits".
func (r *Result) Logits(name string) *Result {
	confidences := make([]float64, len(r.Rollouts))
	for i := range r.Rollouts {
		confidences[i] = math.Exp(meanLogProb(r.Rollouts[i].Response.LogProbs))
	}
	c, err := r.WithConfidences(name, confidences)
	if err != nil {
		panic(err) // there is one for each rollout
	}
	return c
}

// meanLogProb is the mean over a response's tokens, in nats; 0 for none.
func meanLogProb(logProbs []float32) (mean float64) {
	for _, x := range logProbs {
		mean += float64(x) / float64(len(logProbs))
	}
	return mean
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
