package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/plugin"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// bed is a model with random weights on its devices.
type bed struct {
	spec    spec
	mesh    *mesh.Mesh
	cfg     decoder.Config
	dtype   dtypes.DType
	weights []*mesh.Array
	// Found for a model that fits the device by a narrow margin only; see fit.
	microRows int
	remat     bool
}

var dtypeNames = map[string]dtypes.DType{"float32": dtypes.Float32, "bfloat16": dtypes.BFloat16}

// newBed opens the devices and makes the model on them.
func newBed(ctx context.Context, s spec) (*bed, error) {
	m, err := mesh.Open(ctx, mesh.Options{Plugin: plugin.Options{Device: s.Device}, Devices: 1})
	if err != nil {
		return nil, err
	}
	b := &bed{spec: s, mesh: m}
	if b.dtype = dtypeNames[s.DType]; b.dtype == dtypes.InvalidDType {
		return nil, fmt.Errorf("weights of type %q: expected float32 or bfloat16", s.DType)
	}
	if err := b.fit(); err != nil {
		return nil, err
	}
	if err := b.randomize(ctx); err != nil {
		b.release()
		return nil, fmt.Errorf("random weights: %w", err)
	}
	if s.ModelDir != "" {
		if err := b.save(s.ModelDir); err != nil {
			b.release()
			return nil, err
		}
	}
	return b, nil
}

func (b *bed) release() {
	for _, w := range b.weights {
		w.Release()
	}
}

// randomize draws the weights on the device, where the largest models take seconds; on the host they would take minutes.
func (b *bed) randomize(ctx context.Context) error {
	programs := map[string]*mesh.Program{}
	for i, p := range b.cfg.Params() {
		shape := fmt.Sprint(p.Dims)
		if programs[shape] == nil {
			made, err := b.mesh.Program("random", func(in []*Node) []*Node { return []*Node{b.random(in[0], p.Dims)} },
				[]mesh.Port{{Rank: 1}}, []mesh.Port{{Rank: len(p.Dims)}})
			if err != nil {
				return err
			}
			programs[shape] = made
		}
		state, err := b.seed(int64(i))
		if err != nil {
			return err
		}
		made, err := programs[shape].Run(ctx, state)
		state.Release()
		if err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
		b.weights = append(b.weights, made...)
	}
	return nil
}

// random is a parameter's values: ones for norms, which are the vectors of models without biases, and normal ones for matrices.
func (b *bed) random(state *Node, dims []int) *Node {
	shape := shapes.Make(dtypes.Float32, dims...)
	if len(dims) == 1 {
		return ConvertDType(Ones(state.Graph(), shape), b.dtype)
	}
	_, values := RandomNormal(state, shape)
	return ConvertDType(MulScalar(values, b.cfg.InitScale), b.dtype)
}

// seed puts the state of a random generator on the device.
func (b *bed) seed(seed int64) (*mesh.Array, error) {
	state, err := RNGStateFromSeed(seed)
	if err != nil {
		return nil, err
	}
	var raw []byte
	if err := state.ConstBytes(func(data []byte) { raw = append(raw, data...) }); err != nil {
		return nil, err
	}
	return b.mesh.FromBytes(raw, state.DType(), mesh.Replicated, state.Shape().Dimensions...)
}

// save writes the model for the peers.
func (b *bed) save(dir string) error {
	config, err := b.cfg.MarshalHF(b.spec.DType, nil, 0)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), config, 0o644); err != nil {
		return err
	}
	kind := map[dtypes.DType]safetensors.DType{dtypes.Float32: safetensors.F32, dtypes.BFloat16: safetensors.BF16}[b.dtype]
	var all []safetensors.Tensor
	for i, p := range b.cfg.Params() {
		all = append(all, safetensors.Tensor{Name: p.Name, DType: kind, Shape: p.Dims, Source: b.weights[i]})
	}
	return safetensors.Write(filepath.Join(dir, "model.safetensors"), all, nil)
}
