package engine

import (
	"errors"

	"github.com/dcpo-go/godcpo/backend/mesh"
)

// packed is a batch on the host: prompts left-padded to a common bucketed length. Rows beyond the requests are copies of the
// first that are marked as ended.
type packed struct {
	rows, prompt, response   int
	ids, positions, segments []int32   // [rows, prompt]
	first                    []int32   // [rows] column of the first prompt token
	uniforms                 []float32 // [rows, response]
	temperature              []float32 // [rows]
	done                     []bool    // [rows]
	stops                    []int32
}

func packRows(requests []Request, opt Options, rows int) *packed {
	longest := 0
	for _, r := range requests {
		longest = max(longest, len(r.Prompt))
	}
	in := &packed{rows: rows, prompt: (longest + promptBucket - 1) / promptBucket * promptBucket, response: opt.MaxNewTokens, stops: opt.Stop}
	if len(in.stops) == 0 {
		in.stops = []int32{-1} // no token has this id
	}
	n := rows * in.prompt
	in.ids, in.positions, in.segments = make([]int32, n), make([]int32, n), make([]int32, n)
	for i := range rows {
		r := requests[0]
		if i < len(requests) {
			r = requests[i]
		}
		start := in.prompt - len(r.Prompt)
		for t, id := range r.Prompt {
			at := i*in.prompt + start + t
			in.ids[at], in.positions[at], in.segments[at] = id, int32(t), 1
		}
		in.first = append(in.first, int32(start))
		in.uniforms = append(in.uniforms, uniforms(r.Seed, in.response)...)
		in.temperature = append(in.temperature, float32(r.Temperature))
		in.done = append(in.done, i >= len(requests))
	}
	return in
}

// batched is the layout of arrays whose first axis is the batch.
var batched = mesh.Sharded(0)

// uploadPrompt puts the prefill's inputs on the mesh: ids, positions, segments.
func (in *packed) uploadPrompt(m *mesh.Mesh) ([]*mesh.Array, error) {
	var out []*mesh.Array
	for _, field := range [][]int32{in.ids, in.positions, in.segments} {
		a, err := m.FromInt32(field, batched, in.rows, in.prompt)
		if err != nil {
			release(out)
			return nil, err
		}
		out = append(out, a)
	}
	return out, nil
}

// Places in the decode state. The bounds of a chunk come first, then what the loop writes (donated, returned), then what it
// only reads, then the weights.
const (
	stateColumn   = iota // scalar int32: the column the next token is written to
	stateLimit           // scalar int32: the column to stop before
	stateEnded           // scalar bool: every row has ended
	stateTokens          // [rows, response] int32
	stateLogProbs        // [rows, response] float32
	stateDone            // [rows] bool
	stateLogits          // [rows, vocab] float32, of the token to be sampled next
	stateCaches          // keys and values of each layer: [rows, prompt+response, kv, dim]
)

// Places among what the loop only reads.
const (
	readFirst       = iota // [rows] int32
	readUniforms           // [rows, response] float32
	readTemperature        // [rows] float32
	readStops              // [stops] int32
	readCount
)

// loopState is the decode program's data between two chunks.
type loopState struct {
	written, read []*mesh.Array // from stateTokens on, without the bounds
}

func (s *loopState) release() {
	release(s.written)
	release(s.read)
}

// tokens and logProbs are the responses sampled so far. [rows, response]
func (s *loopState) tokens() *mesh.Array   { return s.written[0] }
func (s *loopState) logProbs() *mesh.Array { return s.written[1] }

// newState joins the prefill's outputs (logits, then caches) with the rest of the decode state. It owns filled from then on.
func (in *packed) newState(m *mesh.Mesh, filled []*mesh.Array) (*loopState, error) {
	var failed error
	put := func(a *mesh.Array, err error) *mesh.Array {
		if err != nil && failed == nil {
			failed = err
		}
		return a
	}
	s := &loopState{written: append([]*mesh.Array{
		put(m.FromInt32(make([]int32, in.rows*in.response), batched, in.rows, in.response)),
		put(m.FromFloat32(make([]float32, in.rows*in.response), batched, in.rows, in.response)),
		put(m.FromBool(in.done, batched, in.rows)),
	}, filled...)}
	s.read = []*mesh.Array{
		put(m.FromInt32(in.first, batched, in.rows)),
		put(m.FromFloat32(in.uniforms, batched, in.rows, in.response)),
		put(m.FromFloat32(in.temperature, batched, in.rows)),
		put(m.FromInt32(in.stops, mesh.Replicated, len(in.stops))),
	}
	if failed != nil {
		s.release()
		return nil, failed
	}
	return s, nil
}

// bounds puts the first and the limiting column of a chunk on the mesh, and the flag that not every row has ended.
func bounds(m *mesh.Mesh, column, limit int) ([]*mesh.Array, error) {
	a, errA := m.FromInt32([]int32{int32(column)}, mesh.Replicated)
	b, errB := m.FromInt32([]int32{int32(limit)}, mesh.Replicated)
	c, errC := m.FromBool([]bool{false}, mesh.Replicated)
	if err := errors.Join(errA, errB, errC); err != nil {
		release([]*mesh.Array{a, b, c})
		return nil, err
	}
	return []*mesh.Array{a, b, c}, nil
}
