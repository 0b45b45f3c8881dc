// Package symbols holds the tables by which interpreted cells reach compiled packages. The files named after packages are
// generated; the list of packages stands in generate/main.go.
package symbols

import "reflect"

//go:generate go run ./generate

// table maps "import/path/name" to the exported names of that package.
var table = map[string]map[string]reflect.Value{}

// Tables returns the symbols of every listed package, in the form the interpreter takes.
func Tables() []map[string]map[string]reflect.Value {
	return []map[string]map[string]reflect.Value{table}
}
