package compiled

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// statements walks the cell's statements, whose variables are the session's.
func (f *file) statements() {
	for _, s := range f.unit.Body {
		f.topLevel(s)
		f.walk(s)
	}
}

// topLevel turns the definition of session variables into assignments.
func (f *file) topLevel(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.LabeledStmt:
		f.topLevel(s.Stmt)
	case *ast.AssignStmt:
		if s.Tok == token.DEFINE {
			at := f.offset(s.TokPos)
			f.edits = append(f.edits, edit{at, at + len(":="), func() string { return "=" }})
		}
	case *ast.DeclStmt:
		if gen, ok := s.Decl.(*ast.GenDecl); ok && gen.Tok == token.VAR {
			f.replace(s, func() string { return f.varDecl(gen) })
		}
	}
}

// varDecl writes a declaration of session variables.
func (f *file) varDecl(gen *ast.GenDecl) string {
	var b strings.Builder
	b.WriteString("{ ")
	for _, spec := range gen.Specs {
		spec := spec.(*ast.ValueSpec)
		names := make([]string, len(spec.Names))
		for i, id := range spec.Names {
			names[i] = f.render(id)
		}
		values := make([]string, len(spec.Values))
		for i, v := range spec.Values {
			values[i] = f.render(v)
			if spec.Type != nil && spec.Names[i].Name == "_" && len(spec.Values) == len(spec.Names) {
				values[i] = "(" + f.render(spec.Type) + ")(" + values[i] + ")"
			}
		}
		if len(values) > 0 {
			fmt.Fprintf(&b, "%s%s = %s; ", f.place(spec.Pos()), strings.Join(names, ", "), strings.Join(values, ", "))
			continue
		}
		for i, id := range spec.Names {
			if id.Name != "_" {
				fmt.Fprintf(&b, "%s = *new(%s); ", names[i], f.render(spec.Type))
			}
		}
	}
	return b.String() + "}"
}

// writeBody writes the function of the cell's statements.
func (f *file) writeBody(b *strings.Builder) {
	fmt.Fprintf(b, "var s%s int\nfunc run%s() {\n", dot, dot)
	for i, s := range f.unit.Body {
		fmt.Fprintf(b, "%s.Next()\ns%s = %d\n", runAlias, dot, i)
		text := ""
		if expr, ok := s.(*ast.ExprStmt); ok && i == len(f.unit.Body)-1 && f.unit.Shows {
			text = f.show(expr)
		} else {
			text = f.render(s)
		}
		b.WriteString(f.place(s.Pos()) + text + "\n")
	}
	fmt.Fprintf(b, "s%s = %d\n", dot, len(f.unit.Body))
	if f.unit.Main != nil {
		b.WriteString(f.function(f.unit.Main, token.NoPos) + "()\n")
	}
	b.WriteString("}\n")
}

// show writes the cell's last expression.
func (f *file) show(s *ast.ExprStmt) string {
	values, silent := f.unit.Values(s.X)
	tv := f.info.Types[s.X]
	switch {
	case tv.IsNil() || tv.IsType() || tv.IsBuiltin():
		return ""
	case silent || len(values) == 0:
		return f.render(s)
	case types.Identical(values[len(values)-1], types.Universe.Lookup("error").Type()):
		return runAlias + ".ShowOrFail(" + f.render(s.X) + ")"
	}
	return runAlias + ".Show(" + f.render(s.X) + ")"
}

// text writes the whole package, one file for each unit that has a part in it.
// The cell's own comes first. self is the path of the package.
func (em *emission) text(self string) []string {
	main := em.file(em.unit)
	var b strings.Builder
	main.writeBody(&b)
	names := make([]string, len(em.vars))
	for i, v := range em.vars {
		names[i] = "&" + em.varNames[v]
		fmt.Fprintf(&b, "var %s *(%s)\n", em.varNames[v], main.typeText(v.Type()))
	}
	fmt.Fprintf(&b, "type %s struct{}\nfunc main() {}\n", exporter)
	fmt.Fprintf(&b, "func init() { %s.Register(%q, &%s.Cell{Run: run%s, Step: &s%s, Vars: []any{%s}}) }\n", runAlias, self, runAlias, dot, dot, strings.Join(names, ", "))
	main.body = append(main.body, b.String())
	files := make([]string, len(em.order))
	for i, f := range em.order {
		files[i] = f.finish()
	}
	return files
}
