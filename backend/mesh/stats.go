package mesh

import (
	"context"

	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomlx/gomlx/core/graph"
)

// Stats is the memory of a compiled program as XLA planned it, in bytes on each device.
type Stats struct {
	Arguments   int64 // all inputs
	Outputs     int64 // all outputs
	Aliased     int64 // outputs that are written into donated inputs
	Temporaries int64 // what is kept between operations
	Code        int64 // the program itself; 0 where the plug-in does not tell
}

// Peak is the memory that a run takes altogether.
func (s Stats) Peak() int64 { return s.Arguments + s.Outputs - s.Aliased + s.Temporaries + s.Code }

// watchKey is the context key of Watch.
type watchKey struct{}

// Watch returns a context under which ran is told, after each run of a program, the program's name and its statistics for the shapes it ran
// with. ran is called on the goroutine that runs the program.
func Watch(ctx context.Context, ran func(program string, s Stats)) context.Context {
	return context.WithValue(ctx, watchKey{}, ran)
}

// tell informs the context's watcher, if there is one.
func (p *Program) tell(ctx context.Context, g *graph.Graph) {
	if ran, ok := ctx.Value(watchKey{}).(func(string, Stats)); ok {
		ran(p.name, statsOf(g))
	}
}

// statsOf reads the statistics of a graph's executable. GoMLX v0.28.3 and go-xla v0.4.2 have no call for it, so an unexported field is
// read, as in markDonated.
func statsOf(g *graph.Graph) Stats {
	m := (*(**pjrt.LoadedExecutable)(unexported(g.Executable(), "exec"))).OnDeviceMemoryUsageStats
	return Stats{Arguments: m.Inputs, Outputs: m.Outputs, Aliased: m.Aliases, Temporaries: m.Temporary, Code: m.GeneratedCode}
}
