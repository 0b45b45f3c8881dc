package lower

import (
	"fmt"
	"go/types"
	"reflect"
	"strings"
)

// dot joins what is added to a name. It is a letter to Go that nobody types.
const dot = "ꞏ"

// Names used by lowered code besides the session's own.
const (
	runtimePath  = "cell" + dot + "runtime"
	runtimeAlias = "runtime" + dot
	stopVar      = "stop" + dot // true while a cell is being interrupted
	placeVar     = "place" + dot
	stepVar      = "step" + dot // index of the top-level statement being run
)

// Names gives each object of a session a name of its own in the interpreter, so
// that nothing is ever defined twice there. The first object of a name keeps it.
type Names struct {
	of    map[types.Object]string
	count map[string]int
	local map[reflect.Type]string // types that cannot be written down → their names
	typed map[string]reflect.Type

	generics  map[types.Object]*genericDecl
	instances map[string]string // generic and its arguments → name of the instance
}

// NewNames returns an empty set of names.
func NewNames() *Names {
	return &Names{of: map[types.Object]string{}, count: map[string]int{}, local: map[reflect.Type]string{}, typed: map[string]reflect.Type{},
		generics: map[types.Object]*genericDecl{}, instances: map[string]string{}}
}

// Of returns the interpreter's name of a session object.
func (n *Names) Of(obj types.Object) string {
	if name, ok := n.of[obj]; ok {
		return name
	}
	base := obj.Name()
	n.count[base]++
	name := base
	if n.count[base] > 1 || reserved(base) {
		name = fmt.Sprintf("%s%s%d", base, dot, n.count[base])
	}
	n.of[obj] = name
	return name
}

// Drop forgets an object that no cell can name any more and returns the name it had, "" for none. The name is not given again.
func (n *Names) Drop(obj types.Object) string {
	name := n.of[obj]
	if _, generic := n.generics[obj]; generic {
		return "" // its instances go by it
	}
	delete(n.of, obj)
	return name
}

// fresh returns a name that was never used, made of base.
func (n *Names) fresh(base string) string {
	n.count[base] = max(n.count[base], 1) + 1
	return fmt.Sprintf("%s%s%d", base, dot, n.count[base])
}

// known reports whether the object already stands in the interpreter.
func (n *Names) known(obj types.Object) bool {
	_, ok := n.of[obj]
	return ok
}

// reserved names mean something to the interpreter.
func reserved(name string) bool {
	return name == "main" || name == "init" || types.Universe.Lookup(name) != nil
}

// Alias returns the name under which an import path is imported.
func Alias(importPath string) string {
	if importPath == runtimePath {
		return runtimeAlias
	}
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, importPath)
	return "p" + dot + clean
}

// typeName returns a name for a reflected type that source text cannot name.
func (n *Names) typeName(t reflect.Type) string {
	name, ok := n.local[t]
	if !ok {
		name = fmt.Sprintf("T%d", len(n.local)+1)
		n.local[t] = name
		n.typed[name] = t
	}
	return name
}

// What an engine has to provide before the first program.
const (
	// RuntimeKey is the key of the runtime package in a symbol table.
	RuntimeKey = runtimePath + "/" + "runtime"
	// Preamble declares the variables that instrumented code uses.
	Preamble = "package main\nimport " + runtimeAlias + " \"" + runtimePath + "\"\nvar " + StopVar + " bool\nvar " + PlaceVar + " int\nvar " + StepVar + " int\n"
	// StopVar is true while a cell is being stopped.
	StopVar = stopVar
	// PlaceVar holds the place of the statement being run, see Place.
	PlaceVar = placeVar
	// StepVar holds the index of the cell's top-level statement being run.
	StepVar = stepVar
)
