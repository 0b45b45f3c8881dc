// Package decoder is the decoder-only transformer of the Qwen3, Qwen2 and Llama families as GoMLX graphs: token ids to
// hidden states, logits and log-probs, with or without a key-value cache. Weights carry the names and the [out, in]
// orientation of Hugging Face checkpoints, so that loading and saving copy bytes.
//
// Shape letters used in comments: batch, seq (queries), keys (cached or attended positions), hidden, heads (query heads),
// kv (key-value heads), group (query heads a key-value head: heads = kv × group), dim (of one head), vocab.
package decoder

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// Config describes one model. Field meanings are those of a Hugging Face config.json.
type Config struct {
	ModelType        string // "qwen3", "qwen2" or "llama"
	VocabSize        int
	HiddenSize       int
	IntermediateSize int
	Layers           int
	Heads            int
	KVHeads          int
	HeadDim          int
	NormEps          float64
	RopeTheta        float64
	Rope             RopeScaling // how rotary frequencies are stretched; the zero value leaves them alone
	MaxPositions     int
	TieEmbeddings    bool    // the output projection is the embedding table
	QKNorm           bool    // RMS norm on each head's queries and keys (Qwen3)
	QKVBias          bool    // biases on the query, key and value projections (Qwen2)
	OutputBias       bool    // bias on the attention's output projection (Llama with attention_bias)
	MLPBias          bool    // biases on the feed-forward projections (Llama with mlp_bias)
	InitScale        float64 // standard deviation of random weights; 0 takes 1/sqrt(HiddenSize)

	// FloatHead leaves logits of a bfloat16 model as the float32 sums that the product makes, instead of rounding them to
	// bfloat16 first. It belongs to the graphs, not to the checkpoint: config.json does not hold it.
	FloatHead bool
	// LoRA adds trainable low-rank adapters and freezes everything else; nil is a plain model.
	LoRA *LoRA
	// ValueHead adds a head that estimates the value of states, for learning only; see Values. Like adapters, config.json does not hold it.
	ValueHead bool

	rows *rows // see KeepRows
}

// rows wraps a function, so that configurations can still be compared.
type rows struct{ keep func(*graph.Node) *graph.Node }

// KeepRows returns a configuration whose graphs pass their activations, whose first axis is the batch, through keep: a place to
// say how they lie on several devices.
func (c Config) KeepRows(keep func(x *graph.Node) *graph.Node) Config {
	c.rows = &rows{keep}
	return c
}

// keepRows marks an activation. Never mark the operand of Node.Checkpoint: GoMLX v0.28.3 forgets its gradient.
func (c Config) keepRows(x *graph.Node) *graph.Node {
	if c.rows == nil {
		return x
	}
	return c.rows.keep(x)
}

// Tiny is a Qwen3-style model small enough to be trained from scratch on a laptop's CPU in a minute.
func Tiny(vocab int) Config {
	return Config{ModelType: "qwen3", VocabSize: vocab, HiddenSize: 64, IntermediateSize: 192, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 16, InitScale: 0.12,
		NormEps: 1e-6, RopeTheta: 10_000, MaxPositions: 64, TieEmbeddings: true, QKNorm: true}
}

// Validate reports every dimension that makes no sense.
func (c Config) Validate() error {
	var faults []error
	positive := []struct {
		name  string
		value int
	}{{"vocab_size", c.VocabSize}, {"hidden_size", c.HiddenSize}, {"intermediate_size", c.IntermediateSize},
		{"num_hidden_layers", c.Layers}, {"num_attention_heads", c.Heads}, {"num_key_value_heads", c.KVHeads}, {"head_dim", c.HeadDim}}
	for _, p := range positive {
		if p.value <= 0 {
			faults = append(faults, fmt.Errorf("model configuration: %s must be positive, got %d", p.name, p.value))
		}
	}
	if c.KVHeads > 0 && c.Heads%c.KVHeads != 0 {
		faults = append(faults, fmt.Errorf("model configuration: %d attention heads do not divide over %d key-value heads", c.Heads, c.KVHeads))
	}
	if c.HeadDim%2 != 0 {
		faults = append(faults, fmt.Errorf("model configuration: head_dim %d must be even for rotary embeddings", c.HeadDim))
	}
	if !slices.Contains([]string{"qwen3", "qwen2", "llama"}, c.ModelType) {
		faults = append(faults, fmt.Errorf("model configuration: model_type %q is not supported: want qwen3, qwen2 or llama", c.ModelType))
	}
	if err := c.Rope.validate(); err != nil {
		faults = append(faults, fmt.Errorf("model configuration: %w", err))
	}
	if c.LoRA != nil {
		if err := c.LoRA.validate(); err != nil {
			faults = append(faults, fmt.Errorf("model configuration: %w", err))
		}
	}
	return errors.Join(faults...)
}
