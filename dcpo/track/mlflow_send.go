package track

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
)

// Waits between attempts at a server that does not answer grow from the options' Patience / 15, 1 s by default, to this; and so many
// attempts are made after Close.
const (
	mlflowLongestWait = time.Minute
	mlflowLastTries   = 3
)

// mlflowSender is the goroutine's own state.
type mlflowSender struct {
	run    string // id; "" until it is made
	begun  bool   // the run is known to the server and runs
	old    bool   // the run was made by an earlier process, so it has its parameters
	from   int    // first step to send
	kept   int    // mlflow.json says that the server has the steps up to here
	lost   int    // points
	late   int    // attempts since Close
	warned bool
}

// work sends what is queued. It waits for jobs and for the server; Close unblocks it by closing the queue and, when its patience is
// over, by ending ctx. What cannot be sent then is counted as lost.
func (m *mlflow) work(ctx context.Context) {
	defer close(m.done)
	for job := range m.queue {
		m.deliver(ctx, m.gather(job))
	}
	if m.sender.run != "" {
		m.persist(ctx, func() error { return m.client.updateRun(ctx, m.sender.run, m.status, time.Now()) })
	}
}

// gather adds figures that wait already to the first ones, to save requests.
func (m *mlflow) gather(job mlflowJob) mlflowJob {
	for len(job.metrics) < mlflowMetrics/2 {
		select {
		case next, ok := <-m.queue:
			if !ok {
				return job
			}
			job.metrics = append(job.metrics, next.metrics...)
			job.params = append(job.params, next.params...)
			job.step = max(job.step, next.step)
		default:
			return job
		}
	}
	return job
}

// deliver sends a job in as many requests as the server's limits need.
func (m *mlflow) deliver(ctx context.Context, job mlflowJob) {
	s := &m.sender
	job.metrics = slices.DeleteFunc(job.metrics, func(p mlflowMetric) bool { return p.Step < s.from })
	if s.old {
		job.params = nil // they cannot be changed
	}
	for params := range slices.Chunk(job.params, mlflowParams) {
		m.send(ctx, nil, params)
	}
	for metrics := range slices.Chunk(job.metrics, mlflowMetrics) {
		m.send(ctx, metrics, nil)
	}
	if done := job.step - 1; done > s.kept && s.begun { // more figures of the step itself may follow
		s.kept = done
		m.save()
	}
}

func (m *mlflow) send(ctx context.Context, metrics []mlflowMetric, params []mlflowParam) {
	ok := m.persist(ctx, func() error {
		if err := m.begin(ctx); err != nil {
			return err
		}
		return m.client.logBatch(ctx, m.sender.run, metrics, params)
	})
	if !ok {
		m.sender.lost += len(metrics) + len(params)
	}
}

// persist makes a request until it succeeds, with growing waits. It gives up where the server refuses the request, and soon after
// Close.
func (m *mlflow) persist(ctx context.Context, request func() error) bool {
	closing := m.closing
	shortest := m.opt.Patience / 15
	for wait := shortest; ; wait = min(2*wait, mlflowLongestWait) {
		if ctx.Err() != nil {
			return false
		}
		err := request()
		if err == nil {
			return true
		}
		m.warn(err)
		if hopeless(err) {
			return false
		}
		if isClosed(m.closing) {
			closing, wait = nil, shortest
			if m.sender.late++; m.sender.late >= mlflowLastTries {
				m.stop() // the rest is lost, too
				return false
			}
		}
		select {
		case <-ctx.Done():
		case <-closing:
		case <-time.After(wait):
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// begin makes the run, or wakes the one that goes on; a run that the server has forgotten is made anew.
func (m *mlflow) begin(ctx context.Context) error {
	s := &m.sender
	if s.begun {
		return nil
	}
	if s.run != "" {
		err := m.client.updateRun(ctx, s.run, "RUNNING", time.Time{})
		var e *mlflowError
		if !errors.As(err, &e) || e.status != http.StatusNotFound {
			s.begun = err == nil
			return err
		}
	}
	experiment, err := m.client.experiment(ctx, m.opt.Experiment)
	if err != nil {
		return err
	}
	if s.run, err = m.client.createRun(ctx, experiment, m.opt.Run, m.started); err != nil {
		return err
	}
	s.begun, s.old, s.from = true, false, 0
	m.save()
	return nil
}

// save writes mlflow.json. Without it a resumed run begins another run on the server, which is no reason to fail.
func (m *mlflow) save() {
	raw, err := json.Marshal(mlflowState{m.client.base.String(), m.sender.run, m.sender.kept})
	if err == nil {
		err = replaceFile(m.state, append(raw, '\n'))
	}
	if err != nil {
		m.warn(err)
	}
}

// warn tells of the first failure.
func (m *mlflow) warn(err error) {
	if !m.sender.warned {
		m.sender.warned = true
		m.opt.Logger.Warn("MLflow does not take the run's figures; training goes on, and they wait for it", "server", m.client.base.String(), "cause", err)
	}
}
