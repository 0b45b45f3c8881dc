package dcpo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/probe"
	"github.com/dcpo-go/godcpo/dcpo/recalibrate"
)

// FitConfClass trains a classifier of right and wrong answers on the model's last hidden states: a baseline that needs no stated
// confidence. answers are an evaluation on problems that it will not be measured on.
func FitConfClass(ctx context.Context, m *backend.Model, answers *Result, seed uint64) (*probe.Classifier, error) {
	x, err := lastHidden(ctx, m, answers)
	if err != nil {
		return nil, err
	}
	correct, problems := make([]bool, len(answers.Rollouts)), make([]string, len(answers.Rollouts))
	for i := range answers.Rollouts {
		correct[i], problems[i] = answers.Rollouts[i].Verdict.Correct, strconv.Itoa(answers.Rollouts[i].Group)
	}
	c, err := probe.Fit(ctx, x, correct, problems, probe.Options{Seed: seed})
	if err != nil {
		return nil, fmt.Errorf("confidence classifier: %w", err)
	}
	return c, nil
}

// ConfClass returns the answers with a classifier's probabilities as their confidences. The model is the one that gave them.
func (r *Result) ConfClass(ctx context.Context, m *backend.Model, c *probe.Classifier, name string) (*Result, error) {
	x, err := lastHidden(ctx, m, r)
	if err != nil {
		return nil, err
	}
	return r.WithConfidences(name, c.Probabilities(x))
}

// lastHidden are the hidden states of each response's last token.
func lastHidden(ctx context.Context, m *backend.Model, r *Result) (probe.Features, error) {
	seqs, window := make([]sequence, len(r.Rollouts)), 1
	for i := range r.Rollouts {
		one := &r.Rollouts[i].Response
		if len(one.Prompt) == 0 || len(one.Tokens) == 0 {
			return probe.Features{}, fmt.Errorf("hidden states of %s: answer %d has no tokens", r.Name, i+1)
		}
		seqs[i] = sequence{one.Prompt, one.Tokens}
		window = max(window, len(one.Tokens))
	}
	b := packSequences(seqs, window)
	at := make([]int, b.Rows)
	for i, s := range seqs {
		at[i] = b.Seq - window + len(s.response) - 1
	}
	values, err := m.Hidden(ctx, b, at, 256)
	if err != nil {
		return probe.Features{}, fmt.Errorf("hidden states of %s: %w", r.Name, err)
	}
	return probe.Features{Hidden: m.Config.HiddenSize, Values: values}, nil
}

// Recalibrated returns the answers with their stated confidences mapped by what was fitted on other answers of the model: what can be
// had after the fact, without training.
func (r *Result) Recalibrated(other *Result, method recalibrate.Method, name string) (*Result, error) {
	m, err := recalibrate.Fit(other.Answers, method)
	if err != nil {
		return nil, fmt.Errorf("recalibrate %s: %w", r.Name, err)
	}
	c := r.Named(name)
	c.measure(recalibrate.Apply(m, append([]calibration.Answer(nil), r.Answers...)))
	return c, nil
}
