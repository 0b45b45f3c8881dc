package lower

import (
	"fmt"
	"go/types"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// Declare returns a program that declares a session variable which no cell of
// the interpreter has defined. It fails for types that the interpreter cannot
// name or that it would not keep: types of cells.
func Declare(v *types.Var, names *Names, goTypes GoTypes) (*Program, error) {
	l := &lowerer{unit: &front.Unit{}, names: names, goTypes: goTypes, imports: map[string]bool{}}
	l.program = &Program{names: names}
	if mentionsCell(v.Type()) {
		return nil, fmt.Errorf("%s is of a type of a cell", v.Name())
	}
	text := l.typeText(v.Type())
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	l.program.Source = fmt.Sprintf("package main\nvar %s %s\n", names.Of(v), text)
	for path := range l.imports {
		l.program.Imports = append(l.program.Imports, path)
	}
	l.program.Types = names.typed
	return l.program, nil
}
