package track

import (
	"errors"
	"math"
)

// Sink takes the figures and samples of a run. Steps must not go back; several calls for one step add to each other. What a sink
// does not keep it ignores. Its methods may be called from several goroutines.
type Sink interface {
	// Params records the settings of the run, once, before its first step.
	Params(params map[string]string) error
	// Scalars records figures of a step by name. An undefined one is NaN.
	Scalars(step int, values map[string]float64) error
	// Samples records a few of a step's rollouts; see Choose.
	Samples(step int, rows []Sample) error
	// Flush makes what was recorded so far survive the process, as is due before a checkpoint. It does not wait for a server.
	Flush() error
	// Close ends the record. cause is what ended the run: nil where it is complete, context.Canceled where it was interrupted. A
	// second Close does nothing; anything else after a Close is an error.
	Close(cause error) error
}

// Fresh as the last step that stays begins a record anew.
const Fresh = -1

// errClosed answers whoever records something after Close.
var errClosed = errors.New("the record of the run is closed")

// Multi is a sink that passes everything on to all sinks, to the others where one fails, and joins their errors. Nil ones are left out.
func Multi(sinks ...Sink) Sink {
	var m multi
	for _, s := range sinks {
		if s != nil {
			m = append(m, s)
		}
	}
	return m
}

type multi []Sink

func (m multi) each(do func(Sink) error) error {
	var faults []error
	for _, s := range m {
		faults = append(faults, do(s))
	}
	return errors.Join(faults...)
}

func (m multi) Params(params map[string]string) error {
	return m.each(func(s Sink) error { return s.Params(params) })
}

func (m multi) Scalars(step int, values map[string]float64) error {
	return m.each(func(s Sink) error { return s.Scalars(step, values) })
}

func (m multi) Samples(step int, rows []Sample) error {
	return m.each(func(s Sink) error { return s.Samples(step, rows) })
}

func (m multi) Flush() error { return m.each(Sink.Flush) }

func (m multi) Close(cause error) error {
	return m.each(func(s Sink) error { return s.Close(cause) })
}

// finite reports whether trackers that have no word for "undefined" can take the figure.
func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
