package decoder

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Ring is one layer's key-value cache for decoding: a ring of columns that all rows share. In one step every row writes the
// same column, whatever its own length, so that the update is a plain slice; a row's tokens are its latest columns.
//
// Keys lie transposed, for a query then meets them in a product that reads both in order.
type Ring struct {
	Keys   *Node // [rows, kv, dim, columns]
	Values *Node // [rows, kv, columns, dim]
}

// Rings turns the keys and values of Forward into the layout of a Ring.
func (c Cache) Ring() Ring {
	return Ring{TransposeAllAxes(c.Keys, 0, 2, 3, 1), TransposeAllAxes(c.Values, 0, 2, 1, 3)}
}

// Step runs one token of every row through the model and writes its keys and values into the rings at column.
// ids and positions: [rows] int32, column: scalar int32 → logits [rows, vocab] float32 and the new rings.
//
// A row sees its own tokens only: those in the latest positions+1 columns. Inside a While body every constant and reduction must
// be made by the body itself (see package engine), so nothing here but rope comes from a surrounding graph.
func (c Config) Step(w Weights, rope RopeTable, ids, positions, column *Node, rings []Ring) (logits *Node, updated []Ring) {
	rows, columns := ids.Shape().Dimensions[0], rings[0].Values.Shape().Dimensions[2]
	x := c.embed(w, InsertAxes(ids, -1)) // [rows, 1, hidden]
	rot := rope.at(InsertAxes(positions, -1))
	visible := recent(positions, column, columns)
	zero := Const(ids.Graph(), int32(0))
	for l := range c.Layers {
		p := w.layer(l)
		q, k, v := c.project(p, rmsNorm(x, p("input_layernorm.weight"), c.NormEps), rot)
		ring := Ring{
			DynamicUpdateSlice(rings[l].Keys, Reshape(k, rows, c.KVHeads, c.HeadDim, 1), []*Node{zero, zero, zero, column}),
			DynamicUpdateSlice(rings[l].Values, Reshape(v, rows, c.KVHeads, 1, c.HeadDim), []*Node{zero, zero, column, zero}),
		}
		updated = append(updated, ring)
		x = c.residuals(p, x, c.attendRing(q, ring, visible))
	}
	x = rmsNorm(x, w.get(normName), c.NormEps)
	return Squeeze(c.Logits(w, x), 1), updated
}

// recent tells which columns a row sees: those written at most position steps ago. positions: [rows], column: scalar →
// [rows, 1, 1, columns] bool.
func recent(positions, column *Node, columns int) *Node {
	g, rows := positions.Graph(), positions.Shape().Dimensions[0]
	age := Sub(BroadcastToDims(column, columns), Iota(g, shapes.Make(dtypes.Int32, columns), 0))
	wrapped := Add(age, BroadcastToDims(Const(g, int32(columns)), columns))
	age = Where(LessThan(age, ZerosLike(age)), wrapped, age)
	dims := []int{rows, 1, 1, columns}
	return LessOrEqual(BroadcastToDims(Reshape(age, 1, 1, 1, columns), dims...), BroadcastToDims(Reshape(positions, rows, 1, 1, 1), dims...))
}

// attendRing is grouped-query attention of one query a row over its ring, with softmax in float32. q: [rows, 1, heads, dim],
// visible: [rows, 1, 1, columns] → [rows, 1, heads·dim].
func (c Config) attendRing(q *Node, ring Ring, visible *Node) *Node {
	rows := q.Shape().Dimensions[0]
	q = Reshape(q, rows, c.KVHeads, c.Heads/c.KVHeads, c.HeadDim)
	scores := ConvertDType(Einsum("rngd,rndk->rngk", q, ring.Keys), dtypes.Float32)
	scores = MulScalar(scores, 1/math.Sqrt(float64(c.HeadDim)))
	scores = Where(BroadcastToDims(visible, scores.Shape().Dimensions...), scores, Scalar(q.Graph(), dtypes.Float32, masked))
	out := Einsum("rngk,rnkd->rngd", ConvertDType(Softmax(scores, -1), ring.Values.DType()), ring.Values)
	return Reshape(out, rows, 1, c.Heads*c.HeadDim)
}
