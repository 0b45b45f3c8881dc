package cell_test

import (
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// TestUnnamedTypesCross: types that no compiled code mentions are made by the interpreter, and again by a plug-in. Values of them are recognised on the other side, or one error says why not. Each case has types of its own: what a plug-in has brought stays.
func TestUnnamedTypesCross(t *testing.T) {
	needsCompiler(t)
	for name, steps := range map[string][]step{
		"in an interface": {
			{code: "%%yaegi\nvar a any = map[string]func(int8) int16{\"k\": func(x int8) int16 { return int16(x) + 1 }}"},
			{code: "%%go\nm, ok := a.(map[string]func(int8) int16)\nfmt.Print(ok, m[\"k\"](2))", out: "true 3"},
			{code: "%%go\nswitch a.(type) { case map[string]func(int8) int16: fmt.Print(1); default: fmt.Print(2) }", out: "1"},
		},
		"compared": {
			{code: "%%yaegi\nvar m1 any = [7]int8{1}"},
			{code: "%%go\nvar m2 any = [7]int8{1}\nm1 == m2", value: "true"},
			{code: "var m3 any = [7]int8{1}\nfmt.Print(m2 == m3)", out: "true"},
			{code: "%%yaegi\nm2 == m1", err: "not supported in interpreted cells: a comparison of interface values where the value may be a [7]int8"},
		},
		"deep inside": {
			{code: "%%yaegi\nvar w any = []any{map[any]any{[9]int8{2}: [][9]int8{}}, [1]any{[9]int8{3}}}\nvar pw = &w\nvar arr = [2]any{1, [9]int8{}}"},
			{code: "%%go\nm := w.([]any)[0].(map[any]any)\n_, ok := m[[9]int8{2}].([][9]int8)\n_, in := w.([]any)[1].([1]any)[0].([9]int8)\nfmt.Print(ok, in, len(m), arr[1] == any([9]int8{}))", out: "true true 1 true"},
		},
		"read by the interpreter": {
			{code: "%%yaegi\nvar m [][6]int8"},
			{code: "%%go\nvar b any = [][6]int8{}"},
			{code: "_, ok3 := b.([][6]int8)\nok3", value: "true"},
			{code: "%%yaegi\n_, ok3 := b.([][6]int8)", err: "a type assertion to [][6]int8 where the value may be a [][6]int8 of a compiled cell"},
			{code: "%%yaegi\nfmt.Printf(\"%T\", b)", out: "[][6]int8"},
		},
		"functions that hand them out": {
			{code: "%%yaegi\nmk := func() any { return [][5]int8{} }"},
			{code: "%%go\n_, ok2 := mk().([][5]int8)\nok2", err: "values may pass through the variable mk"},
			{code: "%%go\nmk := func() any { return [][5]int8{} }"},
			{code: "%%go\n_, ok2 := mk().([][5]int8)\nok2", value: "true"},
		},
		"functions that take types of cells": {
			{code: "%%yaegi\ntype T struct{ a int }\nis := func(x any) bool { _, ok := x.(T); return ok }"},
			{code: "%%go\nis(T{1})", err: "values may pass through the variable is whose type, such as T"},
		},
		"functions that hand out types of cells": {
			{code: "%%yaegi\ntype T struct{ a int }\nmk := func() any { return T{1} }"},
			{code: "%%go\n_, ok := mk().(T)\nok", err: "values may pass through the variable mk whose type, such as T"},
		},
		"channels of types of cells": {
			{code: "%%yaegi\ntype T struct{ a int }\nch := make(chan any, 1)\nch <- T{1}"},
			{code: "%%go\n_, ok := (<-ch).(T)\nok", err: "values may pass through the variable ch whose type, such as T"},
		},
		"functions of plain types": {
			{code: "%%yaegi\nf := func(x any, err error) (any, error) { return x, err }\ntype T struct{ a int }"},
			{code: "%%go\nv, _ := f(T{1}, nil)\nfmt.Print(v.(T).a)", out: "1"},
		},
	} {
		t.Run(name, func(t *testing.T) { runSteps(t, cell.Options{}, steps) })
	}
}
