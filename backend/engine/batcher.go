package engine

import (
	"context"
	"slices"
	"time"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// batcher schedules jobs on slots. It belongs to one goroutine.
type batcher struct {
	engine  *Engine
	weights []*mesh.Array
	opt     Options

	waiting []*job   // without a prefilled prompt, in order of arrival
	staged  []*stage // prefilled prompts with jobs that wait for a slot
	slots   []*job   // nil where free; slot i lies on device i / (len(slots)/devices)
	cache   cache    // what the devices hold for the slots
	pace    pace
	ended   []*job // since the last call of wake

	promptTokens, generatedTokens int64
}

func newBatcher(e *Engine, weights []*mesh.Array, opt Options) *batcher {
	return &batcher{engine: e, weights: weights, opt: opt, slots: make([]*job, e.mesh.RoundUp(opt.Slots)), pace: pace{limit: opt.ChunkTokens}}
}

func (b *batcher) add(j *job) { b.waiting = append(b.waiting, j) }

// advance makes one round: it drops what was given up, fills free slots, and extends all slots by one call of the decode
// program.
func (b *batcher) advance(ctx context.Context) error {
	b.dropCancelled()
	if err := b.fill(ctx); err != nil {
		return err
	}
	if b.running() == 0 {
		return nil
	}
	return b.decode(ctx)
}

// fill gives free slots to waiting jobs, running prompts through the model as needed.
func (b *batcher) fill(ctx context.Context) error {
	free := len(b.slots) - b.running()
	if waiting := b.queued(); free == 0 || waiting == 0 || free < min(b.opt.RefillSlots, waiting, len(b.slots)) {
		return nil
	}
	for {
		placed, err := b.place(ctx)
		if err != nil {
			return err
		}
		if free -= placed; free == 0 || len(b.waiting) == 0 {
			return nil
		}
		if !b.wantsStage() {
			return nil
		}
		s, err := b.prefill(ctx, b.nextPrompts())
		b.staged = append(b.staged, s)
		if err != nil {
			return err
		}
	}
}

// place moves staged jobs into free slots of their device and returns how many.
func (b *batcher) place(ctx context.Context) (placed int, err error) {
	for _, s := range b.staged {
		chosen := b.choose(s)
		if len(chosen) == 0 {
			continue
		}
		if err := b.insert(ctx, s, chosen); err != nil {
			return placed, err
		}
		for slot, at := range chosen {
			j := s.places[at].jobs[0]
			s.places[at].jobs = s.places[at].jobs[1:]
			b.slots[slot] = j
		}
		placed += len(chosen)
	}
	b.dropStages()
	return placed, nil
}

// dropStages frees the stages that no job waits for any more.
func (b *batcher) dropStages() {
	b.staged = slices.DeleteFunc(b.staged, func(s *stage) bool {
		if s.waiting() > 0 {
			return false
		}
		release(s.arrays)
		return true
	})
}

// choose pairs free slots with places of a stage on the same device: slot → place.
func (b *batcher) choose(s *stage) map[int]int {
	chosen := map[int]int{}
	perDevice := len(b.slots) / b.engine.mesh.Devices()
	taken := make([]int, len(s.places))
	for slot, j := range b.slots {
		if j != nil {
			continue
		}
		from := slot / perDevice * s.prompts
		for at := from; at < from+s.prompts; at++ {
			if taken[at] < len(s.places[at].jobs) {
				chosen[slot] = at
				taken[at]++
				break
			}
		}
	}
	// Jobs of a place leave in order, so a later slot of the same place takes the next job.
	return chosen
}

// wantsStage tells whether some device has a free slot and nothing staged for it.
func (b *batcher) wantsStage() bool {
	devices := b.engine.mesh.Devices()
	perDevice := len(b.slots) / devices
	for d := range devices {
		if slices.Contains(b.slots[d*perDevice:(d+1)*perDevice], nil) &&
			!slices.ContainsFunc(b.staged, func(s *stage) bool { return s.waitingOn(d) > 0 }) {
			return true
		}
	}
	return false
}

// dropCancelled ends jobs whose context is done, wherever they are.
func (b *batcher) dropCancelled() {
	drop := func(j *job) bool {
		if j == nil || j.ctx.Err() == nil {
			return false
		}
		j.end(Aborted)
		b.ended = append(b.ended, j)
		return true
	}
	b.waiting = slices.DeleteFunc(b.waiting, drop)
	for _, s := range b.staged {
		for i := range s.places {
			s.places[i].jobs = slices.DeleteFunc(s.places[i].jobs, drop)
		}
	}
	b.dropStages()
	for i, j := range b.slots {
		if drop(j) {
			b.slots[i] = nil
		}
	}
}

// fail ends every job with an error.
func (b *batcher) fail(err error) {
	end := func(j *job) {
		if j != nil {
			j.failure = err
			j.end(Aborted)
			b.ended = append(b.ended, j)
		}
	}
	for _, j := range slices.Concat(b.waiting, b.slots) {
		end(j)
	}
	for _, s := range b.staged {
		for _, p := range s.places {
			for _, j := range p.jobs {
				end(j)
			}
		}
	}
	b.waiting, b.slots = nil, make([]*job, len(b.slots))
}

// wake lets those go on who wait for a job that ended.
func (b *batcher) wake() {
	for _, j := range b.ended {
		close(j.done)
	}
	b.ended = nil
}

func (b *batcher) running() int {
	n := 0
	for _, j := range b.slots {
		if j != nil {
			n++
		}
	}
	return n
}

// queued is the number of jobs without a slot.
func (b *batcher) queued() int {
	n := len(b.waiting)
	for _, s := range b.staged {
		n += s.waiting()
	}
	return n
}

func (b *batcher) pending() int { return b.running() + b.queued() }

func (b *batcher) idle() bool { return b.pending() == 0 }

func (b *batcher) release() {
	b.cache.release()
	for _, s := range b.staged {
		release(s.arrays)
	}
	b.staged = nil
}

// How long a call of the decode program may take, about: between calls the loop looks at contexts and new requests, and hands
// out tokens.
const (
	callTime   = 300 * time.Millisecond
	streamTime = 50 * time.Millisecond // while someone reads along
)

// pace chooses how many tokens a call of the decode program yields: few where a token is dear.
type pace struct {
	limit    int
	perToken time.Duration // of the last call; 0 before the first
}

func (p *pace) tokens(streaming bool) int {
	if p.perToken == 0 {
		return min(4, p.limit)
	}
	patience := callTime
	if streaming {
		patience = streamTime
	}
	return max(1, min(p.limit, int(patience/p.perToken)))
}

func (p *pace) observe(tokens int, took time.Duration) {
	p.perToken = max(1, took/time.Duration(max(1, tokens)))
}
