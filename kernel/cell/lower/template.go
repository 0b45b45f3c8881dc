package lower

import (
	"go/ast"
	"go/token"
	"reflect"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// fill puts syntax in the place of the names arg·name of a template: an
// expression for an identifier, statements for an identifier that is a
// statement of its own.
func fill(body *ast.BlockStmt, with map[string]ast.Node) {
	astutil.Apply(body, func(c *astutil.Cursor) bool {
		if stmt, ok := c.Node().(*ast.ExprStmt); ok {
			if name, ok := placeholder(stmt.X); ok {
				switch node := with[name].(type) {
				case *ast.BlockStmt:
					for _, s := range node.List {
						c.InsertBefore(s)
					}
					c.Delete()
					return false
				case ast.Stmt:
					c.Replace(node)
					return false
				}
			}
		}
		if name, ok := placeholder(c.Node()); ok {
			if node := with[name]; node != nil {
				c.Replace(node)
				return false
			}
		}
		return true
	}, nil)
}

func placeholder(n ast.Node) (string, bool) {
	id, ok := n.(*ast.Ident)
	if !ok {
		return "", false
	}
	return strings.CutPrefix(id.Name, "arg"+dot)
}

// clearPositions forgets where a template was parsed, so that its places do not
// mix with those of the cell.
func clearPositions(root ast.Node) {
	pos := reflect.TypeFor[token.Pos]()
	ast.Inspect(root, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		v := reflect.ValueOf(n).Elem()
		for i := range v.NumField() {
			f := v.Field(i)
			if f.Type() == pos && f.CanSet() && !meaningful(v.Type().Field(i).Name, n) {
				f.SetInt(int64(token.NoPos))
			}
		}
		return true
	})
}

// meaningful positions tell syntax apart: an ellipsis in a call, an alias, the
// parentheses of a group.
func meaningful(field string, n ast.Node) bool {
	switch n.(type) {
	case *ast.CallExpr:
		return field == "Ellipsis"
	case *ast.TypeSpec:
		return field == "Assign"
	case *ast.GenDecl:
		return field == "Lparen"
	}
	return false
}
