package engine_test

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/internal/fixture"
	"github.com/dcpo-go/godcpo/backend/learner"
)

func oracleRequests(f *fixture.Model, temperature float64, tokens int) []engine.Request {
	var requests []engine.Request
	for i, row := range f.JSON["ids"].([]any) {
		r := engine.Request{Sampling: engine.Sampling{Temperature: temperature, Seed: uint64(i + 1), MaxNewTokens: tokens}}
		for _, id := range row.([]any) {
			r.Prompt = append(r.Prompt, int32(id.(float64)))
		}
		requests = append(requests, r)
	}
	return requests
}

func TestGreedyEqualsTransformers(t *testing.T) {
	for _, name := range []string{"qwen3_tiny", "qwen2_tiny"} {
		for _, devices := range []int{1, 8} {
			m := fixture.Mesh(t, devices)
			f := fixture.Open(t, m, name)
			e := engine.New(m, f.Config)
			for _, key := range []string{"greedy", "greedy_with_eos"} {
				oracle := f.JSON[key].(map[string]any)
				var stop []int32
				if eos, ok := oracle["eos_token_id"].(float64); ok {
					stop = []int32{int32(eos)}
				}
				requests := oracleRequests(f, 0, 20)
				for i := range requests {
					requests[i].Stop = stop
				}
				got, err := e.Generate(context.Background(), f.Weights, requests, engine.Options{ChunkTokens: 7})
				if err != nil {
					t.Fatal(err)
				}
				for i, row := range oracle["tokens"].([]any) {
					var want []int32
					for _, id := range row.([]any) {
						want = append(want, int32(id.(float64)))
						if slices.Contains(stop, want[len(want)-1]) {
							break
						}
					}
					if !slices.Equal(got[i].Tokens, want) {
						t.Errorf("%s, %d devices, %s row %d:\ngot  %v\nwant %v", name, devices, key, i, got[i].Tokens, want)
					}
				}
			}
		}
	}
}

// TestSampledLogProbs scores what was sampled with a forward pass over the whole sequence.
func TestSampledLogProbs(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	const response, temperature = 12, 0.9
	requests := oracleRequests(f, temperature, response)
	got, err := engine.New(m, f.Config).Generate(context.Background(), f.Weights, requests, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, g := range got {
		ids := append(slices.Clone(requests[i].Prompt), g.Tokens...)
		n := len(ids)
		b := &learner.Batch{Rows: 1, Seq: n, Window: response, IDs: ids, Positions: make([]int32, n), Segments: make([]int32, n)}
		for j := range ids {
			b.Positions[j], b.Segments[j] = int32(j), 1
		}
		want, err := learner.NewScorer(m, f.Config).Score(context.Background(), f.Weights, b, temperature, 0)
		if err != nil {
			t.Fatal(err)
		}
		for j := range g.LogProbs {
			if math.Abs(float64(g.LogProbs[j]-want.LogProbs[j])) > 1e-4 {
				t.Errorf("row %d token %d: sampled with log-prob %g, scored %g", i, j, g.LogProbs[j], want.LogProbs[j])
			}
		}
	}
}

// TestSeedsDoNotDependOnTheBatch asks for the same rows alone, together, in another order, and on eight devices.
func TestSeedsDoNotDependOnTheBatch(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	e := engine.New(m, f.Config)
	opt := engine.Options{}
	requests := oracleRequests(f, 1, 10)
	want, err := e.Generate(context.Background(), f.Weights, requests, opt)
	if err != nil {
		t.Fatal(err)
	}
	reversed := slices.Clone(requests)
	slices.Reverse(reversed)
	got, err := e.Generate(context.Background(), f.Weights, append(reversed, requests...), engine.Options{Slots: 4})
	if err != nil {
		t.Fatal(err)
	}
	m8 := fixture.Mesh(t, 8)
	f8 := fixture.Open(t, m8, "qwen3_tiny")
	got8, err := engine.New(m8, f8.Config).Generate(context.Background(), f8.Weights, requests, opt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range requests {
		alone, err := e.Generate(context.Background(), f.Weights, requests[i:i+1], opt)
		if err != nil {
			t.Fatal(err)
		}
		for how, g := range map[string]engine.Generation{"alone": alone[0], "reversed": got[2-i], "later": got[3+i], "on 8 devices": got8[i]} {
			if !slices.Equal(g.Tokens, want[i].Tokens) {
				t.Errorf("row %d %s: %v, want %v", i, how, g.Tokens, want[i].Tokens)
			}
		}
	}
	if other := slices.Clone(requests[:1]); true {
		other[0].Seed = 99
		g, err := e.Generate(context.Background(), f.Weights, other, opt)
		if err != nil {
			t.Fatal(err)
		}
		if slices.Equal(g[0].Tokens, want[0].Tokens) {
			t.Error("another seed gave the same ten tokens")
		}
	}
}

// TestSamplingFollowsTheDistribution draws the first token 4,096 times and compares frequencies with the model's.
func TestSamplingFollowsTheDistribution(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	base := oracleRequests(f, 2, 1)[0]
	const n = 4096
	requests := make([]engine.Request, n)
	for i := range requests {
		requests[i] = base
		requests[i].Seed = uint64(i)
	}
	got, err := engine.New(m, f.Config).Generate(context.Background(), f.Weights, requests, engine.Options{Slots: 1024})
	if err != nil {
		t.Fatal(err)
	}
	count, prob := map[int32]int{}, map[int32]float64{}
	for _, g := range got {
		count[g.Tokens[0]]++
		prob[g.Tokens[0]] = math.Exp(float64(g.LogProbs[0]))
	}
	checked := 0
	for id, p := range prob {
		if p < 0.01 {
			continue
		}
		checked++
		if z := (float64(count[id]) - n*p) / math.Sqrt(n*p*(1-p)); math.Abs(z) > 4.5 {
			t.Errorf("token %d was drawn %d times of %d, its probability is %.4f (z = %.1f)", id, count[id], n, p, z)
		}
	}
	if checked < 3 {
		t.Fatalf("only %d tokens are likely enough to be checked", checked)
	}
}

func TestGenerateStopsWithItsContext(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := engine.New(m, f.Config).Generate(ctx, f.Weights, oracleRequests(f, 1, 10), engine.Options{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestGenerateRefusesBadRequests(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	for what, r := range map[string]engine.Request{
		"empty prompt":         {},
		"token out of range":   {Prompt: []int32{512}},
		"negative temperature": {Prompt: []int32{1}, Sampling: engine.Sampling{Temperature: -1}},
		"top-p above 1":        {Prompt: []int32{1}, Sampling: engine.Sampling{TopP: 1.5}},
		"too long a prompt":    {Prompt: make([]int32, f.Config.MaxPositions)},
		"too long a response":  {Prompt: []int32{1}, Sampling: engine.Sampling{MaxNewTokens: f.Config.MaxPositions}},
	} {
		if _, err := engine.New(m, f.Config).Generate(context.Background(), f.Weights, []engine.Request{r}, engine.Options{}); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}
