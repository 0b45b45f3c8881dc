package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// decodeKey is what the decode program depends on.
type decodeKey struct {
	slots, columns, chunk, stops int
	features                     features
	weights                      string // how they lie, see layoutOf
}

// decode extends all slots by a few tokens and hands them to their jobs.
func (b *batcher) decode(ctx context.Context) error {
	streaming, longest := false, 1
	for _, j := range b.slots {
		if j != nil {
			streaming, longest = streaming || j.request.OnTokens != nil, max(longest, j.remaining())
		}
	}
	tokens := min(longest, b.pace.tokens(streaming))
	if err := b.reserve(ctx, tokens, nil); err != nil {
		return err
	}
	key := decodeKey{len(b.slots), b.cache.columns, b.opt.ChunkTokens, stopsOf(b.slots), featuresOf(b.slots), layoutOf(b.weights)}
	prog, err := b.engine.decodeProgram(key, b.weights)
	if err != nil {
		return err
	}
	in, err := b.upload(key, tokens)
	if err != nil {
		return err
	}
	began := time.Now()
	out, err := prog.Run(ctx, slices.Concat(in, b.cache.arrays, b.weights)...)
	release(in)
	if err != nil {
		return err
	}
	sampled, kept := out[:len(out)-len(b.cache.arrays)], out[len(out)-len(b.cache.arrays):]
	b.cache.arrays = kept
	defer release(sampled)
	steps, err := b.collect(key, sampled)
	if err != nil {
		return err
	}
	b.cache.column = (b.cache.column + steps) % b.cache.columns
	b.pace.observe(steps, time.Since(began))
	return nil
}

// collect reads the sampled tokens, gives them to the jobs, frees the slots of those that ended, and returns the number of
// steps made.
func (b *batcher) collect(key decodeKey, sampled []*mesh.Array) (steps int, err error) {
	ids, err := sampled[0].ToInt32() // [slots, chunk]: −1 where nothing was sampled
	if err != nil {
		return 0, err
	}
	logProbs, err := sampled[1].ToFloat32() // [slots, chunk]
	if err != nil {
		return 0, err
	}
	var topIDs []int32 // [slots, chunk, top]
	var topLogProbs []float32
	if key.features.top {
		if topIDs, err = sampled[2].ToInt32(); err != nil {
			return 0, err
		}
		if topLogProbs, err = sampled[3].ToFloat32(); err != nil {
			return 0, err
		}
	}
	for slot, j := range b.slots {
		if j == nil {
			continue
		}
		row := ids[slot*key.chunk:][:key.chunk]
		n := slices.Index(row, -1)
		if n < 0 {
			n = key.chunk
		}
		steps = max(steps, n)
		before := len(j.out.Tokens)
		j.take(n, func(i int) (int32, float32, []Alternative) {
			at := slot*key.chunk + i
			var top []Alternative
			for k := range j.request.TopLogProbs {
				top = append(top, Alternative{topIDs[at*MaxTopLogProbs+k], topLogProbs[at*MaxTopLogProbs+k]})
			}
			return ids[at], logProbs[at], top
		})
		b.generatedTokens += int64(len(j.out.Tokens) - before)
		if j.ended {
			b.slots[slot] = nil
			b.ended = append(b.ended, j)
		}
	}
	return steps, nil
}

// decodeProgram maps a step's uploads, the cache and the weights to the sampled tokens [slots, chunk], their log-probs, the
// alternatives (if asked for) and the new cache. It extends every slot until the bound on steps or until enough slots are idle.
//
// The loop is the only part of its graph that makes scalars and reductions: GoMLX v0.28.3 caches both for each graph and
// not for each function, so one made outside and used again inside would belong to the wrong function. For the same reason
// the condition only reads a boolean of the state, and everything the body needs travels through the state.
func (e *Engine) decodeProgram(k decodeKey, weights []*mesh.Array) (*mesh.Program, error) {
	return e.program(k, func() (*mesh.Program, error) {
		build := func(in []*Node) []*Node {
			g := in[0].Graph()
			state, read := e.enter(k, in, weights[0].DType())
			changing := len(state.nodes())
			all := append(state.nodes(), read.nodes()...)
			parameters := func(g *Graph) []*Node {
				nodes := make([]*Node, len(all))
				for i, x := range all {
					nodes[i] = Parameter(g, fmt.Sprintf("state%d", i), x.Shape())
				}
				return nodes
			}
			cond := NewClosure(g, func(g *Graph) []*Node { return parameters(g)[:1] })
			body := NewClosure(g, func(g *Graph) []*Node {
				nodes := parameters(g)
				next := e.step(k, stateOf(k, nodes[:changing]), readOf(k, nodes[changing:]))
				return append(next.nodes(), nodes[changing:]...)
			})
			end := stateOf(k, While(cond, body, all...)[:changing])
			return slices.Concat([]*Node{end.tokens, end.logProbs}, end.top, end.cache)
		}
		row := mesh.Port{Rank: 2, Layout: batched}
		in := []mesh.Port{{Rank: 1}, row, row}
		out := []mesh.Port{row, row}
		if k.features.adjust {
			in = append(in, row, row)
		}
		if k.features.top {
			out = append(out, mesh.Port{Rank: 3, Layout: batched}, mesh.Port{Rank: 3, Layout: batched})
		}
		in = slices.Concat(in, e.cachePorts(true), weightPorts(weights))
		return e.mesh.Program(fmt.Sprintf("decode_%d_%d", k.slots, k.columns), build, in, append(out, e.cachePorts(false)...))
	})
}

// loopState is what the loop changes.
type loopState struct {
	going    *Node   // scalar bool: another step is to be made
	made     *Node   // scalar int32: steps made
	done     *Node   // [slots] bool: idle or ended
	tokens   *Node   // [slots, chunk] int32, −1 where nothing was sampled
	logProbs *Node   // [slots, chunk] float32
	history  []*Node // with features.adjust: [slots, vocab] int32, see uploads
	top      []*Node // with features.top: ids and log-probs [slots, chunk, MaxTopLogProbs]
	cache    []*Node
}

func (s *loopState) nodes() []*Node {
	return slices.Concat([]*Node{s.going, s.made, s.done, s.tokens, s.logProbs}, s.history, s.top, s.cache)
}

func stateOf(k decodeKey, n []*Node) *loopState {
	s := &loopState{going: n[0], made: n[1], done: n[2], tokens: n[3], logProbs: n[4]}
	n = n[5:]
	if k.features.adjust {
		s.history, n = n[:1], n[1:]
	}
	if k.features.top {
		s.top, n = n[:2], n[2:]
	}
	s.cache = n
	return s
}

// loopInputs is what the loop only reads.
type loopInputs struct {
	bounds  *Node   // [3] int32: first column, steps to make at most, idle slots at which to stop
	ints    *Node   // [slots, …] int32, see uploads
	floats  *Node   // [slots, …] float32, see uploads
	rope    []*Node // see decoder.RopeTable
	bias    []*Node // with features.adjust: [slots, vocab] float32
	weights []*Node
}

func (r *loopInputs) nodes() []*Node {
	return slices.Concat([]*Node{r.bounds, r.ints, r.floats}, r.rope, r.bias, r.weights)
}

func readOf(k decodeKey, n []*Node) *loopInputs {
	r := &loopInputs{bounds: n[0], ints: n[1], floats: n[2], rope: n[3:5]}
	n = n[5:]
	if k.features.adjust {
		r.bias, n = n[:1], n[1:]
	}
	r.weights = n
	return r
}

// enter makes the loop's first state of the program's inputs.
func (e *Engine) enter(k decodeKey, in []*Node, dtype dtypes.DType) (*loopState, *loopInputs) {
	g := in[0].Graph()
	r := &loopInputs{bounds: in[0], ints: in[1], floats: in[2], rope: e.cfg.RopeTable(g, k.columns, dtype).Nodes()}
	s := &loopState{going: Const(g, true), made: Const(g, int32(0)),
		tokens:   BroadcastToDims(Const(g, int32(-1)), k.slots, k.chunk),
		logProbs: Zeros(g, shapes.Make(dtypes.Float32, k.slots, k.chunk))}
	s.done = NotEqual(column(r.ints, intIdle), BroadcastToDims(Const(g, int32(0)), k.slots))
	in = in[3:]
	if k.features.adjust {
		s.history, r.bias, in = in[:1], in[1:2], in[2:]
	}
	if k.features.top {
		dims := []int{k.slots, k.chunk, MaxTopLogProbs}
		s.top = []*Node{BroadcastToDims(Const(g, int32(-1)), dims...), BroadcastToDims(Const(g, float32(0)), dims...)}
	}
	n := 1 + 2*e.cfg.Layers
	s.cache, r.weights = in[:n], in[n:]
	return s, r
}

// step is the loop's body: it samples a token of every slot, writes it down, and runs it through the model.
func (e *Engine) step(k decodeKey, s *loopState, r *loopInputs) *loopState {
	g := s.made.Graph()
	zero, one := Const(g, int32(0)), Const(g, int32(1))
	d := distribution{logits: s.cache[0], ints: r.ints, floats: r.floats, made: s.made}
	if k.features.adjust {
		d.adjust(s.history[0], r.bias[0])
	}
	ids, logProbs := d.sample(k.features.filter)
	next := *s
	at := []*Node{zero, s.made}
	idle := func(x *Node, otherwise *Node) *Node { return Where(s.done, BroadcastToDims(otherwise, k.slots), x) }
	next.tokens = DynamicUpdateSlice(s.tokens, InsertAxes(idle(ids, Const(g, int32(-1))), -1), at)
	next.logProbs = DynamicUpdateSlice(s.logProbs, InsertAxes(idle(logProbs, Const(g, float32(0))), -1), at)
	if k.features.adjust {
		next.history = []*Node{recorded(s.history[0], ids)}
	}
	if k.features.top {
		top := d.likeliest(MaxTopLogProbs)
		at := []*Node{zero, s.made, zero}
		next.top = []*Node{DynamicUpdateSlice(s.top[0], InsertAxes(top[0], 1), at), DynamicUpdateSlice(s.top[1], InsertAxes(top[1], 1), at)}
	}
	next.made = Add(s.made, one)
	next.done = LogicalOr(s.done, LogicalOr(isStop(ids, r.ints, k.stops),
		GreaterOrEqual(BroadcastToDims(next.made, k.slots), column(r.ints, intRemaining))))

	bound := func(i int) *Node { return Squeeze(Slice(r.bounds, AxisElem(i))) }
	write := Rem(Add(bound(0), s.made), Const(g, int32(k.columns)))
	positions := Add(column(r.ints, intPosition), BroadcastToDims(s.made, k.slots))
	// An idle slot's position runs on without meaning; it must stay within the table.
	positions = Min(positions, BroadcastToDims(Const(g, int32(k.columns-1)), k.slots))
	logits, rings := e.cfg.Step(e.cfg.Bind(r.weights), decoder.RopeTableOf(r.rope), ids, positions, write, ringsOf(s.cache[1:]))
	next.cache = []*Node{logits}
	for _, ring := range rings {
		next.cache = append(next.cache, ring.Keys, ring.Values)
	}
	resting := ReduceAllSum(ConvertDType(next.done, dtypes.Int32))
	next.going = LogicalAnd(LessThan(next.made, bound(1)), LessThan(resting, bound(2)))
	return &next
}

func ringsOf(nodes []*Node) []decoder.Ring {
	var rings []decoder.Ring
	for i := 0; i < len(nodes); i += 2 {
		rings = append(rings, decoder.Ring{Keys: nodes[i], Values: nodes[i+1]})
	}
	return rings
}

// column takes one column of a [slots, n] array. → [slots]
func column(x *Node, i int) *Node { return Squeeze(Slice(x, AxisRange(), AxisElem(i)), 1) }

// isStop compares sampled tokens with each slot's stop tokens. ids: [slots] → [slots] bool.
func isStop(ids, ints *Node, stops int) *Node {
	slots := ids.Shape().Dimensions[0]
	list := Slice(ints, AxisRange(), AxisRange(intStops, intStops+stops)) // [slots, stops]
	return LogicalAny(Equal(BroadcastToDims(InsertAxes(ids, -1), slots, stops), list), -1)
}
