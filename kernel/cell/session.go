package cell

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"sync"
	"time"

	"github.com/traefik/yaegi/stdlib"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/cell/compiled"
	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/patience"
	"github.com/dcpo-go/godcpo/kernel/cell/reflected"
	"github.com/dcpo-go/godcpo/kernel/cell/yaegi"
	"github.com/dcpo-go/godcpo/kernel/display"
	"github.com/dcpo-go/godcpo/kernel/gonb"
)

// Output receives what a cell writes and displays. Calls come one at a time,
// possibly after the cell has ended, from goroutines it left behind.
type Output interface {
	// Stream takes text for "stdout" or "stderr".
	Stream(name, text string)
	Display(b display.Bundle)
	ClearOutput(wait bool)
}

// Symbols are packages that cells can import, in the form of package
// kernel/symbols.
type Symbols = map[string]map[string]reflect.Value

// Options configure a session. The zero value gives the standard library.
type Options struct {
	// Symbols are the packages beside the standard library, usually
	// symbols.Tables().
	Symbols []Symbols
	// Prelude is a cell run at the start. Without it, the session imports fmt
	// and, where they are known, this module's root packages and display.
	Prelude string
	// Grace is how long an interrupted cell may take to return before it is
	// left behind; 150 ms if zero. Loops of a cell stop at once, functions of this
	// module when they have seen that their context has ended: those are waited for.
	Grace time.Duration
	// Docs gives what the authors of a package, name, method or field say of it, by keys as package kernel/symbols has; nil where nothing is known.
	Docs func(key string) string
	// Args is os.Args for cells that do not set it by %args, the program's name first; {"cell"} if empty.
	Args []string
	// Limits bound what each cell puts out.
	Limits Limits
	// Shell runs the text of ! lines: the command and its arguments before the
	// text; bash or, where there is none, sh with -c if empty.
	Shell []string
	// KernelID is the name by which a Jupyter server knows this kernel, over which
	// pages reach cells; empty in a run without a browser.
	KernelID string
	// Interpret has every cell interpreted: what the interpreter cannot run is
	// refused instead of compiled.
	Interpret bool
}

// Session is a running notebook. Its methods may be called by several
// goroutines; cells run one after the other.
type Session struct {
	options  Options
	capture  *capture.Capture
	importer *reflected.Importer
	router   *router

	mu     sync.Mutex // held while a cell runs
	state  sync.RWMutex
	scope  *front.Scope
	engine *yaegi.Engine
	native *compiled.Engine
	ctxVar *types.Var // the ctx of the prelude
	number int        // cells run so far
	closed bool

	bridge    *gonb.Bridge
	now       now
	arguments arguments
	input     input
	scratch   string // folder of !* commands, made when first needed
}

// New starts a session. It captures the standard output and error of the whole
// process until Close, so there can be one at a time.
func New(options Options) (*Session, error) {
	if options.Grace <= 0 {
		options.Grace = patience.Grace
	}
	if len(options.Shell) == 0 {
		options.Shell = []string{defaultShell(), "-c"}
	}
	s := &Session{options: options, router: &router{}}
	if err := s.start(); err != nil {
		return nil, err
	}
	s.arguments.own = options.Args
	s.arguments.install()
	c, err := capture.Start(s.router.Stream)
	if err != nil {
		s.arguments.restore()
		return nil, err
	}
	s.capture = c
	s.router.terminal, s.router.flush = c.Out, c.Flush
	s.router.former = display.SetSink(s.router)
	if err := s.environment(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// start makes a fresh scope and engine and runs the prelude.
func (s *Session) start() error {
	tables := append([]Symbols{stdlib.Symbols}, extraStandard())
	tables = append(tables, s.options.Symbols...)
	s.importer = reflected.New(tables...)
	engine, err := yaegi.New(s.importer, tables...)
	if err != nil {
		return err
	}
	scope := front.NewScope(s.importer)
	s.engine, s.scope, s.native = engine, scope, compiled.New(engine)
	s.native.Note = func(text string) { s.router.Stream(capture.Stderr, "note: "+text+"\n") }
	if err := s.defineContext(); err != nil {
		return err
	}
	unit, err := s.scope.Check(s.prelude(), 0)
	if err != nil {
		return fmt.Errorf("check the prelude: %w", err)
	}
	compiled, err := s.engine.Compile(unit)
	if err != nil {
		return fmt.Errorf("compile the prelude: %w", err)
	}
	outcome, err := s.engine.Run(context.Background(), compiled, s.options.Grace)
	if err != nil {
		return fmt.Errorf("run the prelude: %w", err)
	}
	s.scope.Commit(unit, reached(unit, outcome.Steps))
	s.scope.Forget("runtime" + "ꞏ")
	return nil
}

// environment connects gonbui and sets the variables that GoNB promises.
func (s *Session) environment() error {
	var err error
	if s.bridge, err = gonb.Open(gonb.Options{Host: host{s}, KernelID: s.options.KernelID}); err != nil {
		return err
	}
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	return errors.Join(os.Setenv("GONB_DIR", dir), os.Setenv("GONB_VERSION", version()), os.Setenv("GONB_JUPYTER_KERNEL_ID", s.options.KernelID))
}

// Bridge connects gonbui to pages of a browser.
func (s *Session) Bridge() *gonb.Bridge { return s.bridge }

// defineContext makes the variable ctx, which each cell gets anew.
func (s *Session) defineContext() error {
	pkg, err := s.importer.Import("context")
	if err != nil {
		return err
	}
	s.ctxVar = types.NewVar(token.NoPos, types.NewPackage("main", "cell0"), "ctx", pkg.Scope().Lookup("Context").Type())
	s.scope.Define(s.ctxVar)
	return s.engine.Declare(s.ctxVar, "context", "Context")
}

// Close ends the session: its variables are given up, the process gets its
// standard output back. Goroutines that cells started are not ended.
func (s *Session) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	s.arguments.restore()
	if s.bridge != nil {
		s.bridge.Close()
	}
	_ = s.native.Close() // leftovers in the folder for temporary files, both
	if s.scratch != "" {
		_ = os.RemoveAll(s.scratch) // a leftover in the folder for temporary files
	}
	display.Flush()
	display.SetSink(s.router.former)
	return s.capture.Close()
}

// Terminal returns the standard output and error that the process had before
// the session captured them. A host that runs cells writes its own text there,
// until Close.
func (s *Session) Terminal() (out, err *os.File) { return s.capture.Out, s.capture.Err }

// errClosed is what a closed session answers.
var errClosed = errors.New("the session is closed")
