package decoder

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
)

// Param is one weight tensor, under its Hugging Face name.
type Param struct {
	Name string
	Dims []int
}

// Size is the number of elements.
func (p Param) Size() int {
	n := 1
	for _, d := range p.Dims {
		n *= d
	}
	return n
}

const (
	embedName = "model.embed_tokens.weight"
	normName  = "model.norm.weight"
	headName  = "lm_head.weight"
)

func layerName(layer int, part string) string { return fmt.Sprintf("model.layers.%d.%s", layer, part) }

// Params lists the weights in the order in which every program takes them: the model's, then the value head's, then the adapters'.
func (c Config) Params() []Param {
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	params := []Param{{embedName, []int{c.VocabSize, c.HiddenSize}}}
	for l := range c.Layers {
		add := func(part string, dims ...int) { params = append(params, Param{layerName(l, part), dims}) }
		add("input_layernorm.weight", c.HiddenSize)
		for _, proj := range []struct {
			name string
			out  int
		}{{"q", q}, {"k", kv}, {"v", kv}} {
			add("self_attn."+proj.name+"_proj.weight", proj.out, c.HiddenSize)
			if c.QKVBias {
				add("self_attn."+proj.name+"_proj.bias", proj.out)
			}
		}
		if c.QKNorm {
			add("self_attn.q_norm.weight", c.HeadDim)
			add("self_attn.k_norm.weight", c.HeadDim)
		}
		add("self_attn.o_proj.weight", c.HiddenSize, q)
		if c.OutputBias {
			add("self_attn.o_proj.bias", c.HiddenSize)
		}
		add("post_attention_layernorm.weight", c.HiddenSize)
		for _, proj := range []struct {
			name    string
			out, in int
		}{{"gate", c.IntermediateSize, c.HiddenSize}, {"up", c.IntermediateSize, c.HiddenSize}, {"down", c.HiddenSize, c.IntermediateSize}} {
			add("mlp."+proj.name+"_proj.weight", proj.out, proj.in)
			if c.MLPBias {
				add("mlp."+proj.name+"_proj.bias", proj.out)
			}
		}
	}
	params = append(params, Param{normName, []int{c.HiddenSize}})
	if !c.TieEmbeddings {
		params = append(params, Param{headName, []int{c.VocabSize, c.HiddenSize}})
	}
	adapters := c.adapterParams(params)
	if c.ValueHead {
		params = append(params, c.ValueParams()...)
	}
	return append(params, adapters...)
}

// Trainable tells whether learning changes a parameter: all of a plain model's; the adapters and the value head alone of one that has adapters.
func (c Config) Trainable(p Param) bool {
	return c.LoRA == nil || isAdapter(p.Name) || p.Name == valueWeight || p.Name == valueBias
}

// NumParams is the number of weights.
func (c Config) NumParams() int {
	n := 0
	for _, p := range c.Params() {
		n += p.Size()
	}
	return n
}

// Random draws the initial values of one parameter: ones for norms, zeros for biases and the B of adapters, uniform within
// 1/sqrt(in) for their A (as PEFT does), normal for the rest, with standard deviation InitScale, or 1/HiddenSize in the value head so that its first values
// are small. The values depend on the seed and the parameter's name alone.
func (c Config) Random(p Param, seed uint64) []float32 {
	values := make([]float32, p.Size())
	switch {
	case strings.HasSuffix(p.Name, "norm.weight"):
		for i := range values {
			values[i] = 1
		}
		return values
	case strings.HasSuffix(p.Name, ".bias") || strings.HasSuffix(p.Name, adapterB):
		return values
	}
	r := rand.New(rand.NewPCG(seed, hashName(p.Name)))
	if strings.HasSuffix(p.Name, adapterA) {
		bound := 1 / math.Sqrt(float64(p.Dims[1]))
		for i := range values {
			values[i] = float32((2*r.Float64() - 1) * bound)
		}
		return values
	}
	scale := c.InitScale
	switch {
	case p.Name == valueWeight:
		scale = 1 / float64(c.HiddenSize)
	case scale == 0:
		scale = 1 / math.Sqrt(float64(c.HiddenSize))
	}
	for i := range values {
		values[i] = float32(r.NormFloat64() * scale)
	}
	return values
}

// hashName is FNV-1a.
func hashName(name string) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range []byte(name) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}

// Weights are the parameters inside a graph.
type Weights struct {
	byName map[string]*graph.Node
}

// Bind names the nodes of a graph's parameters, given in the order of Params.
func (c Config) Bind(nodes []*graph.Node) Weights {
	params := c.Params()
	if len(nodes) < len(params) {
		panic(fmt.Errorf("bind weights: want %d parameters, got %d", len(params), len(nodes)))
	}
	w := Weights{byName: make(map[string]*graph.Node, len(params))}
	for i, p := range params {
		w.byName[p.Name] = nodes[i]
	}
	return w
}

func (w Weights) get(name string) *graph.Node { return w.byName[name] }

// layer returns an accessor for the parameters of one layer; absent ones (biases, norms a family lacks) are nil.
func (w Weights) layer(l int) func(part string) *graph.Node {
	return func(part string) *graph.Node { return w.byName[layerName(l, part)] }
}
