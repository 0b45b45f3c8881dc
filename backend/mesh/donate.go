package mesh

import (
	"fmt"
	"reflect"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/stablehlo"
	"github.com/gomlx/gomlx/core/graph"
)

// bufferDonor is the StableHLO argument attribute by which XLA learns that it may write outputs into an input's buffer.
const bufferDonor = "jax.buffer_donor"

// markDonated sets the attribute on the donated inputs of the graph under construction. Without it go-xla's donation only
// frees the buffer after the run, so that a step needs room for two copies of what it updates.
//
// GoMLX v0.28.3 and go-xla v0.4.2 have no call for it, so two unexported fields are read: the graph's builder, and the
// builder's main function. TestDonationAliases fails when an upgrade moves them.
func markDonated(in []*graph.Node, ports []Port) {
	wanted := false
	for _, p := range ports {
		wanted = wanted || p.Donate
	}
	if !wanted || len(in) == 0 {
		return
	}
	builder := *(*compute.Builder)(unexported(in[0].Graph(), "builder"))
	main := *(**stablehlo.Function)(unexported(builder.Main(), "fn"))
	if len(main.Inputs) < len(ports) {
		panic(fmt.Errorf("donate: the graph has %d inputs, the program %d", len(main.Inputs), len(ports)))
	}
	for i, p := range ports {
		if !p.Donate {
			continue
		}
		if main.Inputs[i].Attributes == nil {
			main.Inputs[i].Attributes = map[string]any{}
		}
		main.Inputs[i].Attributes[bufferDonor] = true
	}
}

// unexported returns the address of a named field of the struct p points to.
func unexported(p any, name string) unsafe.Pointer {
	field := reflect.ValueOf(p).Elem().FieldByName(name)
	if !field.IsValid() {
		panic(fmt.Errorf("donate: %T has no field %q in this version of GoMLX or go-xla", p, name))
	}
	return unsafe.Pointer(field.UnsafeAddr())
}
