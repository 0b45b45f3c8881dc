package track

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// MLflow's limits on a request and on a parameter's value.
const (
	mlflowMetrics = 1000
	mlflowParams  = 100
	mlflowValue   = 500
)

// OpenMLflow is a sink that sends figures and parameters to an MLflow server; samples are not sent. Only faulty options are an error:
// a goroutine of its own makes the run and sends, so a server that is slow, away or refuses costs points, never training. The first
// failure is a warning; the number of points that did not arrive is another one, at Close.
//
// mlflow.json in the run's folder remembers the run's id and the last step that the server has. A record that goes on continues that
// run and does not send those steps again, whose figures a resumed run repeats. The server cannot take anything back.
func OpenMLflow(dir string, after int, o MLflowOptions) (Sink, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	base, err := o.server()
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	m := &mlflow{opt: o, client: newMLflowClient(base, o.Timeout), queue: make(chan mlflowJob, o.Queue), done: make(chan struct{}),
		closing: make(chan struct{}), state: filepath.Join(dir, "mlflow.json"), started: time.Now(), sender: mlflowSender{kept: Fresh}}
	if after != Fresh {
		if err := m.load(); err != nil {
			return nil, fmt.Errorf("continue MLflow run: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	m.stop = cancel
	go m.work(ctx)
	return m, nil
}

type mlflow struct {
	opt     MLflowOptions
	client  *mlflowClient
	state   string // path of mlflow.json
	started time.Time

	mu      sync.Mutex // guards closed, refused and sends to queue
	closed  bool
	refused int // points that found the queue full
	queue   chan mlflowJob
	closing chan struct{} // closed by Close
	status  string        // set by Close: how the run ended
	stop    context.CancelFunc
	done    chan struct{} // closed when the goroutine has ended
	sender  mlflowSender  // the goroutine's, and Close's when it has ended
}

// mlflowState is what mlflow.json holds.
type mlflowState struct {
	Server string `json:"server"`
	Run    string `json:"run_id"`
	Step   int    `json:"step"` // last one that the server has
}

// mlflowJob is what one call recorded.
type mlflowJob struct {
	step    int // Fresh: parameters
	metrics []mlflowMetric
	params  []mlflowParam
}

func (j mlflowJob) points() int { return len(j.metrics) + len(j.params) }

// load reads the state of the run that goes on; without one, or with one of another server, a new run is made.
func (m *mlflow) load() error {
	raw, err := os.ReadFile(m.state)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var s mlflowState
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", m.state, err)
	}
	if s.Server == m.client.base.String() && s.Run != "" {
		m.sender = mlflowSender{run: s.Run, old: true, from: s.Step + 1, kept: s.Step}
	}
	return nil
}

func (m *mlflow) Scalars(step int, values map[string]float64) error {
	job := mlflowJob{step: step}
	now := time.Now().UnixMilli()
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if v := values[name]; finite(v) {
			job.metrics = append(job.metrics, mlflowMetric{mlflowKey(name), v, now, step})
		}
	}
	return m.add(job)
}

func (m *mlflow) Params(params map[string]string) error {
	job := mlflowJob{step: Fresh}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		value := params[name]
		if len(value) > mlflowValue {
			value = strings.ToValidUTF8(value[:mlflowValue-len("…")], "") + "…"
		}
		job.params = append(job.params, mlflowParam{mlflowKey(name), value})
	}
	return m.add(job)
}

func (m *mlflow) Samples(int, []Sample) error { return nil }

// add queues a job and never waits.
func (m *mlflow) add(job mlflowJob) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return fmt.Errorf("MLflow: step %d: %w", job.step, errClosed)
	}
	if job.points() == 0 {
		return nil
	}
	select {
	case m.queue <- job:
	default:
		m.refused += job.points()
	}
	return nil
}

// Flush does nothing: what waits for the server is lost with the process.
func (m *mlflow) Flush() error { return nil }

// Close sends what waits and how the run ended, for as long as the options' Patience lasts.
func (m *mlflow) Close(cause error) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return nil
	}
	m.closed = true
	m.status = "FINISHED"
	if errors.Is(cause, context.Canceled) {
		m.status = "KILLED"
	} else if cause != nil {
		m.status = "FAILED"
	}
	close(m.closing)
	close(m.queue)
	m.mu.Unlock()
	patience := time.AfterFunc(m.opt.Patience, m.stop)
	<-m.done
	patience.Stop()
	m.stop()
	if lost := m.sender.lost + m.refused; lost > 0 {
		m.opt.Logger.Warn("MLflow did not get all figures of the run; metrics.jsonl has them", "server", m.client.base.String(), "lost points", lost)
	}
	return nil
}

// mlflowKey makes a name that MLflow takes: letters, digits and _ - . space : /, and no path with empty or dotted parts.
func mlflowKey(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-. :/", r) {
			return r
		}
		return '_'
	}, name)
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}
