// Package yaegi runs checked cells in this process with the yaegi interpreter.
// Variables, goroutines and values stay alive between cells. A cell can be
// stopped, a panic in it or in a goroutine it started is an error, and compiled
// code that it calls sees the session's context.
package yaegi

import (
	"errors"
	"fmt"
	"go/types"
	"path"
	"reflect"
	"strings"

	"github.com/traefik/yaegi/interp"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
	"github.com/dcpo-go/godcpo/kernel/cell/reflected"
)

// Engine is an interpreter with the state of one session.
type Engine struct {
	interp  *interp.Interpreter
	goTypes lower.GoTypes
	names   *lower.Names
	hazards *lower.Hazards
	loaded  map[string]bool // import paths already imported
	types   map[string]bool // types already added to the runtime package
	runtime *runtime
	trim    *trimmer
	slots   map[*types.Var]reflect.Value // addresses of session variables that were asked for

	declared map[types.Object]bool // session objects that the interpreter has
}

// Compiled is a cell ready to run.
type Compiled struct {
	unit    *front.Unit
	program *lower.Program
}

// New starts an interpreter that knows the packages of the tables.
func New(goTypes lower.GoTypes, tables ...reflected.Symbols) (e *Engine, err error) {
	defer caught(&err, "start the interpreter")
	rt := newRuntime()
	i := interp.New(interp.Options{Unrestricted: true, Stderr: rt})
	e = &Engine{
		interp: i, goTypes: goTypes, names: lower.NewNames(), hazards: &lower.Hazards{},
		loaded: map[string]bool{path.Dir(lower.RuntimeKey): true}, types: map[string]bool{}, runtime: rt, declared: map[types.Object]bool{}, slots: map[*types.Var]reflect.Value{},
	}
	e.hazards.Knows(func(text string) bool { return len(typesByString(text)) > 0 })
	if e.trim, err = newTrimmer(i); err != nil {
		return nil, err
	}
	for _, table := range tables {
		if err := i.Use(table); err != nil {
			return nil, fmt.Errorf("load packages into the interpreter: %w", err)
		}
	}
	if err := i.Use(interp.Exports{lower.RuntimeKey: rt.symbols()}); err != nil {
		return nil, fmt.Errorf("load the runtime into the interpreter: %w", err)
	}
	if err := i.Use(rt.overrides(tables)); err != nil {
		return nil, fmt.Errorf("load the runtime into the interpreter: %w", err)
	}
	if _, err := i.Eval(lower.Preamble); err != nil {
		return nil, fmt.Errorf("prepare the interpreter: %w", err)
	}
	for name, into := range map[string]any{lower.StopVar: &rt.stop, lower.PlaceVar: &rt.place, lower.StepVar: &rt.step} {
		if err := e.pointTo(name, into); err != nil {
			return nil, err
		}
	}
	return e, nil
}

// pointTo finds the interpreter's variable and stores its address.
func (e *Engine) pointTo(name string, into any) error {
	v, err := e.interp.Eval("&" + name)
	if err != nil {
		return fmt.Errorf("find %s in the interpreter: %w", name, err)
	}
	target := reflect.ValueOf(into).Elem()
	if !v.Type().AssignableTo(target.Type()) {
		return fmt.Errorf("%s is a %s in the interpreter, want %s", name, v.Type(), target.Type())
	}
	target.Set(v)
	return nil
}

// Compile prepares a cell. The error is front.Problems when the cell uses what
// the interpreter cannot run.
func (e *Engine) Compile(u *front.Unit) (c *Compiled, err error) {
	defer caught(&err, "fault in translating the cell")
	program, err := lower.Lower(u, e.names, e.hazards, e.goTypes)
	if err != nil {
		return nil, err
	}
	c = &Compiled{unit: u, program: program}
	if err := e.load(program); err != nil {
		program.Discard()
		return nil, err
	}
	if err := e.eval(program.Source); err != nil {
		program.Discard()
		return nil, fmt.Errorf("not supported in interpreted cells: the interpreter cannot compile this (%s)", strings.TrimSpace(err.Error()))
	}
	program.Commit()
	e.took(u)
	return c, nil
}

// load imports packages that no cell has used before and adds types.
func (e *Engine) load(p *lower.Program) error {
	added := map[string]reflect.Value{}
	for name, t := range p.Types {
		if !e.types[name] {
			added[name] = reflect.Zero(reflect.PointerTo(t))
			e.types[name] = true
		}
	}
	if len(added) > 0 {
		if err := e.interp.Use(interp.Exports{lower.RuntimeKey: added}); err != nil {
			return fmt.Errorf("add types to the interpreter: %w", err)
		}
	}
	for _, importPath := range p.Imports {
		if e.loaded[importPath] {
			continue
		}
		if err := e.eval(fmt.Sprintf("import %s %q", lower.Alias(importPath), importPath)); err != nil {
			return fmt.Errorf("import %q: %w", importPath, err)
		}
		e.loaded[importPath] = true
	}
	return nil
}

// eval compiles and executes source; a fault of the interpreter is an error.
func (e *Engine) eval(source string) (err error) {
	defer caught(&err, "interpreter fault")
	defer e.trim.compiled()
	_, err = e.interp.Eval(source)
	var p interp.Panic
	if errors.As(err, &p) {
		return fmt.Errorf("interpreter fault: %v", p.Value)
	}
	return err
}

func caught(err *error, doing string) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %v", doing, r)
	}
}

// Set gives a session variable a value.
func (e *Engine) Set(v *types.Var, value reflect.Value) (err error) {
	defer caught(&err, "set "+v.Name())
	p, err := e.slot(v)
	if err != nil {
		return err
	}
	p.Elem().Set(value)
	return nil
}

// slot is the address of a session variable that the interpreter has. Asking the interpreter compiles a program, so it is asked once.
func (e *Engine) slot(v *types.Var) (p reflect.Value, err error) {
	defer caught(&err, "find "+v.Name())
	if p, ok := e.slots[v]; ok {
		return p, nil
	}
	if p, err = e.interp.Eval("&" + e.names.Of(v)); err != nil {
		return p, fmt.Errorf("find %s: %w", v.Name(), err)
	}
	e.slots[v] = p
	return p, nil
}

// Drop lets go of functions that later cells cannot name. What was compiled with them goes on with them.
func (e *Engine) Drop(functions []*types.Func) {
	for _, f := range functions {
		if name := e.names.Drop(f); name != "" {
			delete(e.declared, f)
			e.trim.forget(name)
		}
	}
}

// Declare makes a session variable of a type that source text can name.
func (e *Engine) Declare(v *types.Var, importPath, typeText string) error {
	source := fmt.Sprintf("var %s %s.%s", e.names.Of(v), lower.Alias(importPath), typeText)
	if err := e.load(&lower.Program{Imports: []string{importPath}}); err != nil {
		return err
	}
	e.declared[v] = true
	return e.eval(source)
}
