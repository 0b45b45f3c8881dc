package backend

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// ValueHeadFile is the name of the file that holds a value head.
const ValueHeadFile = "value_head.safetensors"

// AddValueHead gives the model a head that estimates the value of states: a linear map, with a bias, of the hidden states after the final norm.
// Learners made afterwards train it together with the model, Score returns its values, and Save leaves it out. Its first values are small,
// random by the seed. Generation does not change.
func (m *Model) AddValueHead(seed uint64) error {
	return m.addValueHead(func(p decoder.Param) ([]float32, error) { return m.Config.Random(p, seed), nil })
}

// LoadValueHead gives the model the value head that SaveValueHead wrote to dir, converted to the type of the weights.
func (m *Model) LoadValueHead(dir string) error {
	path := filepath.Join(dir, ValueHeadFile)
	file, err := safetensors.Open(path)
	if err != nil {
		return fmt.Errorf("load value head: %w", err)
	}
	defer file.Close()
	err = m.addValueHead(func(p decoder.Param) ([]float32, error) {
		if info, ok := file.Info(p.Name); ok && !slices.Equal(info.Shape, p.Dims) {
			return nil, fmt.Errorf("tensor has shape %v, the model wants %v", info.Shape, p.Dims)
		}
		return file.Float32(p.Name)
	})
	if err != nil {
		return fmt.Errorf("load value head from %s: %w", path, err)
	}
	return nil
}

// addValueHead puts a head between the model's own weights and the adapters'.
func (m *Model) addValueHead(values func(decoder.Param) ([]float32, error)) error {
	if m.weights == nil {
		return errors.New("value head: the model was released")
	}
	if m.Config.ValueHead {
		return errors.New("value head: the model has one already")
	}
	cfg := m.Config
	cfg.ValueHead = true
	dtype := m.stored()
	head := &Model{mesh: m.mesh, sharding: m.sharding}
	for _, p := range cfg.ValueParams() {
		x, err := values(p)
		if err == nil {
			err = head.upload(p, x, dtype)
		}
		if err != nil {
			head.Release()
			return fmt.Errorf("value head: %s: %w", p.Name, err)
		}
	}
	m.weights = slices.Insert(slices.Clone(m.weights), len(cfg.Policy().Plain().Params()), head.weights...)
	engine := m.shared.engine // generates as before
	m.become(cfg)
	m.shared.engine = engine
	return nil
}

// SaveValueHead writes the model's value head to a file of its own in dir, which is made where it is missing. Other programs read every weight
// file of a model's directory, so take another one than the model's.
func (m *Model) SaveValueHead(dir string) error {
	if m.weights == nil || !m.Config.ValueHead {
		return errors.New("save value head: the model has none, or was released")
	}
	dtype := m.stored()
	var tensors []safetensors.Tensor
	at := len(m.Config.Policy().Plain().Params())
	for i, p := range m.Config.ValueParams() {
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, DType: dtype, Shape: p.Dims, Source: m.weights[at+i]})
	}
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = safetensors.Write(filepath.Join(dir, ValueHeadFile), tensors, nil)
	}
	if err != nil {
		return fmt.Errorf("save value head: %w", err)
	}
	return nil
}

// policy lists the weights that generate: all but the value head's.
func (m *Model) policy() []*mesh.Array {
	if !m.Config.ValueHead {
		return m.weights
	}
	at := len(m.Config.Policy().Plain().Params())
	return slices.Delete(slices.Clone(m.weights), at, at+len(m.Config.ValueParams()))
}
