// Command godcpo trains and evaluates language models with Decoupled Calibration Policy Optimization: it runs notebooks of Go
// cells headless, is a Jupyter kernel for them, and trains from a configuration file.
//
// Exit status: 0 done; 1 it failed (for run: a cell failed); 2 wrong usage or file; 124 time-out; 130 interrupted.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses, stable so that scripts can rely on them.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitTimeout     = 124
	exitInterrupted = 130
)

// exitError is an error that asks for a certain exit status.
type exitError struct {
	status int
	err    error // nil where everything has been said already
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks an error as the caller's wrong usage.
func usageError(err error) error { return &exitError{status: exitUsage, err: err} }

func main() {
	// The first interrupt cancels, the second one ends the process the hard way.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run executes one command line and returns its exit status. An error is printed once, on standard error.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	status := exitFailed
	var exit *exitError
	switch {
	case errors.As(err, &exit):
		status = exit.status
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		status, err = exitInterrupted, fmt.Errorf("interrupted: %w", err)
	case errors.Is(err, context.DeadlineExceeded):
		status = exitTimeout
	}
	if exit == nil || exit.err != nil {
		fmt.Fprintf(stderr, "godcpo: %v\n", err)
	}
	return status
}
