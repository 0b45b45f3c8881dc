// Package adapter adds LoRA adapters to a model's weights, merges them into it, and reads and writes them in PEFT's layout
// (adapter_config.json and adapter_model.safetensors), so that peft, transformers and vLLM load what was trained here.
//
// A model is passed as its configuration and its weights in the order of [decoder.Config.Params]; with adapters, theirs follow
// the model's own.
package adapter

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
	"github.com/dcpo-go/godcpo/backend/safetensors"
)

// Add gives a plain model fresh adapters, of the type of its first weight: A is random by the seed, B is zero, so that the model
// computes what it did. It returns the model's configuration and weights with them.
func Add(m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, lora decoder.LoRA, seed uint64) (decoder.Config, []*mesh.Array, error) {
	return add(m, cfg, weights, lora, func(p decoder.Param) ([]float32, error) { return cfg.Random(p, seed), nil })
}

// add appends adapters whose values come from the given function.
func add(m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, lora decoder.LoRA, values func(decoder.Param) ([]float32, error)) (decoder.Config, []*mesh.Array, error) {
	if cfg.LoRA != nil {
		return cfg, nil, errors.New("adapters: the model has adapters already: merge them first")
	}
	n := len(cfg.Params())
	if len(weights) != n {
		return cfg, nil, fmt.Errorf("adapters: want %d weights, got %d", n, len(weights))
	}
	lora = lora.WithDefaults()
	cfg.LoRA = &lora
	if err := cfg.Validate(); err != nil {
		return cfg, nil, fmt.Errorf("adapters: %w", err)
	}
	out := weights[:n:n]
	for _, p := range cfg.Params()[n:] {
		a, err := upload(m, p, weights[0].DType(), values)
		if err != nil {
			for _, w := range out[n:] {
				w.Release()
			}
			return cfg, nil, fmt.Errorf("adapters: %s: %w", p.Name, err)
		}
		out = append(out, a)
	}
	return cfg, out, nil
}

func upload(m *mesh.Mesh, p decoder.Param, dtype dtypes.DType, values func(decoder.Param) ([]float32, error)) (*mesh.Array, error) {
	x, err := values(p)
	if err != nil {
		return nil, err
	}
	stored, err := storedAs(dtype)
	if err != nil {
		return nil, err
	}
	raw, err := safetensors.Encode(x, stored)
	if err != nil {
		return nil, err
	}
	return m.FromBytes(raw, dtype, mesh.Replicated, p.Dims...)
}

// Merge adds each adapter's product to the weight it stands beside and returns the plain model. The merged weights replace
// elements of the given slice; the old ones and the adapters are released. It needs room for a second copy of the target
// weights; when it fails, nothing has changed.
func Merge(ctx context.Context, m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array) (decoder.Config, []*mesh.Array, error) {
	params, plain := cfg.Params(), cfg.Plain()
	n := len(plain.Params())
	if cfg.LoRA == nil || len(weights) != len(params) {
		return cfg, nil, fmt.Errorf("merge adapters: want a model with adapters and its %d weights, got %d", len(params), len(weights))
	}
	at := make(map[string]*mesh.Array, len(params))
	for i, p := range params {
		at[p.Name] = weights[i]
	}
	merged := map[int]*mesh.Array{}
	for i, p := range params[:n] {
		a, b, ok := cfg.Adapter(p)
		if !ok {
			continue
		}
		w, err := mergeOne(ctx, m, weights[i], at[a.Name], at[b.Name], cfg.LoRA.Scale())
		if err != nil {
			for _, w := range merged {
				w.Release()
			}
			return cfg, nil, fmt.Errorf("merge adapters: %s: %w", p.Name, err)
		}
		merged[i] = w
	}
	for i, w := range merged {
		weights[i].Release()
		weights[i] = w
	}
	for _, w := range weights[n:] {
		w.Release()
	}
	return plain, weights[:n:n], nil
}

// mergeOne computes w + scale·b·a in float32. w: [out, in], a: [rank, in], b: [out, rank] → [out, in] in w's type and layout.
func mergeOne(ctx context.Context, m *mesh.Mesh, w, a, b *mesh.Array, scale float64) (*mesh.Array, error) {
	var in []mesh.Port
	for _, x := range []*mesh.Array{w, a, b} {
		in = append(in, mesh.Port{Rank: 2, Layout: x.Layout()})
	}
	prog, err := m.Program("merge", func(nodes []*graph.Node) []*graph.Node {
		float := func(x *graph.Node) *graph.Node { return graph.ConvertDType(x, dtypes.Float32) }
		product := graph.MulScalar(graph.Dot(float(nodes[2]), float(nodes[1])).Product(), scale)
		return []*graph.Node{graph.ConvertDType(graph.Add(float(nodes[0]), product), nodes[0].DType())}
	}, in, in[:1])
	if err != nil {
		return nil, err
	}
	out, err := prog.Run(ctx, w, a, b)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
