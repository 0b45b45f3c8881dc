package mesh

import (
	"context"
	"fmt"
	"slices"

	"github.com/gomlx/compute/distributed"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Build writes a program's graph: logical inputs to logical outputs. It may panic, as GoMLX's graph functions do; Run turns
// the panic into an error.
type Build func(in []*graph.Node) []*graph.Node

// Port describes one input or output of a program.
type Port struct {
	// Rank of the logical array.
	Rank int
	// Layout on the mesh; a single device ignores it.
	Layout Layout
	// Donate, on an input, gives the buffer to the program, which may write an output of the same shape into it. The caller's
	// array is unusable afterwards.
	Donate bool
}

// Program is a graph that is partitioned over a mesh and compiled once for each combination of input shapes.
// Calls of one program may run concurrently only if they donate different arrays.
type Program struct {
	name    string
	mesh    *Mesh
	in, out []Port
	exec    *graph.Exec
}

// Program prepares a graph for the mesh. Nothing is compiled before the first Run.
func (m *Mesh) Program(name string, build Build, in, out []Port) (*Program, error) {
	p := &Program{name: name, mesh: m, in: slices.Clone(in), out: slices.Clone(out)}
	exec, err := graph.NewExec(m.backend, func(nodes []*graph.Node) []*graph.Node {
		defer panicWithError()
		markDonated(nodes, p.in)
		return build(nodes)
	})
	if err != nil {
		return nil, fmt.Errorf("program %s: %w", name, err)
	}
	// Shapes are bucketed by the callers, which know how many there can be.
	p.exec = exec.WithName(name).SetMaxCache(-1)
	if m.devices > 1 {
		inSpecs, err := m.specs(in)
		if err != nil {
			return nil, fmt.Errorf("program %s, inputs: %w", name, err)
		}
		outSpecs, err := m.specs(out)
		if err != nil {
			return nil, fmt.Errorf("program %s, outputs: %w", name, err)
		}
		p.exec = p.exec.AutoSharding(m.grid).WithInputShardingSpecs(inSpecs...).WithOutputShardingSpecs(outSpecs...)
	}
	return p, nil
}

// panicWithError turns a panic of a graph function into one with an error, the only kind that GoMLX hands back as an error.
func panicWithError() {
	r := recover()
	if r == nil {
		return
	}
	if _, ok := r.(error); !ok {
		r = fmt.Errorf("%v", r)
	}
	panic(r)
}

func (m *Mesh) specs(ports []Port) ([]*distributed.ShardingSpec, error) {
	specs := make([]*distributed.ShardingSpec, len(ports))
	for i, port := range ports {
		spec, err := m.spec(port.Layout, port.Rank)
		if err != nil {
			return nil, fmt.Errorf("port %d: %w", i, err)
		}
		specs[i] = spec
	}
	return specs, nil
}

// Run executes the program. Inputs are logical arrays in the order and layouts of the ports; outputs likewise, and belong to
// the caller, who releases them. It returns ctx's error without starting when ctx is done; a program that has started
// runs to its end.
func (p *Program) Run(ctx context.Context, in ...*Array) ([]*Array, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	tell := p.watcher(ctx, in)
	args, err := p.arguments(in)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", p.name, err)
	}
	results, g, err := p.exec.CallWithGraph(args...)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", p.name, err)
	}
	tell(g)
	n := p.mesh.devices
	if len(results) != n*len(p.out) {
		return nil, fmt.Errorf("run %s: want %d outputs on each of %d devices, got %d altogether", p.name, len(p.out), n, len(results))
	}
	out := make([]*Array, len(p.out))
	for i, port := range p.out {
		a := &Array{mesh: p.mesh, layout: port.Layout, shards: make([]*tensors.Tensor, n)}
		for d := range n {
			a.shards[d] = results[d*len(p.out)+i]
		}
		shape := a.shards[0].Shape()
		a.dtype, a.dims = shape.DType, slices.Clone(shape.Dimensions)
		if axis := port.Layout.Axis(); axis >= 0 {
			a.dims[axis] *= n
		}
		out[i] = a.hold()
	}
	return out, nil
}

// arguments lists the shards device by device, as graph.Exec wants them, and takes donated arrays away from their owners.
func (p *Program) arguments(in []*Array) ([]any, error) {
	if len(in) != len(p.in) {
		return nil, fmt.Errorf("want %d inputs, got %d", len(p.in), len(in))
	}
	for i, a := range in {
		switch {
		case a == nil || a.shards == nil:
			return nil, fmt.Errorf("input %d was released, or donated to an earlier run", i)
		case a.mesh != p.mesh:
			return nil, fmt.Errorf("input %d lies on another mesh", i)
		case a.layout != p.in[i].Layout && p.mesh.devices > 1:
			return nil, fmt.Errorf("input %d %v is laid out along axis %d, want %d", i, a.dims, a.layout.Axis(), p.in[i].Layout.Axis())
		}
	}
	args := make([]any, 0, len(in)*p.mesh.devices)
	for d := range p.mesh.devices {
		for i, a := range in {
			if !p.in[i].Donate {
				args = append(args, a.shards[d])
				continue
			}
			donated, err := graph.DonateTensorBuffer(a.shards[d], p.mesh.backend, deviceNum(d))
			if err != nil {
				return nil, fmt.Errorf("donate input %d: %w", i, err)
			}
			args = append(args, donated)
		}
	}
	for i, a := range in {
		if p.in[i].Donate {
			a.drop()
		}
	}
	return args, nil
}
