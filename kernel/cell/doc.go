// Package cell runs notebook cells: full Go statements, declarations and
// imports in any order, with state that lives on from cell to cell.
//
// A [Session] checks each cell as Go 1.26 against what earlier cells defined,
// runs it in this process and hands its output to an [Output]. There are two
// engines. The yaegi interpreter runs what it is known to run correctly, in
// milliseconds. Everything else is compiled as a plug-in and loaded, which takes
// a fraction of a second; %%go and %%yaegi as the first line ask for one of them.
// Both work on the same variables; where a value cannot pass from one to the
// other, an error says why. See the packages below for the parts: split cuts a
// cell, front checks it, lower rewrites it for the interpreter, yaegi runs it
// there, compiled builds and runs it as machine code, reflected and capture know
// the packages and the output of the process.
package cell
