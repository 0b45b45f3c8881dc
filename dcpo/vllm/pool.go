package vllm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"sync"
	"time"
)

// endpoint is one server and what is known of it. The pool's lock guards all but the URL and the name.
type endpoint struct {
	base *url.URL
	name string // the URL, for errors and logs

	busy     int       // requests under way
	failures int       // in a row
	rests    int       // in a row
	restTill time.Time // asked no sooner
	probing  bool      // after a rest, one request is under way to see whether it answers again
	barred   string    // why it must not be asked at all; "" when it may
}

// failuresBeforeRest is how many failures in a row make an endpoint rest: more where many requests are under way, since failures come back
// sooner than answers.
func (p *pool) failuresBeforeRest() int { return max(8, p.slots/2) }

// longestRest bounds how long an endpoint is left alone.
const longestRest = time.Minute

// pool hands out endpoints: at most slots requests at each, none at one that rests.
type pool struct {
	slots int
	rest  time.Duration
	log   *slog.Logger

	mu        sync.Mutex
	endpoints []*endpoint
	changed   chan struct{} // closed, and replaced, when an endpoint may have become free
}

// history is what one request has met with at the endpoints.
type history struct {
	failures map[*endpoint]int
	after    map[*endpoint]time.Time // those that asked for patience
}

// note remembers a failure.
func (h *history) note(e *endpoint, fault *Error) {
	if h.failures == nil {
		h.failures, h.after = map[*endpoint]int{}, map[*endpoint]time.Time{}
	}
	h.failures[e]++
	if fault.wait > 0 {
		h.after[e] = time.Now().Add(fault.wait)
	}
}

// acquire waits for an endpoint that may be asked, and takes a slot of it. Of those that do not rest it is one that has failed the
// request least often, even if the others are less busy: an endpoint that fails quickly always has room, and would use up the attempts
// of every request. It fails when ctx ends, and when no endpoint may be asked at all.
func (p *pool) acquire(ctx context.Context, h *history) (*endpoint, error) {
	for {
		e, changed, soonest, err := p.take(time.Now(), h)
		if e != nil || err != nil {
			return e, err
		}
		var due <-chan time.Time
		if !soonest.IsZero() {
			due = time.After(time.Until(soonest))
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-changed:
		case <-due:
		}
	}
}

// take takes a slot if one is free now. Otherwise it tells what to wait for: a change, or a point in time.
func (p *pool) take(now time.Time, h *history) (best *endpoint, changed <-chan struct{}, soonest time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var awake []*endpoint
	var barred []error
	for _, e := range p.endpoints {
		due := e.restTill
		if t := h.after[e]; t.After(due) {
			due = t
		}
		switch {
		case e.barred != "":
			barred = append(barred, fmt.Errorf("%s: %s", e.name, e.barred))
		case due.After(now):
			if soonest.IsZero() || due.Before(soonest) {
				soonest = due
			}
		case !e.probing:
			awake = append(awake, e)
		}
	}
	if len(barred) == len(p.endpoints) {
		return nil, nil, soonest, fmt.Errorf("no endpoint may be asked: %w", errors.Join(barred...))
	}
	slices.SortStableFunc(awake, func(a, b *endpoint) int { return cmp.Or(h.failures[a]-h.failures[b], a.busy-b.busy) })
	if len(awake) == 0 || awake[0].busy >= p.slots {
		return nil, p.changed, soonest, nil
	}
	best = awake[0]
	best.busy++
	best.probing = best.failures >= p.failuresBeforeRest()
	return best, nil, soonest, nil
}

// health is what a request tells of the endpoint it was put to.
type health int

const (
	unknown health = iota // it was given up
	good
	bad
)

// release gives a slot back with the news it brought.
func (p *pool) release(e *endpoint, h health) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	e.busy--
	e.probing = false
	switch h {
	case good:
		if e.rests > 0 {
			p.log.Info("endpoint answers again", "endpoint", e.name)
		}
		e.failures, e.rests, e.restTill = 0, 0, time.Time{}
	case bad:
		e.failures++
		if e.failures >= p.failuresBeforeRest() && now.After(e.restTill) {
			rest := min(longestRest, p.rest<<min(e.rests, 10))
			e.rests, e.restTill = e.rests+1, now.Add(rest)
			p.log.Warn("endpoint keeps failing and rests", "endpoint", e.name, "failures", e.failures, "rest", rest)
		}
	}
	p.wake()
}

// bar forbids an endpoint, or with "" allows it again.
func (p *pool) bar(e *endpoint, why string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e.barred = why
	if why == "" {
		e.failures, e.rests, e.restTill = 0, 0, time.Time{}
	}
	p.wake()
}

// wake tells all who wait to look again. The lock is held.
func (p *pool) wake() {
	close(p.changed)
	p.changed = make(chan struct{})
}
