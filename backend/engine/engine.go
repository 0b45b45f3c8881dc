// Package engine generates text on a mesh by continuous batching. It knows token ids only; text is the tokenizer's business.
//
// A [Loop] owns a fixed number of slots. Each slot holds one response in progress; when it ends, the next waiting request takes
// its place at once. Prompts are run through the model by one program (prefill), equal ones once, and their keys and values
// copied into the slots by a second (insert); a third (decode) extends all slots together, several tokens a call, in a While
// loop on the devices. All of them read the trainer's own weights, so there is nothing to synchronise after an update.
package engine

import (
	"context"
	"fmt"
	"sync"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Options bound a loop. The zero value of each field takes its documented default.
type Options struct {
	// Slots is how many responses are decoded at once, over all devices. Default 256. Less needs less memory for the cache.
	Slots int
	// ChunkTokens bounds how many tokens a slot may gain in one call of the decode program, between two looks at the context.
	// Default 32. It is given fewer where they would take longer than 0.3 s, or 0.05 s while a response is streamed.
	ChunkTokens int
	// PrefillTokens bounds how many prompt tokens a device runs through the model at once. Default 8192.
	PrefillTokens int
	// RefillSlots is how many slots must be free, while requests wait, before decoding pauses to fill them. Default: a sixteenth
	// of the slots. 1 refills at once: best for latency, dear when responses are short.
	RefillSlots int
	// Done, if set, is called by Generate after each finished response with the number of finished and of all requests.
	Done func(finished, all int)
}

func (o Options) withDefaults() Options {
	if o.Slots == 0 {
		o.Slots = 256
	}
	if o.ChunkTokens == 0 {
		o.ChunkTokens = 32
	}
	if o.PrefillTokens == 0 {
		o.PrefillTokens = 8192
	}
	if o.RefillSlots == 0 {
		o.RefillSlots = max(1, o.Slots/16)
	}
	return o
}

func (o Options) validate() error {
	if o.Slots < 0 || o.ChunkTokens < 0 || o.PrefillTokens < 0 || o.RefillSlots < 0 {
		return fmt.Errorf("want non-negative options, got slots %d, chunk %d, prefill %d, refill %d", o.Slots, o.ChunkTokens, o.PrefillTokens, o.RefillSlots)
	}
	return nil
}

// Engine compiles and keeps the generation programs of one model shape. It is safe for concurrent use.
type Engine struct {
	mesh *mesh.Mesh
	cfg  decoder.Config

	// startColumns is the length up to which rings are made as long as the longest response may become. Longer ones start
	// shorter and grow, since every step reads whole rings.
	startColumns int

	mu       sync.Mutex
	programs map[any]*mesh.Program
}

// New returns an engine for models of the given configuration. Nothing is compiled yet.
func New(m *mesh.Mesh, cfg decoder.Config) *Engine {
	return &Engine{mesh: m, cfg: cfg, startColumns: 512, programs: map[any]*mesh.Program{}}
}

// program returns the program of a key, making it on first use.
func (e *Engine) program(key any, build func() (*mesh.Program, error)) (*mesh.Program, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p, ok := e.programs[key]; ok {
		return p, nil
	}
	p, err := build()
	if err != nil {
		return nil, err
	}
	e.programs[key] = p
	return p, nil
}

// Generate answers every request, in the order of the requests. It stops with ctx's error within one decode call once ctx
// is done.
func (e *Engine) Generate(ctx context.Context, weights []*mesh.Array, requests []Request, opt Options) ([]Generation, error) {
	if err := opt.validate(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	for i := range requests {
		if err := requests[i].Validate(e.cfg); err != nil {
			return nil, fmt.Errorf("generate: request %d: %w", i, err)
		}
	}
	if len(requests) == 0 {
		return nil, nil
	}
	opt = opt.withDefaults()
	opt.Slots = min(opt.Slots, bucket(len(requests)))
	b := newBatcher(e, weights, opt)
	defer b.release()
	jobs := make([]*job, len(requests))
	for i, r := range requests {
		jobs[i] = newJob(ctx, r, e.cfg)
		b.add(jobs[i])
	}
	finished := 0
	for !b.idle() {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("generate: %w", context.Cause(ctx))
		}
		if err := b.advance(ctx); err != nil {
			return nil, fmt.Errorf("generate: %w", err)
		}
		if n := len(jobs) - b.pending(); n > finished && opt.Done != nil {
			opt.Done(n, len(jobs))
			finished = n
		}
	}
	out := make([]Generation, len(jobs))
	for i, j := range jobs {
		out[i] = j.out
	}
	return out, nil
}

// bucket rounds a length or a count up to a power of two or one and a half of one, at least 16: few shapes are compiled, and
// no more than a third is wasted.
func bucket(n int) int {
	size := 16
	for size < n {
		if size+size/2 >= n {
			return size + size/2
		}
		size *= 2
	}
	return size
}

// batched is the layout of arrays whose first axis is the slots or the prompts.
var batched = mesh.Sharded(0)

func release(arrays []*mesh.Array) {
	for _, a := range arrays {
		a.Release()
	}
}
