package decoder

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Step runs one token of every row through the model with a key-value cache, and writes the token's keys and values into
// it at column. ids: [batch] int32, positions: [batch] int32, column: scalar int32, first: [batch] int32, the column of
// the row's first token (what lies before is padding) → logits [batch, vocab] float32 and the new caches.
//
// Inside a While body every constant and reduction must be made by the body itself (see package engine), so nothing here
// is shared with a surrounding graph.
func (c Config) Step(w Weights, ids, positions, column, first *Node, caches []Cache) (logits *Node, updated []Cache) {
	g := ids.Graph()
	batch, keys := ids.Shape().Dimensions[0], caches[0].Keys.Shape().Dimensions[1]
	x := c.embed(w, InsertAxes(ids, -1)) // [batch, 1, hidden]
	rot := c.rotate(InsertAxes(positions, -1), x.DType())
	index := Iota(g, shapes.Make(dtypes.Int32, batch, 1, 1, 1, keys), 4)
	visible := LogicalAnd(
		LessOrEqual(index, BroadcastToDims(Reshape(column, 1, 1, 1, 1, 1), batch, 1, 1, 1, keys)),
		GreaterOrEqual(index, BroadcastToDims(Reshape(first, batch, 1, 1, 1, 1), batch, 1, 1, 1, keys)))
	zero := Const(g, int32(0))
	at := []*Node{zero, column, zero, zero}
	for l := range c.Layers {
		p := w.layer(l)
		q, k, v := c.project(p, rmsNorm(x, p("input_layernorm.weight"), c.NormEps), rot)
		cache := Cache{DynamicUpdateSlice(caches[l].Keys, k, at), DynamicUpdateSlice(caches[l].Values, v, at)}
		updated = append(updated, cache)
		x = c.residuals(p, x, c.attend(q, cache.Keys, cache.Values, visible))
	}
	x = rmsNorm(x, w.get(normName), c.NormEps)
	return Squeeze(c.Logits(w, x), 1), updated
}
