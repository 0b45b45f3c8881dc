package cell

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
)

// Kinds of errors, the Name of an [Error].
const (
	CompileError     = "compile error" // the cell is no correct Go, or not supported
	PanicError       = "panic"         // the cell, or a goroutine it started, panicked
	FailedError      = "error"         // check was called with an error, the last value is one, or the cell cannot go on
	InterruptedError = "interrupted"
	TimeoutError     = "timeout"
	CommandError     = "command error" // a magic or shell command failed
	InternalError    = "internal error"
)

// Error is why a cell failed.
type Error struct {
	Name      string   // one of the kinds above
	Message   string   // what happened, in one line where possible
	Traceback []string // lines for people: the message, then where it happened

	err error
}

// Error returns the kind and the message.
func (e *Error) Error() string { return e.Name + ": " + e.Message }

// Unwrap returns the cause: the error given to check, or the context's.
func (e *Error) Unwrap() error { return e.err }

// failure makes an Error of what checking or running a cell returned. code is
// the cell's text, of which lines are quoted.
func failure(err error, code string, number int) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	var problems front.Problems
	if errors.As(err, &problems) {
		return compileFailure(problems, code, number)
	}
	var p *outcome.PanicError
	if errors.As(err, &p) {
		message := p.Message
		if p.Goroutine {
			message = "in a goroutine: " + message
		}
		return &Error{PanicError, message, append([]string{"panic: " + message}, p.Trace...), err}
	}
	var f *outcome.Failure
	if errors.As(err, &f) {
		return &Error{FailedError, f.Error(), []string{"error: " + f.Error()}, f.Err}
	}
	return &Error{CompileError, err.Error(), []string{err.Error()}, err}
}

func compileFailure(problems front.Problems, code string, number int) *Error {
	lines := strings.Split(code, "\n")
	e := &Error{Name: CompileError, Message: problems[0].Error(), err: problems}
	for _, p := range problems {
		e.Traceback = append(e.Traceback, p.Error())
		if p.Cell == number && p.Line > 0 && p.Line <= len(lines) {
			source := strings.ReplaceAll(lines[p.Line-1], "\t", " ")
			e.Traceback = append(e.Traceback, "    "+source, "    "+strings.Repeat(" ", min(max(p.Column-1, 0), len(source)))+"^")
		}
	}
	return e
}

// stopFailure is the error of a cell whose context ended.
func stopFailure(ctx context.Context, cause error, ran time.Duration, trace []string) *Error {
	e := &Error{Name: InterruptedError, Message: "interrupted", err: cause}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.Name, e.Message = TimeoutError, fmt.Sprintf("timed out after %v", ran.Round(time.Millisecond))
	}
	var outside *failedOutside
	if errors.As(context.Cause(ctx), &outside) {
		e.Name, e.Message, e.err = FailedError, outside.Error(), outside.err
	}
	var still *outcome.StillRunning
	if errors.As(cause, &still) {
		e.Message += "; the code that the cell called does not stop and goes on in the background"
	}
	e.Traceback = append([]string{e.Message}, trace...)
	return e
}
