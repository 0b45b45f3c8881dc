package compiled

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"plugin"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/dcpo-go/godcpo/kernel/cell/compiled/cellrun"
	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// Storage is where the variables are that both engines know.
type Storage interface {
	// Address returns the address of a session variable, which it declares if it
	// can name its type; ok is false if it neither has it nor can.
	Address(v *types.Var) (p reflect.Value, ok bool)
	// Clean reports an error if the variable at an address holds values whose
	// type compiled code cannot see.
	Clean(v *types.Var, p reflect.Value) error
}

// Engine compiles the cells of one session. It is not safe for concurrent use.
type Engine struct {
	// Note takes a line for people when a cell has to wait for long; it may be
	// called by another goroutine.
	Note func(text string)

	storage  Storage
	session  int // number of this session in the process: plug-ins are never loaded twice
	tools    *toolchain
	toolsErr error
	packages *packages
	cache    string
	find     sync.Once
	modules  modules

	homes  map[types.Object]*home
	fields map[*types.Var]*accessor
	own    map[*types.Var]reflect.Value // variables that only this engine knows
	loaded map[string]*home
}

// home is the package of a compiled cell.
type home struct {
	path  string
	dir   string // of the built files
	cells []int  // numbers of the cells its text is from
	uses  []*home
	cell  *cellrun.Cell
}

// sessions counts the engines made in this process.
var sessions atomic.Int32

// New returns an engine for a session. It starts no tools before the first cell.
func New(storage Storage) *Engine {
	return &Engine{
		storage: storage, session: int(sessions.Add(1)),
		homes: map[types.Object]*home{}, fields: map[*types.Var]*accessor{}, own: map[*types.Var]reflect.Value{}, loaded: map[string]*home{},
	}
}

// Unavailable says why cells cannot be compiled here.
type Unavailable struct{ Reason error }

// Error returns a sentence.
func (u *Unavailable) Error() string { return "cells cannot be compiled: " + u.Reason.Error() }

// Unwrap returns the reason.
func (u *Unavailable) Unwrap() error { return u.Reason }

// Ready looks for what is needed to compile cells. The error is an *Unavailable.
func (e *Engine) Ready(ctx context.Context) error {
	e.find.Do(func() {
		if e.tools, e.toolsErr = findToolchain(context.WithoutCancel(ctx)); e.toolsErr != nil {
			return
		}
		var root string
		if root, e.toolsErr = cacheDir(); e.toolsErr != nil {
			return
		}
		e.cache = filepath.Join(root, e.tools.key)
		if e.toolsErr = os.MkdirAll(e.cache, 0o755); e.toolsErr == nil {
			e.packages = openPackages(e.tools, e.cache)
			e.packages.note, e.packages.addonOf = e.Note, e.modules.addonOf
			go pruned.Do(func() { prune(root) })
		}
	})
	if e.toolsErr != nil {
		return &Unavailable{e.toolsErr}
	}
	return nil
}

// Program is a compiled cell ready to run.
type Program struct {
	unit  *front.Unit
	home  *home // nil for a cell that only declares
	vars  []*types.Var
	types []types.Type
}

// Types lists the types of cells that were compiled with this cell.
func (p *Program) Types() []types.Type { return p.types }

// Compile builds and loads a cell. Its declarations alone are compiled with the
// first cell that uses them. The error is front.Problems when the cell is at
// fault and *Unavailable when cells cannot be compiled here.
func (e *Engine) Compile(ctx context.Context, u *front.Unit, scope *front.Scope) (p *Program, err error) {
	if err := e.Ready(ctx); err != nil {
		return nil, err
	}
	if len(u.Body) == 0 && u.Main == nil {
		return &Program{unit: u}, nil
	}
	em := e.emit(u, scope)
	files := em.text(selfMark)
	if len(em.problems) > 0 {
		return nil, em.problems
	}
	built, err := e.packages.foreign(ctx, em.paths)
	if err != nil {
		return nil, err
	}
	path := pathOf(append(files, built...), e.session)
	h := e.loaded[path]
	if h == nil {
		if h, err = e.load(ctx, em, path, files); err != nil {
			return nil, err
		}
	}
	h.cells = em.cells
	em.settle(h)
	p = &Program{unit: u, home: h, vars: em.vars}
	for obj := range em.mine {
		if name, ok := obj.(*types.TypeName); ok && !name.IsAlias() {
			p.types = append(p.types, name.Type())
		}
	}
	return p, nil
}

func (e *Engine) load(ctx context.Context, em *emission, path string, files []string) (*home, error) {
	dir, err := e.build(ctx, em, path, files)
	if err != nil {
		return nil, err
	}
	touch(dir)
	for _, used := range em.closure() {
		touch(used.dir)
	}
	file := filepath.Join(dir, pluginName)
	if file, err = filepath.EvalSymlinks(file); err != nil {
		return nil, fmt.Errorf("find the compiled cell: %w", err)
	}
	if _, err := plugin.Open(file); err != nil {
		return nil, fmt.Errorf("load the compiled cell: %w", err)
	}
	forgetPages(file)
	h := &home{path: path, dir: dir, uses: em.closure(), cell: cellrun.Find(path)}
	if h.cell == nil || len(h.cell.Vars) != len(em.vars) {
		return nil, errors.New("load the compiled cell: it is not what was built")
	}
	e.loaded[path] = h
	return h, nil
}

// Package returns the compiled form of a package, which is built if need be.
func (e *Engine) Package(ctx context.Context, importPath string) (file string, err error) {
	if err := e.Ready(ctx); err != nil {
		return "", err
	}
	files, err := e.packages.need(ctx, map[string]bool{importPath: true})
	if err != nil {
		return "", err
	}
	if files[importPath] == "" {
		return "", fmt.Errorf("package %s cannot be imported", importPath)
	}
	return files[importPath], nil
}

// Owns reports whether only this engine knows a variable.
func (e *Engine) Owns(v *types.Var) bool { return e.own[v].IsValid() }
