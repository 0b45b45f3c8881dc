package vllm

import (
	"log/slog"
	"math"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/serve"
)

// served puts a tiny model of random weights behind our own server.
func newServed(t *testing.T) (url string, m *backend.Model, loop *engine.Loop) {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles a model's programs")
	}
	m, err := backend.NewTiny(t.Context(), letters(t), backend.Options{Device: "cpu", Devices: 1, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Release)
	if loop, err = m.Start(engine.Options{Slots: 16, RefillSlots: 1}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loop.Close() })
	server, err := serve.New(serve.Options{Name: "tiny", Engine: loop, Scorer: loop, Config: m.Config, Tokenizer: m.Tokenizer, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(server.Handler())
	t.Cleanup(s.Close)
	return s.URL, m, loop
}

// TestOwnServer: rollouts through our own server are those of the model itself, and their log-probs the model's own at any temperature.
func TestOwnServer(t *testing.T) {
	url, m, loop := newServed(t)
	o := quick(url)
	o.Timeout = 0
	c := newClient(t, o)
	if n, err := c.Check(t.Context()); err != nil || n != m.Config.MaxPositions {
		t.Errorf("length %d, %v; want %d", n, err, m.Config.MaxPositions)
	}
	sampler := &Sampler{Client: c, Tokenizer: m.Tokenizer, VocabSize: m.Config.VocabSize}
	var prompts [][]int32
	for i := range 40 {
		prompts = append(prompts, m.Tokenizer.Encode("12+34="[:2+i%5]))
	}
	greedy := backend.Sampling{Greedy: true, MaxNewTokens: 12, Stop: []string{"zz"}}
	want, err := m.Generate(t.Context(), prompts, greedy)
	if err != nil {
		t.Fatal(err)
	}
	got, err := sampler.Sample(t.Context(), prompts, greedy)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		w, g := want[i], got[i]
		if !slices.Equal(g.Tokens, w.Tokens) || g.Text != w.Text || !slices.Equal(g.Ends, w.Ends) || g.Truncated != w.Truncated || near(g.LogProbs, w.LogProbs) > 1e-5 {
			t.Fatalf("row %d is %+v, the model itself says %+v", i, g, w)
		}
	}
	warm, err := sampler.Sample(t.Context(), prompts, backend.Sampling{Temperature: 0.5, TopK: 20, MaxNewTokens: 12, Seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range warm[:8] {
		scored, err := loop.Score(t.Context(), slices.Concat(r.Prompt, r.Tokens), 0)
		if err != nil {
			t.Fatal(err)
		}
		var own []float32
		for _, s := range scored[len(r.Prompt):] {
			own = append(own, s.LogProb)
		}
		if gap := near(r.LogProbs, own); gap > 1e-4 {
			t.Errorf("log-probs at temperature 0.5 differ from the model's own by %g: %v, %v", gap, r.LogProbs, own)
		}
	}
	theirs, err := c.scoreOn(t.Context(), c.pool.endpoints[0], canaryPrompt, 0)
	if err != nil {
		t.Fatal(err)
	}
	scored, err := loop.Score(t.Context(), canaryPrompt, 0)
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range scored[1:] {
		if math.Abs(float64(s.LogProb-theirs[i])) > 1e-5 {
			t.Errorf("canary token %d: %g, the model itself says %g", i+1, theirs[i], s.LogProb)
		}
	}
}

// near is the largest difference of two lists, infinite when they are not equally long.
func near(a, b []float32) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	most := 0.0
	for i := range a {
		most = max(most, math.Abs(float64(a[i]-b[i])))
	}
	return most
}
