package track

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Names in an event file.
const (
	eventsVersion = "brain.Event:2"
	eventsPrefix  = "events.out.tfevents."
	paramsTag     = "params"
	samplesTag    = "samples"
)

// OpenTensorBoard is a sink that writes an event file for TensorBoard in the folder tensorboard of the run's: figures as scalars,
// parameters and samples as tables in its text page. Undefined and infinite figures are left out. A record that goes on after a step
// gets another file, which begins by telling TensorBoard to forget what the earlier files hold of later steps; Fresh tells it to
// forget all.
func OpenTensorBoard(dir string, after int) (Sink, error) {
	dir = filepath.Join(dir, "tensorboard")
	t := &tensorBoard{}
	earlier, err := t.create(dir)
	if err != nil {
		return nil, fmt.Errorf("open event file: %w", err)
	}
	t.hasParams = after >= 0 && earlier > 0
	now := time.Now()
	head := appendTFRecord(nil, event(now, 0, eventFileVersion, []byte(eventsVersion)))
	head = appendTFRecord(head, event(now, after+1, eventSessionLog, appendVarint(nil, sessionStatus, sessionStart)))
	if _, err := t.f.Write(head); err != nil {
		return nil, errors.Join(fmt.Errorf("open event file: %w", err), t.f.Close())
	}
	return t, nil
}

type tensorBoard struct {
	mu sync.Mutex
	f  *os.File // nil when closed
	// hasParams: an earlier file has the parameters.
	hasParams bool
}

// create makes the file and counts those that are there already. TensorBoard reads the files of a folder in the order of their names, which begin with a time in seconds, so
// it is put after all that are there, also when they are of the same second or the clock went back.
func (t *tensorBoard) create(dir string) (int, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, err
	}
	there, err := filepath.Glob(filepath.Join(dir, eventsPrefix+"*"))
	if err != nil {
		return 0, err
	}
	stamp := time.Now().Unix()
	for _, path := range there {
		var s int64
		if _, err := fmt.Sscanf(strings.TrimPrefix(filepath.Base(path), eventsPrefix), "%d", &s); err == nil {
			stamp = max(stamp, s+1)
		}
	}
	name := filepath.Join(dir, fmt.Sprintf("%s%010d.godcpo.%d", eventsPrefix, stamp, os.Getpid()))
	t.f, err = os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	return len(there), err
}

func (t *tensorBoard) Scalars(step int, values map[string]float64) error {
	var summary []byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if v := values[name]; finite(v) {
			summary = append(summary, scalarValue(name, v)...)
		}
	}
	return t.write(step, summary)
}

func (t *tensorBoard) Samples(step int, rows []Sample) error {
	if len(rows) == 0 {
		return nil
	}
	return t.write(step, textValue(samplesTag, samplesMarkdown(rows)))
}

func (t *tensorBoard) Params(params map[string]string) error {
	if t.hasParams {
		return nil
	}
	return t.write(0, textValue(paramsTag, paramsMarkdown(params)))
}

// write adds a summary in one call, so that a killed process leaves no part of it but at the file's end, where readers expect one.
func (t *tensorBoard) write(step int, summary []byte) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f == nil {
		return fmt.Errorf("event of step %d: %w", step, errClosed)
	}
	if step < 0 {
		return fmt.Errorf("event of step %d: steps begin at 0", step)
	}
	if _, err := t.f.Write(appendTFRecord(nil, event(time.Now(), step, eventSummary, summary))); err != nil {
		return fmt.Errorf("write event: %w", err)
	}
	return nil
}

func (t *tensorBoard) Flush() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f == nil {
		return errClosed
	}
	return t.f.Sync()
}

func (t *tensorBoard) Close(error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.f == nil {
		return nil
	}
	f := t.f
	t.f = nil
	return errors.Join(f.Sync(), f.Close())
}
