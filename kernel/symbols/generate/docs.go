package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/build"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/traefik/yaegi/stdlib"
)

// docsName is the file of what the packages' authors say of them, which an installed program has no source to read in.
const docsName = "docs.json.gz"

// writeDocs gathers the documentation of all packages that cells can import.
func writeDocs(dir string) error {
	docs := map[string]string{}
	paths := append([]string(nil), packages...)
	for key := range stdlib.Symbols {
		if p := path.Dir(key); !strings.Contains(p, "yaegi") && p != "." {
			paths = append(paths, p)
		}
	}
	for _, p := range paths {
		if err := document(docs, p); err != nil {
			return fmt.Errorf("documentation of %s: %w", p, err)
		}
	}
	text, err := json.Marshal(docs) // keys in order
	if err != nil {
		return err
	}
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, docsName), b.Bytes(), 0o644)
}

// document adds what a package says: of itself by its path, of names by path.Name, path.Type.Method and path.Type.Field.
func document(docs map[string]string, importPath string) error {
	pkg, err := build.Import(importPath, ".", 0)
	if err != nil {
		return err
	}
	set := token.NewFileSet()
	var files []*ast.File
	for _, name := range append(pkg.GoFiles, pkg.CgoFiles...) {
		f, err := parser.ParseFile(set, filepath.Join(pkg.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	d, err := doc.NewFromFiles(set, files, importPath)
	if err != nil {
		return err
	}
	add := func(name, text string) {
		if text = strings.TrimSpace(text); text != "" {
			docs[strings.TrimSuffix(importPath+"."+name, ".")] = text
		}
	}
	values := func(list []*doc.Value) {
		for _, v := range list {
			for _, name := range v.Names {
				add(name, v.Doc)
			}
		}
	}
	functions := func(of string, list []*doc.Func) {
		for _, f := range list {
			add(of+f.Name, f.Doc)
		}
	}
	add("", d.Doc)
	values(d.Consts)
	values(d.Vars)
	functions("", d.Funcs)
	for _, t := range d.Types {
		add(t.Name, t.Doc)
		values(t.Consts)
		values(t.Vars)
		functions("", t.Funcs)
		functions(t.Name+".", t.Methods)
		for _, spec := range t.Decl.Specs {
			if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.Name == t.Name {
				members(ts.Type, func(name, text string) { add(t.Name+"."+name, text) })
			}
		}
	}
	return nil
}

// members gives what is said of the fields of a struct and of the methods of an interface.
func members(t ast.Expr, add func(name, text string)) {
	var list *ast.FieldList
	switch t := t.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return
	}
	for _, f := range list.List {
		for _, name := range f.Names {
			add(name.Name, f.Doc.Text()+f.Comment.Text())
		}
	}
}
