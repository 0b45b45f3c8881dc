package decoder

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// ropeJSON holds rotary settings as config.json spells them: the Hub's rope_scaling and transformers 5's rope_parameters.
type ropeJSON struct {
	Theta             *float64  `json:"rope_theta"`
	Type              *string   `json:"rope_type"`
	OldType           *string   `json:"type"`
	Factor            *float64  `json:"factor"`
	OriginalPositions *int      `json:"original_max_position_embeddings"`
	LowFreqFactor     float64   `json:"low_freq_factor"`
	HighFreqFactor    float64   `json:"high_freq_factor"`
	BetaFast          float64   `json:"beta_fast"`
	BetaSlow          float64   `json:"beta_slow"`
	AttentionFactor   *float64  `json:"attention_factor"`
	MScale            float64   `json:"mscale"`
	MScaleAllDim      float64   `json:"mscale_all_dim"`
	Truncate          *bool     `json:"truncate"`
	Partial           *float64  `json:"partial_rotary_factor"`
	FullAttention     *ropeJSON `json:"full_attention"` // transformers 5 may nest the settings by layer type
}

// hfConfig lists the keys of config.json that are read, in both dialects.
type hfConfig struct {
	ModelType         string          `json:"model_type"`
	VocabSize         int             `json:"vocab_size"`
	HiddenSize        int             `json:"hidden_size"`
	IntermediateSize  int             `json:"intermediate_size"`
	Layers            int             `json:"num_hidden_layers"`
	Heads             int             `json:"num_attention_heads"`
	KVHeads           *int            `json:"num_key_value_heads"`
	HeadDim           *int            `json:"head_dim"`
	NormEps           float64         `json:"rms_norm_eps"`
	RopeTheta         *float64        `json:"rope_theta"`
	RopeScaling       *ropeJSON       `json:"rope_scaling"`
	RopeParameters    *ropeJSON       `json:"rope_parameters"`
	OriginalPositions *int            `json:"original_max_position_embeddings"`
	Partial           *float64        `json:"partial_rotary_factor"`
	MaxPositions      int             `json:"max_position_embeddings"`
	TieEmbeddings     bool            `json:"tie_word_embeddings"`
	AttentionBias     bool            `json:"attention_bias"`
	MLPBias           bool            `json:"mlp_bias"`
	HiddenAct         string          `json:"hidden_act"`
	UseSlidingWindow  bool            `json:"use_sliding_window"`
	SlidingWindow     *int            `json:"sliding_window"`
	MaxWindowLayers   int             `json:"max_window_layers"`
	LayerTypes        []string        `json:"layer_types"`
	Quantization      json.RawMessage `json:"quantization_config"`
}

// hfDefaults holds what transformers assumes where a key is absent.
func hfDefaults(modelType string) (hfConfig, error) {
	qwen := hfConfig{VocabSize: 151936, HiddenSize: 4096, IntermediateSize: 22016, Layers: 32, Heads: 32, KVHeads: new(32),
		NormEps: 1e-6, MaxPositions: 32768, HiddenAct: "silu", SlidingWindow: new(4096), MaxWindowLayers: 28}
	switch modelType {
	case "qwen3":
		qwen.HeadDim = new(128)
		return qwen, nil
	case "qwen2":
		return qwen, nil
	case "llama":
		return hfConfig{VocabSize: 32000, HiddenSize: 4096, IntermediateSize: 11008, Layers: 32, Heads: 32, NormEps: 1e-6,
			MaxPositions: 2048, HiddenAct: "silu"}, nil
	}
	return hfConfig{}, fmt.Errorf("model_type %q is not supported: want qwen3, qwen2 or llama", modelType)
}

// ParseConfig reads a Hugging Face config.json in the Hub's dialect (rope_theta, rope_scaling) or that of transformers 5
// (rope_parameters). Absent keys take the architecture's defaults. What the graphs here do not implement (another
// architecture, other rotary scalings, active sliding windows, quantised weights, another activation) is an error that
// names it, never ignored.
func ParseConfig(data []byte) (Config, error) {
	c, err := parseConfig(data)
	if err != nil {
		return Config{}, fmt.Errorf("config.json: %w", err)
	}
	return c, nil
}

func parseConfig(data []byte) (Config, error) {
	var kind struct {
		ModelType string `json:"model_type"`
	}
	if err := json.Unmarshal(data, &kind); err != nil {
		return Config{}, err
	}
	h, err := hfDefaults(kind.ModelType)
	if err != nil {
		return Config{}, err
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return Config{}, err
	}
	if err := h.supported(); err != nil {
		return Config{}, err
	}
	c := Config{ModelType: h.ModelType, VocabSize: h.VocabSize, HiddenSize: h.HiddenSize, IntermediateSize: h.IntermediateSize,
		Layers: h.Layers, Heads: h.Heads, KVHeads: h.Heads, NormEps: h.NormEps, MaxPositions: h.MaxPositions, TieEmbeddings: h.TieEmbeddings}
	switch h.ModelType {
	case "qwen3":
		c.QKNorm, c.QKVBias, c.OutputBias = true, h.AttentionBias, h.AttentionBias
	case "qwen2":
		c.QKVBias = true
	case "llama":
		c.QKVBias, c.OutputBias, c.MLPBias = h.AttentionBias, h.AttentionBias, h.MLPBias
	}
	if h.KVHeads != nil {
		c.KVHeads = *h.KVHeads
	}
	if h.HeadDim != nil {
		c.HeadDim = *h.HeadDim
	} else if h.Heads > 0 {
		c.HeadDim = h.HiddenSize / h.Heads
	}
	if err := c.readRope(h); err != nil {
		return Config{}, err
	}
	return c, c.Validate()
}

// supported reports what would need graphs that are not here.
func (h hfConfig) supported() error {
	if len(h.Quantization) > 0 && string(h.Quantization) != "null" {
		return errors.New("quantization_config: quantised weights are not supported: take the unquantised checkpoint")
	}
	if h.HiddenAct != "silu" {
		return fmt.Errorf("hidden_act %q is not supported: want silu", h.HiddenAct)
	}
	if h.ModelType == "llama" {
		return nil // its configuration has no sliding windows
	}
	window := h.UseSlidingWindow && h.SlidingWindow != nil && *h.SlidingWindow < h.MaxPositions
	if len(h.LayerTypes) > 0 {
		other := slices.IndexFunc(h.LayerTypes, func(kind string) bool { return kind != "full_attention" })
		if other >= 0 && (window || h.LayerTypes[other] != "sliding_attention") {
			return fmt.Errorf("layer_types: %q of layer %d is not supported: want full_attention", h.LayerTypes[other], other)
		}
	} else if window && h.Layers > h.MaxWindowLayers {
		return fmt.Errorf("use_sliding_window is not supported: layers from %d on see %d of %d positions", h.MaxWindowLayers, *h.SlidingWindow, h.MaxPositions)
	}
	return nil
}

// readRope resolves the two dialects as transformers does: rope_scaling goes before rope_parameters, and settings inside
// them before those beside them, except the original context length.
func (c *Config) readRope(h hfConfig) error {
	r := ropeJSON{}
	for _, given := range []*ropeJSON{h.RopeParameters, h.RopeScaling} {
		if given != nil && *given != (ropeJSON{}) {
			r = *given
		}
	}
	if r.FullAttention != nil {
		r = *r.FullAttention
	}
	for _, partial := range []*float64{r.Partial, h.Partial} {
		if partial != nil && *partial != 1 {
			return fmt.Errorf("partial_rotary_factor %g is not supported: want 1", *partial)
		}
	}
	if c.RopeTheta = first(10_000, r.Theta, h.RopeTheta); c.RopeTheta <= 0 {
		return fmt.Errorf("rope_theta must be positive, got %g", c.RopeTheta)
	}
	kind := first("default", r.Type, r.OldType)
	original := first(h.MaxPositions, h.OriginalPositions, r.OriginalPositions)
	c.Rope = RopeScaling{Type: kind, Factor: first(0, r.Factor)}
	switch kind {
	case "default":
		c.Rope = RopeScaling{}
	case "linear":
	case "llama3":
		c.Rope.OriginalPositions, c.Rope.LowFreqFactor, c.Rope.HighFreqFactor = original, r.LowFreqFactor, r.HighFreqFactor
	case "yarn":
		c.Rope.OriginalPositions = original
		if r.Factor == nil && original > 0 {
			c.Rope.Factor = float64(h.MaxPositions) / float64(original)
		}
		c.Rope.BetaFast, c.Rope.BetaSlow, c.Rope.AttentionFactor = r.BetaFast, r.BetaSlow, first(0, r.AttentionFactor)
		c.Rope.MScale, c.Rope.MScaleAllDim, c.Rope.NoTruncate = r.MScale, r.MScaleAllDim, !first(true, r.Truncate)
	default:
		return fmt.Errorf("rotary embedding scaling %q is not supported: want default, linear, llama3 or yarn", kind)
	}
	return nil
}

// first returns the first value that is given.
func first[T any](otherwise T, given ...*T) T {
	for _, p := range given {
		if p != nil {
			return *p
		}
	}
	return otherwise
}

// MarshalHF writes the configuration as a config.json that transformers and vLLM read. dtype is the type of the saved
// weights ("float32", "bfloat16"); eos and pad are the special tokens' ids. Adapters are not part of it: they are saved
// beside the model, or merged into it first.
func (c Config) MarshalHF(dtype string, eos []int32, pad int32) ([]byte, error) {
	arch := map[string]string{"qwen3": "Qwen3ForCausalLM", "qwen2": "Qwen2ForCausalLM", "llama": "LlamaForCausalLM"}[c.ModelType]
	h := map[string]any{
		"architectures": []string{arch}, "model_type": c.ModelType, "vocab_size": c.VocabSize, "hidden_size": c.HiddenSize,
		"intermediate_size": c.IntermediateSize, "num_hidden_layers": c.Layers, "num_attention_heads": c.Heads,
		"num_key_value_heads": c.KVHeads, "head_dim": c.HeadDim, "rms_norm_eps": c.NormEps, "rope_theta": c.RopeTheta,
		"max_position_embeddings": c.MaxPositions, "tie_word_embeddings": c.TieEmbeddings, "hidden_act": "silu",
		"attention_bias": c.QKVBias && c.ModelType != "qwen2", "torch_dtype": dtype, "use_cache": true, "pad_token_id": pad,
	}
	if c.ModelType == "llama" {
		h["mlp_bias"] = c.MLPBias
	}
	if !c.Rope.none() {
		h["rope_scaling"] = c.Rope.marshal()
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

// marshal lists the settings of rope_scaling; those left to their defaults are left out.
func (r RopeScaling) marshal() map[string]any {
	out := map[string]any{"rope_type": r.Type, "factor": r.Factor}
	if r.OriginalPositions != 0 {
		out["original_max_position_embeddings"] = r.OriginalPositions
	}
	for name, x := range map[string]float64{"low_freq_factor": r.LowFreqFactor, "high_freq_factor": r.HighFreqFactor, "beta_fast": r.BetaFast,
		"beta_slow": r.BetaSlow, "attention_factor": r.AttentionFactor, "mscale": r.MScale, "mscale_all_dim": r.MScaleAllDim} {
		if x != 0 {
			out[name] = x
		}
	}
	if r.NoTruncate {
		out["truncate"] = false
	}
	return out
}
