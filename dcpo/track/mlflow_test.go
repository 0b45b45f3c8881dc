package track

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// logRun logs some steps to the server at url, ends the run, and returns what it warned of.
func logRun(t *testing.T, dir, url string, after int, cause error, steps ...int) string {
	t.Helper()
	t.Setenv(mlflowTokenVariable, "secret-token")
	var said bytes.Buffer
	s, err := OpenMLflow(dir, after, MLflowOptions{URI: url, Experiment: "calibration", Run: "first", Patience: time.Second,
		Logger: slog.New(slog.NewTextHandler(&said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Params(map[string]string{"train.method": "dcpo", "odd=key": strings.Repeat("é", 400)}); err != nil {
		t.Fatal(err)
	}
	for _, step := range steps {
		if err := s.Scalars(step, map[string]float64{"loss": 1 / float64(step), "loss/kl": 2, "auroc": math.NaN()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(cause); err != nil {
		t.Fatal(err)
	}
	return said.String()
}

func TestMLflowRun(t *testing.T) {
	f, server := newFakeMLflow(t)
	dir := t.TempDir()
	if said := logRun(t, dir, server.URL+"/", Fresh, nil, 1, 2, 3); said != "" {
		t.Errorf("it warned: %s", said)
	}
	run := f.runs["r0"]
	if run.experiment != f.experiments["calibration"] || run.name != "first" || run.status != "FINISHED" {
		t.Errorf("run %+v", run)
	}
	if got := run.steps("loss"); !slices.Equal(got, []int{1, 2, 3}) || len(run.steps("loss/kl")) != 3 || len(run.steps("auroc")) != 0 {
		t.Errorf("metrics %+v", run.metrics)
	}
	if len(run.params["odd_key"]) > mlflowValue || !strings.HasSuffix(run.params["odd_key"], "é…") || run.params["train.method"] != "dcpo" {
		t.Errorf("params %v", run.params)
	}

	// Resumed after step 2, steps 3 and 4 are made; the server had 1 to 3, of which 3 may have been incomplete.
	if said := logRun(t, dir, server.URL, 2, context.Canceled, 2, 3, 4); said != "" {
		t.Errorf("it warned: %s", said)
	}
	if len(f.runs) != 1 || run.status != "KILLED" {
		t.Errorf("runs %v", slices.Collect(maps.Keys(f.runs)))
	}
	if got := run.steps("loss"); !slices.Equal(got, []int{1, 2, 3, 3, 4}) {
		t.Errorf("resumed, the server has the steps %v", got)
	}

	// A run that the server has forgotten is made anew.
	f.runs = map[string]*fakeRun{}
	logRun(t, dir, server.URL, 4, errors.New("out of memory"), 5)
	if run := f.runs["r0"]; run == nil || run.status != "FAILED" || len(run.metrics) != 2 {
		t.Errorf("runs %+v", f.runs)
	}
}

func TestMLflowBatchesKeepTheLimits(t *testing.T) {
	f, server := newFakeMLflow(t)
	t.Setenv(mlflowTokenVariable, "secret-token")
	s, err := OpenMLflow(t.TempDir(), Fresh, MLflowOptions{URI: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	values, params := map[string]float64{}, map[string]string{}
	for i := range 1234 {
		values[fmt.Sprint("m", i)] = float64(i)
		params[fmt.Sprint("p", i)] = "v"
	}
	if err := errors.Join(s.Params(params), s.Scalars(1, values), s.Scalars(2, values), s.Close(nil)); err != nil {
		t.Fatal(err)
	}
	if run := f.runs["r0"]; len(run.metrics) != 2*1234 || len(run.params) != 1234 {
		t.Errorf("%d metrics and %d parameters arrived", len(run.metrics), len(run.params))
	}
}

// TestMLflowServerComesBack: what failed for a while arrives.
func TestMLflowServerComesBack(t *testing.T) {
	f, server := newFakeMLflow(t)
	failures := 2
	f.refuse = func(path string) int {
		if path == "runs/log-batch" && failures > 0 {
			failures--
			return http.StatusServiceUnavailable
		}
		return 0
	}
	said := logRun(t, t.TempDir(), server.URL, Fresh, nil, 1, 2)
	if got := f.runs["r0"].steps("loss"); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("steps %v arrived", got)
	}
	if strings.Count(said, "level=WARN") != 1 {
		t.Errorf("it said\n%s", said)
	}
}

// TestMLflowNeverStopsTraining: a server that is away, refuses or does not answer costs one warning and the points, which are counted.
func TestMLflowNeverStopsTraining(t *testing.T) {
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(func() { hangs.CloseClientConnections(); hangs.Close() })
	refusing, refuses := newFakeMLflow(t)
	refusing.refuse = func(path string) int {
		if path == "runs/log-batch" {
			return http.StatusBadRequest
		}
		return 0
	}
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>welcome</html>") }))
	t.Cleanup(other.Close)
	for name, url := range map[string]string{"away": dead.URL, "hangs": hangs.URL, "refuses": refuses.URL, "no MLflow": other.URL} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			said := logRun(t, t.TempDir(), url, Fresh, nil, 1, 2, 3)
			if took := time.Since(began); took > 3*time.Second {
				t.Errorf("it took %v to give up", took)
			}
			// 2 parameters, and 2 defined figures in 3 steps.
			if strings.Count(said, "level=WARN") != 2 || !strings.Contains(said, `"lost points"=8`) {
				t.Errorf("it said\n%s", said)
			}
			if strings.Contains(said, "secret-token") {
				t.Errorf("it told the token:\n%s", said)
			}
		})
	}
}

// TestMLflowQueueIsBounded: what finds the queue full is dropped at once.
func TestMLflowQueueIsBounded(t *testing.T) {
	m := &mlflow{queue: make(chan mlflowJob, 2)} // nobody takes from queue
	for step := range 5 {
		if err := m.Scalars(step, map[string]float64{"a": 1, "b": 2}); err != nil {
			t.Fatal(err)
		}
	}
	if m.refused != 6 {
		t.Errorf("%d points were dropped, want 6", m.refused)
	}
}

func TestMLflowOptions(t *testing.T) {
	t.Setenv(mlflowURIVariable, "")
	for uri, want := range map[string]string{
		"": "MLFLOW_TRACKING_URI", "sqlite:///x.db": "sqlite", "databricks": "scheme", "http://user:pw@host": "credentials", "http://host?token=1": "query", "http://": "scheme", "http://%zz": "not a URL",
	} {
		err := MLflowOptions{URI: uri}.Validate()
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "pw") || strings.Contains(err.Error(), "%zz") {
			t.Errorf("%q: error %v, want one that says %q", uri, err, want)
		}
	}
	t.Setenv(mlflowURIVariable, "https://host/base/")
	if err := (MLflowOptions{}).Validate(); err != nil {
		t.Error(err)
	}
	if err := (MLflowOptions{Queue: -1, Timeout: -1}).Validate(); err == nil || strings.Count(err.Error(), "\n") != 1 {
		t.Errorf("two faults: %v", err)
	}
}

func TestMLflowKey(t *testing.T) {
	for in, want := range map[string]string{"loss/ref_kl": "loss/ref_kl", "a=b": "a_b", "/a//b/../c": "a/c", "é": "_", "..": ""} {
		if got := mlflowKey(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestMLflowServer logs to a real server where GODCPO_TEST_MLFLOW gives its URL.
func TestMLflowServer(t *testing.T) {
	url := os.Getenv("GODCPO_TEST_MLFLOW")
	if url == "" {
		t.Skip("GODCPO_TEST_MLFLOW names no MLflow server")
	}
	dir := t.TempDir()
	if said := logRun(t, dir, url, Fresh, nil, 1, 2, 3); said != "" {
		t.Fatal(said)
	}
	if said := logRun(t, dir, url, 2, nil, 3, 4); said != "" {
		t.Fatal(said)
	}
	var state mlflowState
	if err := json.Unmarshal([]byte(read(t, dir, "mlflow.json")), &state); err != nil {
		t.Fatal(err)
	}
	resp, err := http.Get(url + "/api/2.0/mlflow/metrics/get-history?metric_key=loss&run_id=" + state.Run)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got struct{ Metrics []mlflowMetric }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		t.Fatal(err)
	}
	seen := map[int]float64{}
	for _, m := range got.Metrics {
		seen[m.Step] = m.Value
	}
	if want := map[int]float64{1: 1, 2: 1. / 2, 3: 1. / 3, 4: 1. / 4}; !maps.Equal(seen, want) {
		t.Errorf("the server has %v, want %v", seen, want)
	}
}
