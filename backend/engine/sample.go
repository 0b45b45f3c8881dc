package engine

import (
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// distribution is what the next tokens are drawn from.
type distribution struct {
	logits   *Node // [slots, vocab] float32, as the model gave them
	adjusted *Node // [slots, vocab] float32, with penalties, bias and bans; nil without
	ints     *Node // see upload
	floats   *Node
	made     *Node // scalar int32: steps made
}

// banned is the logit of a token that must not be drawn. It is finite, so that differences stay numbers.
const banned = -1e30

// adjust applies penalties in vLLM's order (repetition, frequency, presence), the logit bias, and bans stop tokens where the
// response has not its least length. history: [slots, vocab] int32, bias: [slots, vocab] float32.
func (d *distribution) adjust(history, bias *Node) {
	dims, g := d.logits.Shape().Dimensions, d.logits.Graph()
	real := func(i int) *Node { return BroadcastToDims(Slice(d.floats, AxisRange(), AxisRange(i, i+1)), dims...) }
	x := d.logits
	factor := Where(GreaterThan(history, ZerosLike(history)), real(floatRepetition), OnesLike(x))
	x = Where(GreaterThan(x, ZerosLike(x)), Div(x, factor), Mul(x, factor))
	count := ConvertDType(Div(history, BroadcastToDims(Const(g, int32(2)), dims...)), dtypes.Float32)
	x = Sub(x, Mul(count, real(floatFrequency)))
	x = Sub(x, Where(GreaterThan(count, ZerosLike(count)), real(floatPresence), ZerosLike(x)))
	x = Add(x, bias)
	index := Iota(g, shapes.Make(dtypes.Int32, dims...), 1)
	tooEarly := LessThan(BroadcastToDims(d.made, dims...), BroadcastToDims(InsertAxes(column(d.ints, intAtLeast), -1), dims...))
	for i := intStops; i < d.ints.Shape().Dimensions[1]; i++ {
		stop := Equal(index, BroadcastToDims(InsertAxes(column(d.ints, i), -1), dims...))
		x = Where(LogicalAnd(stop, tooEarly), BroadcastToDims(Const(g, float32(banned)), dims...), x)
	}
	d.adjusted = x
}

// recorded adds the sampled tokens to the history. history: [slots, vocab], ids: [slots].
func recorded(history, ids *Node) *Node {
	dims := history.Shape().Dimensions
	hit := Equal(Iota(history.Graph(), shapes.Make(dtypes.Int32, dims...), 1), BroadcastToDims(InsertAxes(ids, -1), dims...))
	two := BroadcastToDims(Const(history.Graph(), int32(2)), dims...)
	return Add(history, Where(hit, two, ZerosLike(history)))
}

// sample draws one token a slot by inverting the cumulative distribution, or takes the likeliest one where the temperature is
// 0. It returns ids [slots] int32 and their log-probs [slots] under softmax(logits/scoring temperature), neither adjusted nor
// truncated.
func (d *distribution) sample(filter bool) (ids, logProbs *Node) {
	x := d.logits
	if d.adjusted != nil {
		x = d.adjusted
	}
	dims := x.Shape().Dimensions
	temperature := column(d.floats, floatTemperature)
	greedy := Equal(temperature, ZerosLike(temperature))
	top := ReduceAndKeep(x, ReduceMax, -1)
	best := firstWhere(Equal(x, BroadcastToDims(top, dims...)))
	scale := InsertAxes(Where(greedy, OnesLike(temperature), temperature), -1)
	scaled := Div(Sub(x, top), scale) // [slots, vocab], at most 0
	if filter {
		scaled = d.truncate(scaled)
	}
	uniforms := Slice(d.floats, AxisRange(), AxisRange(floatUniforms))
	u := DynamicSlice(uniforms, []*Node{Const(x.Graph(), int32(0)), d.made}, []int{dims[0], 1}) // [slots, 1]
	drawn, found := invert(Exp(scaled), u)
	ids = Where(LogicalAnd(found, LogicalNot(greedy)), drawn, best)
	return ids, d.score(ids)
}

// score returns the log-probs of tokens. ids: [slots] int32.
func (d *distribution) score(ids *Node) *Node {
	scoring := InsertAxes(column(d.floats, floatScoring), -1)
	x := Div(Sub(d.logits, ReduceAndKeep(d.logits, ReduceMax, -1)), scoring)
	dims := x.Shape().Dimensions
	index := Iota(x.Graph(), shapes.Make(dtypes.Int32, dims...), 1)
	chosen := ReduceSum(Where(Equal(index, BroadcastToDims(InsertAxes(ids, -1), dims...)), x, ZerosLike(x)), -1)
	return Sub(chosen, Log(ReduceSum(Exp(x), -1)))
}

// likeliest returns the k likeliest tokens of each slot, best first, and their log-probs as score gives them: [slots, k] each.
// k passes over the vocabulary are quicker than a sort of all of it.
func (d *distribution) likeliest(k int) []*Node {
	scoring := InsertAxes(column(d.floats, floatScoring), -1)
	x := Div(Sub(d.logits, ReduceAndKeep(d.logits, ReduceMax, -1)), scoring)
	x = Sub(x, Log(ReduceAndKeep(Exp(x), ReduceSum, -1)))
	dims, g := x.Shape().Dimensions, x.Graph()
	index := Iota(g, shapes.Make(dtypes.Int32, dims...), 1)
	var ids, logProbs []*Node
	for range min(k, dims[1]) {
		top := ReduceAndKeep(x, ReduceMax, -1)
		id := firstWhere(Equal(x, BroadcastToDims(top, dims...)))
		ids, logProbs = append(ids, InsertAxes(id, -1)), append(logProbs, top)
		taken := Equal(index, BroadcastToDims(InsertAxes(id, -1), dims...))
		x = Where(taken, BroadcastToDims(Const(g, float32(math.Inf(-1))), dims...), x)
	}
	for len(ids) < k {
		ids, logProbs = append(ids, Sub(ids[0], Add(ids[0], OnesLike(ids[0])))), append(logProbs, logProbs[0])
	}
	return []*Node{Concatenate(ids, 1), Concatenate(logProbs, 1)}
}

// firstWhere returns the least index at which a row is true, or the length of the row. [slots, n] bool → [slots] int32
func firstWhere(x *Node) *Node {
	dims, g := x.Shape().Dimensions, x.Graph()
	index := Iota(g, shapes.Make(dtypes.Int32, dims...), 1)
	return ReduceMin(Where(x, index, BroadcastToDims(Const(g, int32(dims[1])), dims...)), -1)
}

// block is how many vocabulary entries one partial sum covers when a token is drawn.
const block = 128

// invert finds, in each row, the first entry whose cumulative weight exceeds u times the whole. Sums run over blocks first and
// then inside one block, which costs two passes over the vocabulary and no sort. An entry of weight 0 is never chosen; found
// is false where rounding left u beyond the last entry. weights: [slots, vocab] ≥ 0, u: [slots, 1] → [slots] int32, [slots] bool.
func invert(weights, u *Node) (ids, found *Node) {
	g, rows, vocab := weights.Graph(), weights.Shape().Dimensions[0], weights.Shape().Dimensions[1]
	blocks := (vocab + block - 1) / block
	if pad := blocks*block - vocab; pad > 0 {
		weights = Concatenate([]*Node{weights, Zeros(g, shapes.Make(weights.DType(), rows, pad))}, 1)
	}
	grid := Reshape(weights, rows, blocks, block)

	upTo := running(ReduceSum(grid, -1)) // [slots, blocks]
	u = Mul(u, Slice(upTo, AxisRange(), AxisRange(blocks-1, blocks)))
	at := countNotAbove(upTo, u) // [slots]: the block that holds u
	chosen := Equal(BroadcastToDims(InsertAxes(at, -1), rows, blocks), Iota(g, shapes.Make(dtypes.Int32, rows, blocks), 1))
	before := countedMass(upTo, u)
	inside := ReduceSum(Where(BroadcastToDims(InsertAxes(chosen, -1), rows, blocks, block), grid, ZerosLike(grid)), 1)
	within := running(inside) // [slots, block]
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
