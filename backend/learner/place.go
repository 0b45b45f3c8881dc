package learner

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/mesh"
)

// weightPorts are inputs for the weights as they lie.
func weightPorts(weights []*mesh.Array) []mesh.Port {
	ports := make([]mesh.Port, len(weights))
	for i, w := range weights {
		ports[i] = mesh.Port{Rank: len(w.Dims()), Layout: w.Layout()}
	}
	return ports
}

// variantOf tells apart the programs of models that have the same parameters, by their layout and what the graph does.
func variantOf(cfg decoder.Config, weights []mesh.Port) string {
	axes := make([]int, len(weights))
	for i, p := range weights {
		axes[i] = p.Layout.Axis()
	}
	adapters := decoder.LoRA{}
	if cfg.LoRA != nil {
		adapters = *cfg.LoRA
	}
	return fmt.Sprint(axes, cfg.FloatHead, cfg.ValueHead, cfg.LoRA != nil, adapters)
}

// place lays the weights out, replacing the elements of the slice and releasing what they were.
func place(m *mesh.Mesh, cfg decoder.Config, weights []*mesh.Array, sharding Sharding) error {
	for i, p := range cfg.Params() {
		layout := weights[i].Layout()
		switch sharding {
		case AsGiven:
		case ZeRO1:
			layout = mesh.Replicated
		case FSDP:
			layout = m.ShardFor(p.Dims)
		default:
			return fmt.Errorf("unknown sharding %q: want %s or %s", sharding, ZeRO1, FSDP)
		}
		if layout == weights[i].Layout() {
			continue
		}
		a, err := relay(m, weights[i], layout, weights[i].DType())
		if err != nil {
			return fmt.Errorf("lay out %s: %w", p.Name, err)
		}
		weights[i].Release()
		weights[i] = a
	}
	return nil
}

// relay copies an array into another layout and type.
func relay(m *mesh.Mesh, a *mesh.Array, layout mesh.Layout, dtype dtypes.DType) (*mesh.Array, error) {
	rank := len(a.Dims())
	prog, err := m.Program("relay", func(in []*Node) []*Node { return []*Node{ConvertDType(in[0], dtype)} },
		[]mesh.Port{{Rank: rank, Layout: a.Layout()}}, []mesh.Port{{Rank: rank, Layout: layout}})
	if err != nil {
		return nil, err
	}
	out, err := prog.Run(context.Background(), a)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}
