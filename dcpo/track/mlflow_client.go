package track

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

// mlflowClient speaks MLflow's REST API.
type mlflowClient struct {
	base    *url.URL
	token   string
	timeout time.Duration
	http    http.Client
}

func newMLflowClient(base *url.URL, timeout time.Duration) *mlflowClient {
	return &mlflowClient{base: base, token: os.Getenv(mlflowTokenVariable), timeout: timeout}
}

// mlflowError is an answer of the server that is no success.
type mlflowError struct {
	status        int
	code, message string
}

func (e *mlflowError) Error() string {
	return fmt.Sprintf("the server answers %d %s: %s", e.status, e.code, e.message)
}

// hopeless tells whether the same request would fail again: the server has read and refused it. A server that is away, overloaded
// or wants to know us may take it later.
func hopeless(err error) bool {
	var e *mlflowError
	if !errors.As(err, &e) {
		return false
	}
	switch e.status {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return false
	}
	return e.status >= 400 && e.status < 500
}

// call makes one request below /api/2.0/mlflow/ and reads the answer into out, if that is not nil.
func (c *mlflowClient) call(ctx context.Context, method, path string, query url.Values, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	where := c.base.JoinPath("api/2.0/mlflow", path)
	where.RawQuery = query.Encode()
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, where.String(), body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token) // not sent on to another host by a redirect
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return answerError(resp.StatusCode, raw)
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("the answer of %s is not MLflow's: %w", path, err)
	}
	return nil
}

// answerError reads an error answer, which is JSON unless something stands before the server.
func answerError(status int, raw []byte) error {
	var e struct {
		Code    string `json:"error_code"`
		Message string `json:"message"`
	}
	if json.Unmarshal(raw, &e) != nil || e.Code == "" {
		e.Code, e.Message = http.StatusText(status), clip(string(raw), 200)
	}
	return &mlflowError{status, e.Code, clip(e.Message, 500)}
}

// experiment is the id of the experiment of that name, which is made where it is not there.
func (c *mlflowClient) experiment(ctx context.Context, name string) (string, error) {
	id, err := c.findExperiment(ctx, name)
	var e *mlflowError
	if err == nil || !errors.As(err, &e) || e.status != http.StatusNotFound {
		return id, err
	}
	var made struct {
		ID string `json:"experiment_id"`
	}
	err = c.call(ctx, http.MethodPost, "experiments/create", nil, map[string]any{"name": name}, &made)
	if errors.As(err, &e) && e.code == "RESOURCE_ALREADY_EXISTS" { // another run made it meanwhile
		return c.findExperiment(ctx, name)
	}
	return made.ID, err
}

func (c *mlflowClient) findExperiment(ctx context.Context, name string) (string, error) {
	var found struct {
		Experiment struct {
			ID string `json:"experiment_id"`
		} `json:"experiment"`
	}
	err := c.call(ctx, http.MethodGet, "experiments/get-by-name", url.Values{"experiment_name": {name}}, nil, &found)
	return found.Experiment.ID, err
}

// createRun makes a run of an experiment and returns its id.
func (c *mlflowClient) createRun(ctx context.Context, experiment, name string, start time.Time) (string, error) {
	ask := map[string]any{"experiment_id": experiment, "start_time": start.UnixMilli(),
		"tags": []mlflowParam{{"mlflow.source.name", "godcpo"}, {"mlflow.source.type", "LOCAL"}}}
	if name != "" {
		ask["run_name"] = name
	}
	var made struct {
		Run struct {
			Info struct {
				ID string `json:"run_id"`
			} `json:"info"`
		} `json:"run"`
	}
	if err := c.call(ctx, http.MethodPost, "runs/create", nil, ask, &made); err != nil {
		return "", err
	}
	if made.Run.Info.ID == "" {
		return "", errors.New("the answer of runs/create names no run: is this an MLflow server?")
	}
	return made.Run.Info.ID, nil
}

// updateRun sets a run's status: RUNNING, FINISHED, FAILED or KILLED.
func (c *mlflowClient) updateRun(ctx context.Context, run, status string, end time.Time) error {
	set := map[string]any{"run_id": run, "status": status}
	if !end.IsZero() {
		set["end_time"] = end.UnixMilli()
	}
	return c.call(ctx, http.MethodPost, "runs/update", nil, set, nil)
}

// mlflowParam is a parameter or a tag.
type mlflowParam struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// mlflowMetric is one point.
type mlflowMetric struct {
	Key       string  `json:"key"`
	Value     float64 `json:"value"`
	Timestamp int64   `json:"timestamp"` // ms since 1970
	Step      int     `json:"step"`
}

// logBatch sends at most 1,000 metrics, or at most 100 parameters: the server's limits.
func (c *mlflowClient) logBatch(ctx context.Context, run string, metrics []mlflowMetric, params []mlflowParam) error {
	ask := map[string]any{"run_id": run} // the server takes a member that is not there, but not null
	if len(metrics) > 0 {
		ask["metrics"] = metrics
	}
	if len(params) > 0 {
		ask["params"] = params
	}
	return c.call(ctx, http.MethodPost, "runs/log-batch", nil, ask, nil)
}
