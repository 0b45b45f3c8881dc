// Package outcome says how a run of a cell ended, in the same words for every
// engine.
package outcome

import "strconv"

// Outcome is what a cell leaves behind.
type Outcome struct {
	Values []any // what its last expression shows
	Steps  int   // how many of its top-level statements were completed
}

// PanicError is a panic of a cell or of a goroutine it started.
type PanicError struct {
	Value     any
	Message   string
	Goroutine bool     // it was in a goroutine, not in the cell itself
	Trace     []string // where it happened, innermost first
}

// Error returns the message.
func (e *PanicError) Error() string { return e.Message }

// Failure is the error of a cell that called check with it, or whose last value
// it is.
type Failure struct{ Err error }

// Error returns the message of the error.
func (f *Failure) Error() string { return f.Err.Error() }

// StillRunning is the error of a cell that was told to stop and did not.
type StillRunning struct{ Cause error }

// Error returns the reason for which the cell was told to stop.
func (e *StillRunning) Error() string { return e.Cause.Error() }

// Unwrap returns the reason for which the cell was told to stop.
func (e *StillRunning) Unwrap() error { return e.Cause }

// Exit is the panic of os.Exit in a cell.
type Exit int

// Error says what happens instead of ending the process.
func (e Exit) Error() string {
	return "os.Exit(" + strconv.Itoa(int(e)) + ") was called: the cell ends, the session goes on"
}
