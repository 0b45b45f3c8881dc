package decoder

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Scoring says how the log-probs of given tokens are computed.
type Scoring struct {
	// Temperature divides the logits. Scalar float32.
	Temperature *Node
	// Entropy asks for the entropies too.
	Entropy bool
	// Columns is how many columns of the window have their logits in memory at once; 0 means all. With fewer than the
	// window, the logits are computed anew in the backward pass, block by block.
	Columns int
	// Shards is how many devices the rows are cut over, and divides their number; 0 means 1. Each sums its own gradient by the
	// output projection over the blocks, so that devices exchange it once and not once a block.
	Shards int
}

// LogProbs scores tokens by the hidden states before them: their log-probs and, if asked for, the entropies of the
// distributions they were drawn from, in nats. hidden: [rows, window, hidden], ids: [rows, window] int32 → [rows, window] float32
// each; entropy is nil unless asked for.
//
// Blocks are cut along the window and never along the rows, so that a batch that is cut over devices stays where it is.
func (c Config) LogProbs(w Weights, hidden, ids *Node, s Scoring) (logProbs, entropy *Node) {
	window := ids.Shape().Dimensions[1]
	if s.Columns <= 0 || s.Columns >= window {
		logits := Div(c.Logits(w, hidden), s.Temperature)
		if s.Entropy {
			entropy = Entropy(logits)
		}
		return PickLogProbs(logits, ids), entropy
	}
	b := blocks{cfg: c, scoring: s, hidden: hidden, head: c.head(w), ids: ids}
	return b.score()
}

// blocks computes log-probs a block of columns at a time. Its gradient is written out: that of PickLogProbs and Entropy, from
// logits computed anew and the normalisers kept from the forward pass.
type blocks struct {
	cfg     Config
	scoring Scoring
	hidden  *Node // [rows, window, hidden]
	head    *Node // [vocab, hidden]
	ids     *Node // [rows, window]

	normalizers, entropy         *Node // [rows, window], from the forward pass
	fromLogProbs, fromEntropy    *Node // [rows, window], gradients that arrived; nil when nothing depends on the result
	hiddenGradient, headGradient *Node
}

// score computes the results without gradients and ties them to the hidden states and the head by identities that have a
// gradient of their own, the only custom gradient GoMLX offers: those at the results keep what arrives, those at the inputs
// hand out what backward makes of it. GoMLX walks nodes backwards in the order they were made, so the results come first.
func (b *blocks) score() (logProbs, entropy *Node) {
	hidden := IdentityWithCustomGradient(b.hidden, func(_, _ *Node) *Node { b.backward(); return b.hiddenGradient })
	head := IdentityWithCustomGradient(b.head, func(_, _ *Node) *Node { b.backward(); return b.headGradient })
	// The tie is a zero that XLA folds away; it makes the inputs reachable from the results.
	g := hidden.Graph()
	corner := func(x *Node) *Node { return ConvertDType(ReduceAllSum(Slice(x, cornerOf(x)...)), dtypes.Float32) }
	tie := Where(Const(g, false), Add(corner(hidden), corner(head)), ScalarZero(g, dtypes.Float32))
	logProbs, entropy = b.forward()
	tied := func(x *Node, arrived **Node) *Node {
		return IdentityWithCustomGradient(Add(x, tie), func(_, v *Node) *Node { *arrived = v; return v })
	}
	logProbs = tied(StopGradient(logProbs), &b.fromLogProbs)
	if entropy != nil {
		entropy = tied(StopGradient(entropy), &b.fromEntropy)
	}
	return logProbs, entropy
}

func cornerOf(x *Node) []SliceAxisSpec { return slices.Repeat([]SliceAxisSpec{AxisElem(0)}, x.Rank()) }

// cuts lists the blocks' columns.
func (b *blocks) cuts() [][2]int {
	var cuts [][2]int
	window := b.ids.Shape().Dimensions[1]
	for from := 0; from < window; from += b.scoring.Columns {
		cuts = append(cuts, [2]int{from, min(from+b.scoring.Columns, window)})
	}
	return cuts
}

// columns takes one block of a [rows, window, ...] array.
func columns(x *Node, cut [2]int) *Node {
	axes := slices.Repeat([]SliceAxisSpec{AxisRange()}, x.Rank())
	axes[1] = AxisRange(cut[0], cut[1])
	return Slice(x, axes...)
}

// after delays x until the other node is there, so that one block's logits are gone before the next ones are made.
func after(x, other *Node) *Node {
	if other == nil {
		return x
	}
	return OptimizationBarriers(x, other)[0]
}

func (b *blocks) forward() (logProbs, entropy *Node) {
	var picked, normalizers, entropies []*Node
	var previous *Node
	for _, cut := range b.cuts() {
		logits := Div(b.cfg.toVocab(after(columns(b.hidden, cut), previous), b.head), b.scoring.Temperature) // [rows, columns, vocab]
		lse := LogSumExp(logits)                                                                             // [rows, columns, 1]
		previous = Sub(pick(logits, columns(b.ids, cut)), Squeeze(lse, -1))
		picked, normalizers = append(picked, previous), append(normalizers, Squeeze(lse, -1))
		if b.scoring.Entropy {
			entropies = append(entropies, entropyOf(logits, lse))
		}
	}
	b.normalizers = Concatenate(normalizers, 1)
	if b.scoring.Entropy {
		b.entropy = Concatenate(entropies, 1)
	}
	return Concatenate(picked, 1), b.entropy
}

// backward writes the gradient of both results by the hidden states and the head. With z the logits over the temperature,
// p = softmax(z), H = entropy: d logp/dz = onehot − p and dH/dz = −p·(log p + H).
func (b *blocks) backward() {
	if b.hiddenGradient != nil {
		return
	}
	var byHidden []*Node
	var previous, sum *Node
	shards, dtype := max(1, b.scoring.Shards), b.head.DType()
	for _, cut := range b.cuts() {
		h := after(columns(b.hidden, cut), previous)                     // [rows, columns, hidden]
		z := Div(b.cfg.toVocab(h, b.head), b.scoring.Temperature)        // [rows, columns, vocab]
		logp := Sub(z, InsertAxes(columns(b.normalizers, cut), -1))      // [rows, columns, vocab]
		v := Div(b.byLogits(logp, cut), b.scoring.Temperature)           // [rows, columns, vocab]
		v = Reshape(ConvertDType(v, dtype), shards, -1, b.cfg.VocabSize) // [shards, tokens, vocab]
		states := Reshape(h, shards, -1, b.cfg.HiddenSize)               // [shards, tokens, hidden]
		byHead := b.cfg.keepRows(Einsum("stv,sth->svh", v, states))      // [shards, vocab, hidden]
		if sum != nil {
			byHead = Add(byHead, sum)
		}
		block := b.cfg.keepRows(Reshape(Einsum("stv,vh->sth", v, b.head), h.Shape().Dimensions...)) // [rows, columns, hidden]
		// Without the barrier XLA would add up all blocks' gradients at the end, in one go, and so keep every one.
		done := OptimizationBarriers(block, byHead)
		previous, sum = done[0], done[1]
		byHidden = append(byHidden, previous)
	}
	b.hiddenGradient, b.headGradient = Concatenate(byHidden, 1), ReduceSum(sum, 0)
}

// byLogits is the gradient by one block's logits (over the temperature). logp: [rows, columns, vocab] → the same.
func (b *blocks) byLogits(logp *Node, cut [2]int) *Node {
	p := Exp(logp)
	v := ZerosLike(logp)
	if b.fromLogProbs != nil {
		arrived := BroadcastToDims(InsertAxes(columns(b.fromLogProbs, cut), -1), logp.Shape().Dimensions...)
		v = Sub(Where(chosen(logp, columns(b.ids, cut)), arrived, v), Mul(arrived, p))
	}
	if b.fromEntropy != nil {
		arrived, h := InsertAxes(columns(b.fromEntropy, cut), -1), InsertAxes(columns(b.entropy, cut), -1)
		v = Sub(v, Mul(arrived, Mul(p, Add(logp, h))))
	}
	return v
}

// toVocab is Logits with a given head.
func (c Config) toVocab(hidden, head *Node) *Node {
	if !c.FloatHead {
		return ConvertDType(c.keepRows(linear(hidden, head, nil)), dtypes.Float32)
	}
	dims := slices.Clone(hidden.Shape().Dimensions)
	last := len(dims) - 1
	flat := Reshape(hidden, -1, dims[last])
	dims[last] = head.Shape().Dimensions[0]
	return c.keepRows(Reshape(Dot(flat, head).WithOutputDType(dtypes.Float32).General([]int{1}, nil, []int{1}, nil), dims...))
}

// LogSumExp reduces the last axis, keeping it. logits: [..., vocab] → [..., 1].
func LogSumExp(logits *Node) *Node {
	top := StopGradient(ReduceAndKeep(logits, ReduceMax, -1))
	return Add(Log(ReduceAndKeep(Exp(Sub(logits, top)), ReduceSum, -1)), top)
}

// PickLogProbs returns the log-prob of the given token at each place. logits: [..., vocab], ids: [...] int32 → [...].
func PickLogProbs(logits, ids *Node) *Node {
	return Sub(pick(logits, ids), Squeeze(LogSumExp(logits), -1))
}

// Entropy returns the entropy, in nats, of each distribution. logits: [..., vocab] → [...].
func Entropy(logits *Node) *Node { return entropyOf(logits, LogSumExp(logits)) }

func entropyOf(logits, lse *Node) *Node {
	p := Exp(Sub(logits, lse))
	return Sub(Squeeze(lse, -1), ReduceSum(Mul(p, logits), -1))
}

// pick takes the logit of the given token at each place. It compares with the vocabulary's index instead of gathering, which
// partitions over devices and fuses with the reduction, so that no one-hot matrix is ever kept.
// logits: [..., vocab], ids: [...] → [...].
func pick(logits, ids *Node) *Node {
	return ReduceSum(Where(chosen(logits, ids), logits, ZerosLike(logits)), -1)
}

// chosen is true where the vocabulary's index is the given token. logits: [..., vocab], ids: [...] → [..., vocab].
func chosen(logits, ids *Node) *Node {
	dims := logits.Shape().Dimensions
	index := Iota(logits.Graph(), shapes.Make(dtypes.Int32, dims...), len(dims)-1)
	return Equal(index, BroadcastToDims(InsertAxes(ids, -1), dims...))
}
