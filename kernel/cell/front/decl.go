package front

import (
	"go/ast"
	"go/token"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/split"
)

// Decl is one top-level declaration of a type, constant, function or method.
type Decl struct {
	Kind  split.Kind
	Names []string // the names it defines in the session; none for a method
	Recv  string   // a method's type
	Name  string   // a method's name
	Text  string   // without the keyword where Group is set
	Group bool     // one type of a group in parentheses
	Cell  int      // where the text stands: number of the cell, line and column from 1
	Line  int
	Col   int

	Uses map[string]bool // names of the session it refers to
	Node ast.Decl        // its checked syntax; set in a Unit

	unit *Unit
}

// Unit returns the unit in which the declaration was checked.
func (d *Decl) Unit() *Unit { return d.unit }

// key names what the declaration replaces.
func (d *Decl) key() string {
	if d.Kind == split.Method {
		return d.Recv + "." + d.Name
	}
	return strings.Join(d.Names, ",")
}

// title says what it is, for messages.
func (d *Decl) title() string {
	switch d.Kind {
	case split.Method:
		return "method " + d.Recv + "." + d.Name
	case split.Func:
		return "func " + d.key()
	case split.Type:
		return "type " + d.key()
	default:
		return "const " + d.key()
	}
}

// describe fills in the names from the syntax.
func (d *Decl) describe(node ast.Decl) {
	d.Node, d.Names = node, nil
	switch node := node.(type) {
	case *ast.FuncDecl:
		if node.Recv == nil {
			d.Names = []string{node.Name.Name}
			return
		}
		d.Name = node.Name.Name
		if len(node.Recv.List) == 1 {
			d.Recv, _ = receiver(node.Recv.List[0].Type)
		}
	case *ast.GenDecl:
		for _, spec := range node.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				d.Names = append(d.Names, spec.Name.Name)
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					if name.Name != "_" {
						d.Names = append(d.Names, name.Name)
					}
				}
			}
		}
	}
}

// receiver returns the name of a receiver's base type and its type parameters.
func receiver(expr ast.Expr) (name string, params []ast.Expr) {
	switch expr := expr.(type) {
	case *ast.ParenExpr:
		return receiver(expr.X)
	case *ast.StarExpr:
		return receiver(expr.X)
	case *ast.IndexExpr:
		name, _ = receiver(expr.X)
		return name, []ast.Expr{expr.Index}
	case *ast.IndexListExpr:
		name, _ = receiver(expr.X)
		return name, expr.Indices
	case *ast.Ident:
		return expr.Name, nil
	}
	return "", nil
}

// definedBy lists the variables that a cell's top-level statement defines.
func definedBy(stmt ast.Stmt) []*ast.Ident {
	var idents []*ast.Ident
	switch stmt := stmt.(type) {
	case *ast.LabeledStmt:
		return definedBy(stmt.Stmt)
	case *ast.AssignStmt:
		if stmt.Tok != token.DEFINE {
			return nil
		}
		for _, lhs := range stmt.Lhs {
			if id, ok := lhs.(*ast.Ident); ok && id.Name != "_" {
				idents = append(idents, id)
			}
		}
	case *ast.DeclStmt:
		gen, ok := stmt.Decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.VAR {
			return nil
		}
		for _, spec := range gen.Specs {
			for _, id := range spec.(*ast.ValueSpec).Names {
				if id.Name != "_" {
					idents = append(idents, id)
				}
			}
		}
	}
	return idents
}
