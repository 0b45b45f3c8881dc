package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// Options say how a notebook is run headless. The zero value runs it without limits.
type Options struct {
	// Output is where the executed notebook goes. Empty: beside the source, NAME.executed.ipynb, and nowhere for a script. It may be the source itself.
	Output string
	// HTML is where the executed notebook goes as a page; empty: nowhere.
	HTML string
	// Parameters replace values of the cell tagged "parameters", by variable name.
	Parameters map[string]string
	// Timeout bounds the whole run, CellTimeout each cell; 0: no bound.
	Timeout, CellTimeout time.Duration
	// AllowErrors goes on after a failed cell.
	AllowErrors bool
	// Stdout and Stderr receive what cells print; nil: the process's own.
	Stdout, Stderr io.Writer
	// Progress receives a line a cell; nil: none.
	Progress io.Writer
	// Session configures the interpreter.
	Session cell.Options
}

// UsageError is a notebook or parameter that cannot be run at all; nothing was executed.
type UsageError struct{ Err error }

// Error returns the cause's text.
func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *UsageError) Unwrap() error { return e.Err }

// CellError is a cell that failed. Outputs up to it are in the executed notebook.
type CellError struct {
	Notebook string
	Index    int    // of the cell among all cells, from 1
	Script   int    // the line that the cell begins at in a script; 0 in a notebook
	Line     string // the first line of its text
	Output   string // the executed notebook; empty for none
	Err      *cell.Error
}

// Error names the notebook, the cell and the failure.
func (e *CellError) Error() string {
	if e.Script > 0 {
		return fmt.Sprintf("%s, cell %d (from line %d on): %v", e.Notebook, e.Index, e.Script, e.Err)
	}
	return fmt.Sprintf("%s, cell %d (%s): %v", e.Notebook, e.Index, e.Line, e.Err)
}

// Unwrap returns the cell's error.
func (e *CellError) Unwrap() error { return e.Err }

// TimedOut tells whether the cell, or the whole run, took too long.
func (e *CellError) TimedOut() bool { return e.Err.Name == cell.TimeoutError }

// Interrupted tells whether the run was cancelled from outside.
func (e *CellError) Interrupted() bool { return e.Err.Name == cell.InterruptedError }

// Exit is the status with which the cell wanted to end the process, by os.Exit or log.Fatal.
func (e *CellError) Exit() (status int, ok bool) {
	var p *outcome.PanicError
	if !errors.As(e.Err, &p) {
		return 0, false
	}
	exit, ok := p.Value.(outcome.Exit)
	return int(exit), ok
}

// OutputPath is where Run writes the executed notebook by default.
func OutputPath(path string) string {
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".executed.ipynb"
}

// Run executes the code cells of a notebook or script in order in one session and writes the executed notebook, again after each cell, so
// that nothing is lost. It stops at the first cell that fails, with a [*CellError]; a notebook or a parameter that cannot be
// used is a [*UsageError].
func Run(ctx context.Context, path string, opt Options) error {
	read := Read
	if IsScript(path) {
		read = ReadScript
	} else if opt.Output == "" {
		opt.Output = OutputPath(path)
	}
	n, err := read(path)
	if err != nil {
		return &UsageError{err}
	}
	if err := n.inject(opt.Parameters); err != nil {
		return &UsageError{fmt.Errorf("%s: %w", path, err)}
	}
	for _, c := range n.Cells {
		c.Outputs, c.Count = nil, 0
	}
	if err := n.save(opt); err != nil {
		return &UsageError{err} // better now than after an hour of training
	}
	session, err := cell.New(opt.Session)
	if err != nil {
		return fmt.Errorf("start the interpreter: %w", err)
	}
	defer session.Close()
	if opt.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, opt.Timeout)
		defer cancel()
	}
	r := &runner{notebook: n, path: path, opt: opt, session: session}
	r.terminal()
	return r.all(ctx)
}

// runner executes one notebook.
type runner struct {
	notebook *Notebook
	path     string
	opt      Options
	session  *cell.Session
	lines    *display.Lines // the cells' output on Options.Stdout
	count    int
}

// terminal fills in where the cells' output is shown: the session holds the process's own output captured.
func (r *runner) terminal() {
	out, err := r.session.Terminal()
	if r.opt.Stdout == nil {
		r.opt.Stdout = out
	}
	if r.opt.Stderr == nil {
		r.opt.Stderr = err
	}
	r.lines = display.NewLines(r.opt.Stdout)
	if r.opt.Progress == os.Stderr {
		r.opt.Progress = err
	}
}

func (r *runner) all(ctx context.Context) error {
	total := 0
	for _, c := range r.notebook.Cells {
		if c.Type == "code" && strings.TrimSpace(c.Source) != "" {
			total++
		}
	}
	var first error
	for i, c := range r.notebook.Cells {
		if c.Type != "code" || strings.TrimSpace(c.Source) == "" {
			continue
		}
		r.count++
		c.Count = r.count
		start := time.Now()
		r.progress("[%d/%d] %s\n", r.count, total, firstLine(c.Source))
		failed := r.one(ctx, c)
		r.progress("[%d/%d] %s\n", r.count, total, time.Since(start).Round(100*time.Millisecond))
		if err := r.notebook.save(r.opt); err != nil {
			return err
		}
		if failed == nil {
			continue
		}
		err := &CellError{Notebook: r.path, Index: i + 1, Script: c.line, Line: firstLine(c.Source), Output: r.opt.Output, Err: failed}
		if first == nil {
			first = err
		}
		if !r.opt.AllowErrors || ctx.Err() != nil {
			return err
		}
	}
	return first
}

// save writes the notebook, and its page, where they are to go.
func (n *Notebook) save(opt Options) error {
	if opt.Output != "" {
		if err := n.Write(opt.Output); err != nil {
			return err
		}
	}
	if opt.HTML != "" {
		return n.WriteHTML(opt.HTML)
	}
	return nil
}

func (r *runner) progress(format string, args ...any) {
	if r.opt.Progress != nil {
		_, _ = r.lines.Write(nil) // ends a line that changes in place
		fmt.Fprintf(r.opt.Progress, format, args...)
	}
}

// one runs a cell and records its outputs and times.
func (r *runner) one(ctx context.Context, c *Cell) *cell.Error {
	if r.opt.CellTimeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, r.opt.CellTimeout)
		defer cancel()
	}
	rec := &recorder{runner: r, cell: c}
	start := time.Now()
	value, err := r.session.Run(ctx, c.Source, rec)
	rec.finish(value, start)
	if err == nil {
		return nil
	}
	var failed *cell.Error
	if !errors.As(err, &failed) {
		failed = &cell.Error{Name: cell.InternalError, Message: err.Error(), Traceback: []string{err.Error()}}
	}
	rec.add(Output{Type: "error", Error: failed.Name, Message: failed.Message, Traceback: failed.Traceback})
	if _, exits := (&CellError{Err: failed}).Exit(); !exits || c.line == 0 { // a script may end as it likes
		_, _ = r.lines.Write(nil)
		fmt.Fprintln(r.opt.Stderr, strings.Join(failed.Traceback, "\n"))
	}
	return failed
}

func firstLine(source string) string {
	for line := range strings.Lines(source) {
		if line = strings.TrimSpace(line); line != "" {
			if runes := []rune(line); len(runes) > 60 {
				line = string(runes[:57]) + "..."
			}
			return line
		}
	}
	return ""
}

// setTimes records when the cell ran, in the fields JupyterLab uses.
func (c *Cell) setTimes(start, end time.Time) {
	const iso = "2006-01-02T15:04:05.000000Z"
	s, e := start.UTC().Format(iso), end.UTC().Format(iso)
	times := map[string]string{"iopub.status.busy": s, "iopub.execute_input": s, "shell.execute_reply": e, "iopub.status.idle": e}
	c.metadata["execution"], _ = json.Marshal(times) // strings always marshal
}
