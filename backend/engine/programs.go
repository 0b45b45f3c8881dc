package engine

import (
	"fmt"

	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// compiled returns the programs for a shape, preparing them on first use.
func (e *Engine) compiled(s shape) (programs, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if p, ok := e.programs[s]; ok {
		return p, nil
	}
	prefill, err := e.prefillProgram(s)
	if err != nil {
		return programs{}, err
	}
	decode, err := e.decodeProgram(s)
	if err != nil {
		return programs{}, err
	}
	p := programs{prefill, decode}
	e.programs[s] = p
	return p, nil
}

// weightPorts are replicated inputs, in the order of decoder.Config.Params.
func (e *Engine) weightPorts() []mesh.Port {
	var ports []mesh.Port
	for _, p := range e.cfg.Params() {
		ports = append(ports, mesh.Port{Rank: len(p.Dims)})
	}
	return ports
}

func row(rank int, donate bool) mesh.Port {
	return mesh.Port{Rank: rank, Layout: batched, Donate: donate}
}

// prefillProgram maps weights, ids, positions and segments ([rows, prompt]) to the last position's logits [rows, vocab] and
// each layer's cache, already as long as prompt and response together so that decoding never grows it.
func (e *Engine) prefillProgram(s shape) (*mesh.Program, error) {
	n := len(e.cfg.Params())
	build := func(in []*Node) []*Node {
		w := e.cfg.Bind(in[:n])
		hidden, caches := e.cfg.Forward(w, decoder.Tokens{IDs: in[n], Positions: in[n+1], Segments: in[n+2]}, false)
		last := Squeeze(Slice(hidden, AxisRange(), AxisElem(s.prompt-1), AxisRange()), 1)
		out := []*Node{e.cfg.Logits(w, last)}
		for _, c := range caches {
			out = append(out, lengthen(c.Keys, s.response), lengthen(c.Values, s.response))
		}
		return out
	}
	in := append(e.weightPorts(), row(2, false), row(2, false), row(2, false))
	out := []mesh.Port{row(2, false)}
	for range 2 * e.cfg.Layers {
		out = append(out, row(4, false))
	}
	return e.mesh.Program(fmt.Sprintf("prefill_%d", s.prompt), build, in, out)
}

// lengthen appends n zero positions. x: [rows, prompt, kv, dim] → [rows, prompt+n, kv, dim].
func lengthen(x *Node, n int) *Node {
	d := x.Shape().Dimensions
	return Concatenate([]*Node{x, Zeros(x.Graph(), shapes.Make(x.DType(), d[0], n, d[2], d[3]))}, 1)
}

// decodeProgram extends every row by tokens until the limit or until all rows have ended.
//
// The loop is the only part of its graph that makes constants and reductions: GoMLX v0.28.3 caches both for each graph and
// not for each function, so one made outside and used again inside would belong to the wrong function. For the same reason
// the condition only reads a boolean of the state, and the weights travel through the state.
func (e *Engine) decodeProgram(s shape) (*mesh.Program, error) {
	written := stateCaches + 2*e.cfg.Layers // bounds included
	build := func(in []*Node) []*Node {
		g := in[0].Graph()
		state := append([]*Node{LessThan(in[stateColumn], in[stateLimit])}, in...)
		parameters := func(g *Graph) []*Node {
			nodes := make([]*Node, len(state))
			for i, x := range state {
				nodes[i] = Parameter(g, fmt.Sprintf("state%d", i), x.Shape())
			}
			return nodes
		}
		cond := NewClosure(g, func(g *Graph) []*Node { return parameters(g)[:1] })
		body := NewClosure(g, func(g *Graph) []*Node {
			nodes := parameters(g)[1:]
			step := e.sampleAndStep(nodes[:written], nodes[written:written+readCount], e.cfg.Bind(nodes[written+readCount:]), s.prompt)
			return append(step, nodes[written:]...)
		})
		return While(cond, body, state...)[1+stateEnded : 1+written]
	}
	in := []mesh.Port{{}, {}, {}, row(2, true), row(2, true), row(1, true), row(2, true)}
	out := []mesh.Port{{}, row(2, false), row(2, false), row(1, false), row(2, false)}
	for range 2 * e.cfg.Layers {
		in, out = append(in, row(4, true)), append(out, row(4, false))
	}
	in = append(in, row(1, false), row(2, false), row(1, false), mesh.Port{Rank: 1})
	return e.mesh.Program(fmt.Sprintf("decode_%d_%d", s.prompt, s.response), build, append(in, e.weightPorts()...), out)
}

// sampleAndStep is the loop's body: it samples a token of every row, writes it down, and runs it through the model. It
// returns the loop's flag and then the written state in its order.
func (e *Engine) sampleAndStep(state, read []*Node, w decoder.Weights, prompt int) []*Node {
	column, done, g := state[stateColumn], state[stateDone], state[0].Graph()
	zero := Const(g, int32(0))
	step := Sub(column, Const(g, int32(prompt)))
	batch := done.Shape().Dimensions[0]

	u := Squeeze(DynamicSlice(read[readUniforms], []*Node{zero, step}, []int{batch, 1}), 1)
	ids, logProbs := sample(state[stateLogits], read[readTemperature], u)
	ids = Where(done, ZerosLike(ids), ids)
	logProbs = Where(done, ZerosLike(logProbs), logProbs)
	tokens := DynamicUpdateSlice(state[stateTokens], InsertAxes(ids, -1), []*Node{zero, step})
	allLogProbs := DynamicUpdateSlice(state[stateLogProbs], InsertAxes(logProbs, -1), []*Node{zero, step})
	stops := read[readStops].Shape().Dimensions[0]
	hit := Equal(BroadcastToDims(InsertAxes(ids, -1), batch, stops), BroadcastToDims(InsertAxes(read[readStops], 0), batch, stops))
	done = LogicalOr(done, LogicalAny(hit, -1))

	first := read[readFirst]
	positions := Sub(BroadcastToDims(column, batch), first)
	logits, caches := e.cfg.Step(w, ids, positions, column, first, cachesOf(state[stateCaches:]))

	next := Add(column, Const(g, int32(1)))
	ended := LogicalAll(done)
	going := LogicalAnd(LessThan(next, state[stateLimit]), LogicalNot(ended))
	out := []*Node{going, next, state[stateLimit], ended, tokens, allLogProbs, done, logits}
	for _, c := range caches {
		out = append(out, c.Keys, c.Values)
	}
	return out
}

func cachesOf(nodes []*Node) []decoder.Cache {
	var caches []decoder.Cache
	for i := 0; i < len(nodes); i += 2 {
		caches = append(caches, decoder.Cache{Keys: nodes[i], Values: nodes[i+1]})
	}
	return caches
}
