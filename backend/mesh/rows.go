package mesh

import (
	"fmt"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/stablehlo"
	"github.com/gomlx/go-xla/types/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// KeepRows tells XLA that x, and the gradient that will arrive at it, lie cut along their first axis. It returns x so marked.
//
// Without such marks XLA derives the layout of everything between a program's inputs and outputs from theirs. Where weights or
// gradients are cut and the batch is too, it may choose to cut activations along their features, and move them between devices
// at every layer.
func (m *Mesh) KeepRows(x *graph.Node) *graph.Node {
	if m.devices == 1 {
		return x
	}
	y := graph.IdentityWithCustomGradient(x, func(_, v *graph.Node) *graph.Node {
		v = graph.Identity(v)
		m.constrainRows(v)
		return v
	})
	m.constrainRows(y)
	return y
}

// constrainRows puts XLA's sharding constraint behind an identity. GoMLX v0.28.3 and go-xla v0.4.2 have no call for it, so
// three unexported fields are reached, as in markDonated: the identity's value in go-xla, that value's in StableHLO, and the
// statement of the constraint, for its attribute.
func (m *Mesh) constrainRows(identity *graph.Node) {
	values := *(*[]compute.Value)(unexported(identity, "outputOps"))
	before, ok := values[0].(*xla.Node)
	if !ok || len(values) != 1 {
		panic(fmt.Errorf("keep rows of %s: want one XLA value, got %d of %T", identity.Shape(), len(values), values[0]))
	}
	value := *(**stablehlo.Value)(unexported(before, "value"))
	out, err := stablehlo.CustomCallV2("Sharding", "", []*stablehlo.Value{value}, nil, []shapes.Shape{value.Shape()}, nil)
	if err != nil {
		panic(fmt.Errorf("keep rows of %s: %w", identity.Shape(), err))
	}
	statement := *(**stablehlo.Statement)(unexported(out[0], "stmt"))
	axes := `{"` + axisName + `"}` + strings.Repeat(", {}", identity.Rank()-1)
	statement.Attributes["sdy.sharding"] = literal(fmt.Sprintf("#sdy.sharding_per_value<[<@%s, [%s]>]>", m.grid.Name(), axes))
	after := *before
	*(**stablehlo.Value)(unexported(&after, "value")) = out[0]
	values[0] = &after
}

// literal is an attribute in StableHLO's own notation.
type literal string

// ToStableHLO is how go-xla writes an attribute that is not of a Go type it knows.
func (l literal) ToStableHLO() string { return string(l) }
