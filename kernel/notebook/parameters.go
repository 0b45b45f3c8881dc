package notebook

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// parameterTag marks the cell whose values may be replaced; injectedTag the cell that replaces them, as papermill has it.
const (
	parameterTag = "parameters"
	injectedTag  = "injected-parameters"
)

// inject puts a cell behind the one tagged "parameters" that assigns the given values. Every name must be declared there, and
// every value must read as the type of the declared default.
func (n *Notebook) inject(values map[string]string) error {
	at := slices.IndexFunc(n.Cells, func(c *Cell) bool { return slices.Contains(c.Tags, parameterTag) })
	// A notebook that was run before may carry the cell of that run.
	n.Cells = slices.DeleteFunc(n.Cells, func(c *Cell) bool { return slices.Contains(c.Tags, injectedTag) })
	if len(values) == 0 {
		return nil
	}
	if at < 0 {
		return errors.New("parameters were given, but no cell has the tag \"parameters\"")
	}
	declared, err := defaults(n.Cells[at].Source)
	if err != nil {
		return fmt.Errorf("the cell tagged \"parameters\": %w", err)
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	slices.Sort(names)
	var code strings.Builder
	for _, name := range names {
		kind, ok := declared[name]
		if !ok {
			known := make([]string, 0, len(declared))
			for k := range declared {
				known = append(known, k)
			}
			slices.Sort(known)
			return fmt.Errorf("there is no parameter %q: the notebook has %s", name, strings.Join(known, ", "))
		}
		value, err := literal(kind, values[name])
		if err != nil {
			return fmt.Errorf("parameter %s: %w", name, err)
		}
		fmt.Fprintf(&code, "%s = %s\n", name, value)
	}
	n.Cells = slices.Insert(n.Cells, at+1, newCode("injected-parameters", strings.TrimRight(code.String(), "\n"), injectedTag))
	return nil
}

// defaults finds what a parameters cell declares: name → kind of its default, one of "int", "float", "string", "bool" and
// "" for anything else.
func defaults(source string) (map[string]string, error) {
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+source+"\n}", 0)
	if err != nil {
		return nil, err
	}
	declared := map[string]string{}
	record := func(name ast.Expr, value ast.Expr) {
		if id, ok := name.(*ast.Ident); ok {
			declared[id.Name] = kindOf(value)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch s := node.(type) {
		case *ast.AssignStmt:
			if s.Tok == token.DEFINE && len(s.Lhs) == len(s.Rhs) {
				for i := range s.Lhs {
					record(s.Lhs[i], s.Rhs[i])
				}
			}
		case *ast.ValueSpec:
			for i, name := range s.Names {
				if i < len(s.Values) {
					record(name, s.Values[i])
				} else {
					record(name, s.Type)
				}
			}
		case *ast.FuncLit:
			return false
		}
		return true
	})
	return declared, nil
}

func kindOf(value ast.Expr) string {
	switch v := value.(type) {
	case *ast.BasicLit:
		return map[token.Token]string{token.INT: "int", token.FLOAT: "float", token.STRING: "string"}[v.Kind]
	case *ast.UnaryExpr:
		return kindOf(v.X)
	case *ast.Ident:
		switch v.Name {
		case "true", "false", "bool":
			return "bool"
		case "string":
			return "string"
		case "int", "int64", "uint64":
			return "int"
		case "float64":
			return "float"
		}
	case *ast.CallExpr: // a conversion such as uint64(1)
		return kindOf(v.Fun)
	}
	return ""
}

// literal writes a value as Go of the given kind.
func literal(kind, value string) (string, error) {
	var err error
	switch kind {
	case "string":
		return strconv.Quote(value), nil
	case "int":
		_, err = strconv.ParseInt(value, 0, 64)
	case "float":
		_, err = strconv.ParseFloat(value, 64)
	case "bool":
		if value != "true" && value != "false" {
			err = strconv.ErrSyntax
		}
	default:
		_, err = parser.ParseExpr(value)
		kind = "Go expression"
	}
	if err != nil {
		return "", fmt.Errorf("%q is no %s", value, kind)
	}
	return value, nil
}
