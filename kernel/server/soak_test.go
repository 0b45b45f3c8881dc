package server_test

import (
	"runtime"
	"testing"
)

// TestMemoryStaysFlat runs many cells with output and a result, and looks at what is left of them.
func TestMemoryStaysFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("runs thousands of cells")
	}
	k := start(t)
	run := func(n int) (heap uint64, goroutines int) {
		for range n {
			k.execute(t, "print a\nshow b\nvalue c")
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc, runtime.NumGoroutine()
	}
	const n = 3000
	heap, goroutines := run(300)
	heapAfter, goroutinesAfter := run(n)
	grown := (float64(heapAfter) - float64(heap)) / n
	t.Logf("%.0f bytes a cell, %d goroutines, then %d", grown, goroutines, goroutinesAfter)
	// A cell leaves its history entry and, on both sides of the connection, the signatures that refuse copies; both are bounded.
	if grown > 1500 {
		t.Errorf("%.0f bytes are left of each cell", grown)
	}
	if goroutinesAfter > goroutines+2 {
		t.Errorf("%d goroutines became %d", goroutines, goroutinesAfter)
	}
}
