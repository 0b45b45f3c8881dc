package vllm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// SyncError is a server that did not take over the weights.
type SyncError struct {
	Endpoint string
	// Phase is what failed: "pause", "reload", "resume", "reset prefix cache", "label", "canary" or "confirm".
	Phase string
	// Advice says in what state the server is left, and what to do.
	Advice string
	Err    error
}

// Error implements error.
func (e *SyncError) Error() string {
	return fmt.Sprintf("%s: %s: %v; %s", e.Endpoint, e.Phase, e.Err, e.Advice)
}

// Unwrap gives the cause.
func (e *SyncError) Unwrap() error { return e.Err }

// failure describes a phase that failed.
func (s *Syncer) failure(ctx context.Context, e *endpoint, phase string, u update, err error) *SyncError {
	out := &SyncError{Endpoint: e.name, Phase: phase, Err: err}
	switch {
	case ctx.Err() != nil:
		out.Advice = "the sync was broken off: the server may be paused until the next one"
	case phase == "pause" && lacksPath(err):
		out.Advice = "it has the weights of before: start it with VLLM_SERVER_DEV_MODE=1 in its environment"
	case phase == "pause":
		out.Advice = "it has the weights of before"
	case phase == "reload":
		out.Advice = fmt.Sprintf("it stays paused, perhaps with a mixture of weights (%s): see that it reads %s, restart it, and sync again",
			s.Client.condition(ctx, e), u.path)
	case phase == "resume":
		out.Advice = "it has the new weights and stays paused (" + s.Client.condition(ctx, e) + "): restart it if it does not recover, and sync again"
	case phase == "canary":
		out.Advice = "it is running and not asked any more: see that it serves the model being trained, with the same settings, and sync again"
	default:
		out.Advice = "it has the new weights, and may mix in what it remembers of the old ones: sync again"
	}
	return out
}

// condition says whether a server answers at all. After a failed reload vLLM 0.32.0 did at first, and ended at the next request.
func (c *Client) condition(ctx context.Context, e *endpoint) string {
	if _, fault := c.exchange(ctx, e, http.MethodGet, "/health", nil, 5*time.Second); fault != nil {
		return "its /health fails: " + fault.Error()
	}
	return "its /health is good"
}

// Confirm reports every endpoint that does not hold the weights of the last Sync: one that was restarted, or given others. Endpoints
// that failed that Sync, and are not asked, are left out. It costs a short request to each; to servers that keep no label of their
// weights, a scoring of the canary.
func (s *Syncer) Confirm(ctx context.Context) error {
	if s.label == "" {
		return errors.New("confirm weights: nothing was synced yet, so the servers have their own weights: call Sync first")
	}
	var faults []error
	if len(s.theirs) == 0 {
		faults = append(faults, errors.New("no endpoint took over the weights of the last sync"))
	}
	for _, e := range s.Client.pool.endpoints {
		if s.theirs[e] == nil {
			continue
		}
		if err := s.confirm(ctx, e); err != nil {
			fault := &SyncError{Endpoint: e.name, Phase: "confirm", Err: err, Advice: "sync again"}
			if ctx.Err() == nil {
				s.Client.pool.bar(e, "its weights are not the trainer's: "+fault.Error())
			}
			faults = append(faults, fault)
		}
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("confirm weights: %w", err)
	}
	return nil
}

func (s *Syncer) confirm(ctx context.Context, e *endpoint) error {
	body, err := s.Client.call(ctx, e, http.MethodGet, "/weight_info", nil, callOptions{})
	if lacksPath(err) {
		theirs, err := s.Client.scoreOn(ctx, e, s.Canary, 0)
		if err != nil {
			return err
		}
		return judge(theirs, s.mine, nil, nil, s.tolerance())
	}
	if err != nil {
		return err
	}
	var got struct {
		Version string `json:"weight_version"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("answer is not the JSON expected: %w", err)
	}
	if got.Version != s.label {
		return fmt.Errorf("its weights are called %q, the last sync called them %q: it was restarted, or somebody else changes them", got.Version, s.label)
	}
	return nil
}
