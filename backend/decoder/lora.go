package decoder

import (
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
)

// LoRA describes low-rank adapters (arXiv 2106.09685): beside each target projection's frozen weight W stand A [Rank, in] and
// B [out, Rank], and x·Wᵀ becomes x·Wᵀ + Alpha/Rank · (x·Aᵀ)·Bᵀ. There is no dropout.
type LoRA struct {
	Rank  int     // default 16
	Alpha float64 // default 32
	// Targets names the projections that get adapters, such as "q_proj". Default: all seven of a layer, see Projections.
	Targets []string
}

// Projections lists a layer's linear projections, the possible targets of adapters, in the order of Config.Params.
var Projections = []string{"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}

const (
	adapterA = ".lora_A.weight"
	adapterB = ".lora_B.weight"
)

func isAdapter(name string) bool {
	return strings.HasSuffix(name, adapterA) || strings.HasSuffix(name, adapterB)
}

// WithDefaults fills in what is left to its default.
func (l LoRA) WithDefaults() LoRA {
	if l.Rank == 0 {
		l.Rank = 16
	}
	if l.Alpha == 0 {
		l.Alpha = 32
	}
	if len(l.Targets) == 0 {
		l.Targets = Projections
	}
	return l
}

// Scale is the factor on an adapter's product, Alpha/Rank.
func (l LoRA) Scale() float64 {
	l = l.WithDefaults()
	return l.Alpha / float64(l.Rank)
}

func (l LoRA) validate() error {
	if l.Rank < 0 || l.Alpha < 0 {
		return fmt.Errorf("adapters want a positive rank and alpha, got %d and %g", l.Rank, l.Alpha)
	}
	for _, target := range l.Targets {
		if !slices.Contains(Projections, target) {
			return fmt.Errorf("adapters cannot target %q: want some of %s", target, strings.Join(Projections, ", "))
		}
	}
	return nil
}

// Plain returns the configuration without adapters. Its Params are the first ones of c's.
func (c Config) Plain() Config {
	c.LoRA = nil
	return c
}

// Adapter returns the parameters A and B of a weight that has an adapter.
func (c Config) Adapter(weight Param) (a, b Param, ok bool) {
	part, isWeight := strings.CutSuffix(weight.Name, ".weight")
	target := part[strings.LastIndex(part, ".")+1:]
	if c.LoRA == nil || !isWeight || !slices.Contains(c.LoRA.WithDefaults().Targets, target) {
		return Param{}, Param{}, false
	}
	rank := c.LoRA.WithDefaults().Rank
	return Param{part + adapterA, []int{rank, weight.Dims[1]}}, Param{part + adapterB, []int{weight.Dims[0], rank}}, true
}

func (c Config) adapterParams(weights []Param) []Param {
	var params []Param
	for _, w := range weights {
		if a, b, ok := c.Adapter(w); ok {
			params = append(params, a, b)
		}
	}
	return params
}

// linearAt applies one of a layer's projections, with its bias and its adapter where the model has them.
// p: the layer's parameters, part: such as "mlp.up_proj", x: [..., in] → [..., out].
func (c Config) linearAt(p func(string) *Node, part string, x *Node) *Node {
	y := c.keepRows(linear(x, p(part+".weight"), p(part+".bias")))
	a, b := p(part+adapterA), p(part+adapterB)
	if a == nil || b == nil {
		return y
	}
	low := c.keepRows(linear(x, a, nil))
	return Add(y, MulScalar(c.keepRows(linear(low, b, nil)), c.LoRA.Scale()))
}
