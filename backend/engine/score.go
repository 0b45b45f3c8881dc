package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// Scored is what the model says of one given token.
type Scored struct {
	LogProb float32       // given the tokens before it, under softmax(logits), in nats
	Rank    int           // 1 for the likeliest token of the vocabulary
	Top     []Alternative // the likeliest tokens in its place, best first
}

// scoreBlock is how many places' logits exist at once.
const scoreBlock = 128

// Score gives one entry for each token, the first of them zero, with top alternatives, at most MaxTopLogProbs. It may run beside
// the loop's own work.
func (l *Loop) Score(ctx context.Context, ids []int32, top int) ([]Scored, error) {
	r := Request{Prompt: ids, Sampling: Sampling{TopLogProbs: top}}
	if err := r.Validate(l.engine.cfg); err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	out := make([]Scored, len(ids))
	hidden, targets, err := l.engine.hidden(ctx, l.weights, ids)
	if err != nil {
		return nil, fmt.Errorf("score: %w", err)
	}
	defer release([]*mesh.Array{hidden, targets})
	for from := 0; from < len(ids)-1; from += scoreBlock {
		if err := l.engine.scoreFrom(ctx, l.weights, hidden, targets, from, top, out); err != nil {
			return nil, fmt.Errorf("score: %w", err)
		}
	}
	return out, nil
}

// hidden runs a sequence through the model. It returns the hidden states [rows, length, hidden] and the token after each place
// [rows, length], with equal rows, one a device, and a length that scoreBlock divides.
func (e *Engine) hidden(ctx context.Context, weights []*mesh.Array, ids []int32) (states, targets *mesh.Array, err error) {
	rows, length := e.mesh.Devices(), (bucket(len(ids))+scoreBlock-1)/scoreBlock*scoreBlock
	fields := make([][]int32, 4) // ids, positions, segments, targets
	for range rows {
		row := make([][]int32, len(fields))
		for i := range row {
			row[i] = make([]int32, length)
		}
		for t, id := range ids {
			row[0][t], row[1][t], row[2][t] = id, int32(t), 1
			if t > 0 {
				row[3][t-1] = id
			}
		}
		for i := range fields {
			fields[i] = append(fields[i], row[i]...)
		}
	}
	var in []*mesh.Array
	for _, field := range fields {
		a, err := e.mesh.FromInt32(field, batched, rows, length)
		if err != nil {
			release(in)
			return nil, nil, err
		}
		in = append(in, a)
	}
	defer release(in[:3])
	prog, err := e.hiddenProgram(weights, length)
	if err != nil {
		in[3].Release()
		return nil, nil, err
	}
	out, err := prog.Run(ctx, slices.Concat(weights, in[:3])...)
	if err != nil {
		in[3].Release()
		return nil, nil, err
	}
	return out[0], in[3], nil
}

type hiddenKey struct {
	length  int
	weights string
}

func (e *Engine) hiddenProgram(weights []*mesh.Array, length int) (*mesh.Program, error) {
	return e.program(hiddenKey{length, layoutOf(weights)}, func() (*mesh.Program, error) {
		n := len(weights)
		build := func(in []*Node) []*Node {
			cfg := e.cfg.KeepRows(e.mesh.KeepRows)
			hidden, _ := cfg.Forward(cfg.Bind(in[:n]), decoder.Tokens{IDs: in[n], Positions: in[n+1], Segments: in[n+2]}, false)
			return []*Node{hidden}
		}
		tokens := mesh.Port{Rank: 2, Layout: batched}
		return e.mesh.Program(fmt.Sprintf("hidden_%d", length), build, append(weightPorts(weights), tokens, tokens, tokens),
			[]mesh.Port{{Rank: 3, Layout: batched}})
	})
}

// scoreFrom fills in the entries of one block: those of the tokens after the places from, from+1, …
func (e *Engine) scoreFrom(ctx context.Context, weights []*mesh.Array, hidden, targets *mesh.Array, from, top int, out []Scored) error {
	prog, err := e.scoreProgram(weights, hidden.Dims()[1])
	if err != nil {
		return err
	}
	start, err := e.mesh.FromInt32([]int32{int32(from)}, mesh.Replicated)
	if err != nil {
		return err
	}
	defer start.Release()
	got, err := prog.Run(ctx, slices.Concat(weights, []*mesh.Array{start, hidden, targets})...)
	if err != nil {
		return err
	}
	defer release(got)
	logProbs, err := got[0].ToFloat32()
	if err != nil {
		return err
	}
	ranks, err := got[1].ToInt32()
	if err != nil {
		return err
	}
	topIDs, err := got[2].ToInt32()
	if err != nil {
		return err
	}
	topLogProbs, err := got[3].ToFloat32()
	if err != nil {
		return err
	}
	for i := range min(scoreBlock, len(out)-1-from) {
		s := Scored{LogProb: logProbs[i], Rank: int(ranks[i])}
		for k := range top {
			s.Top = append(s.Top, Alternative{topIDs[i*MaxTopLogProbs+k], topLogProbs[i*MaxTopLogProbs+k]})
		}
		out[from+1+i] = s
	}
	return nil
}

type scoreKey struct {
	length  int
	weights string
}

// scoreProgram maps the weights, the first place, hidden states and targets to the block's log-probs, ranks and alternatives:
// [rows × scoreBlock], and [rows × scoreBlock, MaxTopLogProbs].
func (e *Engine) scoreProgram(weights []*mesh.Array, length int) (*mesh.Program, error) {
	return e.program(scoreKey{length, layoutOf(weights)}, func() (*mesh.Program, error) {
		n, rows := len(weights), e.mesh.Devices()
		build := func(in []*Node) []*Node {
			start, hidden, targets := in[n], in[n+1], in[n+2]
			g, zero := start.Graph(), Const(start.Graph(), int32(0))
			states := DynamicSlice(hidden, []*Node{zero, start, zero}, []int{rows, scoreBlock, e.cfg.HiddenSize})
			ids := Reshape(DynamicSlice(targets, []*Node{zero, start}, []int{rows, scoreBlock}), rows*scoreBlock)
			logits := Reshape(e.cfg.Logits(e.cfg.Bind(in[:n]), states), rows*scoreBlock, e.cfg.VocabSize)
			d := distribution{logits: logits, floats: Ones(g, shapes.Make(dtypes.Float32, rows*scoreBlock, floatUniforms))}
			dims := logits.Shape().Dimensions
			index := Iota(g, shapes.Make(dtypes.Int32, dims...), 1)
			own := Equal(index, BroadcastToDims(InsertAxes(ids, -1), dims...))
			chosen := ReduceAndKeep(Where(own, logits, ZerosLike(logits)), ReduceSum, -1)
			above := GreaterThan(logits, BroadcastToDims(chosen, dims...))
			rank := AddScalar(ReduceSum(ConvertDType(above, dtypes.Int32), -1), 1)
			return append([]*Node{d.score(ids), rank}, d.likeliest(MaxTopLogProbs)...)
		}
		in := append(weightPorts(weights), mesh.Port{}, mesh.Port{Rank: 3, Layout: batched}, mesh.Port{Rank: 2, Layout: batched})
		flat, wide := mesh.Port{Rank: 1, Layout: batched}, mesh.Port{Rank: 2, Layout: batched}
		return e.mesh.Program(fmt.Sprintf("score_%d", length), build, in, []mesh.Port{flat, flat, wide, wide})
	})
}
