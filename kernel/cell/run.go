package cell

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/magic"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// Run runs one cell. Everything it prints and displays has been handed to out
// when Run returns. The bundle is the value of the cell's last expression, nil
// if it has none. The error is an *Error.
//
// When ctx ends, Run stops the cell and returns; the error is then named
// "interrupted", or "timeout" after a deadline. The cell sees ctx as its
// variable of that name.
func (s *Session) Run(ctx context.Context, code string, out Output) (*display.Bundle, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, &Error{InternalError, errClosed.Error(), []string{errClosed.Error()}, errClosed}
	}
	s.number++
	cellCtx, cancel := context.WithCancelCause(ctx)
	bounded := newLimited(cellCtx, out, s.options.Limits)
	s.router.to(bounded)
	defer func() {
		s.settle()
		bounded.sumUp()
	}()
	start := time.Now()
	defer cancel(errCellEnded)
	defer s.now.begin(cellCtx, cancel)()
	s.bridge.Begin()
	code, script, err := s.magics(cellCtx, code)
	if err == nil {
		var result *display.Bundle
		leave := s.input.enter(cellCtx, host{s}, script, code)
		result, err = s.execute(cellCtx, code, script.Engine)
		leave()
		var outside *failedOutside
		if err == nil && !errors.As(context.Cause(cellCtx), &outside) {
			s.router.result(result)
			return result, nil
		}
	}
	if ctx.Err() != nil {
		return nil, stopFailure(ctx, err, time.Since(start), nil)
	}
	var outside *failedOutside
	if errors.As(context.Cause(cellCtx), &outside) {
		return nil, stopFailure(cellCtx, err, time.Since(start), nil)
	}
	return nil, failure(err, code, s.number)
}

// now is the running cell, for those that act on it from outside.
type now struct {
	mu     sync.Mutex
	ctx    context.Context
	cancel context.CancelCauseFunc
}

// begin notes the cell that runs until end is called.
func (n *now) begin(ctx context.Context, cancel context.CancelCauseFunc) (end func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ctx, n.cancel = ctx, cancel
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.cancel = nil
	}
}

// running is the context of the cell that is running or ran last.
func (s *Session) running() context.Context {
	s.now.mu.Lock()
	defer s.now.mu.Unlock()
	if s.now.ctx == nil {
		return context.Background()
	}
	return s.now.ctx
}

// failedOutside is the cause with which a cell ends for a reason outside it.
type failedOutside struct{ err error }

func (e *failedOutside) Error() string { return e.err.Error() }
func (e *failedOutside) Unwrap() error { return e.err }

// errCellEnded is the cause for which a cell's context ends with it.
var errCellEnded = errors.New("the cell has ended")

// settle hands over everything that was written before.
func (s *Session) settle() {
	display.Flush()
	if err := s.bridge.Flush(); err != nil {
		s.router.Stream(capture.Stderr, err.Error()+"\n")
	}
	if err := s.capture.Flush(); err != nil {
		s.router.Stream(capture.Stderr, fmt.Sprintf("some output may come late: %v\n", err))
	}
	s.router.endCopy()
}

// execute checks, compiles and runs the Go code of a cell.
func (s *Session) execute(ctx context.Context, code, engine string) (*display.Bundle, error) {
	if strings.TrimSpace(code) == "" {
		return nil, nil
	}
	unit, err := s.checkMore(ctx, code, engine)
	if err != nil {
		return nil, err
	}
	run, err := s.prepare(ctx, unit, engine)
	if err != nil {
		return nil, err
	}
	for _, note := range unit.Notes {
		s.router.Stream(capture.Stderr, "note: "+note+"\n")
	}
	if s.ctxVar != nil && s.scope.Object("ctx") == s.ctxVar && !defines(unit, "ctx") {
		if err := s.engine.Set(s.ctxVar, reflect.ValueOf(&ctx).Elem()); err != nil {
			return nil, err
		}
	}
	outcome, err := run(ctx)
	defer s.forget(magic.Hidden()) // func main belongs to its cell alone
	s.state.Lock()
	replaced := s.scope.Replaced(unit)
	s.scope.Commit(unit, reached(unit, outcome.Steps))
	s.state.Unlock()
	s.engine.Drop(replaced)
	if defines(unit, "ctx") {
		s.ctxVar = nil // from now on it is the user's
	}
	if err != nil {
		return nil, err
	}
	return result(outcome), nil
}

// reached tells which variables of a cell are defined after so many of its
// statements.
func reached(u *front.Unit, steps int) func(v *types.Var) bool {
	return func(v *types.Var) bool { return u.DefinedAt(v) < steps }
}

// check checks a cell. A fault of the type checker fails the cell, not the
// process.
func (s *Session) check(code string) (unit *front.Unit, err error) {
	s.state.RLock()
	defer s.state.RUnlock()
	defer func() {
		if v := recover(); v != nil {
			message := fmt.Sprintf("the cell could not be checked: %v", v)
			err = &Error{Name: InternalError, Message: message, Traceback: []string{message}}
		}
	}()
	return s.scope.Check(code, s.number)
}

func defines(u *front.Unit, name string) bool {
	for _, v := range u.Vars {
		if v.Name() == name {
			return true
		}
	}
	return false
}

// result is how the values of the last expression are shown: one as it is,
// several as a list.
func result(o outcome.Outcome) *display.Bundle {
	switch len(o.Values) {
	case 0:
		return nil
	case 1:
		if o.Values[0] == nil {
			return nil
		}
		return display.FromValue(o.Values[0])
	}
	parts := make([]string, len(o.Values))
	for i, v := range o.Values {
		parts[i] = "<nil>"
		if b := display.FromValue(v); b != nil {
			parts[i] = b.Text()
		}
	}
	return display.FromValue("(" + strings.Join(parts, ", ") + ")")
}
