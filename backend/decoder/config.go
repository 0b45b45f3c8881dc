// Package decoder is the decoder-only transformer of the Qwen3, Qwen2 and Llama families as GoMLX graphs: token ids to
// hidden states, logits and log-probs, with or without a key-value cache. Weights carry the names and the [out, in]
// orientation of Hugging Face checkpoints, so that loading and saving copy bytes.
//
// Shape letters used in comments: batch, seq (queries), keys (cached or attended positions), hidden, heads (query heads),
// kv (key-value heads), group (query heads a key-value head: heads = kv × group), dim (of one head), vocab.
package decoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	MaxPositions     int
	TieEmbeddings    bool    // the output projection is the embedding table
	QKNorm           bool    // RMS norm on each head's queries and keys (Qwen3)
	QKVBias          bool    // biases on the query, key and value projections (Qwen2)
	OutputBias       bool    // bias on the attention's output projection (Llama with attention_bias)
	InitScale        float64 // standard deviation of random weights; 0 takes 1/sqrt(HiddenSize)
}

// Tiny is a Qwen3-style model small enough to be trained from scratch on a laptop's CPU in a minute.
func Tiny(vocab int) Config {
	return Config{ModelType: "qwen3", VocabSize: vocab, HiddenSize: 64, IntermediateSize: 192, Layers: 2, Heads: 4, KVHeads: 2, HeadDim: 16, InitScale: 0.12,
		NormEps: 1e-6, RopeTheta: 10_000, MaxPositions: 64, TieEmbeddings: true, QKNorm: true}
}

// ropeSettings is how transformers 5 writes rotary embeddings.
type ropeSettings struct {
	Theta float64 `json:"rope_theta"`
	Type  string  `json:"rope_type"`
	Old   string  `json:"type"`
}

// hfConfig lists the keys of config.json that are read, in both the Hub's and transformers 5's dialect.
type hfConfig struct {
	ModelType        string        `json:"model_type"`
	VocabSize        int           `json:"vocab_size"`
	HiddenSize       int           `json:"hidden_size"`
	IntermediateSize int           `json:"intermediate_size"`
	Layers           int           `json:"num_hidden_layers"`
	Heads            int           `json:"num_attention_heads"`
	KVHeads          *int          `json:"num_key_value_heads"`
	HeadDim          *int          `json:"head_dim"`
	NormEps          float64       `json:"rms_norm_eps"`
	RopeTheta        float64       `json:"rope_theta"`
	RopeScaling      *ropeSettings `json:"rope_scaling"`
	RopeParameters   *ropeSettings `json:"rope_parameters"`
	MaxPositions     int           `json:"max_position_embeddings"`
	TieEmbeddings    *bool         `json:"tie_word_embeddings"`
	AttentionBias    bool          `json:"attention_bias"`
	MLPBias          bool          `json:"mlp_bias"`
	HiddenAct        string        `json:"hidden_act"`
	SlidingWindow    bool          `json:"use_sliding_window"`
}

// ParseConfig reads a Hugging Face config.json. What the graphs here do not implement (another architecture, scaled rotary
// embeddings, sliding windows, another activation) is an error that names it, never ignored.
func ParseConfig(data []byte) (Config, error) {
	var h hfConfig
	if err := json.Unmarshal(data, &h); err != nil {
		return Config{}, fmt.Errorf("config.json: %w", err)
	}
	c := Config{ModelType: h.ModelType, VocabSize: h.VocabSize, HiddenSize: h.HiddenSize, IntermediateSize: h.IntermediateSize,
		Layers: h.Layers, Heads: h.Heads, KVHeads: h.Heads, NormEps: h.NormEps, RopeTheta: h.RopeTheta, MaxPositions: h.MaxPositions}
	switch h.ModelType {
	case "qwen3":
		c.QKNorm, c.QKVBias, c.OutputBias = true, h.AttentionBias, h.AttentionBias
	case "qwen2":
		c.QKVBias = true
	case "llama":
		c.QKVBias, c.OutputBias = h.AttentionBias, h.AttentionBias
	default:
		return Config{}, fmt.Errorf("config.json: model_type %q is not supported: want qwen3, qwen2 or llama", h.ModelType)
	}
	if h.KVHeads != nil {
		c.KVHeads = *h.KVHeads
	}
	if h.HeadDim != nil {
		c.HeadDim = *h.HeadDim
	} else if h.Heads > 0 {
		c.HeadDim = h.HiddenSize / h.Heads
	}
	if h.TieEmbeddings != nil {
		c.TieEmbeddings = *h.TieEmbeddings
	}
	if err := c.readRope(h); err != nil {
		return Config{}, err
	}
	if h.MLPBias {
		return Config{}, errors.New("config.json: mlp_bias is not supported")
	}
	if h.SlidingWindow {
		return Config{}, errors.New("config.json: use_sliding_window is not supported")
	}
	if h.HiddenAct != "" && h.HiddenAct != "silu" {
		return Config{}, fmt.Errorf("config.json: hidden_act %q is not supported: want silu", h.HiddenAct)
	}
	return c, c.Validate()
}

func (c *Config) readRope(h hfConfig) error {
	for _, r := range []*ropeSettings{h.RopeParameters, h.RopeScaling} {
		if r == nil {
			continue
		}
		if kind := r.Type + r.Old; kind != "" && kind != "default" && kind != "defaultdefault" {
			return fmt.Errorf("config.json: rotary embedding scaling %q is not supported", strings.TrimPrefix(kind, "default"))
		}
		if r.Theta != 0 {
			c.RopeTheta = r.Theta
		}
	}
	if c.RopeTheta == 0 {
		c.RopeTheta = 10_000 // what transformers assumes when the key is absent
	}
	return nil
}

// MarshalHF writes the configuration as a config.json that transformers and vLLM read. dtype is the type of the saved
// weights ("float32", "bfloat16"); eos and pad are the special tokens' ids.
func (c Config) MarshalHF(dtype string, eos []int32, pad int32) ([]byte, error) {
	arch := map[string]string{"qwen3": "Qwen3ForCausalLM", "qwen2": "Qwen2ForCausalLM", "llama": "LlamaForCausalLM"}[c.ModelType]
	h := map[string]any{
		"architectures": []string{arch}, "model_type": c.ModelType, "vocab_size": c.VocabSize, "hidden_size": c.HiddenSize,
		"intermediate_size": c.IntermediateSize, "num_hidden_layers": c.Layers, "num_attention_heads": c.Heads,
		"num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim, "rms_norm_eps": c.NormEps, "rope_theta": c.RopeTheta,
		"max_position_embeddings": c.MaxPositions, "tie_word_embeddings": c.TieEmbeddings, "hidden_act": "silu",
		"attention_bias": c.QKVBias && c.ModelType != "qwen2", "torch_dtype": dtype, "use_cache": true, "pad_token_id": pad,
	}
	switch len(eos) {
	case 0:
	case 1:
		h["eos_token_id"] = eos[0]
	default:
		h["eos_token_id"] = eos
	}
	return json.MarshalIndent(h, "", "  ")
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
	return errors.Join(faults...)
}
