package alarm

import "errors"

// window is how many steps a Monitor remembers.
const window = 50

// Monitor watches a run step by step. Its methods are for one goroutine.
type Monitor struct {
	opt  Options
	past []Figures      // at most window, the oldest first
	said map[string]int // the step in which each warning was last given
}

// NewMonitor fails on faulty options.
func NewMonitor(o Options) (*Monitor, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &Monitor{opt: o.withDefaults(), said: map[string]int{}}, nil
}

// Step checks a step and remembers it. It returns the warnings that were not given in the last Options.Every steps, and an error where
// one of those found says that training should stop, however often.
func (m *Monitor) Step(f Figures) ([]Warning, error) {
	var fresh []Warning
	var stop []error
	for _, w := range Check(m.opt, m.past, f) {
		if w.Stop {
			stop = append(stop, errors.New(w.String()))
		}
		if last, ok := m.said[w.Name]; ok && f.Step >= last && f.Step < last+m.opt.Every {
			continue
		}
		m.said[w.Name] = f.Step
		fresh = append(fresh, w)
	}
	f.Confidences = nil // not compared with, and many
	if len(m.past) == window {
		m.past = append(m.past[:0], m.past[1:]...)
	}
	m.past = append(m.past, f)
	return fresh, errors.Join(stop...)
}
