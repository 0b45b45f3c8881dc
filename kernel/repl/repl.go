// Package repl is a session of cells in a terminal: lines are edited, remembered and completed; a cell is run once it is complete.
package repl

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
	"github.com/ergochat/readline"
)

// Options say where lines come from. The zero value reads the standard input.
type Options struct {
	// In are the lines where Terminal is not set; nil: the standard input.
	In io.Reader
	// Out and Err take what cells print and show; nil: those that the process had before the session captured them.
	Out, Err io.Writer
	// Terminal edits lines on the process's terminal, with prompts and history. Without it lines are read as they come, as from a pipe, and the first
	// cell that fails ends the session.
	Terminal bool
	// History is the file that lines are remembered in; empty: nowhere.
	History string
	// Interrupts gives a value for each interrupt; nil: none come.
	Interrupts <-chan os.Signal
	// Session configures the cells.
	Session cell.Options
}

// Prompts of the first line of a cell and of those after it.
const (
	prompt = "go> "
	more   = "... "
)

// errEnded says that a cell has failed where nobody can correct it.
var errEnded = errors.New("a cell failed")

// reader gives lines. io.EOF ends the session, readline.ErrInterrupt drops the cell begun.
type reader interface {
	next(prompt string) (string, error)
}

// Run reads cells and runs them until the input ends or ctx does.
func Run(ctx context.Context, opt Options) error {
	session, err := cell.New(opt.Session)
	if err != nil {
		return fmt.Errorf("start the session: %w", err)
	}
	defer session.Close()
	out, complaints := session.Terminal()
	if opt.Out == nil {
		opt.Out = out
	}
	if opt.Err == nil {
		opt.Err = complaints
	}
	lines, closeLines, err := opt.lines(session)
	if err != nil {
		return err
	}
	defer closeLines()
	r := &repl{opt: opt, session: session, lines: lines}
	return r.loop(ctx)
}

// lines opens the input.
func (o Options) lines(session *cell.Session) (reader, func() error, error) {
	if o.Terminal {
		return newEditor(o, session)
	}
	in := o.In
	if in == nil {
		in = os.Stdin
	}
	return &plain{bufio.NewReader(in)}, func() error { return nil }, nil
}

// plain reads lines without a terminal.
type plain struct{ in *bufio.Reader }

func (p *plain) next(string) (string, error) {
	line, err := p.in.ReadString('\n')
	if line != "" && errors.Is(err, io.EOF) { // the last line may lack its end
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

type repl struct {
	opt     Options
	session *cell.Session
	lines   reader
}

func (r *repl) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		code, err := r.read()
		switch {
		case errors.Is(err, readline.ErrInterrupt):
			continue
		case errors.Is(err, io.EOF) && strings.TrimSpace(code) == "":
			return nil
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("read a line: %w", err)
		}
		if failed := r.run(ctx, code); failed != nil && !r.opt.Terminal {
			return errEnded
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
	}
	return context.Cause(ctx)
}

// read reads a cell: as many lines as it takes to be complete. An empty line ends one that is not, so that the error in it is shown.
func (r *repl) read() (string, error) {
	code, p := "", prompt
	for {
		line, err := r.lines.next(p)
		if err != nil {
			if errors.Is(err, readline.ErrInterrupt) {
				return "", err
			}
			return code, err
		}
		if code += line; strings.TrimSpace(code) == "" {
			code = ""
			continue
		}
		status, _ := r.session.IsComplete(code)
		if status != "incomplete" || r.opt.Terminal && strings.TrimSpace(line) == "" {
			return code, nil
		}
		code, p = code+"\n", more
	}
}

// run runs a cell, until an interrupt.
func (r *repl) run(ctx context.Context, code string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan struct{})
	defer close(done)
	go func() {
		select {
		case <-r.opt.Interrupts:
			cancel(errors.New("interrupted"))
		case <-done:
		}
	}()
	value, err := r.session.Run(ctx, code, (*screen)(r))
	if err != nil {
		text := err.Error()
		var failed *cell.Error
		if errors.As(err, &failed) {
			text = strings.Join(failed.Traceback, "\n")
		}
		fmt.Fprintln(r.opt.Err, strings.TrimRight(text, "\n"))
		return err
	}
	if value != nil {
		(*screen)(r).Display(*value)
	}
	return nil
}

// screen shows outputs as text.
type screen repl

// Stream implements cell.Output.
func (s *screen) Stream(name, text string) {
	w := s.opt.Out
	if name == "stderr" {
		w = s.opt.Err
	}
	_, _ = io.WriteString(w, text) // a closed terminal ends the session by itself
}

// Display implements cell.Output.
func (s *screen) Display(b display.Bundle) {
	if text := strings.TrimRight(b.Text(), "\n"); text != "" {
		fmt.Fprintln(s.opt.Out, text)
	}
}

// ClearOutput implements cell.Output: what a terminal has shown stays.
func (s *screen) ClearOutput(bool) {}
