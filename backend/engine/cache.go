package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// cache is what the devices hold for the slots: the logits of each slot's next token, [slots, vocab], and each layer's ring
// (see decoder.Ring).
type cache struct {
	columns int // of the rings; 0 before the first response
	column  int // where the next token goes, the same for all slots
	arrays  []*mesh.Array
}

func (c *cache) release() {
	release(c.arrays)
	*c = cache{}
}

// reserve makes the rings long enough for the jobs that run, some more tokens, and new ones.
func (b *batcher) reserve(ctx context.Context, tokens int, arriving []*job) error {
	need := 0
	for _, j := range slices.Concat(b.slots, arriving) {
		if j != nil {
			most := len(j.request.Prompt) + j.limit
			need = max(need, min(most, max(b.engine.startColumns, j.cached()+tokens)))
		}
	}
	for _, s := range b.staged {
		need = max(need, s.length)
	}
	switch want := bucket(need); {
	case b.cache.columns >= need:
		return nil
	case b.cache.columns == 0:
		return b.blank(ctx, want)
	default:
		return b.grow(ctx, want)
	}
}

type blankKey struct{ slots, columns int }

// blank makes empty rings.
func (b *batcher) blank(ctx context.Context, columns int) error {
	e, slots := b.engine, len(b.slots)
	prog, err := e.program(blankKey{slots, columns}, func() (*mesh.Program, error) {
		build := func(in []*Node) []*Node {
			g, dtype := in[0].Graph(), b.weights[0].DType()
			out := []*Node{Zeros(g, shapes.Make(dtypes.Float32, slots, e.cfg.VocabSize))}
			for range e.cfg.Layers {
				out = append(out, Zeros(g, shapes.Make(dtype, slots, e.cfg.KVHeads, e.cfg.HeadDim, columns)),
					Zeros(g, shapes.Make(dtype, slots, e.cfg.KVHeads, columns, e.cfg.HeadDim)))
			}
			return out
		}
		return e.mesh.Program(fmt.Sprintf("blank_%d_%d", slots, columns), build, []mesh.Port{{}}, e.cachePorts(false))
	})
	if err != nil {
		return err
	}
	unused, err := e.mesh.FromInt32([]int32{0}, mesh.Replicated)
	if err != nil {
		return err
	}
	defer unused.Release()
	arrays, err := prog.Run(ctx, unused)
	if err != nil {
		return err
	}
	b.cache = cache{columns: columns, arrays: arrays}
	return nil
}

type growKey struct{ slots, from, to int }

// grow copies the rings into longer ones: the columns in order of age, then empty ones.
func (b *batcher) grow(ctx context.Context, columns int) error {
	e, slots, old := b.engine, len(b.slots), b.cache.columns
	prog, err := e.program(growKey{slots, old, columns}, func() (*mesh.Program, error) {
		build := func(in []*Node) []*Node {
			column, arrays := in[0], in[1:]
			out := []*Node{arrays[0]}
			for i, x := range arrays[1:] {
				axis := columnAxis(i)
				dims := slices.Clone(x.Shape().Dimensions)
				dims[axis] = columns - old
				x = OptimizationBarriers(x, out[len(out)-1])[0]
				out = append(out, Concatenate([]*Node{roll(x, axis, column), Zeros(x.Graph(), shapes.Make(x.DType(), dims...))}, axis))
			}
			return out
		}
		return e.mesh.Program(fmt.Sprintf("grow_%d_%d_%d", slots, old, columns), build, append([]mesh.Port{{}}, e.cachePorts(true)...), e.cachePorts(false))
	})
	if err != nil {
		return err
	}
	column, err := e.mesh.FromInt32([]int32{int32(b.cache.column)}, mesh.Replicated)
	if err != nil {
		return err
	}
	defer column.Release()
	arrays, err := prog.Run(ctx, append([]*mesh.Array{column}, b.cache.arrays...)...)
	if err != nil {
		return err
	}
	b.cache = cache{columns: columns, column: old, arrays: arrays}
	return nil
}

// columnAxis is the axis of the columns in the i-th ring array: keys and values take turns.
func columnAxis(i int) int { return 3 - i%2 }

// roll turns an axis so that the entry at the given place comes first. x: [...], first: scalar int32.
func roll(x *Node, axis int, first *Node) *Node {
	zero := Const(x.Graph(), int32(0))
	starts := slices.Repeat([]*Node{zero}, x.Rank())
	starts[axis] = first
	return DynamicSlice(Concatenate([]*Node{x, x}, axis), starts, x.Shape().Dimensions)
}

func (e *Engine) cachePorts(donate bool) []mesh.Port {
	return append([]mesh.Port{{Rank: 2, Layout: batched, Donate: donate}}, e.ringPorts(donate)...)
}

type insertKey struct{ slots, columns, prompts, length int }

// insert copies prompts of a stage into slots: slot → place. Their columns become the latest of the rings.
func (b *batcher) insert(ctx context.Context, s *stage, chosen map[int]int) error {
	var arriving []*job
	for _, at := range chosen {
		arriving = append(arriving, s.places[at].jobs...)
	}
	if err := b.reserve(ctx, b.opt.ChunkTokens, arriving); err != nil {
		return err
	}
	e, slots := b.engine, len(b.slots)
	prog, err := e.insertProgram(insertKey{slots, b.cache.columns, s.prompts, s.length}, b.weights[0].DType())
	if err != nil {
		return err
	}
	choice := make([]float32, slots*s.prompts) // [slots, prompts]: 1 where a slot takes a place of its device
	for slot, at := range chosen {
		choice[slot*s.prompts+at%s.prompts] = 1
	}
	choices, err := e.mesh.FromFloat32(choice, batched, slots, s.prompts)
	if err != nil {
		return err
	}
	defer choices.Release()
	column, err := e.mesh.FromInt32([]int32{int32(b.cache.column)}, mesh.Replicated)
	if err != nil {
		return err
	}
	defer column.Release()
	arrays, err := prog.Run(ctx, slices.Concat([]*mesh.Array{column, choices}, b.cache.arrays, s.arrays)...)
	if err != nil {
		return err
	}
	b.cache.arrays = arrays
	return nil
}

// insertProgram maps the column, the choice, the cache and a stage's arrays to the new cache. Places are picked by a product with
// the choice, device by device: it stays on each device, where a gather would be exchanged between all.
func (e *Engine) insertProgram(k insertKey, dtype dtypes.DType) (*mesh.Program, error) {
	return e.program(k, func() (*mesh.Program, error) {
		n, devices := 1+2*e.cfg.Layers, e.mesh.Devices()
		build := func(in []*Node) []*Node {
			column, choice, held, staged := in[0], in[1], in[2:2+n], in[2+n:]
			g := column.Graph()
			filled := GreaterThan(ReduceSum(choice, -1), ScalarZero(g, dtypes.Float32)) // [slots]
			pick := func(x *Node) *Node {                                               // [places, ...] → [slots, ...]
				dims := x.Shape().Dimensions
				flat := Reshape(x, devices, k.prompts, x.Shape().Size()/dims[0])
				c := Reshape(ConvertDType(choice, x.DType()), devices, k.slots/devices, k.prompts)
				picked := Einsum("dsp,dpx->dsx", c, flat)
				return Reshape(picked, append([]int{k.slots}, dims[1:]...)...)
			}
			out := []*Node{Where(BroadcastToDims(InsertAxes(filled, -1), k.slots, e.cfg.VocabSize), pick(staged[0]), held[0])}
			// The latest columns are those before `column`; a ring rolled by minus it has them last.
			start := Sub(Const(g, int32(k.columns)), column)
			for i, x := range staged[1:] {
				axis, old := columnAxis(i), held[1+i]
				dims := slices.Clone(old.Shape().Dimensions)
				// One array after the other: the fresh columns of one are gone before the next ones are made.
				fresh := pick(OptimizationBarriers(x, out[len(out)-1])[0])
				if pad := k.columns - k.length; pad > 0 {
					dims[axis] = pad
					fresh = Concatenate([]*Node{Zeros(g, shapes.Make(dtype, dims...)), fresh}, axis)
					dims[axis] = k.columns
				}
				mask := BroadcastToDims(Reshape(filled, k.slots, 1, 1, 1), dims...)
				out = append(out, Where(mask, roll(fresh, axis, start), old))
			}
			return out
		}
		in := append([]mesh.Port{{}, {Rank: 2, Layout: batched}}, e.cachePorts(true)...)
		in = append(in, e.cachePorts(false)...)
		return e.mesh.Program(fmt.Sprintf("insert_%d_%d_%d_%d", k.slots, k.columns, k.prompts, k.length), build, in, e.cachePorts(false))
	})
}
