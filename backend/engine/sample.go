package engine

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
)

// block is how many vocabulary entries one partial sum covers when a token is drawn.
const block = 128

// sample draws one token a row by inverting the cumulative distribution at u, or takes the likeliest one where the
// temperature is 0. logits: [rows, vocab] float32, temperature: [rows] ≥ 0, u: [rows] in [0, 1) → ids [rows] int32 and
// their log-probs [rows] under softmax(logits/temperature).
func sample(logits, temperature, u *Node) (ids, logProbs *Node) {
	greedy := Equal(temperature, ZerosLike(temperature))
	scaled := Div(logits, InsertAxes(Where(greedy, OnesLike(temperature), temperature), -1))
	best := ArgMax(logits, -1, dtypes.Int32)
	drawn, found := invert(Exp(Sub(scaled, decoder.LogSumExp(scaled))), u)
	usable := LogicalAnd(found, LogicalNot(greedy))
	ids = Where(usable, drawn, best)
	return ids, decoder.PickLogProbs(scaled, ids)
}

// invert finds, in each row, the first entry whose cumulative probability exceeds u. Sums run over blocks first and then inside
// one block, which costs two passes over the vocabulary and no sort. An entry of probability 0 is never chosen; found is false
// where rounding left u beyond the last entry. probs: [rows, vocab], u: [rows] → [rows] int32, [rows] bool.
func invert(probs, u *Node) (ids, found *Node) {
	g, rows, vocab := probs.Graph(), probs.Shape().Dimensions[0], probs.Shape().Dimensions[1]
	blocks := (vocab + block - 1) / block
	if pad := blocks*block - vocab; pad > 0 {
		probs = Concatenate([]*Node{probs, Zeros(g, shapes.Make(probs.DType(), rows, pad))}, 1)
	}
	grid := Reshape(probs, rows, blocks, block)
	u = InsertAxes(u, -1) // [rows, 1]

	upTo := running(ReduceSum(grid, -1)) // [rows, blocks]
	at := countNotAbove(upTo, u)         // [rows]: the block that holds u
	chosen := Equal(BroadcastToDims(InsertAxes(at, -1), rows, blocks), Iota(g, shapes.Make(dtypes.Int32, rows, blocks), 1))
	before := countedMass(upTo, u)
	inside := ReduceSum(Where(BroadcastToDims(InsertAxes(chosen, -1), rows, blocks, block), grid, ZerosLike(grid)), 1)
	within := running(inside) // [rows, block]
	offset := countNotAbove(within, Sub(u, before))
	found = LogicalAnd(LessThan(at, ConstAs(at, blocks)), LessThan(offset, ConstAs(offset, block)))
	return Add(Mul(at, ConstAs(at, block)), offset), found
}

// running is the inclusive cumulative sum of the last axis, as a product with a triangle: XLA's own is quadratic on CPU.
// x: [rows, n] → [rows, n].
func running(x *Node) *Node {
	n := x.Shape().Dimensions[1]
	square := shapes.Make(dtypes.Int32, n, n)
	upper := ConvertDType(LessOrEqual(Iota(x.Graph(), square, 0), Iota(x.Graph(), square, 1)), x.DType())
	return Dot(x, upper).General([]int{1}, nil, []int{0}, nil)
}

// countNotAbove counts the entries of a non-decreasing row that are at most u: the index of the first one above it.
// sums: [rows, n], u: [rows, 1] → [rows] int32.
func countNotAbove(sums, u *Node) *Node {
	return ReduceSum(ConvertDType(LessOrEqual(sums, BroadcastToDims(u, sums.Shape().Dimensions...)), dtypes.Int32), -1)
}

// countedMass returns the largest cumulative sum that is at most u, or 0. sums: [rows, n], u: [rows, 1] → [rows, 1].
func countedMass(sums, u *Node) *Node {
	below := LessOrEqual(sums, BroadcastToDims(u, sums.Shape().Dimensions...))
	return ReduceAndKeep(Where(below, sums, ZerosLike(sums)), ReduceMax, -1)
}
