package reflected

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
)

// generic holds declarations of generic parts of the standard library, which
// symbol tables cannot hold. An engine has to know what is declared here.
var generic = map[string]string{
	"iter": `
type Seq[V any] func(yield func(V) bool)
type Seq2[K, V any] func(yield func(K, V) bool)`,
	"cmp": `
type Ordered interface { ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr | ~float32 | ~float64 | ~string }
func Compare[T Ordered](x, y T) int
func Less[T Ordered](x, y T) bool`,
	"slices": `
import ("cmp"; "iter")
func All[S ~[]E, E any](s S) iter.Seq2[int, E]
func BinarySearch[S ~[]E, E cmp.Ordered](x S, target E) (int, bool)
func Clone[S ~[]E, E any](s S) S
func Collect[E any](seq iter.Seq[E]) []E
func Contains[S ~[]E, E comparable](s S, v E) bool
func ContainsFunc[S ~[]E, E any](s S, f func(E) bool) bool
func Equal[S ~[]E, E comparable](s1, s2 S) bool
func Index[S ~[]E, E comparable](s S, v E) int
func IndexFunc[S ~[]E, E any](s S, f func(E) bool) int
func Max[S ~[]E, E cmp.Ordered](x S) E
func Min[S ~[]E, E cmp.Ordered](x S) E
func Reverse[S ~[]E, E any](s S)
func Sort[S ~[]E, E cmp.Ordered](x S)
func SortFunc[S ~[]E, E any](x S, cmp func(a, b E) int)
func SortStableFunc[S ~[]E, E any](x S, cmp func(a, b E) int)
func Sorted[E cmp.Ordered](seq iter.Seq[E]) []E
func Values[S ~[]E, E any](s S) iter.Seq[E]`,
	"maps": `
import "iter"
func All[M ~map[K]V, K comparable, V any](m M) iter.Seq2[K, V]
func Clone[M ~map[K]V, K comparable, V any](m M) M
func Copy[M1 ~map[K]V, M2 ~map[K]V, K comparable, V any](dst M1, src M2)
func DeleteFunc[M ~map[K]V, K comparable, V any](m M, del func(K, V) bool)
func Keys[M ~map[K]V, K comparable, V any](m M) iter.Seq[K]
func Values[M ~map[K]V, K comparable, V any](m M) iter.Seq[V]`,
}

// declareGeneric checks the declarations above, on which a fault of this
// package would show in every session.
func (m *Importer) declareGeneric() {
	fset := token.NewFileSet()
	conf := types.Config{Importer: m, IgnoreFuncBodies: true, Error: func(error) {}}
	for _, importPath := range []string{"iter", "cmp", "slices", "maps"} {
		name := path.Base(importPath)
		file, err := parser.ParseFile(fset, name+".go", "package "+name+generic[importPath], parser.SkipObjectResolution)
		if err != nil {
			panic(fmt.Sprintf("reflected: declarations of %s: %v", importPath, err))
		}
		// Functions without bodies are reported; they are what is meant here.
		pkg, _ := conf.Check(importPath, fset, []*ast.File{file}, nil)
		m.packages[importPath], m.names[importPath], m.declared[importPath] = pkg, name, true
	}
}
