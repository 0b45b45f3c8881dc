package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend/adapter"
	"github.com/dcpo-go/godcpo/backend/decoder"
)

// AddAdapters gives the model fresh LoRA adapters. From then on a learner trains them alone and leaves the model's own weights as
// they are; the first of them is random by the seed and the second zero, so that nothing changes before.
func (m *Model) AddAdapters(lora decoder.LoRA, seed uint64) error {
	if m.weights == nil {
		return errors.New("add adapters: the model was released")
	}
	cfg, weights, err := adapter.Add(m.mesh, m.Config, m.weights, lora, seed)
	if err != nil {
		return err
	}
	m.become(cfg)
	m.weights = weights
	return nil
}

// LoadAdapters gives the model the adapters of a directory in PEFT's layout.
func (m *Model) LoadAdapters(dir string) error {
	if m.weights == nil {
		return errors.New("load adapters: the model was released")
	}
	cfg, weights, err := adapter.Load(m.mesh, m.Config, m.weights, dir)
	if err != nil {
		return fmt.Errorf("load adapters %s: %w", dir, err)
	}
	m.become(cfg)
	m.weights = weights
	return nil
}

// SaveAdapters writes the model's adapters, and nothing else of it, as a directory that peft and vLLM load.
func (m *Model) SaveAdapters(dir string) error {
	if m.weights == nil {
		return errors.New("save adapters: the model was released")
	}
	return adapter.Save(dir, m.Config, m.weights, m.Name)
}

// MergeAdapters adds the adapters' products to the weights they belong to. The model is a plain one afterwards.
func (m *Model) MergeAdapters(ctx context.Context) error {
	if m.weights == nil {
		return errors.New("merge adapters: the model was released")
	}
	cfg, weights, err := adapter.Merge(ctx, m.mesh, m.Config, m.weights)
	if err != nil {
		return err
	}
	m.become(cfg)
	m.weights = weights
	return nil
}

// become changes the configuration, for which other programs are compiled.
func (m *Model) become(cfg decoder.Config) { m.Config, m.shared = cfg, newShared(m.mesh, cfg) }
