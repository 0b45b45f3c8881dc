package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/front"
)

// writeDecl writes a declaration and the exported ways to what it declares.
func (f *file) writeDecl(b *strings.Builder, d *front.Decl) {
	gen, ok := d.Node.(*ast.GenDecl)
	if !ok {
		b.WriteString(f.place(d.Node.Pos()) + f.render(d.Node) + "\n")
		return
	}
	if gen.Tok != token.TYPE {
		b.WriteString(f.place(gen.Pos()) + f.render(gen) + "\n")
		for _, name := range d.Names {
			if !token.IsExported(name) {
				fmt.Fprintf(b, "const %s = %s\n", exported(name), name)
			}
		}
		return
	}
	for _, spec := range gen.Specs {
		if spec, ok := spec.(*ast.TypeSpec); ok {
			b.WriteString("type " + f.place(spec.Pos()) + f.render(spec) + "\n")
			f.exportType(b, spec)
		}
	}
}

// typeParams returns the type parameters of a type as written, and their names.
func (f *file) typeParams(list *ast.FieldList) (params, names string) {
	if list == nil {
		return "", ""
	}
	var all, only []string
	for _, field := range list.List {
		var own []string
		for _, id := range field.Names {
			own = append(own, id.Name)
		}
		only = append(only, own...)
		all = append(all, strings.Join(own, ", ")+" "+f.render(field.Type))
	}
	return "[" + strings.Join(all, ", ") + "]", "[" + strings.Join(only, ", ") + "]"
}

// exportType writes an alias of an unexported type, and an accessor of each of
// its unexported fields.
func (f *file) exportType(b *strings.Builder, spec *ast.TypeSpec) {
	params, names := f.typeParams(spec.TypeParams)
	name := spec.Name.Name
	if !token.IsExported(name) {
		fmt.Fprintf(b, "type %s%s = %s%s\n", exported(name), params, name, names)
	}
	s, ok := ast.Unparen(spec.Type).(*ast.StructType)
	if !ok {
		return
	}
	for _, field := range s.Fields.List {
		for _, id := range fieldIdents(field) {
			if token.IsExported(id.Name) || id.Name == "_" {
				continue
			}
			receiver := "(" + exporter + ") "
			if params != "" {
				receiver = ""
			}
			fmt.Fprintf(b, "func %s%s%s(p%s *%s%s) *(%s) { return &p%s.%s }\n", receiver, accessorName(name, id.Name), params, dot, name, names, f.render(field.Type), dot, id.Name)
		}
	}
}

func accessorName(owner, field string) string { return "F" + dot + owner + dot + field }

// fieldIdents lists the names of a field, of an embedded one that of its type.
func fieldIdents(field *ast.Field) []*ast.Ident {
	if len(field.Names) > 0 {
		return field.Names
	}
	if id, ok := baseIdent(field.Type); ok {
		return []*ast.Ident{id}
	}
	return nil
}

// settle records, once the package is loaded, where its objects and fields are.
func (em *emission) settle(h *home) {
	for obj := range em.mine {
		em.engine.homes[obj] = h
	}
	for _, f := range em.order {
		for _, d := range f.decls {
			f.recordFields(d, h)
		}
	}
}

func (f *file) recordFields(d *front.Decl, h *home) {
	own := map[*ast.Ident]*accessor{}
	if gen, ok := d.Node.(*ast.GenDecl); ok && gen.Tok == token.TYPE {
		for _, spec := range gen.Specs {
			spec := spec.(*ast.TypeSpec)
			s, ok := ast.Unparen(spec.Type).(*ast.StructType)
			if !ok {
				continue
			}
			owner, _ := f.unit.Object(spec.Name.Name).(*types.TypeName)
			for _, field := range s.Fields.List {
				for _, id := range fieldIdents(field) {
					own[id] = &accessor{home: h, name: accessorName(spec.Name.Name, id.Name), owner: owner, generic: spec.TypeParams != nil}
				}
			}
		}
	}
	ast.Inspect(d.Node, func(n ast.Node) bool {
		s, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		for _, field := range s.Fields.List {
			for _, id := range fieldIdents(field) {
				v, ok := f.info.Defs[id].(*types.Var)
				if !ok || v.Exported() {
					continue
				}
				a := own[id]
				if a == nil {
					a = &accessor{home: h}
				}
				f.engine.fields[v] = a
			}
		}
		return true
	})
}
