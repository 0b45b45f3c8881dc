package engine

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// truncate drops the tokens that min-p, top-k and top-p (in vLLM's order) leave out, by setting their logits to banned.
// x: [slots, vocab] float32, already divided by the temperature, with the likeliest token at 0.
//
// The k-th likeliest token and the one at which the mass is reached are found by bisection over the bits of the logits, which
// is exact and needs no sort: on CPU, XLA sorts a vocabulary of 152 thousand in several times the time of these passes.
// Tokens with equal logits stay or go together, as in transformers for top-k.
func (d *distribution) truncate(x *Node) *Node {
	dims, g := x.Shape().Dimensions, x.Graph()
	wide := func(n *Node) *Node { return BroadcastToDims(n, dims...) }
	drop := func(x, keep *Node) *Node { return Where(keep, x, wide(Const(g, float32(banned)))) }
	minP := InsertAxes(column(d.floats, floatMinP), -1)
	x = drop(x, GreaterOrEqual(Exp(x), wide(minP)))

	// Logits are at most 0, and the bits of a non-negative float grow with it: rank by those of −x.
	rank := Bitcast(Abs(x), dtypes.Int32)
	k := InsertAxes(column(d.ints, intTopK), -1)
	all := wide(Const(g, int32(dims[1])))
	k = Where(Equal(k, ZerosLike(k)), Slice(all, AxisRange(), AxisRange(0, 1)), k)
	ones := OnesLike(rank)
	last := leastReaching(rank, ones, k)
	x = drop(x, LessOrEqual(rank, wide(last)))

	weights := Exp(x)
	share := InsertAxes(column(d.floats, floatTopP), -1)
	last = leastReaching(rank, weights, Mul(share, ReduceAndKeep(weights, ReduceSum, -1)))
	whole := GreaterOrEqual(share, OnesLike(share))
	return drop(x, LogicalOr(wide(whole), LessOrEqual(rank, wide(last))))
}

// leastReaching finds, in each row, the least rank such that the entries up to it weigh at least the goal; the largest rank where
// none does. rank: [slots, n] int32 ≥ 0, weights: [slots, n], goal: [slots, 1] → [slots, 1] int32.
func leastReaching(rank, weights, goal *Node) *Node {
	dims, g := rank.Shape().Dimensions, rank.Graph()
	least := ZerosLike(Slice(rank, AxisRange(), AxisRange(0, 1)))
	for bit := 30; bit >= 0; bit-- {
		half := BroadcastToDims(Const(g, int32(1)<<bit), dims[0], 1)
		below := Add(least, Sub(half, OnesLike(half)))
		weight := ReduceAndKeep(Where(LessOrEqual(rank, BroadcastToDims(below, dims...)), weights, ZerosLike(weights)), ReduceSum, -1)
		least = Where(GreaterOrEqual(weight, goal), least, Add(least, half))
	}
	return least
}
