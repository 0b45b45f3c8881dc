package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Loop answers requests as they come, many at once. It is safe for concurrent use.
type Loop struct {
	engine  *Engine
	weights []*mesh.Array
	cancel  context.CancelFunc
	wake    chan struct{} // holds a value when something arrived
	ended   chan struct{} // closed when the goroutine is gone

	mu      sync.Mutex
	arrived []*job
	stats   Stats
	closed  bool
}

// Stats is what a loop does at a moment, and what it has done.
type Stats struct {
	Slots           int     // responses that can be decoded at once
	Running         int     // responses in progress
	Waiting         int     // requests without a slot
	PromptTokens    int64   // run through the model so far; equal prompts that were shared count once
	GeneratedTokens int64   // sampled so far
	CacheUse        float64 // share of the cache's columns that hold tokens of running responses, 0 to 1
}

// ErrClosed is returned by Submit when the loop was closed.
var ErrClosed = errors.New("the generation loop is closed")

// Start runs a loop with the given weights until Close. The weights must not be trained meanwhile.
func (e *Engine) Start(weights []*mesh.Array, opt Options) (*Loop, error) {
	if err := opt.validate(); err != nil {
		return nil, fmt.Errorf("start generation: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &Loop{engine: e, weights: slices.Clone(weights), cancel: cancel, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	b := newBatcher(e, l.weights, opt.withDefaults())
	l.stats.Slots = len(b.slots)
	go l.run(ctx, b)
	return l, nil
}

// Submit waits for the response to a request. When ctx ends first, the response is given up within one call of the decode
// program, and what there is of it is returned with ctx's error.
func (l *Loop) Submit(ctx context.Context, r Request) (Generation, error) {
	if err := r.Validate(l.engine.cfg); err != nil {
		return Generation{}, fmt.Errorf("generate: %w", err)
	}
	j := newJob(ctx, r, l.engine.cfg)
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return Generation{}, fmt.Errorf("generate: %w", ErrClosed)
	}
	l.arrived = append(l.arrived, j)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default:
	}
	<-j.done
	switch {
	case j.out.Finish != Aborted:
		return j.out, nil
	case ctx.Err() != nil:
		return j.out, fmt.Errorf("generate: %w", context.Cause(ctx))
	}
	return j.out, fmt.Errorf("generate: %w", j.failure)
}

// Stats tells what the loop does.
func (l *Loop) Stats() Stats {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.stats
	s.Waiting += len(l.arrived)
	return s
}

// Close ends all responses in progress and frees the cache.
func (l *Loop) Close() error {
	l.cancel()
	<-l.ended
	return nil
}

func (l *Loop) run(ctx context.Context, b *batcher) {
	defer close(l.ended)
	defer b.release()
	for ctx.Err() == nil {
		if err := l.turn(ctx, b); err != nil {
			// Whoever waits learns of it, and the next requests start afresh: one that was too large for the memory, say, must not
			// end the loop for all.
			l.giveUp(b, err)
		}
	}
	l.mu.Lock()
	l.closed = true
	b.waiting = append(b.waiting, l.arrived...)
	l.arrived = nil
	l.mu.Unlock()
	l.giveUp(b, ErrClosed)
}

func (l *Loop) giveUp(b *batcher, err error) {
	b.fail(err)
	b.release()
	l.report(b)
	b.wake()
}

// turn takes in what arrived and makes one round, or waits when there is nothing to do.
func (l *Loop) turn(ctx context.Context, b *batcher) error {
	l.mu.Lock()
	arrived := l.arrived
	l.arrived = nil
	l.mu.Unlock()
	for _, j := range arrived {
		b.add(j)
	}
	if b.idle() {
		l.report(b)
		select {
		case <-l.wake:
		case <-ctx.Done():
		}
		return nil
	}
	if err := b.advance(ctx); err != nil {
		if ctx.Err() != nil {
			return ErrClosed
		}
		return err
	}
	l.report(b)
	b.wake()
	return nil
}

func (l *Loop) report(b *batcher) {
	held := 0
	for _, j := range b.slots {
		if j != nil {
			held += j.cached()
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stats.Running, l.stats.Waiting = b.running(), b.queued()
	l.stats.PromptTokens, l.stats.GeneratedTokens = b.promptTokens, b.generatedTokens
	l.stats.CacheUse = 0
	if b.cache.columns > 0 {
		l.stats.CacheUse = float64(held) / float64(b.cache.columns*len(b.slots))
	}
}
