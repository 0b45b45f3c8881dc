package cellrun

import (
	"log"
	"sync"

	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
)

// Cell is what a plug-in tells about itself when it is loaded.
type Cell struct {
	Run  func() // the cell's statements
	Step *int   // index of the statement being run
	Vars []any  // for each session variable it uses, where its address belongs: a **T
}

var registry struct {
	sync.Mutex
	cells map[string]*Cell
}

// Register is called by a plug-in as it is initialised.
func Register(path string, c *Cell) {
	registry.Lock()
	defer registry.Unlock()
	if registry.cells == nil {
		registry.cells = map[string]*Cell{}
	}
	registry.cells[path] = c
}

// Find returns what the plug-in of a path registered, nil if none did.
func Find(path string) *Cell {
	registry.Lock()
	defer registry.Unlock()
	return registry.cells[path]
}

// Check ends the cell with an error unless it is nil.
func Check(err error) {
	if err != nil {
		panic(&outcome.Failure{Err: err})
	}
}

// Show takes the values of the cell's last expression.
func Show(values ...any) {
	runs.Lock()
	defer runs.Unlock()
	if runs.current != nil {
		runs.current.shown = values
	}
}

// ShowOrFail is Show for an expression whose last value is an error, which
// fails the cell unless it is nil.
func ShowOrFail(values ...any) {
	last := len(values) - 1
	if err, ok := values[last].(error); ok {
		Check(err)
	}
	if last > 0 {
		Show(values[:last]...)
	}
}

// Ref returns the address of a copy of a value.
func Ref[T any](v T) *T { return &v }

// Fatal, Fatalf and Fatalln stand for those of package log: they log and end the
// cell, not the process.
func Fatal(v ...any) { log.Print(v...); Exit(1) }

// Fatalf is Fatal with a format.
func Fatalf(format string, v ...any) { log.Printf(format, v...); Exit(1) }

// LoggerFatal, LoggerFatalf and LoggerFatalln stand for the methods of a logger.
func LoggerFatal(l *log.Logger) func(v ...any) {
	return func(v ...any) { l.Print(v...); Exit(1) }
}

// LoggerFatalf is LoggerFatal with a format.
func LoggerFatalf(l *log.Logger) func(format string, v ...any) {
	return func(format string, v ...any) { l.Printf(format, v...); Exit(1) }
}

// LoggerFatalln is LoggerFatal with spaces between operands.
func LoggerFatalln(l *log.Logger) func(v ...any) {
	return func(v ...any) { l.Println(v...); Exit(1) }
}

// Fatalln is Fatal with spaces between its operands.
func Fatalln(v ...any) { log.Println(v...); Exit(1) }
