package track

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"sync/atomic"
)

// Bounds of what the writer of samples holds.
const (
	samplesQueue = 64  // steps that wait to be written
	samplesShown = 200 // newest samples in samples.html
)

// OpenSamples is a sink that writes samples.jsonl, a rollout a line, and samples.html, a table of the newest 200, in the run's
// folder. A goroutine of its own writes: Samples returns at once, and where 64 steps wait already, as on a disk that hangs, it drops
// the step's samples and Close says how many were lost. Flush waits until all are written. Lines of steps after the given one are cut
// off. Figures and parameters are not kept.
func OpenSamples(dir string, after int) (Sink, error) {
	s := &samples{page: filepath.Join(dir, "samples.html"), jobs: make(chan samplesJob, samplesQueue), done: make(chan struct{})}
	lines, err := openLines(filepath.Join(dir, "samples.jsonl"), after, s.remember)
	if err != nil {
		return nil, fmt.Errorf("open samples: %w", err)
	}
	s.lines = lines
	go s.work()
	return s, nil
}

type samples struct {
	page  string
	lines *lineFile
	shown []Sample // newest last; only the goroutine touches it

	mu      sync.Mutex // guards closed, dropped and sends to jobs; never needed by the goroutine, which makes room in jobs
	closed  bool
	dropped int
	jobs    chan samplesJob
	done    chan struct{}         // closed when the goroutine has ended
	fault   atomic.Pointer[error] // the first that the goroutine met
}

// samplesJob are rows to write, or a wish to be told when all before it are written.
type samplesJob struct {
	step    int
	rows    []Sample
	written chan<- struct{}
}

// remember takes a line of an earlier run for the page.
func (s *samples) remember(line []byte) {
	var one Sample
	if json.Unmarshal(line, &one) == nil { // a line of another version is not shown, but stays in the file
		s.show(one)
	}
}

func (s *samples) show(one Sample) {
	if len(s.shown) == samplesShown {
		s.shown = append(s.shown[:0], s.shown[1:]...)
	}
	s.shown = append(s.shown, one)
}

// work writes what is queued. It waits for jobs, and ends when Close has closed their channel.
func (s *samples) work() {
	defer close(s.done)
	stale := false // the page lacks something
	for job := range s.jobs {
		for _, row := range job.rows {
			s.failed(s.write(job.step, row))
			stale = true
		}
		if stale && (len(s.jobs) == 0 || job.written != nil) {
			s.failed(writePage(s.page, s.shown))
			stale = false
		}
		if job.written != nil {
			s.failed(s.lines.sync())
			close(job.written)
		}
	}
}

func (s *samples) write(step int, row Sample) error {
	row.Step = step
	raw, err := json.Marshal(row)
	if err != nil {
		return err
	}
	if err := s.lines.append(step, raw); err != nil {
		return err
	}
	s.show(row)
	return nil
}

// failed keeps the first error.
func (s *samples) failed(err error) {
	if err != nil {
		err = fmt.Errorf("write samples: %w", err)
		s.fault.CompareAndSwap(nil, &err)
	}
}

// failure is the first error so far.
func (s *samples) failure() error {
	if err := s.fault.Load(); err != nil {
		return *err
	}
	return nil
}

// Samples returns the first error of earlier writes.
func (s *samples) Samples(step int, rows []Sample) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("samples of step %d: %w", step, errClosed)
	}
	select {
	case s.jobs <- samplesJob{step: step, rows: append([]Sample(nil), rows...)}:
	default:
		s.dropped += len(rows)
	}
	return s.failure()
}

func (s *samples) Params(map[string]string) error { return nil }

func (s *samples) Scalars(int, map[string]float64) error { return nil }

// Flush waits until everything is on the disk.
func (s *samples) Flush() error {
	written := make(chan struct{})
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return errClosed
	}
	s.jobs <- samplesJob{written: written}
	s.mu.Unlock()
	<-written
	return s.failure()
}

func (s *samples) Close(error) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.jobs)
	s.mu.Unlock()
	<-s.done
	err := s.failure()
	if s.dropped > 0 {
		err = errors.Join(err, fmt.Errorf("samples: %d were not written, for the disk was too slow", s.dropped))
	}
	return errors.Join(err, s.lines.close())
}

// writePage replaces the page.
func writePage(path string, rows []Sample) error {
	return replaceWith(path, func(w io.Writer) error { return samplesPage.Execute(w, newestFirst(rows)) })
}
