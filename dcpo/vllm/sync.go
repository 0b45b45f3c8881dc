package vllm

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"
)

// Syncer gives the servers of a client the weights that are being trained. It serves one goroutine. Client, Dir, Canary and Score are
// required.
//
// The servers must run with VLLM_SERVER_DEV_MODE=1, and be nobody else's: whoever reaches such a server can change its weights.
type Syncer struct {
	Client *Client
	// Dir is a folder that the servers see as well. Each version is a folder step-NNNNNN below it. It belongs to one run.
	Dir string
	// ServerDir is Dir's path on the servers. Default: the same.
	ServerDir string
	// Keep is how many versions stay, the one in use among them. Default 2.
	Keep int
	// Canary is a prompt of two or more ids by whose log-probs the weights are recognised. Some tens of tokens of the training's usual text do.
	Canary []int32
	// Score gives the trainer's own log-probs of a prompt's tokens, each given those before it, at temperature 1, in nats. [len(ids) − 1]
	Score func(ctx context.Context, ids []int32) ([]float32, error)
	// Tolerance bounds the mean difference between a server's log-probs of Canary and the trainer's, in nats. Default 0.1: a server that
	// computes in bfloat16 was 0.05 away from a trainer in float32 (SmolLM2-135M), and 0.4 after one weight matrix grew by half.
	Tolerance float64
	// Timeout bounds how long a server may take to load the weights. Default 10 min.
	Timeout time.Duration

	label  string               // of the last sync, "" before the first
	mine   canary               // the trainer's score at the last sync
	theirs map[*endpoint]canary // the servers' at their last good syncs, made when mine was
}

// Sync writes the weights of a version, which save puts into the folder it is given (backend.Model.SaveWith will do), and has every
// server take them over: pause, reload, resume, reset the prefix cache, score the canary. No server is told before the files were
// checked: their headers and sizes, every tensor's name and shape, every value finite.
//
// The servers are served side by side. One that fails is not asked by the client any more until a later Sync succeeds there; the error joins a
// *SyncError for each. Whether to go on with the others is the caller's choice. Old versions are removed when all have succeeded.
//
// When ctx ends in the middle, servers may stay paused; the next Sync finds and resumes them.
func (s *Syncer) Sync(ctx context.Context, save func(ctx context.Context, dir string) error, version int) error {
	if err := s.validate(); err != nil {
		return fmt.Errorf("sync weights: %w", err)
	}
	root, err := filepath.Abs(s.Dir)
	if err != nil {
		return fmt.Errorf("sync weights: %w", err)
	}
	mine, err := s.scoreMine(ctx)
	if err != nil {
		return fmt.Errorf("sync weights: %w", err)
	}
	dir, err := writeWeights(ctx, root, version, save)
	if err != nil {
		return fmt.Errorf("sync weights: %w", err)
	}
	path := dir
	if s.ServerDir != "" {
		path = s.ServerDir + "/" + filepath.Base(dir)
	}
	if err := s.tellAll(ctx, update{path: path, label: newLabel(version), mine: mine}); err != nil {
		return fmt.Errorf("sync weights: %w", err)
	}
	if err := prune(root, dir, s.keep()); err != nil {
		return fmt.Errorf("sync weights: %w", err)
	}
	return nil
}

func (s *Syncer) validate() error {
	switch {
	case s.Client == nil || s.Score == nil || s.Dir == "":
		return errors.New("the syncer lacks its client, its score function or its folder")
	case len(s.Canary) < 2:
		return fmt.Errorf("the canary prompt has %d tokens, want 2 or more", len(s.Canary))
	case s.Keep < 0 || s.Tolerance < 0 || s.Timeout < 0:
		return fmt.Errorf("keep is %d, tolerance %g, timeout %v: want none below 0", s.Keep, s.Tolerance, s.Timeout)
	}
	return nil
}

func (s *Syncer) keep() int {
	if s.Keep == 0 {
		return 2
	}
	return s.Keep
}

func (s *Syncer) tolerance() float64 {
	if s.Tolerance == 0 {
		return 0.1
	}
	return s.Tolerance
}

func (s *Syncer) timeout() time.Duration {
	if s.Timeout == 0 {
		return 10 * time.Minute
	}
	return s.Timeout
}

func (s *Syncer) scoreMine(ctx context.Context) (canary, error) {
	scores, err := s.Score(ctx, s.Canary)
	if err != nil {
		return nil, fmt.Errorf("score the canary prompt: %w", err)
	}
	if len(scores) != len(s.Canary)-1 {
		return nil, fmt.Errorf("score the canary prompt: %d log-probs, want %d: one for each token but the first", len(scores), len(s.Canary)-1)
	}
	mine := canary(scores)
	if err := mine.finite(); err != nil {
		return nil, fmt.Errorf("score the canary prompt: %w: the training has diverged", err)
	}
	return mine, nil
}

// newLabel names a sync, differently from any other run's.
func newLabel(version int) string {
	var salt [4]byte
	rand.Read(salt[:]) // never fails
	return fmt.Sprintf("godcpo-step-%d-%s", version, hex.EncodeToString(salt[:]))
}

// update is what a sync brings to the servers.
type update struct {
	path  string // of the weights, on the servers
	label string
	mine  canary
}

// tellAll updates all servers at once.
func (s *Syncer) tellAll(ctx context.Context, u update) error {
	endpoints := s.Client.pool.endpoints
	scores, faults := make([]canary, len(endpoints)), make([]error, len(endpoints))
	var wait sync.WaitGroup
	for i, e := range endpoints {
		wait.Go(func() { scores[i], faults[i] = s.tell(ctx, e, u) })
	}
	wait.Wait()
	if s.theirs == nil {
		s.theirs = map[*endpoint]canary{}
	}
	for i, e := range endpoints {
		if faults[i] != nil {
			s.Client.pool.bar(e, "its weights are not the trainer's: "+faults[i].Error())
			delete(s.theirs, e)
			continue
		}
		s.Client.pool.bar(e, "")
		s.theirs[e] = scores[i]
	}
	s.label, s.mine = u.label, u.mine
	return errors.Join(faults...)
}

// step is one thing a server is told.
type step struct {
	phase, path string
	body        any
	options     callOptions
	check       func(body []byte) error
}

// tell updates one server and scores the canary there.
func (s *Syncer) tell(ctx context.Context, e *endpoint, u update) (canary, error) {
	rpc := map[string]any{"method": "reload_weights", "kwargs": map[string]any{"weights_path": u.path}}
	for _, st := range []step{
		{phase: "pause", path: "/pause?mode=wait&clear_cache=true"},
		{phase: "reload", path: "/collective_rpc", body: rpc, options: callOptions{limit: s.timeout(), once: true}, check: checkResults},
		{phase: "resume", path: "/resume"},
		{phase: "reset prefix cache", path: "/reset_prefix_cache", check: checkSuccess},
		{phase: "label", path: "/update_weight_version", body: map[string]any{"new_version": u.label}, check: checkSuccess},
	} {
		err := s.Client.post(ctx, e, st)
		if st.phase == "label" && lacksPath(err) { // older servers have none
			err = nil
		}
		if err != nil {
			return nil, s.failure(ctx, e, st.phase, u, err)
		}
	}
	theirs, err := s.Client.scoreOn(ctx, e, s.Canary, 0)
	if err == nil {
		err = judge(theirs, u.mine, s.theirs[e], s.mine, s.tolerance())
	}
	if err != nil {
		return nil, s.failure(ctx, e, "canary", u, err)
	}
	return theirs, nil
}

// post takes one step.
func (c *Client) post(ctx context.Context, e *endpoint, st step) error {
	var body []byte
	if st.body != nil {
		var err error
		if body, err = json.Marshal(st.body); err != nil {
			return err
		}
	}
	answer, err := c.call(ctx, e, http.MethodPost, st.path, body, st.options)
	if err == nil && st.check != nil {
		err = st.check(answer)
	}
	return err
}

// checkResults reads the answer of a collective call: null from each worker.
func checkResults(body []byte) error {
	var got struct {
		Results []any `json:"results"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("answer is not the JSON expected: %w", err)
	}
	if len(got.Results) == 0 {
		return fmt.Errorf("no worker has answered: %s", shorten(string(body)))
	}
	return nil
}

func checkSuccess(body []byte) error {
	var got struct {
		Success bool `json:"success"`
	}
	if err := json.Unmarshal(body, &got); err != nil {
		return fmt.Errorf("answer is not the JSON expected: %w", err)
	}
	if !got.Success {
		return fmt.Errorf("the server did not do it: %s", shorten(string(body)))
	}
	return nil
}

// lacksPath tells whether an error says that the server does not know a path.
func lacksPath(err error) bool {
	var fault *Error
	return errors.As(err, &fault) && (fault.Status == http.StatusNotFound || fault.Status == http.StatusMethodNotAllowed)
}
