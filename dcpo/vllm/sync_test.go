package vllm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

var canaryPrompt = []int32{3, 1, 4, 1, 5, 9, 2, 6}

// tinyModel writes a model directory; spoil, if set, changes its tensors first.
func tinyModel(dir string, spoil func(name string, values []float32)) error {
	cfg := decoder.Tiny(16)
	var tensors []safetensors.Tensor
	for _, p := range cfg.Params() {
		values := cfg.Random(p, 1)
		if spoil != nil {
			spoil(p.Name, values)
		}
		raw, err := safetensors.Encode(values, safetensors.F32)
		if err != nil {
			return err
		}
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, DType: safetensors.F32, Shape: p.Dims, Source: strings.NewReader(string(raw))})
	}
	text, err := cfg.MarshalHF("float32", []int32{2}, 0)
	if err != nil {
		return err
	}
	return errors.Join(os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644), safetensors.WriteDir(dir, tensors, 1<<20))
}

func save(_ context.Context, dir string) error { return tinyModel(dir, nil) }

// newSyncer has a trainer whose weights are what the servers make of the folder written last.
func newSyncer(t *testing.T, urls ...string) (s *Syncer, trained *string) {
	t.Helper()
	o := quick(urls...)
	o.Retries = 1
	dir := t.TempDir()
	trained = new(string)
	s = &Syncer{Client: newClient(t, o), Dir: dir, Canary: canaryPrompt}
	s.Score = func(_ context.Context, ids []int32) ([]float32, error) { return vllmtest.LogProbs(*trained, ids), nil }
	return s, trained
}

// sync syncs a version of the trainer's.
func (s *Syncer) sync(t *testing.T, trained *string, version int) error {
	t.Helper()
	*trained = filepath.Join(s.Dir, versionName(version))
	return s.Sync(t.Context(), save, version)
}

// TestSync: servers take over each version, in the right order of steps; old ones go; a server that is restarted is noticed.
func TestSync(t *testing.T) {
	a, b := start(t, vllmtest.Options{}), start(t, vllmtest.Options{})
	s, trained := newSyncer(t, a.URL, b.URL)
	if err := s.Confirm(t.Context()); err == nil || !strings.Contains(err.Error(), "nothing was synced") {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(filepath.Join(s.Dir, "mine.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for version := range 4 {
		if err := s.sync(t, trained, version); err != nil {
			t.Fatal(err)
		}
		if err := s.Confirm(t.Context()); err != nil {
			t.Error(err)
		}
		for _, server := range []*vllmtest.Server{a, b} {
			if server.Weights() != *trained || server.Paused() {
				t.Errorf("version %d: a server has %q, paused %t", version, server.Weights(), server.Paused())
			}
		}
	}
	var steps []string
	for _, asked := range a.Asked() {
		steps = append(steps, asked.Path)
	}
	want := "/pause?mode=wait&clear_cache=true /collective_rpc /resume /reset_prefix_cache /update_weight_version /v1/completions /weight_info"
	if got := strings.Join(steps[len(steps)-7:], " "); got != want {
		t.Errorf("the last sync took the steps %s, want %s", got, want)
	}
	if got := s.names(t); got != "mine.txt step-000002 step-000003" {
		t.Errorf("the folder holds %s", got)
	}
	if err := s.sync(t, trained, 3); err != nil { // a resumed run writes a version again
		t.Error(err)
	}
	b.Restart()
	var fault *SyncError
	if err := s.Confirm(t.Context()); !errors.As(err, &fault) || fault.Endpoint != b.URL || fault.Phase != "confirm" {
		t.Errorf("a restarted server is not noticed: %v", err)
	}
	if answers, err := s.Client.all(t.Context(), []Request{question(0)}, nil); err != nil || answers[0].Endpoint != a.URL {
		t.Errorf("%+v, %v; want an answer of the server that has the weights", answers, err)
	}
}

func (s *Syncer) names(t *testing.T) string {
	t.Helper()
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return strings.Join(names, " ")
}

// TestSyncTricks: every way in which a server fails to take over is noticed, named, and keeps it from being asked; it comes back with the
// next sync.
func TestSyncTricks(t *testing.T) {
	for _, c := range []struct {
		trick vllmtest.Trick
		phase string
		words []string
	}{
		{vllmtest.Stale, "canary", []string{"differ from the trainer's"}},
		{vllmtest.Dying, "reload", []string{"EngineCore", "paused", "/health fails", "restart it"}},
		{vllmtest.Stuck, "resume", []string{"cannot resume", "stays paused", "/health is good"}},
		{vllmtest.NoCache, "reset prefix cache", []string{"sync again"}},
		{vllmtest.NoDev, "pause", []string{"VLLM_SERVER_DEV_MODE=1"}},
	} {
		good, tricky := start(t, vllmtest.Options{}), start(t, vllmtest.Options{})
		s, trained := newSyncer(t, tricky.URL, good.URL)
		if err := s.sync(t, trained, 1); err != nil {
			t.Fatal(err)
		}
		tricky.Play(c.trick)
		err := s.sync(t, trained, 2)
		var fault *SyncError
		if !errors.As(err, &fault) || fault.Endpoint != tricky.URL || fault.Phase != c.phase {
			t.Errorf("%s: got %v, want an error of phase %s", c.trick, err, c.phase)
			continue
		}
		for _, word := range c.words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: %q is missing in: %v", c.trick, word, err)
			}
		}
		if strings.Contains(err.Error(), good.URL) {
			t.Errorf("%s: the other server is blamed: %v", c.trick, err)
		}
		answers, err := s.Client.all(t.Context(), []Request{question(0), question(2), question(4)}, nil)
		if err != nil || slices.ContainsFunc(answers, func(a Answer) bool { return a.Endpoint != good.URL }) {
			t.Errorf("%s: the server with other weights is still asked: %v", c.trick, err)
		}
		if got := s.names(t); got != "step-000001 step-000002" {
			t.Errorf("%s: the folder holds %s", c.trick, got)
		}
		tricky.Restart()
		if err := s.sync(t, trained, 3); err != nil || tricky.Weights() != *trained || tricky.Paused() {
			t.Errorf("%s: after a restart: %v", c.trick, err)
		}
	}
}

// TestStaleByABit: a server that is near enough, but scores as before to the last bit while the trainer has moved, has old weights.
func TestStaleByABit(t *testing.T) {
	before, after := canary{-1, -2, -3}, canary{-1.001, -2, -3}
	for _, c := range []struct {
		name                                   string
		theirs, mine, theirsBefore, mineBefore canary
		err                                    string
	}{
		{"moved together", after, after, before, before, ""},
		{"near", canary{-1.0005, -2.0005, -3}, after, before, before, ""},
		{"first", before, after, nil, nil, ""},
		{"stale", before, after, before, before, "old weights"},
		{"trainer stood still", before, before, before, before, ""},
		{"far", canary{-2, -2, -3}, after, before, before, "differ"},
		{"broken", canary{float32(math.Inf(-1)), -2, -3}, after, before, before, "is -Inf"},
	} {
		err := judge(c.theirs, c.mine, c.theirsBefore, c.mineBefore, 0.1)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
	}
}

// TestBadWeights: no server hears of weights that our own loader would refuse.
func TestBadWeights(t *testing.T) {
	server := start(t, vllmtest.Options{})
	s, _ := newSyncer(t, server.URL)
	for name, c := range map[string]struct {
		save func(context.Context, string) error
		want string
	}{
		"nothing": {func(context.Context, string) error { return nil }, "config.json"},
		"error":   {func(context.Context, string) error { return errors.New("disk full") }, "disk full"},
		"no tensor": {func(_ context.Context, dir string) error {
			return errors.Join(tinyModel(dir, nil), os.Remove(filepath.Join(dir, "model.safetensors")))
		}, "model.safetensors"},
		"short": {func(_ context.Context, dir string) error {
			return errors.Join(tinyModel(dir, nil), os.Truncate(filepath.Join(dir, "model.safetensors"), 5000))
		}, "safetensors"},
		"NaN": {func(_ context.Context, dir string) error {
			return tinyModel(dir, func(name string, values []float32) {
				if name == "model.norm.weight" {
					values[3] = float32(math.NaN())
				}
			})
		}, "1 of the 64 values of tensor model.norm.weight are NaN"},
		"other shape": {func(_ context.Context, dir string) error {
			text, err := decoder.Tiny(17).MarshalHF("float32", []int32{2}, 0)
			return errors.Join(err, tinyModel(dir, nil), os.WriteFile(filepath.Join(dir, "config.json"), text, 0o644))
		}, "has shape [16 64], config.json asks for [17 64]"},
	} {
		if err := s.Sync(t.Context(), c.save, 7); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	s.Score = func(context.Context, []int32) ([]float32, error) { return make([]float32, 3), nil }
	if err := s.Sync(t.Context(), save, 7); err == nil || !strings.Contains(err.Error(), "want 7") {
		t.Errorf("got %v", err)
	}
	if asked := server.Asked(); len(asked) != 0 || s.names(t) != "" {
		t.Errorf("the server was asked %v, the folder holds %q", asked, s.names(t))
	}
}

// TestServerDir: servers that see the folder under another path are told that one; a wrong one is an error that names it.
func TestServerDir(t *testing.T) {
	server := start(t, vllmtest.Options{})
	s, trained := newSyncer(t, server.URL)
	link := filepath.Join(t.TempDir(), "mount")
	if err := os.Symlink(s.Dir, link); err != nil {
		t.Skip(err)
	}
	s.ServerDir, *trained = link, link+"/step-000001"
	if err := s.Sync(t.Context(), save, 1); err != nil || server.Weights() != *trained {
		t.Errorf("%v, the server has %q", err, server.Weights())
	}
	s.ServerDir = "/no/such/folder"
	if err := s.Sync(t.Context(), save, 2); err == nil || !strings.Contains(err.Error(), "see that it reads /no/such/folder/step-000002") {
		t.Errorf("got %v", err)
	}
	if _, err := s.Client.all(t.Context(), []Request{question(0)}, nil); err == nil || !strings.Contains(err.Error(), "no endpoint may be asked") {
		t.Errorf("got %v", err)
	}
	if err := s.Confirm(t.Context()); err == nil {
		t.Error("no server has the weights, and that is confirmed")
	}
}

// TestNoLabel: servers without labels are recognised by the canary alone.
func TestNoLabel(t *testing.T) {
	server := start(t, vllmtest.Options{})
	s, trained := newSyncer(t, server.URL)
	server.Play(vllmtest.NoLabel)
	if err := errors.Join(s.sync(t, trained, 1), s.Confirm(t.Context())); err != nil {
		t.Error(err)
	}
	server.Restart()
	server.Play(vllmtest.NoLabel)
	if err := s.Confirm(t.Context()); err == nil || !strings.Contains(err.Error(), "differ from the trainer's") {
		t.Errorf("got %v", err)
	}
}

func ExampleSyncer() {
	server := vllmtest.New(vllmtest.Options{})
	defer server.Close()
	client, err := New(Options{Endpoints: []string{server.URL}, Model: "tiny"})
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	s := &Syncer{Client: client, Dir: dir, Canary: canaryPrompt, Score: func(_ context.Context, ids []int32) ([]float32, error) {
		return vllmtest.LogProbs(filepath.Join(dir, "step-000001"), ids), nil // a trainer's own log-probs
	}}
	fmt.Println(s.Sync(context.Background(), save, 1), s.Confirm(context.Background()))
	// Output: <nil> <nil>
}
