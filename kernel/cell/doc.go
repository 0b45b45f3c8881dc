// Package cell runs notebook cells: full Go statements, declarations and
// imports in any order, with state that lives on from cell to cell.
//
// A [Session] checks each cell as Go 1.26 against what earlier cells defined,
// runs it in this process and hands its output to an [Output]. The engine is
// the yaegi interpreter; what it cannot run correctly is refused with an error
// that names the construct. See the packages below for the parts: split cuts a
// cell, front checks it, lower rewrites it for the interpreter, yaegi runs it,
// capture takes the process's standard output.
package cell
