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

// linear is x·wᵀ (+ bias). x: [..., in], w: [out, in], bias: [out] or nil → [..., out].
//
// Leading axes are merged first: the gradient by w is then a plain matrix product, where XLA on CPU would otherwise copy
// both operands into another order.
func linear(x, w, bias *Node) *Node {
	dims := slices.Clone(x.Shape().Dimensions)
	last := len(dims) - 1
	flat := Reshape(x, x.Shape().Size()/dims[last], dims[last])
	y := Dot(flat, w).General([]int{1}, nil, []int{1}, nil)
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

// rotation holds the rotary embedding's cosines and sines. [batch, seq, 1, dim/2] in the compute type.
type rotation struct{ cos, sin *Node }

// rotate prepares the rotation of the given positions. positions: [batch, seq] int32.
func (c Config) rotate(positions *Node, dtype dtypes.DType) rotation {
	half := c.HeadDim / 2
	freq := make([]float32, half)
	for i := range freq {
		freq[i] = float32(math.Pow(c.RopeTheta, -2*float64(i)/float64(c.HeadDim)))
	}
	angles := Mul(InsertAxes(ConvertDType(positions, dtypes.Float32), -1, -1), Reshape(Const(positions.Graph(), freq), 1, 1, 1, half))
	return rotation{ConvertDType(Cos(angles), dtype), ConvertDType(Sin(angles), dtype)}
}

// apply turns pairs (i, i+dim/2), as Hugging Face checkpoints expect. x: [batch, seq, heads, dim].
func (r rotation) apply(x *Node) *Node {
	half := x.Shape().Dimensions[3] / 2
	a := Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(0, half))
	b := Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(half))
	return Concatenate([]*Node{Sub(Mul(a, r.cos), Mul(b, r.sin)), Add(Mul(b, r.cos), Mul(a, r.sin))}, -1)
}

// project computes queries, keys and values of normalised states. h: [batch, seq, hidden] →
// q: [batch, seq, heads, dim], k and v: [batch, seq, kv, dim], q and k rotated.
func (c Config) project(p func(string) *Node, h *Node, rot rotation) (q, k, v *Node) {
	batch, seq := h.Shape().Dimensions[0], h.Shape().Dimensions[1]
	head := func(name string, heads int) *Node {
		y := linear(h, p("self_attn."+name+"_proj.weight"), p("self_attn."+name+"_proj.bias"))
		return Reshape(y, batch, seq, heads, c.HeadDim)
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
	scores := ConvertDType(Einsum("bqngd,bknd->bnqgk", q, k), dtypes.Float32)
	scores = MulScalar(scores, 1/math.Sqrt(float64(c.HeadDim)))
	scores = Where(BroadcastToDims(visible, scores.Shape().Dimensions...), scores, Scalar(q.Graph(), dtypes.Float32, masked))
	out := Einsum("bnqgk,bknd->bqngd", ConvertDType(Softmax(scores, -1), v.DType()), v)
	return Reshape(out, batch, seq, c.Heads*c.HeadDim)
}

// residuals adds a layer's attention output and its gated feed-forward to the stream. x: [batch, seq, hidden],
// attended: [batch, seq, heads·dim].
func (c Config) residuals(p func(string) *Node, x, attended *Node) *Node {
	x = Add(x, linear(attended, p("self_attn.o_proj.weight"), p("self_attn.o_proj.bias")))
	h := rmsNorm(x, p("post_attention_layernorm.weight"), c.NormEps)
	gate := linear(h, p("mlp.gate_proj.weight"), nil)
	up := linear(h, p("mlp.up_proj.weight"), nil)
	return Add(x, linear(Mul(Mul(gate, Sigmoid(gate)), up), p("mlp.down_proj.weight"), nil))
}
