// Package compiled runs checked cells as machine code in this process. A cell is
// written as a Go package of its own, compiled and linked as a plug-in against
// the very packages this program was built from, and loaded.
//
// The declarations of a cell are a package that later cells import, so types,
// methods and generic functions are one and the same in all of them. Go lets
// packages see exported names only, so emission writes an exported way to every
// unexported one: aliases of types, methods of an empty type for functions,
// functions that return the address of a field. Nothing is renamed that a
// program can see, unexported methods excepted, and the packages are called
// main, so that types print as in a program.
//
// Variables of the session are pointers that are set before a cell runs. Their
// storage is the interpreter's wherever it can name the type, so that both
// engines work on the same variables.
package compiled
