package track

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// fakeMLflow is a server with MLflow's routes and limits. refuse, if set, may answer a request in its place.
type fakeMLflow struct {
	t      *testing.T
	refuse func(path string) int // an HTTP status, or 0

	mu          sync.Mutex
	requests    []string
	experiments map[string]string
	runs        map[string]*fakeRun
}

type fakeRun struct {
	experiment, name, status string
	metrics                  []mlflowMetric
	params                   map[string]string
}

func newFakeMLflow(t *testing.T) (*fakeMLflow, *httptest.Server) {
	f := &fakeMLflow{t: t, experiments: map[string]string{}, runs: map[string]*fakeRun{}}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	return f, server
}

func (f *fakeMLflow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	path := strings.TrimPrefix(r.URL.Path, "/api/2.0/mlflow/")
	f.requests = append(f.requests, path)
	if r.Header.Get("Authorization") != "Bearer secret-token" {
		answer(w, http.StatusUnauthorized, map[string]string{"error_code": "UNAUTHENTICATED"})
		return
	}
	if f.refuse != nil {
		if status := f.refuse(path); status != 0 {
			answer(w, status, map[string]string{"error_code": "REFUSED", "message": "by the test"})
			return
		}
	}
	var in struct {
		Name         string
		ExperimentID string `json:"experiment_id"`
		RunName      string `json:"run_name"`
		RunID        string `json:"run_id"`
		Status       string
		Metrics      []mlflowMetric
		Params       []mlflowParam
	}
	if r.Method == http.MethodPost {
		raw, err := io.ReadAll(r.Body)
		if err := errors.Join(err, json.Unmarshal(raw, &in)); err != nil || bytes.Contains(raw, []byte("null")) { // MLflow 3 fails at null
			f.t.Errorf("%s: %v in %s", path, err, raw)
		}
	}
	run := f.runs[in.RunID]
	missing := func() { answer(w, http.StatusNotFound, map[string]string{"error_code": "RESOURCE_DOES_NOT_EXIST"}) }
	switch path {
	case "experiments/get-by-name":
		id, ok := f.experiments[r.URL.Query().Get("experiment_name")]
		if !ok {
			missing()
			return
		}
		answer(w, 200, map[string]any{"experiment": map[string]string{"experiment_id": id}})
	case "experiments/create":
		f.experiments[in.Name] = fmt.Sprint("e", len(f.experiments))
		answer(w, 200, map[string]string{"experiment_id": f.experiments[in.Name]})
	case "runs/create":
		id := fmt.Sprint("r", len(f.runs))
		f.runs[id] = &fakeRun{experiment: in.ExperimentID, name: in.RunName, status: "RUNNING", params: map[string]string{}}
		answer(w, 200, map[string]any{"run": map[string]any{"info": map[string]string{"run_id": id}}})
	case "runs/update":
		if run == nil {
			missing()
			return
		}
		run.status = in.Status
		answer(w, 200, struct{}{})
	case "runs/log-batch":
		if run == nil || len(in.Metrics) > 1000 || len(in.Params) > 100 || len(in.Metrics)+len(in.Params) > 1000 {
			f.t.Errorf("log-batch of %d metrics and %d parameters to run %q", len(in.Metrics), len(in.Params), in.RunID)
		}
		run.metrics = append(run.metrics, in.Metrics...)
		for _, p := range in.Params {
			run.params[p.Key] = p.Value
		}
		answer(w, 200, struct{}{})
	default:
		f.t.Errorf("request to %s", path)
		missing()
	}
}

func answer(w http.ResponseWriter, status int, body any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// steps are those that a figure has a point of.
func (r *fakeRun) steps(key string) []int {
	var out []int
	for _, m := range r.metrics {
		if m.Key == key {
			out = append(out, m.Step)
		}
	}
	return out
}
