package decoder

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Tokens is what a forward pass reads; each field is [batch, seq] int32.
type Tokens struct {
	IDs *Node
	// Positions are the rotary positions; they restart at 0 in each sequence, so all are below seq.
	Positions *Node
	// Segments tells the sequences of a row apart: a token sees earlier tokens of its own segment only. 0 is padding. One
	// convention so serves left padding, right padding, and several sequences packed into a row.
	Segments *Node
}

// Cache holds one layer's keys and values. [batch, keys, kv, dim]
type Cache struct{ Keys, Values *Node }

// Forward runs the whole model over full sequences. It returns the hidden states after the final norm, [batch, seq, hidden],
// and each layer's keys and values. With remat, layers are recomputed in the backward pass instead of being kept.
func (c Config) Forward(w Weights, t Tokens, remat bool) (hidden *Node, caches []Cache) {
	x := c.embed(w, t.IDs)
	rot := c.RopeTable(x.Graph(), t.IDs.Shape().Dimensions[1], x.DType()).at(t.Positions)
	visible := causal(t.Segments)
	for l := range c.Layers {
		if remat {
			x = x.Checkpoint()
		}
		x = c.keepRows(x)
		p := w.layer(l)
		q, k, v := c.project(p, rmsNorm(x, p("input_layernorm.weight"), c.NormEps), rot)
		caches = append(caches, Cache{k, v})
		x = c.residuals(p, x, c.attend(q, k, v, visible))
	}
	if remat {
		x = x.StopCheckpoint()
	}
	x = c.keepRows(x)
	return rmsNorm(x, w.get(normName), c.NormEps), caches
}

// smallVocab is the vocabulary up to which embeddings are looked up by a product with one-hot rows. On CPU, XLA runs the
// gradient of a gather as a loop over tokens, which then takes most of a training step.
const smallVocab = 512

// embed looks up token embeddings. ids: [batch, seq] → [batch, seq, hidden].
func (c Config) embed(w Weights, ids *Node) *Node {
	table := w.get(embedName)
	if c.VocabSize > smallVocab {
		return Gather(table, InsertAxes(ids, -1))
	}
	rows := OneHot(ids, c.VocabSize, table.DType())
	return Dot(rows, table).General([]int{rows.Rank() - 1}, nil, []int{0}, nil)
}

// causal lets a query see the keys at or before it in the same segment. segments: [batch, seq] →
// [batch, 1, seq, 1, seq] bool.
func causal(segments *Node) *Node {
	batch, seq := segments.Shape().Dimensions[0], segments.Shape().Dimensions[1]
	square := shapes.Make(dtypes.Int32, 1, 1, seq, 1, seq)
	g := segments.Graph()
	before := LessOrEqual(Iota(g, square, 4), Iota(g, square, 2))
	same := Equal(Reshape(segments, batch, 1, seq, 1, 1), Reshape(segments, batch, 1, 1, 1, seq))
	dims := []int{batch, 1, seq, 1, seq}
	return LogicalAnd(BroadcastToDims(before, dims...), same)
}

// head is the output projection. [vocab, hidden]
func (c Config) head(w Weights) *Node {
	if c.TieEmbeddings {
		return w.get(embedName)
	}
	return w.get(headName)
}

// Logits projects hidden states on the vocabulary, in float32. hidden: [..., hidden] → [..., vocab].
func (c Config) Logits(w Weights, hidden *Node) *Node { return c.toVocab(hidden, c.head(w)) }
