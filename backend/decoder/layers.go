package decoder

import (
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// masked is added in place of the score of a key that must not be seen. It is finite, so that a row that sees nothing at
// all (padding) yields a harmless average and not NaN.
const masked = -1e30

// product is Dot without GoMLX's explicit float32 accumulator for bfloat16. XLA accumulates so by itself, whereas GoMLX takes the
// option to mean that gradients are products of float32 operands, which are many times slower on a GPU.
func product(a, b *Node) *DotBuilder { return Dot(a, b).WithAccumulatorDType(dtypes.InvalidDType) }

// linear is x·wᵀ (+ bias). x: [..., in], w: [out, in], bias: [out] or nil → [..., out].
//
// Leading axes are merged first: the gradient by w is then a plain matrix product, where XLA on CPU would otherwise copy
// both operands into another order.
func linear(x, w, bias *Node) *Node {
	dims := slices.Clone(x.Shape().Dimensions)
	last := len(dims) - 1
	flat := Reshape(x, x.Shape().Size()/dims[last], dims[last])
	y := product(flat, w).General([]int{1}, nil, []int{1}, nil)
	if bias != nil {
		y = Add(y, ExpandLeftToRank(bias, 2))
	}
	dims[last] = w.Shape().Dimensions[0]
	return Reshape(y, dims...)
}

// rmsNorm normalises the last axis in float32 and scales it. x: [..., n], w: [n].
func rmsNorm(x, w *Node, eps float64) *Node {
	dtype := x.DType()
	f := ConvertDType(x, dtypes.Float32)
	f = Mul(f, Reciprocal(Sqrt(AddScalar(ReduceAndKeep(Square(f), ReduceMean, -1), eps))))
	return Mul(ConvertDType(f, dtype), ExpandLeftToRank(w, x.Rank()))
}

// project computes queries, keys and values of normalised states. h: [batch, seq, hidden] →
// q: [batch, seq, heads, dim], k and v: [batch, seq, kv, dim], q and k rotated.
func (c Config) project(p func(string) *Node, h *Node, rot rotation) (q, k, v *Node) {
	batch, seq := h.Shape().Dimensions[0], h.Shape().Dimensions[1]
	head := func(name string, heads int) *Node {
		return Reshape(c.linearAt(p, "self_attn."+name+"_proj", h), batch, seq, heads, c.HeadDim)
	}
	q, k, v = head("q", c.Heads), head("k", c.KVHeads), head("v", c.KVHeads)
	if c.QKNorm {
		q = rmsNorm(q, p("self_attn.q_norm.weight"), c.NormEps)
		k = rmsNorm(k, p("self_attn.k_norm.weight"), c.NormEps)
	}
	return rot.apply(q), rot.apply(k), v
}

// attend is grouped-query attention with softmax in float32. q: [batch, seq, heads, dim], k and v: [batch, keys, kv, dim],
// visible: bool, broadcast to [batch, kv, seq, group, keys] → [batch, seq, heads·dim]. Scores are kept in the order in which a
// batched product yields them, which saves a transposition in each direction.
func (c Config) attend(q, k, v, visible *Node) *Node {
	batch, seq := q.Shape().Dimensions[0], q.Shape().Dimensions[1]
	q = Reshape(q, batch, seq, c.KVHeads, c.Heads/c.KVHeads, c.HeadDim)
	scores := ConvertDType(product(q, k).General([]int{4}, []int{0, 2}, []int{3}, []int{0, 2}), dtypes.Float32)
	scores = MulScalar(scores, 1/math.Sqrt(float64(c.HeadDim)))
	scores = Where(BroadcastToDims(visible, scores.Shape().Dimensions...), scores, Scalar(q.Graph(), dtypes.Float32, masked))
	out := product(ConvertDType(Softmax(scores, -1), v.DType()), v).General([]int{4}, []int{0, 1}, []int{1}, []int{0, 2}) // [batch, kv, seq, group, dim]
	return Reshape(TransposeAllAxes(out, 0, 2, 1, 3, 4), batch, seq, c.Heads*c.HeadDim)
}

// residuals adds a layer's attention output and its gated feed-forward to the stream. x: [batch, seq, hidden],
// attended: [batch, seq, heads·dim].
func (c Config) residuals(p func(string) *Node, x, attended *Node) *Node {
	x = Add(x, c.linearAt(p, "self_attn.o_proj", attended))
	h := rmsNorm(x, p("post_attention_layernorm.weight"), c.NormEps)
	gate := c.linearAt(p, "mlp.gate_proj", h)
	up := c.linearAt(p, "mlp.up_proj", h)
	return Add(x, c.linearAt(p, "mlp.down_proj", Mul(Mul(gate, Sigmoid(gate)), up)))
}
