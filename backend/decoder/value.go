package decoder

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

const (
	valueWeight = "value_head.weight" // [1, hidden]
	valueBias   = "value_head.bias"   // [1]
)

// Policy returns the configuration without the value head: that of the model that generates.
func (c Config) Policy() Config {
	c.ValueHead = false
	return c
}

// ValueParams lists the value head's parameters, whether the model has one or not.
func (c Config) ValueParams() []Param {
	return []Param{{valueWeight, []int{1, c.HiddenSize}}, {valueBias, []int{1}}}
}

// Values is the value head's estimate of each state, in float32. hidden: [..., hidden], after the final norm → [...].
func (c Config) Values(w Weights, hidden *Node) *Node {
	if !c.ValueHead {
		panic("values: the model has no value head")
	}
	float := func(name string) *Node { return ConvertDType(w.get(name), dtypes.Float32) }
	products := Mul(ConvertDType(hidden, dtypes.Float32), ExpandLeftToRank(Squeeze(float(valueWeight), 0), hidden.Rank()))
	sum := ReduceSum(products, -1)
	return c.keepRows(Add(sum, ExpandLeftToRank(float(valueBias), sum.Rank())))
}
