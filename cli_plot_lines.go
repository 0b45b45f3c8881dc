package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/dcpo-go/godcpo/dcpo/calibration"
	"github.com/dcpo-go/godcpo/dcpo/figure"
	"github.com/spf13/cobra"
)

// methods collects what lines hold by what it is of: the method that the line names, or the input.
type methods[T any] struct {
	names []string
	of    map[string][]T
	heads map[plotSource]string // names that saved evaluations give themselves
	found map[plotSource]bool   // inputs that hold something
}

// readMethods reads a T of each line that has the field; the first line of a saved evaluation has none, but its name.
func readMethods[T any](cmd *cobra.Command, in []string, field string, item func(*record) (T, error)) (m methods[T], bad, err error) {
	m = methods[T]{of: map[string][]T{}, heads: map[plotSource]string{}, found: map[plotSource]bool{}}
	sources, bad, err := readPlot(cmd, in, func(s plotSource, r *record) error {
		var name, method text
		if !r.has(field) {
			if r.number > 1 || !r.has("name") || !r.has("task") {
				return fmt.Errorf("expected a field %q", field)
			}
			err := r.read(map[string]any{"name": &name})
			m.heads[s] = string(name)
			return err
		}
		if err := r.read(map[string]any{"method": &method}); err != nil {
			return err
		}
		one, err := item(r)
		if err == nil {
			m.add(s, method, one)
		}
		return err
	})
	for _, s := range sources {
		if !m.found[s] { // an empty file is one of a method that has answered nothing
			m.add(s, "")
		}
	}
	return m, bad, err
}

// add puts items under the name of their method.
func (m *methods[T]) add(s plotSource, method text, items ...T) {
	name := cmp.Or(string(method), m.heads[s], s.name)
	if s.given {
		name = s.name
		if method != "" {
			name += ", " + string(method)
		}
	}
	if _, known := m.of[name]; !known {
		m.names = append(m.names, name)
	}
	m.of[name] = append(m.of[name], items...)
	m.found[s] = true
}

// readAnswers reads graded answers, by method.
func readAnswers(cmd *cobra.Command, in []string) (results []figure.Named, bad, err error) {
	m, bad, err := readMethods(cmd, in, "correct", answerOf)
	for _, name := range m.names {
		results = append(results, figure.Named{Name: name, Answers: m.of[name]})
	}
	return results, bad, err
}

func answerOf(r *record) (calibration.Answer, error) {
	if _, ok := r.fields["confidence"]; !ok {
		return calibration.Answer{}, errors.New(`expected a field "confidence", a number, or null where none was stated`)
	}
	var right verdict
	var problem, group text
	a := calibration.Answer{HasConfidence: r.has("confidence")}
	err := r.read(map[string]any{"confidence": &a.Confidence, "correct": &right, "problem": &problem, "group": &group})
	a.Correct, a.Problem = bool(right), string(cmp.Or(problem, group))
	return a, err
}

// readResponses reads the log-probs of responses, by method.
func readResponses(cmd *cobra.Command, in []string) (models []figure.Responses, bad, err error) {
	m, bad, err := readMethods(cmd, in, "logprobs", logProbsOf)
	for _, name := range m.names {
		models = append(models, figure.Responses{Name: name, LogProbs: m.of[name]})
	}
	return models, bad, err
}

func logProbsOf(r *record) ([]float64, error) {
	var values []*float64
	if err := r.read(map[string]any{"logprobs": &values}); err != nil {
		return nil, err
	}
	logProbs := make([]float64, len(values))
	for i, v := range values {
		switch {
		case v == nil:
			logProbs[i] = math.NaN()
		case *v > 1e-3: // rounding may lift that of a certain token a little
			return nil, fmt.Errorf(`field "logprobs": value %d is %v: expected 0 or less`, i, *v)
		default:
			logProbs[i] = *v
		}
	}
	return logProbs, nil
}

// readRuns reads the metrics of runs, one an input.
func readRuns(cmd *cobra.Command, in []string) (runs []figure.Run, bad, err error) {
	steps := map[string]map[float64]map[string]float64{} // by run and step
	sources, bad, err := readPlot(cmd, in, func(s plotSource, r *record) error {
		step, values, err := stepOf(r)
		if err != nil {
			return err
		}
		if steps[s.name] == nil {
			steps[s.name] = map[float64]map[string]float64{}
		}
		steps[s.name][step] = values
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	for i, s := range sources {
		if slices.ContainsFunc(sources[:i], func(o plotSource) bool { return o.name == s.name }) {
			return nil, nil, usageError(fmt.Errorf("two runs are named %q: give each a name of its own", s.name))
		}
		runs = append(runs, runOf(s.name, steps[s.name]))
	}
	return runs, bad, nil
}

// stepOf gives a line's step and numbers; null is NaN, and what is no number is passed over.
func stepOf(r *record) (step float64, values map[string]float64, err error) {
	if !r.has("step") {
		return 0, nil, errors.New(`expected a field "step"`)
	}
	if err := r.read(map[string]any{"step": &step}); err != nil {
		return 0, nil, err
	}
	values = map[string]float64{}
	for name, raw := range r.fields {
		v := math.NaN()
		if name == "step" || name == "id" || string(raw) != "null" && json.Unmarshal(raw, &v) != nil {
			continue
		}
		values[name] = v
	}
	return step, values, nil
}

// runOf puts steps in order.
func runOf(name string, steps map[float64]map[string]float64) figure.Run {
	run := figure.Run{Name: name, Steps: slices.Sorted(maps.Keys(steps)), Values: map[string][]float64{}}
	for i, step := range run.Steps {
		for name, v := range steps[step] {
			if run.Values[name] == nil {
				run.Values[name] = slices.Repeat([]float64{math.NaN()}, len(run.Steps))
			}
			run.Values[name][i] = v
		}
	}
	return run
}

// verdict is true, false, 1 or 0.
type verdict bool

func (v *verdict) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case "true", "1", "1.0":
		*v = true
	case "false", "0", "0.0":
		*v = false
	default:
		return fmt.Errorf("expected true, false, 1 or 0, found %s", abridged(raw))
	}
	return nil
}

// text is a string, or a number as it is written.
type text string

func (t *text) UnmarshalJSON(raw []byte) error {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		*t = text(s)
		return nil
	}
	var n json.Number
	if err := json.Unmarshal(raw, &n); err != nil {
		return fmt.Errorf("expected a string or a number, found %s", abridged(raw))
	}
	*t = text(n.String())
	return nil
}
