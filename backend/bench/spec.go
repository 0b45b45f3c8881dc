package main

import (
	"fmt"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/plan"
)

// spec is all that a side needs to know to run a case. Ours and the peers get the same one, as JSON.
type spec struct {
	Case    string `json:"case"`
	Mode    string `json:"mode"` // which of a peer's programs
	Threads int    `json:"threads"`

	Device string `json:"device"` // "cpu" or "cuda"
	GPU    string `json:"gpu"`    // name of the device's data sheet, see plan.Devices; "" asks the device
	Model  string `json:"model"`  // see shapeOf; auto is the largest that fits
	DType  string `json:"dtype"`  // of the weights: "float32" or "bfloat16"

	Rows   int `json:"rows"`
	Seq    int `json:"seq"`    // tokens of a row that is trained on or scored
	Prompt int `json:"prompt"` // tokens
	New    int `json:"new"`    // tokens drawn after each prompt
	Group  int `json:"group"`  // responses a prompt in an on-policy step

	ClipNorm    float64 `json:"clip_norm"`
	WeightDecay float64 `json:"weight_decay"`
	LR          float64 `json:"lr"`

	ModelDir  string `json:"model_dir"` // where ours leaves the model for the peers; "" does not
	Text      string `json:"text"`      // file of the text to encode
	Tokenizer string `json:"tokenizer"` // directory of its tokenizer
}

const (
	small = "small" // the model that peers are compared on
	tiny  = "tiny"  // the quickstart's: for trying things out
	auto  = "auto"  // the largest published shape that fits the device
)

// shapeOf returns the configuration of a model by its name.
func shapeOf(name string) (decoder.Config, error) {
	switch name {
	case small:
		return decoder.Config{ModelType: "qwen3", VocabSize: 512, HiddenSize: 256, IntermediateSize: 768, Layers: 4, Heads: 4, KVHeads: 2, HeadDim: 64,
			NormEps: 1e-6, RopeTheta: 1e6, MaxPositions: 512, TieEmbeddings: true, QKNorm: true, InitScale: 0.02}, nil
	case tiny:
		cfg := decoder.Tiny(64)
		cfg.MaxPositions = 256
		return cfg, nil
	}
	cfg, ok := plan.Shape(name)
	if !ok {
		return cfg, fmt.Errorf("model %q is unknown: expected %s, %s, %s or one of %v", name, small, tiny, auto, plan.Shapes())
	}
	cfg.InitScale = 0.02
	return cfg, nil
}

// withDefaults fills in what the command line left open: batches of the small model as the peers get them, and long rows for published shapes.
func (s spec) withDefaults() spec {
	type lengths struct{ rows, seq, prompt, new int }
	d := lengths{64, 64, 16, 64}
	if s.Model != small && s.Model != tiny {
		d = lengths{64, 1024, 256, 768}
	}
	for _, f := range []struct {
		value *int
		or    int
	}{{&s.Rows, d.rows}, {&s.Seq, d.seq}, {&s.Prompt, d.prompt}, {&s.New, d.new}, {&s.Group, 8}} {
		if *f.value == 0 {
			*f.value = f.or
		}
	}
	if s.DType == "" {
		s.DType = map[string]string{"cuda": "bfloat16"}[s.Device]
		if s.DType == "" {
			s.DType = "float32"
		}
	}
	s.ClipNorm, s.WeightDecay, s.LR = 1, 0.01, 1e-4
	return s
}

// tokenIDs are the ids that every side works on. peers/turns.py has the same.
func tokenIDs(count, vocab int) []int32 {
	ids := make([]int32, count)
	for i := range ids {
		ids[i] = int32(uint32(uint64(i)*2654435761) >> 8 % uint32(vocab))
	}
	return ids
}
