package vllm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/safetensors"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// realVLLM connects to the server that GODCPO_TEST_VLLM names, with the first model it serves, and gives that model's directory.
func realVLLM(t *testing.T) (c *Client, dir string) {
	t.Helper()
	url := os.Getenv("GODCPO_TEST_VLLM")
	if url == "" {
		t.Skip("GODCPO_TEST_VLLM names no vLLM server (base URL)")
	}
	probe := newClient(t, Options{Endpoints: []string{url}, Model: "?"})
	list, err := probe.models(t.Context(), probe.pool.endpoints[0])
	if err != nil || len(list) == 0 {
		t.Fatalf("no models at %s: %v", url, err)
	}
	t.Logf("%s serves %+v", url, list[0])
	return newClient(t, Options{Endpoints: []string{url}, Model: list[0].ID}), list[0].Root
}

// realSampler is a sampler for the served model, whose directory must be at hand.
func realSampler(t *testing.T) (*Sampler, *tokenizer.ChatTemplate, string) {
	t.Helper()
	c, dir := realVLLM(t)
	tok, template, err := tokenizer.Load(dir)
	if err != nil {
		t.Skipf("the served model's directory is not at hand: %v", err)
	}
	return &Sampler{Client: c, Tokenizer: tok}, template, dir
}

// TestRealMany puts 512 short requests of both kinds to a real server.
func TestRealMany(t *testing.T) {
	s, _, _ := realSampler(t)
	requests := make([]Request, 512)
	for i := range requests {
		q := Request{Sampling: engine.Sampling{MaxNewTokens: 8, Temperature: 0.7, TopP: 0.8, TopK: 20, PresencePenalty: 1.5, Seed: uint64(i), TopLogProbs: i % 3}}
		text := fmt.Sprintf("What is %d + %d?", i, 2*i)
		if i%2 == 0 {
			q.Prompt = s.Tokenizer.Encode(text)
		} else {
			q.Messages, q.TemplateArgs = []tokenizer.Message{{Role: "user", Content: text}}, map[string]any{"enable_thinking": false}
		}
		requests[i] = q
	}
	counts, tokens, began := newTally(len(requests)), 0, time.Now()
	err := s.Client.Do(t.Context(), requests, func(i int, a Answer, err error) error {
		counts.add(i, err)
		tokens += len(a.Tokens)
		if want := requests[i].TopLogProbs; err != nil || len(a.Tokens) == 0 || want > 0 && (len(a.Top) != len(a.Tokens) || a.Top[0][0].ID < 0) {
			t.Errorf("request %d: %+v, %v", i, a, err)
		}
		return nil
	})
	if answered := counts.once(t); err != nil || answered != len(requests) {
		t.Errorf("%d of %d answered, %v", answered, len(requests), err)
	}
	took := time.Since(began)
	t.Logf("%d requests, %d tokens in %v: %.1f requests/s", len(requests), tokens, took.Round(time.Millisecond), float64(len(requests))/took.Seconds())
}

// TestRealErrors: a real server's refusals are typed errors, and not tried again.
func TestRealErrors(t *testing.T) {
	c, _ := realVLLM(t)
	long, outside := question(0), question(0)
	long.Prompt, outside.Prompt = slices.Repeat([]int32{5}, 5000), []int32{1 << 30}
	err := c.Do(t.Context(), []Request{long, outside}, func(i int, a Answer, err error) error {
		var fault *Error
		if !errors.As(err, &fault) || fault.Status != 400 || fault.Attempts != 1 || fault.Message == "" {
			t.Errorf("request %d: %+v, %v; want status 400 at the first attempt", i, a, err)
		}
		t.Log(err)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	o := c.opt
	o.Model = "no-such-model"
	var fault *Error
	if _, err := newClient(t, o).all(t.Context(), []Request{question(0)}, nil); !errors.As(err, &fault) || fault.Status != 404 {
		t.Errorf("got %v, want status 404", err)
	}
	if _, err := newClient(t, o).Check(t.Context()); err == nil {
		t.Error("a model that is not served passes Check")
	}
}

// TestRealRollouts: responses end as ours do (end token in the ids, stop strings, lengths), and log-probs are the model's own at any temperature.
func TestRealRollouts(t *testing.T) {
	s, template, dir := realSampler(t)
	m, err := backend.Open(t.Context(), dir, backend.Options{Device: "cpu", Devices: 1, DType: "float32"})
	if err != nil {
		t.Skipf("our own loader does not read the served model: %v", err)
	}
	defer m.Release()
	s.VocabSize = m.Config.VocabSize
	text, err := template.Render([]tokenizer.Message{{Role: "user", Content: "Say hello, then stop."}}, tokenizer.RenderOptions{AddGenerationPrompt: true})
	if err != nil {
		t.Fatal(err)
	}
	prompts := slices.Repeat([][]int32{s.Tokenizer.Encode(text)}, 24)
	got, err := s.Sample(t.Context(), prompts, backend.Sampling{MaxNewTokens: 40, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, r := range got {
		if !r.Truncated {
			ended++
		}
	}
	t.Logf("%d of %d responses ended by themselves; one says %q", ended, len(got), got[0].Text)
	if ended == 0 || slices.Equal(got[0].Tokens, got[1].Tokens) && slices.Equal(got[1].Tokens, got[2].Tokens) {
		t.Errorf("%d responses ended, the first are %v, %v", ended, got[0].Tokens, got[1].Tokens)
	}
	stopped, err := s.Sample(t.Context(), prompts[:4], backend.Sampling{Greedy: true, MaxNewTokens: 40, Stop: []string{"!", ".", "e"}})
	if err != nil || strings.ContainsAny(stopped[0].Text, "!.e") || len(stopped[0].Ends) != len(stopped[0].Tokens) {
		t.Errorf("stop strings: %+v, %v", stopped, err)
	}
	for _, temperature := range []float64{1, 0.5} {
		rows, err := s.Sample(t.Context(), prompts[:8], backend.Sampling{Temperature: temperature, TopK: 20, MaxNewTokens: 24, Seed: 7})
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []float64{1, temperature} {
			gap, n := 0.0, 0
			for _, r := range rows {
				own, err := scoreBy(t.Context(), m, slices.Concat(r.Prompt, r.Tokens), at)
				if err != nil {
					t.Fatal(err)
				}
				mean, _ := canary(r.LogProbs).gap(own[len(r.Prompt)-1:])
				gap, n = gap+mean*float64(len(r.LogProbs)), n+len(r.LogProbs)
			}
			t.Logf("sampled at temperature %g: log-probs differ from our own at temperature %g by %.4f nats on average", temperature, at, gap/float64(n))
			if at == 1 && gap/float64(n) > 0.1 {
				t.Errorf("the server's log-probs are not the model's own: %.4f nats", gap/float64(n))
			}
		}
	}
}

// scoreBy gives the model's log-probs of all ids but the first, at a temperature.
func scoreBy(ctx context.Context, m *backend.Model, ids []int32, temperature float64) ([]float32, error) {
	const seq = 160 // one compiled shape for all
	if len(ids) > seq {
		return nil, fmt.Errorf("%d ids, the test scores at most %d", len(ids), seq)
	}
	b := &learner.Batch{Rows: 1, Seq: seq, Window: seq - 1, IDs: make([]int32, seq), Positions: make([]int32, seq), Segments: make([]int32, seq)}
	for t, id := range ids {
		b.IDs[t], b.Positions[t], b.Segments[t] = id, int32(t), 1
	}
	scores, err := m.Score(ctx, b, temperature, 0)
	if err != nil {
		return nil, err
	}
	return scores.LogProbs[:len(ids)-1], nil
}

// TestRealSync gives a real server other weights and the first ones back: each time its canary follows the trainer's, weights that it never
// loaded are noticed, and so is a folder that it cannot read.
func TestRealSync(t *testing.T) {
	s, _, dir := realSampler(t)
	m, err := backend.Open(t.Context(), dir, backend.Options{Device: "cpu", Devices: 1, DType: "float32"})
	if err != nil {
		t.Skipf("our own loader does not read the served model: %v", err)
	}
	defer m.Release()
	syncer := &Syncer{Client: s.Client, Dir: t.TempDir(), Canary: s.Tokenizer.Encode("The quick brown fox jumps over the lazy dog. What is 7 + 5? The answer is 12.\nCONFIDENCE: 0.9")}
	syncer.Score = func(ctx context.Context, ids []int32) ([]float32, error) { return scoreBy(ctx, m, ids, 1) }
	s.Confirm = syncer.Confirm
	changed := t.TempDir()
	if err := perturb(dir, changed, "model.layers.0.mlp.down_proj.weight", 1.5); err != nil {
		t.Fatal(err)
	}
	greedy := backend.Sampling{Greedy: true, MaxNewTokens: 12}
	prompt := [][]int32{s.Tokenizer.Encode("The capital of France is")}
	var said []string
	for version, from := range []string{dir, changed, dir} {
		if err := m.Reload(t.Context(), from); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		if err := syncer.Sync(t.Context(), func(ctx context.Context, to string) error {
			return m.SaveWith(ctx, to, backend.SaveOptions{DType: "bfloat16"})
		}, version); err != nil {
			t.Fatal(err)
		}
		took := time.Since(began)
		got, err := s.Sample(t.Context(), prompt, greedy)
		if err != nil {
			t.Fatal(err)
		}
		mean, most := syncer.theirs[s.Client.pool.endpoints[0]].gap(syncer.mine)
		t.Logf("version %d took %v; canary gap %.4f nats on average, %.4f at most; it says %q", version, took.Round(time.Millisecond), mean, most, got[0].Text)
		said = append(said, got[0].Text)
	}
	if said[0] != said[2] || said[0] == said[1] {
		t.Errorf("the server said %q, want the first and last equal", said)
	}
	if err := m.Reload(t.Context(), changed); err != nil { // the trainer moves, the server is not told
		t.Fatal(err)
	}
	mine, err := syncer.scoreMine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := s.Client.scoreOn(t.Context(), s.Client.pool.endpoints[0], syncer.Canary, 0)
	if err != nil {
		t.Fatal(err)
	}
	err = judge(theirs, mine, syncer.theirs[s.Client.pool.endpoints[0]], syncer.mine, syncer.tolerance())
	if err == nil {
		t.Error("stale weights were not noticed")
	}
	t.Log(err)
	err = judge(theirs, mine, syncer.theirs[s.Client.pool.endpoints[0]], syncer.mine, 1e3)
	if err == nil || !strings.Contains(err.Error(), "old weights") {
		t.Errorf("scores that stayed the same to the last bit were not noticed: %v", err)
	}
	syncer.ServerDir = "/no/such/folder"
	err = syncer.Sync(t.Context(), func(ctx context.Context, to string) error {
		return m.SaveWith(ctx, to, backend.SaveOptions{DType: "bfloat16"})
	}, 9)
	var fault *SyncError
	if !errors.As(err, &fault) || fault.Phase != "reload" {
		t.Errorf("got %v, want a failed reload", err)
	}
	t.Log(err)
	syncer.ServerDir = ""
	if err := m.Reload(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if err := syncer.Sync(t.Context(), func(ctx context.Context, to string) error {
		return m.SaveWith(ctx, to, backend.SaveOptions{DType: "bfloat16"})
	}, 10); err != nil {
		t.Logf("the server did not recover: %v", err)
	} else {
		t.Log("the server recovered with the next sync")
	}
}

// perturb copies a model directory's weights and configuration with one tensor multiplied.
func perturb(from, to, name string, by float32) error {
	files, err := safetensors.OpenDir(from)
	if err != nil {
		return err
	}
	defer files.Close()
	var tensors []safetensors.Tensor
	for _, n := range files.Names() {
		values, err := files.Float32(n)
		if err != nil {
			return err
		}
		if n == name {
			for i := range values {
				values[i] *= by
			}
		}
		info, _ := files.Info(n)
		raw, err := safetensors.Encode(values, info.DType)
		if err != nil {
			return err
		}
		tensors = append(tensors, safetensors.Tensor{Name: n, DType: info.DType, Shape: info.Shape, Source: strings.NewReader(string(raw))})
	}
	text, err := os.ReadFile(filepath.Join(from, "config.json"))
	if err != nil || !json.Valid(text) {
		return fmt.Errorf("config.json: %w", err)
	}
	return errors.Join(os.WriteFile(filepath.Join(to, "config.json"), text, 0o644), safetensors.WriteDir(to, tensors, 1<<30))
}
