// Package front turns the text of notebook cells into checked Go. A [Scope] is
// what a session knows by now: imports, types, functions, constants and
// variables, each name meaning its newest definition. [Scope.Check] takes one
// cell, cuts it into pieces, checks it as Go 1.26 against the scope and returns
// a [Unit], which an engine runs; [Scope.Commit] then makes the unit's names
// part of the scope. Nothing here depends on how cells are run.
//
// A cell's statements are checked as the body of a function, its types,
// functions and constants as package-level declarations. Variables defined by
// its top-level statements become variables of the session. Because functions
// of the cell may use them, and their types may in turn be types of the cell,
// checking takes two passes: the first sees declarations without function
// bodies and all statements, the second the bodies, by then with every variable
// known.
//
// Redefinition: a new function, type or constant replaces the old one, and the
// declarations that use it are taken from the scope and compiled again, so that
// callers see the new one. Those that no longer compile are dropped with a
// note. A variable that is defined again with its old type keeps its place;
// with another type it is a new variable.
package front
