package mesh

import (
	"context"
	"sync"

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
	// Beside is what other arrays of the mesh took on each device when the program began: those that are none of its inputs and were not
	// released. It is no part of Peak.
	Beside int64
}

// Peak is the memory that a run takes altogether.
func (s Stats) Peak() int64 { return s.Arguments + s.Outputs - s.Aliased + s.Temporaries + s.Code }

// watchKey is the context key of Watch.
type watchKey struct{}

// Watch returns a context under which ran is told, after each run of a program, the program's name and its statistics for the shapes it ran
// with. ran is called on the goroutine that runs the program, after the watchers that ctx has already.
func Watch(ctx context.Context, ran func(program string, s Stats)) context.Context {
	first, ok := ctx.Value(watchKey{}).(func(string, Stats))
	both := func(program string, s Stats) { first(program, s); ran(program, s) }
	if !ok {
		both = ran
	}
	return context.WithValue(ctx, watchKey{}, both)
}

// watcher returns what informs the context's watcher, if there is one, of a run that is about to begin with the given inputs.
func (p *Program) watcher(ctx context.Context, in []*Array) func(g *graph.Graph) {
	ran, ok := ctx.Value(watchKey{}).(func(string, Stats))
	if !ok {
		return func(*graph.Graph) {}
	}
	beside, counted := p.mesh.held.Load(), map[*Array]bool{}
	for _, a := range in {
		if a != nil && !counted[a] {
			counted[a] = true
			beside -= a.held
		}
	}
	return func(g *graph.Graph) {
		s := statsOf(g)
		s.Beside = beside
		ran(p.name, s)
	}
}

// Peak remembers the run that took most memory of a device: its program's, and the arrays beside it. It is for one phase of a step after another.
// Its methods may be called by several goroutines at once.
//
// The figures are computed, not measured: go-xla v0.4.2 has no call for what a device's allocator has handed out. Gaps between buffers, the
// driver, and arrays that were forgotten rather than released come on top.
type Peak struct {
	mu      sync.Mutex
	program string
	bytes   int64
}

// Watch returns a context whose runs are looked at.
func (p *Peak) Watch(ctx context.Context) context.Context {
	return Watch(ctx, func(program string, s Stats) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if bytes := s.Peak() + s.Beside; bytes > p.bytes {
			p.program, p.bytes = program, bytes
		}
	})
}

// Take returns the program and the bytes on each device of the highest run since the last call, and forgets them; "" and 0 without a run.
func (p *Peak) Take() (program string, bytes int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	program, bytes = p.program, p.bytes
	p.program, p.bytes = "", 0
	return program, bytes
}

// statsOf reads the statistics of a graph's executable. GoMLX v0.28.3 and go-xla v0.4.2 have no call for it, so an unexported field is
// read, as in markDonated.
func statsOf(g *graph.Graph) Stats {
	m := (*(**pjrt.LoadedExecutable)(unexported(g.Executable(), "exec"))).OnDeviceMemoryUsageStats
	return Stats{Arguments: m.Inputs, Outputs: m.Outputs, Aliased: m.Aliases, Temporaries: m.Temporary, Code: m.GeneratedCode}
}

// Held is what the mesh's arrays take of each device now, in bytes: those that were made and not released.
func (m *Mesh) Held() int64 { return m.held.Load() }
