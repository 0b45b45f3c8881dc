package track

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"sync"
)

// stepKey is the member of a line that holds its step.
const stepKey = "step"

// OpenJSONL is a sink that writes metrics.jsonl in the run's folder: one object a step with its members sorted, undefined or
// infinite figures null. Each call reaches the file before it returns. Lines of steps after the given one are cut off, and so is
// a last line that a killed process left torn. Samples and parameters are not kept.
func OpenJSONL(dir string, after int) (Sink, error) {
	j := &jsonl{}
	var last []byte
	lines, err := openLines(filepath.Join(dir, "metrics.jsonl"), after, func(line []byte) { last = append(last[:0], line...) })
	if err != nil {
		return nil, fmt.Errorf("open metrics: %w", err)
	}
	j.lines = lines
	if last != nil {
		if err := json.Unmarshal(last, &j.last); err != nil {
			return nil, errors.Join(fmt.Errorf("open metrics: last line: %w", err), lines.close())
		}
	}
	return j, nil
}

type jsonl struct {
	mu    sync.Mutex
	lines *lineFile // nil when closed
	last  map[string]json.RawMessage
}

func (j *jsonl) Scalars(step int, values map[string]float64) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		return fmt.Errorf("metrics of step %d: %w", step, errClosed)
	}
	if _, ok := values[stepKey]; ok {
		return fmt.Errorf("metrics of step %d: a figure is called %q, which is the name of the step itself", step, stepKey)
	}
	more := j.last != nil && step == j.lines.step
	line := map[string]json.RawMessage{}
	if more {
		for name, v := range j.last {
			line[name] = v
		}
	}
	line[stepKey] = number(float64(step))
	for name, v := range values {
		line[name] = number(v)
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return err
	}
	if more {
		err = j.lines.replace(raw)
	} else {
		err = j.lines.append(step, raw)
	}
	if err != nil {
		return fmt.Errorf("write metrics: %w", err)
	}
	j.last = line
	return nil
}

// number is a figure as JSON, which has no word for undefined or infinite ones.
func number(v float64) json.RawMessage {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return json.RawMessage("null")
	}
	raw, _ := json.Marshal(v) // a finite number always has a form
	return raw
}

func (j *jsonl) Params(map[string]string) error { return j.open() }

func (j *jsonl) Samples(int, []Sample) error { return j.open() }

func (j *jsonl) open() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		return errClosed
	}
	return nil
}

func (j *jsonl) Flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		return errClosed
	}
	return j.lines.sync()
}

func (j *jsonl) Close(error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.lines == nil {
		return nil
	}
	lines := j.lines
	j.lines = nil
	return lines.close()
}
