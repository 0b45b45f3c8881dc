package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/dcpo-go/godcpo/backend/internal/fixture"
)

func prompt(n, salt int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32((7*i + 13*salt) % 500)
	}
	return ids
}

// TestLoop sends more requests than there are slots from many goroutines, some cancelled, some streamed, some stopped by the
// caller, and compares all with Generate.
func TestLoop(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	e := New(m, f.Config)
	const n = 24
	requests := make([]Request, n)
	for i := range requests {
		requests[i] = Request{Prompt: prompt(5+i%3*20, i%5), Sampling: Sampling{Seed: uint64(i), Temperature: 1, MaxNewTokens: 3 + i}}
	}
	want, err := e.Generate(context.Background(), f.Weights, requests, Options{Slots: n})
	if err != nil {
		t.Fatal(err)
	}
	l, err := e.Start(f.Weights, Options{Slots: 4, ChunkTokens: 3, RefillSlots: 1})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			r := requests[i]
			var streamed []int32
			r.OnTokens = func(g *Generation, from int) {
				if from != len(streamed) {
					t.Errorf("request %d: told of tokens from %d on after %d", i, from, len(streamed))
				}
				streamed = append(streamed, g.Tokens[from:]...)
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			switch i % 4 {
			case 1:
				r.Ends = func(tokens []int32) bool { return len(tokens) == 2 }
			case 2:
				r.Ends = func(tokens []int32) bool { cancel(); return false }
			}
			got, err := l.Submit(ctx, r)
			if !slices.Equal(streamed, got.Tokens) {
				t.Errorf("request %d: streamed %v, returned %v", i, streamed, got.Tokens)
			}
			switch {
			case i%4 == 2:
				// Cancelled at its first tokens: it ends with the call of the decode program that was under way.
				if len(got.Tokens) < len(want[i].Tokens) && (!errors.Is(err, context.Canceled) || got.Finish != Aborted) {
					t.Errorf("request %d: finish %q with error %v, want an aborted one", i, got.Finish, err)
				}
				if len(got.Tokens) > 3 || !slices.Equal(got.Tokens, want[i].Tokens[:len(got.Tokens)]) {
					t.Errorf("request %d: %v, want the start of %v", i, got.Tokens, want[i].Tokens)
				}
				return
			case err != nil:
				t.Errorf("request %d: %v", i, err)
				return
			case i%4 == 1:
				if !slices.Equal(got.Tokens, want[i].Tokens[:2]) || got.Finish != Stop {
					t.Errorf("request %d: %v (%s), want two tokens of %v", i, got.Tokens, got.Finish, want[i].Tokens)
				}
				return
			}
			if !slices.Equal(got.Tokens, want[i].Tokens) || got.Finish != Length {
				t.Errorf("request %d: %v (%s), want %v", i, got.Tokens, got.Finish, want[i].Tokens)
			}
		})
	}
	wg.Wait()
	if s := l.Stats(); s.Running != 0 || s.Waiting != 0 || s.Slots != 4 || s.GeneratedTokens == 0 {
		t.Errorf("after all requests: %+v", s)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := l.Submit(context.Background(), requests[0]); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v, want ErrClosed", err)
	}
}

// TestEqualPromptsAreSharedAndRingsGrow runs eight responses to one prompt, far past the first length of the rings.
func TestEqualPromptsAreSharedAndRingsGrow(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	var requests []Request
	for i := range 8 {
		requests = append(requests, Request{Prompt: prompt(20, 1), Sampling: Sampling{Seed: uint64(i), Temperature: 1, MaxNewTokens: 70}})
	}
	e := New(m, f.Config)
	want, err := e.Generate(context.Background(), f.Weights, requests, Options{})
	if err != nil {
		t.Fatal(err)
	}
	small := New(m, f.Config)
	small.startColumns = 16
	b := newBatcher(small, f.Weights, Options{Slots: 4, ChunkTokens: 5}.withDefaults())
	defer b.release()
	jobs := make([]*job, len(requests))
	for i, r := range requests {
		jobs[i] = newJob(context.Background(), r, f.Config)
		b.add(jobs[i])
	}
	longest := map[int]bool{}
	for !b.idle() {
		if err := b.advance(context.Background()); err != nil {
			t.Fatal(err)
		}
		longest[b.cache.columns] = true
	}
	for i, j := range jobs {
		if !slices.Equal(j.out.Tokens, want[i].Tokens) {
			t.Errorf("response %d: %v, want %v", i, j.out.Tokens, want[i].Tokens)
		}
	}
	if b.promptTokens != 20 {
		t.Errorf("%d prompt tokens were run through the model, want 20: once for all responses", b.promptTokens)
	}
	if len(longest) < 3 {
		t.Errorf("the rings had the lengths %v, want several", longest)
	}
}

// TestAlternatives compares the likeliest tokens with the sampled one under greedy decoding, and counts them.
func TestAlternatives(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	r := Request{Prompt: prompt(9, 2), Sampling: Sampling{MaxNewTokens: 6, TopLogProbs: 5, TopK: 3, PresencePenalty: 0.1}}
	got, err := New(m, f.Config).Generate(context.Background(), f.Weights, []Request{r}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, top := range got[0].Top {
		if len(top) != 5 {
			t.Fatalf("step %d: %d alternatives, want 5", i, len(top))
		}
		if !slices.IsSortedFunc(top, func(a, b Alternative) int { return int(1e6 * (b.LogProb - a.LogProb)) }) {
			t.Errorf("step %d: not in order: %v", i, top)
		}
		at := slices.IndexFunc(top, func(a Alternative) bool { return a.ID == got[0].Tokens[i] })
		if at < 0 {
			continue // a penalty can push the sampled token below the fifth
		}
		if d := top[at].LogProb - got[0].LogProbs[i]; d > 1e-5 || d < -1e-5 {
			t.Errorf("step %d: log-prob %g as an alternative, %g as sampled", i, top[at].LogProb, got[0].LogProbs[i])
		}
	}
	if len(got[0].Top) != 6 {
		t.Errorf("alternatives for %d steps, want 6", len(got[0].Top))
	}
}

// TestLoopOutlivesAnError takes the weights away from a loop: requests fail, and nobody waits for ever.
func TestLoopOutlivesAnError(t *testing.T) {
	m := fixture.Mesh(t, 1)
	f := fixture.Open(t, m, "qwen3_tiny")
	l, err := New(m, f.Config).Start(f.Weights, Options{Slots: 2})
	if err != nil {
		t.Fatal(err)
	}
	release(f.Weights)
	for range 2 {
		_, err := l.Submit(context.Background(), Request{Prompt: prompt(4, 1)})
		if err == nil || errors.Is(err, ErrClosed) {
			t.Errorf("without weights: %v, want the error of the program", err)
		}
	}
	if s := l.Stats(); s.Running != 0 || s.Waiting != 0 {
		t.Errorf("after the errors: %+v", s)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}
