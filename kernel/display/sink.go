package display

import (
	"os"
	"sync"
)

// A Sink receives what is displayed. Its methods are called by one goroutine at
// a time.
type Sink interface {
	Display(b Bundle)
	// ClearOutput removes the cell's outputs so far; with wait, only when the
	// next output arrives, so that nothing flickers.
	ClearOutput(wait bool)
}

var current struct {
	mu    sync.Mutex
	sink  Sink
	lines *Lines // takes displays where there is no sink
}

// SetSink makes s the receiver of all displays of this process and returns the
// one it replaces; nil prints plain text on standard output. The running
// session calls it, cells do not.
func SetSink(s Sink) Sink {
	current.mu.Lock()
	defer current.mu.Unlock()
	old := current.sink
	current.sink = s
	return old
}

// Show sends a finished bundle to the sink. Most code calls [Value] or one of
// the functions named by content.
func Show(b Bundle) {
	current.mu.Lock()
	defer current.mu.Unlock()
	if current.sink != nil {
		current.sink.Display(b)
		return
	}
	if current.lines == nil {
		current.lines = NewLines(os.Stdout)
	}
	current.lines.Display(b)
}

// flushLines writes what a program without a session has not shown yet.
func flushLines() {
	current.mu.Lock()
	defer current.mu.Unlock()
	if current.sink == nil && current.lines != nil {
		current.lines.Flush()
	}
}

// Clear removes the cell's outputs so far. With wait they stay until the next
// output arrives.
func Clear(wait bool) {
	current.mu.Lock()
	defer current.mu.Unlock()
	if current.sink != nil {
		current.sink.ClearOutput(wait)
	}
}
