package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// ErrInterrupted is the cause of a cell's context that ended by an interrupt or a shutdown.
var ErrInterrupted = errors.New("the cell was interrupted")

// running is the cell that runs now.
type running struct {
	cancel context.CancelCauseFunc
	done   chan struct{} // closed when Run has returned
	out    *output
}

// execute answers an execute_request.
func (s *Server) execute(r request) any {
	e, err := wire.DecodeExecute(r.Content)
	if err != nil {
		return malformed(err)
	}
	if s.aborts(r) {
		return wire.ExecuteAborted{Status: wire.Aborted, Count: s.counted(false)}
	}
	blank := strings.TrimSpace(e.Code) == ""
	count := s.counted(e.StoreHistory && !blank)
	if !e.Silent {
		s.publish(wire.ExecuteInput, &r.Message, wire.ExecuteInputContent{Code: e.Code, Count: count}, true)
	}
	// Not ended with the cell: its goroutines may go on. Not a child of the server's context either, which would keep each cell's for ever.
	ctx, cancel := context.WithCancelCause(context.Background())
	out := &output{server: s, parent: r.Message, ctx: ctx, silent: e.Silent, allowStdin: e.AllowStdin}
	now := &running{cancel: cancel, done: make(chan struct{}), out: out}
	s.setCurrent(now)
	var result *display.Bundle
	if !blank {
		result, err = s.run(ctx, e.Code, out)
	}
	expressions := map[string]any{}
	if err == nil {
		expressions = s.evaluate(ctx, e.UserExpressions, out)
	}
	s.setCurrent(nil)
	close(now.done)
	out.Flush()
	content := s.conclude(e, count, out, result, err, expressions)
	if e.StoreHistory && !blank {
		s.history.add(count, e.Code, plainText(result))
	}
	s.flush()
	return content
}

// inFlight is how long after a failure cells may arrive that were sent before it.
const inFlight = 250 * time.Millisecond

// aborts says whether the cell was sent before the client can have known that an earlier one failed: it had arrived by then or, when a cell fails sooner than
// those behind it have come through the client's layers, it arrived soon after and is dated before.
func (s *Server) aborts(r request) bool {
	if !r.arrived.After(s.failed) {
		return true
	}
	sent, ok := r.Header.Time()
	return ok && sent.Before(s.failed) && r.arrived.Sub(s.failed) < inFlight
}

// conclude publishes the cell's result or error and returns the content of its reply.
func (s *Server) conclude(e wire.Execute, count int, out *output, result *display.Bundle, err error, expressions map[string]any) any {
	if err != nil {
		failed := failure(err)
		if !e.Silent {
			s.publish(wire.ErrorMessage, &out.parent, failed, true)
		}
		if e.StopOnError && !e.Silent {
			s.failed = time.Now()
		}
		return wire.ExecuteFailed{Status: wire.Error, Failure: failed, Count: count, Payload: out.takePages(), UserExpressions: expressions}
	}
	if result != nil && len(result.Data) > 0 && !e.Silent {
		content := displayContent(*result)
		content.Count = count
		if result.ID == "" {
			content.Transient = nil
		}
		out.show(wire.ExecuteResult, content)
	}
	return wire.ExecuteOK{Status: wire.OK, Count: count, Payload: out.takePages(), UserExpressions: expressions}
}

// run runs code with the runner; a panic that comes through is an error.
func (s *Server) run(ctx context.Context, code string, out cell.Output) (result *display.Bundle, err error) {
	defer func() {
		if p := recover(); p != nil {
			stack := strings.Split(strings.TrimSpace(string(debug.Stack())), "\n")
			err = &cell.Error{Name: "panic", Message: fmt.Sprint(p), Traceback: append([]string{fmt.Sprintf("panic: %v", p)}, stack...)}
		}
	}()
	return s.runner.Run(ctx, code, out)
}

// evaluate runs the user expressions of a request. Each gives a MIME bundle, or the error that it ended with; what they print is dropped.
func (s *Server) evaluate(ctx context.Context, expressions map[string]string, out *output) map[string]any {
	values := make(map[string]any, len(expressions))
	if len(expressions) == 0 {
		return values
	}
	out.Flush()
	// The same output and not another one: what the cell's goroutines write afterwards goes to the last that was given to Run.
	defer out.silence(out.silence(true))
	for name, code := range expressions {
		result, err := s.run(ctx, code, out)
		switch {
		case err != nil:
			values[name] = wire.ErrorReply{Status: wire.Error, Failure: failure(err)}
		case result == nil:
			values[name] = wire.NewErrorReply("NoValue", fmt.Errorf("%q has no value", code))
		default:
			content := displayContent(*result)
			values[name] = map[string]any{"status": wire.OK, "data": content.Data, "metadata": content.Metadata}
		}
	}
	return values
}

// failure describes why a cell failed.
func failure(err error) wire.Failure {
	var own *cell.Error
	if errors.As(err, &own) {
		f := wire.Failure{Name: own.Name, Value: own.Message, Traceback: own.Traceback}
		if len(f.Traceback) == 0 {
			f.Traceback = []string{own.Name + ": " + own.Message}
		}
		return f
	}
	name := "Error"
	if errors.Is(err, ErrInterrupted) || errors.Is(err, context.Canceled) {
		name, err = "Interrupted", ErrInterrupted
	}
	return wire.NewErrorReply(name, err).Failure
}

// counted returns the number of the cell: the next one if it counts, else the last.
func (s *Server) counted(counts bool) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if counts {
		s.count++
	}
	return s.count
}

func (s *Server) setCurrent(c *running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.current = c
}

// plainText is what the history keeps of a result.
func plainText(b *display.Bundle) string {
	if b == nil {
		return ""
	}
	text, _ := b.Data["text/plain"].(string)
	return text
}
