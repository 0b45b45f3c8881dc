package compiled

import (
	"context"
	"fmt"
	"go/types"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"time"
	"unsafe"

	"github.com/dcpo-go/godcpo/kernel/cell/compiled/cellrun"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
)

// Run executes a compiled cell. When ctx ends it tells the cell to stop and
// returns as soon as the cell has, or after the given grace with
// outcome.StillRunning.
func (e *Engine) Run(ctx context.Context, p *Program, grace time.Duration) (outcome.Outcome, error) {
	if p.home == nil {
		return outcome.Outcome{}, nil
	}
	if err := e.bind(p); err != nil {
		return outcome.Outcome{}, err
	}
	return cellrun.Do(ctx, p.home.cell, &cellrun.Run{Number: p.unit.Cell, Trace: e.trace}, grace)
}

// bind gives the cell the addresses of the session's variables.
func (e *Engine) bind(p *Program) error {
	defined := map[*types.Var]bool{}
	for _, v := range p.unit.Vars {
		defined[v] = true
	}
	for i, v := range p.vars {
		slot := reflect.ValueOf(p.home.cell.Vars[i]) // a **T
		want := slot.Type().Elem()
		address, known := e.own[v], true
		if !address.IsValid() {
			if address, known = e.storage.Address(v); known && !defined[v] {
				if err := e.storage.Clean(v, address); err != nil {
					return err
				}
			}
		}
		if !known || !sameLayout(address.Type(), want, map[pair]bool{}) {
			if known && !defined[v] {
				return fmt.Errorf("not supported in compiled cells: the variable %s holds values of a type of a cell that the interpreter made (%s): run the cell that defines it again with %%%%go as its first line", v.Name(), types.TypeString(v.Type(), func(*types.Package) string { return "" }))
			}
			address = reflect.New(want.Elem())
			e.own[v] = address
		}
		// Not by reflection, to which equal types of two plug-ins may differ.
		*(*unsafe.Pointer)(slot.UnsafePointer()) = address.UnsafePointer()
	}
	return nil
}

// maxPlaces bounds the places that a traceback lists.
const maxPlaces = 20

// trace describes the frames of cells among those of a panic, innermost first.
func (e *Engine) trace(pcs []uintptr) []string {
	var lines []string
	frames := runtime.CallersFrames(pcs)
	for {
		frame, more := frames.Next()
		if place, name := e.place(frame); place != "" {
			prefix := "  called from "
			if len(lines) == 0 {
				prefix = "  "
			}
			lines = append(lines, prefix+place)
			if name != "run"+dot {
				lines = append(lines, "  in "+name)
			}
		}
		if !more || len(lines) >= maxPlaces {
			return lines
		}
	}
}

// place returns the place of a frame and the function it is in, "" if it is not
// in a cell.
func (e *Engine) place(frame runtime.Frame) (place, function string) {
	const prefix = "cell/h"
	if !strings.HasPrefix(frame.Function, prefix) {
		return "", ""
	}
	path, function, ok := strings.Cut(frame.Function, ".")
	h := e.loaded[path]
	var index int
	if _, err := fmt.Sscanf(filepath.Base(frame.File), "c%d.cell", &index); !ok || h == nil || err != nil || index >= len(h.cells) {
		return "", ""
	}
	function = strings.ReplaceAll(strings.TrimPrefix(function, exporter+"."), exporter, "")
	return fmt.Sprintf("cell [%d], line %d", h.cells[index], frame.Line), function
}
