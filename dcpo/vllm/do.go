package vllm

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Do puts every request and calls done once for each, as answers come: with the request's index and its answer, or with an *Error when
// it got none for good. Calls of done follow one another; what it keeps of the answers is all that stays in memory, so Do takes the same
// however many requests there are. An error of done ends Do, and is returned.
//
// Do returns nil once done was called for all requests. When it ends sooner (ctx ends, or no endpoint answers anything for
// Options.GiveUp, or none may be asked any more) it returns why, and requests without a call of done are unanswered.
//
// A request that has failed waits without holding a place at an endpoint; up to twice as many as there are places are under way.
func (c *Client) Do(ctx context.Context, requests []Request, done func(i int, a Answer, err error) error) error {
	for i := range requests {
		if err := requests[i].validate(); err != nil {
			return fmt.Errorf("request %d: %w", i, err)
		}
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	r := &run{client: c, stop: stop}
	r.heard.Store(time.Now().UnixNano())
	var next atomic.Int64
	told := teller{requests: len(requests), done: done, stop: stop}
	var wait sync.WaitGroup
	for range min(len(requests), 2*c.opt.Concurrency*len(c.pool.endpoints)) {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(requests) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				a, err := r.ask(ctx, &requests[i])
				told.tell(ctx, i, a, err)
			}
		})
	}
	wait.Wait()
	if told.requests == 0 && !told.refused {
		return nil
	}
	return context.Cause(ctx)
}

// teller hands answers on, one at a time.
type teller struct {
	done func(i int, a Answer, err error) error
	stop context.CancelCauseFunc

	mu       sync.Mutex
	requests int  // not yet told of
	refused  bool // done failed: it is not called again
}

// tell calls done. An answer that came just before ctx ended is still told; a failure because ctx ended is none.
func (t *teller) tell(ctx context.Context, i int, a Answer, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.refused || err != nil && ctx.Err() != nil {
		return
	}
	t.requests--
	if err := t.done(i, a, err); err != nil {
		t.refused = true
		t.stop(err)
	}
}

// run is what the requests of one call of Do share.
type run struct {
	client *Client
	stop   context.CancelCauseFunc
	heard  atomic.Int64 // when an endpoint last answered anything, in Unix nanoseconds
}

// ask puts one request until it is answered or no further attempt can help.
func (r *run) ask(ctx context.Context, q *Request) (Answer, error) {
	c := r.client
	body, err := q.encode(c.opt.Model, c.opt.Portable)
	if err != nil {
		return Answer{}, err
	}
	var met history
	for attempts := 1; ; attempts++ {
		e, err := c.pool.acquire(ctx, &met)
		if err != nil {
			r.stop(err) // it is the same for all
			return Answer{}, err
		}
		a, fault := c.attempt(ctx, e, q, body)
		c.pool.release(e, r.healthOf(ctx, fault))
		if fault == nil {
			a.Attempts = attempts
			return a, nil
		}
		fault.Attempts = attempts
		if ctx.Err() != nil || !fault.Retryable() || attempts > c.opt.Retries {
			return Answer{}, fault
		}
		met.note(e, fault)
		if err := sleep(ctx, c.backoff(attempts)); err != nil {
			return Answer{}, err
		}
	}
}

// attempt puts a request to an endpoint once.
func (c *Client) attempt(ctx context.Context, e *endpoint, q *Request, body []byte) (Answer, *Error) {
	began := time.Now()
	text, fault := c.exchange(ctx, e, http.MethodPost, q.path(), body, c.opt.Timeout)
	if fault != nil {
		return Answer{}, fault
	}
	a, err := q.decode(text, c.opt.Model, c.opt.Portable)
	if err != nil {
		return Answer{}, &Error{Endpoint: e.name, Path: q.path(), Err: err}
	}
	a.Endpoint, a.Latency = e.name, time.Since(began)
	return a, nil
}

// healthOf judges an endpoint by what became of a request, and ends the run when all of them have been silent for too long.
func (r *run) healthOf(ctx context.Context, fault *Error) health {
	switch {
	case fault == nil || !fault.ill():
		r.heard.Store(time.Now().UnixNano())
		return good
	case ctx.Err() != nil:
		return unknown
	}
	if silent := time.Since(time.Unix(0, r.heard.Load())); silent > r.client.opt.GiveUp {
		r.stop(fmt.Errorf("no endpoint has answered for %v; the last failure: %w", silent.Round(time.Second), fault))
	}
	return bad
}

// all puts requests of which every one must be answered, and gives the answers in order. The first failure gives the others up.
func (c *Client) all(ctx context.Context, requests []Request, finished func(n int)) ([]Answer, error) {
	out, n := make([]Answer, len(requests)), 0
	err := c.Do(ctx, requests, func(i int, a Answer, err error) error {
		if err != nil {
			return fmt.Errorf("request %d of %d: %w", i+1, len(requests), err)
		}
		out[i] = a
		if n++; finished != nil {
			finished(n)
		}
		return nil
	})
	return out, err
}
