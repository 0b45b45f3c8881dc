package decoder_test

import (
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/decoder"
)

const shape = `"vocab_size": 64, "hidden_size": 24, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1`

// TestParseConfig pins what transformers 5.19 takes from each way of writing a setting.
func TestParseConfig(t *testing.T) {
	base := decoder.Config{VocabSize: 64, HiddenSize: 24, IntermediateSize: 32, Layers: 2, Heads: 2, KVHeads: 1, HeadDim: 12,
		NormEps: 1e-6, RopeTheta: 10_000, MaxPositions: 32768}
	with := func(edit func(*decoder.Config)) decoder.Config {
		c := base
		edit(&c)
		return c
	}
	llama := func(edit func(*decoder.Config)) decoder.Config {
		return with(func(c *decoder.Config) { c.ModelType, c.MaxPositions = "llama", 2048; edit(c) })
	}
	qwen2 := func(edit func(*decoder.Config)) decoder.Config {
		return with(func(c *decoder.Config) { c.ModelType, c.QKVBias = "qwen2", true; edit(c) })
	}
	qwen3 := func(edit func(*decoder.Config)) decoder.Config {
		return with(func(c *decoder.Config) { c.ModelType, c.QKNorm, c.HeadDim = "qwen3", true, 128; edit(c) })
	}
	llama3 := decoder.RopeScaling{Type: "llama3", Factor: 8, LowFreqFactor: 1, HighFreqFactor: 4, OriginalPositions: 16}
	yarn := decoder.RopeScaling{Type: "yarn", Factor: 4, OriginalPositions: 512}
	same := func(*decoder.Config) {}
	cases := []struct {
		name, json string
		want       decoder.Config
	}{
		{"qwen3 defaults", `{"model_type": "qwen3", ` + shape + `}`, qwen3(same)},
		{"qwen3 null head_dim", `{"model_type": "qwen3", "head_dim": null, ` + shape + `}`, qwen3(func(c *decoder.Config) { c.HeadDim = 12 })},
		{"qwen2 defaults", `{"model_type": "qwen2", ` + shape + `}`, qwen2(same)},
		{"llama defaults", `{"model_type": "llama", ` + shape + `}`, llama(same)},
		{"all absent", `{"model_type": "llama"}`, decoder.Config{ModelType: "llama", VocabSize: 32000, HiddenSize: 4096, IntermediateSize: 11008, Layers: 32,
			Heads: 32, KVHeads: 32, HeadDim: 128, NormEps: 1e-6, RopeTheta: 10_000, MaxPositions: 2048}},
		{"null key-value heads", `{"model_type": "llama", ` + strings.Replace(shape, `heads": 1`, `heads": null`, 1) + `}`, llama(func(c *decoder.Config) { c.KVHeads = 2 })},
		{"tied", `{"model_type": "llama", "tie_word_embeddings": true, ` + shape + `}`, llama(func(c *decoder.Config) { c.TieEmbeddings = true })},
		{"llama biases", `{"model_type": "llama", "attention_bias": true, "mlp_bias": true, ` + shape + `}`,
			llama(func(c *decoder.Config) { c.QKVBias, c.OutputBias, c.MLPBias = true, true, true })},
		{"theta beside", `{"model_type": "llama", "rope_theta": 500000, "rope_scaling": null, ` + shape + `}`, llama(func(c *decoder.Config) { c.RopeTheta = 500000 })},
		{"theta inside wins", `{"model_type": "llama", "rope_theta": 5, "rope_parameters": {"rope_theta": 7, "rope_type": "default"}, ` + shape + `}`,
			llama(func(c *decoder.Config) { c.RopeTheta = 7 })},
		{"hub llama3", `{"model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 16}, ` + shape + `}`,
			llama(func(c *decoder.Config) { c.Rope = llama3 })},
		{"old key type", `{"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2}, ` + shape + `}`,
			llama(func(c *decoder.Config) { c.Rope = decoder.RopeScaling{Type: "linear", Factor: 2} })},
		{"scaling before parameters", `{"model_type": "llama", "rope_scaling": {"type": "linear", "factor": 2}, "rope_parameters": {"rope_type": "linear", "factor": 3}, ` + shape + `}`,
			llama(func(c *decoder.Config) { c.Rope = decoder.RopeScaling{Type: "linear", Factor: 2} })},
		{"empty scaling", `{"model_type": "llama", "rope_scaling": {}, "rope_parameters": {"rope_theta": 9}, ` + shape + `}`, llama(func(c *decoder.Config) { c.RopeTheta = 9 })},
		{"nested by layer type", `{"model_type": "qwen2", "rope_parameters": {"full_attention": {"rope_type": "yarn", "rope_theta": 3, "factor": 4, "original_max_position_embeddings": 512}, "sliding_attention": {"rope_type": "default"}}, ` + shape + `}`,
			qwen2(func(c *decoder.Config) { c.RopeTheta, c.Rope = 3, yarn })},
		{"original length defaults to the whole", `{"model_type": "qwen2", "max_position_embeddings": 512, "rope_scaling": {"type": "yarn", "factor": 4}, ` + shape + `}`,
			qwen2(func(c *decoder.Config) { c.MaxPositions, c.Rope = 512, yarn })},
		{"original length beside wins", `{"model_type": "qwen2", "original_max_position_embeddings": 512, "rope_scaling": {"type": "yarn", "factor": 4, "original_max_position_embeddings": 99}, ` + shape + `}`,
			qwen2(func(c *decoder.Config) { c.Rope = yarn })},
		{"yarn factor from lengths", `{"model_type": "qwen2", "max_position_embeddings": 2048, "rope_scaling": {"type": "yarn", "factor": null, "original_max_position_embeddings": 512}, ` + shape + `}`,
			qwen2(func(c *decoder.Config) { c.MaxPositions, c.Rope = 2048, yarn })},
		{"windows off", `{"model_type": "qwen2", "use_sliding_window": false, "sliding_window": 4, "max_window_layers": 0, ` + shape + `}`, qwen2(same)},
		{"windows above all layers", `{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 2, ` + shape + `}`, qwen2(same)},
		{"windows of every position", `{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 32768, "max_window_layers": 0, ` + shape + `}`, qwen2(same)},
		{"full attention throughout", `{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 4, "max_window_layers": 0, "layer_types": ["full_attention", "full_attention"], ` + shape + `}`, qwen2(same)},
		{"no quantisation", `{"model_type": "llama", "quantization_config": null, ` + shape + `}`, llama(same)},
	}
	for _, c := range cases {
		got, err := decoder.ParseConfig([]byte(c.json))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", c.name, got, c.want)
		}
	}
}

func TestParseConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct{ json, want string }{
		"architecture":    {`{"model_type": "gemma3"}`, `model_type "gemma3"`},
		"no architecture": {`{}`, `model_type ""`},
		"not JSON":        {`{`, "config.json"},
		"activation":      {`{"model_type": "llama", "hidden_act": "gelu"}`, `hidden_act "gelu"`},
		"dynamic":         {`{"model_type": "llama", "rope_scaling": {"type": "dynamic", "factor": 2}}`, `"dynamic"`},
		"longrope":        {`{"model_type": "llama", "rope_parameters": {"rope_type": "longrope"}}`, `"longrope"`},
		"empty type":      {`{"model_type": "llama", "rope_scaling": {"rope_type": ""}}`, `scaling ""`},
		"theta":           {`{"model_type": "llama", "rope_theta": 0}`, "rope_theta"},
		"no factor":       {`{"model_type": "llama", "rope_scaling": {"type": "linear"}}`, "factor"},
		"llama3 bounds":   {`{"model_type": "llama", "rope_scaling": {"type": "llama3", "factor": 8}}`, "low_freq_factor"},
		"partial":         {`{"model_type": "llama", "partial_rotary_factor": 0.5}`, "partial_rotary_factor 0.5"},
		"partial inside":  {`{"model_type": "qwen3", "rope_parameters": {"partial_rotary_factor": 0.25}}`, "partial_rotary_factor 0.25"},
		"window":          {`{"model_type": "qwen2", "use_sliding_window": true, "sliding_window": 4}`, "use_sliding_window"},
		"window layer":    {`{"model_type": "qwen3", "use_sliding_window": true, "layer_types": ["full_attention", "sliding_attention"]}`, `"sliding_attention" of layer 1`},
		"linear layer":    {`{"model_type": "qwen3", "layer_types": ["linear_attention"]}`, `"linear_attention"`},
		"quantised":       {`{"model_type": "llama", "quantization_config": {"quant_method": "awq"}}`, "quantization_config"},
		"heads":           {`{"model_type": "llama", "num_attention_heads": 4, "num_key_value_heads": 3}`, "4 attention heads"},
		"odd heads":       {`{"model_type": "llama", "head_dim": 5}`, "head_dim 5"},
		"no layers":       {`{"model_type": "llama", "num_hidden_layers": 0}`, "num_hidden_layers"},
	} {
		if _, err := decoder.ParseConfig([]byte(c.json)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error is %v, want one with %q", name, err, c.want)
		}
	}
}

// FuzzParseConfig reads anything without a panic, and reads back what it writes.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte(`{"model_type": "qwen3", ` + shape + `}`))
	f.Add([]byte(`{"model_type": "llama", "rope_scaling": {"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}}`))
	f.Add([]byte(`{"model_type": "qwen2", "rope_parameters": {"rope_type": "yarn", "factor": 4, "truncate": false, "mscale": 0.5, "mscale_all_dim": 0.1}}`))
	f.Add([]byte(`{"model_type": "llama", "rope_scaling": {"rope_type": ""}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := decoder.ParseConfig(data)
		if err != nil {
			return
		}
		written, err := c.MarshalHF("float32", []int32{2}, 0)
		if err != nil {
			t.Fatal(err)
		}
		again, err := decoder.ParseConfig(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if again != c {
			t.Fatalf("read back\n%+v, want\n%+v", again, c)
		}
	})
}
