package serve

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Generator makes responses; an engine.Loop is one.
type Generator interface {
	// Submit blocks until the response ended. When ctx ends it gives what there is so far, with an error.
	Submit(ctx context.Context, r engine.Request) (engine.Generation, error)
	Stats() engine.Stats
}

// requests makes the engine's requests for a prompt, one for each choice.
func (s *Server) requests(prompt []int32, p *sampling) ([]engine.Request, error) {
	most, err := s.room(prompt, p)
	if err != nil {
		return nil, err
	}
	one := engine.Request{Prompt: prompt, Sampling: p.Sampling}
	one.MaxNewTokens, one.Stop = most, s.endings(p)
	if err := one.Validate(s.opt.Config); err != nil {
		return nil, badRequest("%s", err)
	}
	seed := rand.Uint64()
	if p.seed != nil {
		seed = uint64(*p.seed)
	}
	out := slices.Repeat([]engine.Request{one}, p.n)
	for i := range out {
		out[i].Seed = engine.RowSeed(seed, i)
		if len(p.stops) > 0 {
			out[i].Ends = stopCheck(s.tok, p.text())
		}
	}
	return out, nil
}

// room is the number of tokens a response to the prompt may have.
func (s *Server) room(prompt []int32, p *sampling) (int, error) {
	limit := s.opt.MaxModelLen
	if len(prompt) > limit {
		return 0, badField("input_tokens", len(prompt), "This model's maximum context length is %d tokens. However, your prompt contains %d input tokens, "+
			"which exceeds this limit even without any output tokens. Please reduce the length of the input prompt.", limit, len(prompt))
	}
	most := limit - len(prompt)
	if p.MinNewTokens > most {
		return 0, badRequest("min_tokens must be less than or equal to max_tokens=%d, got %d.", most, p.MinNewTokens)
	}
	if p.maxTokens == nil && most > 0 {
		return most, nil
	}
	asked := 1
	if p.maxTokens != nil {
		asked = *p.maxTokens
	}
	if asked > most {
		return 0, badField("input_tokens", len(prompt), "This model's maximum context length is %d tokens. However, you requested %d output tokens and your "+
			"prompt contains %d input tokens, for a total of %d tokens. Please reduce the length of the input prompt or the number of requested output tokens.",
			limit, asked, len(prompt), asked+len(prompt))
	}
	return asked, nil
}

// endings lists the ids that end a response.
func (s *Server) endings(p *sampling) []int32 {
	if p.ignoreEOS {
		return p.stopIDs
	}
	return slices.Concat(s.tok.EOS(), p.stopIDs)
}

// text says how a response's tokens become text.
func (p *sampling) text() tokenizer.StreamOptions {
	return tokenizer.StreamOptions{Special: !p.skipSpecial, Stop: p.stops, KeepStop: p.includeStop, MinTokens: p.MinNewTokens}
}

// stopCheck is an engine.Request.Ends that looks for stop strings.
func stopCheck(tok tokenizer.Tokenizer, opt tokenizer.StreamOptions) func([]int32) bool {
	text := tokenizer.NewStream(tok, opt)
	seen := 0
	return func(tokens []int32) bool {
		text.Push(tokens[seen:]...)
		seen = len(tokens)
		_, stopped := text.Stopped()
		return stopped
	}
}

// event is news of one row: further tokens, or its end.
type event struct {
	row  int
	part engine.Generation // the tokens since the last event
	end  *outcome
}

// outcome is a whole response, or why there is none.
type outcome struct {
	engine.Generation
	err error
}

// feed carries events from the engine to a handler. Putting never blocks, so that a slow client never holds up the engine; what waits in it is
// bounded by the length of the responses.
type feed struct {
	mu     sync.Mutex
	events []event
	ready  chan struct{}
}

func newFeed() *feed { return &feed{ready: make(chan struct{}, 1)} }

func (f *feed) put(e event) {
	f.mu.Lock()
	f.events = append(f.events, e)
	f.mu.Unlock()
	select {
	case f.ready <- struct{}{}:
	default:
	}
}

// take waits for events and gives all there are, in order.
func (f *feed) take(ctx context.Context) ([]event, error) {
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-f.ready:
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	events := f.events
	f.events = nil
	return events, nil
}

// start submits the rows. watch asks for tokens as they come; without it the feed tells of ends only. Cancelling ctx gives the rows up.
func (s *Server) start(ctx context.Context, rows []engine.Request, watch bool) (*feed, error) {
	if err := s.admit(len(rows)); err != nil {
		return nil, err
	}
	out := newFeed()
	for i, r := range rows {
		clock := s.metrics.begin(len(r.Prompt))
		r.OnTokens = func(g *engine.Generation, from int) {
			clock.tokens(time.Now())
			if watch && g.Finish == "" { // the last tokens come with the end
				out.put(event{row: i, part: since(g, from)})
			}
		}
		go func() {
			g, err := s.opt.Engine.Submit(ctx, r)
			s.release(1)
			if failed := broken(err); failed || err == nil {
				s.broken.Store(failed)
			}
			clock.end(time.Now(), g, err)
			out.put(event{row: i, end: &outcome{g, err}})
		}()
	}
	return out, nil
}

// since copies the tokens of a response from the given one on.
func since(g *engine.Generation, from int) engine.Generation {
	from = min(from, len(g.Tokens))
	out := engine.Generation{Tokens: slices.Clone(g.Tokens[from:]), LogProbs: slices.Clone(g.LogProbs[from:])}
	for _, top := range g.Top[min(from, len(g.Top)):] {
		out.Top = append(out.Top, slices.Clone(top))
	}
	return out
}

// wait collects all responses; the first failure gives the others up.
func (s *Server) wait(ctx context.Context, rows []engine.Request) ([]engine.Generation, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f, err := s.start(ctx, rows, false)
	if err != nil {
		return nil, err
	}
	out := make([]engine.Generation, len(rows))
	for left := len(rows); left > 0; {
		events, err := f.take(ctx)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			if e.end.err != nil {
				return nil, e.end.err
			}
			out[e.row] = e.end.Generation
			left--
		}
	}
	return out, nil
}

// limit is the number of rows that may run and wait at once.
func (s *Server) limit() int { return s.opt.Engine.Stats().Slots + s.opt.MaxQueue }

// checkRows refuses a request for more rows than would ever be admitted.
func (s *Server) checkRows(prompts, n int) error {
	if limit := s.limit(); n > limit || prompts*n > limit {
		return badRequest("the request asks for %d responses to each of %d prompts, this server takes %d responses at once: split it or lower n.", n, prompts, limit)
	}
	return nil
}

// admit counts rows in, or refuses them when too many are waiting.
func (s *Server) admit(rows int) error {
	if s.inFlight.Add(int64(rows)) > int64(s.limit()) {
		s.release(rows)
		s.metrics.rejected.Inc()
		return &apiError{status: http.StatusServiceUnavailable, kind: "ServiceUnavailableError",
			message: "The server has as many requests waiting as it takes. Try again later."}
	}
	return nil
}

func (s *Server) release(rows int) { s.inFlight.Add(-int64(rows)) }
