package engine

import (
	"context"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// stage is a batch of prompts that were run through the model, with the jobs that wait for a slot beside them.
type stage struct {
	prompts int     // places a device
	length  int     // columns, a bucket of the longest prompt
	places  []place // [devices × prompts]
	// arrays are the logits after each prompt and each layer's ring columns:
	// [places, vocab], then keys [places, kv, dim, length] and values [places, kv, length, dim].
	arrays []*mesh.Array
}

// place is one prompt of a stage. All its jobs have this prompt.
type place struct{ jobs []*job }

func (s *stage) waiting() int {
	n := 0
	for _, p := range s.places {
		n += len(p.jobs)
	}
	return n
}

func (s *stage) waitingOn(device int) int {
	n := 0
	for _, p := range s.places[device*s.prompts : (device+1)*s.prompts] {
		n += len(p.jobs)
	}
	return n
}

// nextPrompts takes jobs from the queue, those of equal prompts together, and deals them out to the devices: about as many as
// there are free slots, in order of arrival, within the bound on prompt tokens.
func (b *batcher) nextPrompts() [][]place {
	devices := b.engine.mesh.Devices()
	room := make([]int, devices) // jobs a device still has a use for
	perDevice := len(b.slots) / devices
	for slot, j := range b.slots {
		if j == nil {
			room[slot/perDevice]++
		}
	}
	for d := range room {
		for _, s := range b.staged {
			room[d] -= s.waitingOn(d)
		}
	}
	dealt := make([][]place, devices)
	longest := 0
	// A prompt's jobs stay together while there are prompts enough for all devices, and are spread out otherwise.
	share := max(1, (len(b.waiting)+devices-1)/devices)
	for _, group := range b.groups() {
		for len(group) > 0 {
			d := roomiest(room)
			length := bucket(max(longest, len(group[0].request.Prompt)))
			if room[d] <= 0 || (len(dealt[d]) > 0 && (len(dealt[d])+1)*length > b.opt.PrefillTokens) {
				b.forget(dealt)
				return dealt
			}
			n := min(share, len(group))
			dealt[d] = append(dealt[d], place{slices.Clone(group[:n])})
			group, room[d], longest = group[n:], room[d]-n, length
		}
	}
	b.forget(dealt)
	return dealt
}

// groups lists the waiting jobs by prompt, in order of arrival.
func (b *batcher) groups() [][]*job {
	at := map[string]int{}
	var groups [][]*job
	for _, j := range b.waiting {
		i, ok := at[j.key]
		if !ok {
			i = len(groups)
			at[j.key] = i
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], j)
	}
	return groups
}

func promptKey(ids []int32) string {
	key := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		key = append(key, byte(id), byte(id>>8), byte(id>>16), byte(id>>24))
	}
	return string(key)
}

func roomiest(room []int) int {
	best := 0
	for d, n := range room {
		if n > room[best] {
			best = d
		}
	}
	return best
}

// forget removes dealt jobs from the queue.
func (b *batcher) forget(dealt [][]place) {
	gone := map[*job]bool{}
	for _, some := range dealt {
		for _, p := range some {
			for _, j := range p.jobs {
				gone[j] = true
			}
		}
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(j *job) bool { return gone[j] })
}

// prefill runs the dealt prompts through the model. Places without a prompt repeat one that is there. After an error, too, the
// stage holds the jobs.
func (b *batcher) prefill(ctx context.Context, dealt [][]place) (*stage, error) {
	s := &stage{}
	var filler []int32
	for _, some := range dealt {
		s.prompts = max(s.prompts, len(some))
		for _, p := range some {
			filler = p.jobs[0].request.Prompt
			s.length = max(s.length, bucket(len(filler)))
			b.promptTokens += int64(len(filler))
		}
	}
	s.prompts = places(s.prompts)
	var ids, positions, segments []int32 // [places, length]
	for _, some := range dealt {
		for i := range s.prompts {
			p, prompt := place{}, filler
			if i < len(some) {
				p, prompt = some[i], some[i].jobs[0].request.Prompt
			}
			s.places = append(s.places, p)
			pad := make([]int32, s.length-len(prompt))
			ids, positions, segments = append(ids, pad...), append(positions, pad...), append(segments, pad...)
			ids = append(ids, prompt...)
			for t := range prompt {
				positions, segments = append(positions, int32(t)), append(segments, 1)
			}
		}
	}
	prog, err := b.engine.prefillProgram(b.weights, s.prompts, s.length)
	if err != nil {
		return s, err
	}
	var in []*mesh.Array
	defer func() { release(in) }()
	for _, field := range [][]int32{ids, positions, segments} {
		a, err := b.engine.mesh.FromInt32(field, batched, len(s.places), s.length)
		if err != nil {
			return s, err
		}
		in = append(in, a)
	}
	s.arrays, err = prog.Run(ctx, slices.Concat(b.weights, in)...)
	return s, err
}

// places rounds the number of prompts a device takes at once up to one of few, so that few shapes are compiled.
func places(n int) int {
	switch {
	case n <= 1:
		return 1
	case n <= 4:
		return 4
	}
	return max(16, powerOfTwo(n))
}

func powerOfTwo(n int) int {
	p := 1
	for p < n {
		p *= 2
	}
	return p
}

type prefillKey struct {
	prompts, length int
	weights         string // how they lie, see layoutOf
}

// prefillProgram maps weights, ids, positions and segments ([places, length], left-padded) to a stage's arrays.
func (e *Engine) prefillProgram(weights []*mesh.Array, prompts, length int) (*mesh.Program, error) {
	return e.program(prefillKey{prompts, length, layoutOf(weights)}, func() (*mesh.Program, error) {
		n := len(weights)
		build := func(in []*Node) []*Node {
			cfg := e.cfg.KeepRows(e.mesh.KeepRows)
			w := cfg.Bind(in[:n])
			hidden, caches := cfg.Forward(w, decoder.Tokens{IDs: in[n], Positions: in[n+1], Segments: in[n+2]}, false)
			last := Squeeze(Slice(hidden, AxisRange(), AxisElem(length-1), AxisRange()), 1)
			out := []*Node{cfg.Logits(w, last)}
			for _, c := range caches {
				ring := c.Ring()
				out = append(out, ring.Keys, ring.Values)
			}
			return out
		}
		tokens := mesh.Port{Rank: 2, Layout: batched}
		out := append([]mesh.Port{tokens}, e.ringPorts(false)...)
		return e.mesh.Program(fmt.Sprintf("prefill_%d_%d", prompts, length), build, append(weightPorts(weights), tokens, tokens, tokens), out)
	})
}

// weightPorts are inputs for the weights as they lie.
func weightPorts(weights []*mesh.Array) []mesh.Port {
	ports := make([]mesh.Port, len(weights))
	for i, w := range weights {
		ports[i] = mesh.Port{Rank: len(w.Dims()), Layout: w.Layout()}
	}
	return ports
}

// layoutOf tells apart the ways in which weights lie, for the programs that read them.
func layoutOf(weights []*mesh.Array) string {
	axes := make([]byte, len(weights))
	for i, w := range weights {
		axes[i] = byte('0' + w.Layout().Axis())
	}
	return string(axes)
}

// ringPorts are those of each layer's keys and values.
func (e *Engine) ringPorts(donate bool) []mesh.Port {
	ports := make([]mesh.Port, 2*e.cfg.Layers)
	for i := range ports {
		ports[i] = mesh.Port{Rank: 4, Layout: batched, Donate: donate}
	}
	return ports
}
