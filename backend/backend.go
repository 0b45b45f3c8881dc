// Package backend opens language models on PJRT devices, generates with them, scores and trains them, and saves them in
// the Hugging Face layout.
//
// A [Model] is weights on a mesh of devices plus a tokenizer. Its parts are packages of their own: plugin (finding the PJRT
// library), mesh (devices and programs), decoder (the architecture), engine (generation), learner (training), safetensors
// and tokenizer (files).
package backend

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/learner"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Options say where a model lives. The zero value takes all GPUs of the machine, or one CPU device.
type Options struct {
	// Devices is the number of devices; 0 takes every GPU, or one CPU device. On CPU, more than one makes virtual devices.
	Devices int
	// Device is "cpu" or "cuda"; empty chooses CUDA where there is a usable GPU.
	Device string
	// Plugin is the path of a PJRT plug-in; empty lets it be found or installed (see package plugin).
	Plugin string
	// DType of the weights on the devices, "float32" or "bfloat16". Empty takes the checkpoint's type on GPUs and float32 on
	// CPU, where bfloat16 is slow.
	DType string
	// Sharding says how the weights lie on several devices: whole on each by default, cut over them with learner.FSDP.
	Sharding learner.Sharding
	// FloatHead computes the logits in float32 even from bfloat16 weights.
	FloatHead bool
	// Seed of the random weights of a new model.
	Seed uint64
}

func (o Options) mesh() mesh.Options {
	return mesh.Options{Plugin: plugin.Options{Path: o.Plugin, Device: o.Device}, Devices: o.Devices}
}

func (o Options) validate() error {
	switch o.Sharding {
	case learner.AsGiven, learner.ZeRO1, learner.FSDP:
		return nil
	}
	return fmt.Errorf("unknown sharding %q: want %q or %q", o.Sharding, learner.ZeRO1, learner.FSDP)
}

// Model is a language model on devices. Methods that read the weights may not run while the model is being trained.
type Model struct {
	// Name is the directory or hub name it was opened from, or what it was made as.
	Name      string
	Config    decoder.Config
	Tokenizer tokenizer.Tokenizer // nil for a model opened from a directory without one
	// Template renders conversations; nil for models that continue plain text.
	Template *tokenizer.ChatTemplate

	mesh    *mesh.Mesh
	weights []*mesh.Array // in the order of Config.Params
	shared  *shared
	source  string // the directory it was opened from; "" for a new model

	sharding learner.Sharding
}

// shared holds what models of the same shape on the same mesh have in common: compiled programs, not weights.
type shared struct {
	engine   *engine.Engine
	scorer   *learner.Scorer
	programs *learner.Programs
}

func newShared(m *mesh.Mesh, cfg decoder.Config) *shared {
	return &shared{engine.New(m, cfg.Policy()), learner.NewScorer(m, cfg), learner.NewPrograms()}
}

// New makes a model with random weights. The tokenizer's vocabulary must fit the configuration.
func New(ctx context.Context, cfg decoder.Config, tok tokenizer.Tokenizer, opt Options) (*Model, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("new model: %w", err)
	}
	if tok.VocabSize() > cfg.VocabSize {
		return nil, fmt.Errorf("new model: the tokenizer has %d tokens, the model's vocabulary %d", tok.VocabSize(), cfg.VocabSize)
	}
	dtype, err := parseDType(opt.DType, "float32")
	if err = errors.Join(err, opt.validate()); err != nil {
		return nil, fmt.Errorf("new model: %w", err)
	}
	m, err := mesh.Open(ctx, opt.mesh())
	if err != nil {
		return nil, fmt.Errorf("new model: %w", err)
	}
	cfg.FloatHead = opt.FloatHead
	model := &Model{Name: "scratch", sharding: opt.Sharding, Config: cfg, Tokenizer: tok, mesh: m, shared: newShared(m, cfg)}
	for _, p := range cfg.Params() {
		if err := ctx.Err(); err != nil {
			model.Release()
			return nil, context.Cause(ctx)
		}
		if err := model.upload(p, cfg.Random(p, opt.Seed), dtype); err != nil {
			model.Release()
			return nil, fmt.Errorf("new model: %w", err)
		}
	}
	return model, nil
}

// NewTiny makes a Qwen3-style model of about 0.1 million parameters for a small vocabulary: what the quickstart trains
// from scratch on a CPU.
func NewTiny(ctx context.Context, tok tokenizer.Tokenizer, opt Options) (*Model, error) {
	m, err := New(ctx, decoder.Tiny(tok.VocabSize()), tok, opt)
	if err != nil {
		return nil, err
	}
	m.Name = "tiny"
	return m, nil
}

// Clone copies the weights on the devices; everything compiled is shared. The clone can be trained while the original is
// kept. A copy that only scores costs less memory with Freeze.
func (m *Model) Clone() (*Model, error) {
	c := *m
	c.weights = nil
	for i, w := range m.weights {
		a, err := w.Clone()
		if err != nil {
			c.Release()
			return nil, fmt.Errorf("clone model, %s: %w", m.Config.Params()[i].Name, err)
		}
		c.weights = append(c.weights, a)
	}
	return &c, nil
}

// Release frees the weights on the devices. The model is unusable afterwards.
func (m *Model) Release() {
	for _, w := range m.weights {
		w.Release()
	}
	m.weights = nil
}

// Devices is the number of devices the model lives on.
func (m *Model) Devices() int { return m.mesh.Devices() }

// OnCPU tells whether the devices are CPU devices.
func (m *Model) OnCPU() bool { return m.mesh.IsCPU() }

// HeldBytes is what all arrays on the model's mesh take of each device now: weights, optimizer state, caches, and what was forgotten.
func (m *Model) HeldBytes() int64 { return m.mesh.Held() }

// NumParams is the number of weights.
func (m *Model) NumParams() int { return m.Config.NumParams() }

// String names the model, its size and its devices.
func (m *Model) String() string {
	n, unit := float64(m.NumParams()), ""
	for _, u := range []string{" thousand", " million", " billion"} {
		if n < 1000 {
			break
		}
		n, unit = n/1000, u
	}
	kind := "GPU"
	if m.OnCPU() {
		kind = "CPU"
	}
	return fmt.Sprintf("%s: %s, %.3g%s parameters, %d layers of width %d, on %d × %s",
		m.Name, m.Config.ModelType, n, unit, m.Config.Layers, m.Config.HiddenSize, m.Devices(), kind)
}

// Weights lists the weight arrays in the order of Config.Params. They belong to the model.
func (m *Model) Weights() []*mesh.Array { return slices.Clone(m.weights) }

// Score computes log-probs and entropies of a batch's tokens, and values where the model has a value head; see learner.Scorer.
func (m *Model) Score(ctx context.Context, b *learner.Batch, temperature float64, microRows int) (learner.Scores, error) {
	if m.weights == nil {
		return learner.Scores{}, errors.New("score: the model was released")
	}
	return m.shared.scorer.Score(ctx, m.weights, b, temperature, microRows)
}

// Hidden returns the hidden state after the final norm at one column of each row; see learner.Scorer.Hidden. [rows, hidden]
func (m *Model) Hidden(ctx context.Context, b *learner.Batch, at []int, microRows int) ([]float32, error) {
	if m.weights == nil {
		return nil, errors.New("hidden states: the model was released")
	}
	return m.shared.scorer.Hidden(ctx, m.weights, b, at, microRows)
}

// Learner returns a new learner, with fresh optimizer state, that trains this model's weights in place.
func (m *Model) Learner(opt learner.Options) (*learner.Learner, error) {
	if m.weights == nil {
		return nil, errors.New("learner: the model was released")
	}
	opt.Programs = m.shared.programs
	return learner.New(m.mesh, m.Config, m.weights, opt)
}
