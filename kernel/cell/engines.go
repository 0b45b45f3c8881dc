package cell

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"github.com/dcpo-go/godcpo/kernel/cell/compiled"
	"github.com/dcpo-go/godcpo/kernel/cell/front"
	"github.com/dcpo-go/godcpo/kernel/cell/lower"
	"github.com/dcpo-go/godcpo/kernel/cell/magic"
	"github.com/dcpo-go/godcpo/kernel/cell/outcome"
)

// runner runs a cell that one of the engines has prepared.
type runner func(ctx context.Context) (outcome.Outcome, error)

// prepare has a cell interpreted if the interpreter runs it correctly, and
// compiled otherwise.
func (s *Session) prepare(ctx context.Context, u *front.Unit, engine string) (runner, error) {
	var refusal error
	if engine != magic.Compiled {
		if refusal = s.onlyCompiled(u); refusal == nil {
			c, err := s.engine.Compile(u)
			if err == nil {
				return func(ctx context.Context) (outcome.Outcome, error) { return s.engine.Run(ctx, c, s.options.Grace) }, nil
			}
			refusal = err
		}
		if engine == magic.Interpreted || s.options.Interpret {
			return nil, refusal
		}
	}
	p, err := s.native.Compile(ctx, u, s.scope)
	var unavailable *compiled.Unavailable
	if errors.As(err, &unavailable) && refusal != nil {
		return nil, withReason(refusal, unavailable)
	}
	if err != nil {
		return nil, err
	}
	s.engine.Native(p.Types())
	return func(ctx context.Context) (outcome.Outcome, error) { return s.native.Run(ctx, p, s.options.Grace) }, nil
}

// onlyCompiled says why a cell cannot be interpreted: it uses what only compiled
// cells have.
func (s *Session) onlyCompiled(u *front.Unit) error {
	for _, v := range u.Vars {
		if s.native.Owns(v) {
			return s.knownToCompiled(u, v)
		}
	}
	if missing := s.engine.Missing(u); len(missing) > 0 {
		return s.knownToCompiled(u, missing[0])
	}
	if v := s.ownedBehind(u); v != nil {
		return s.knownToCompiled(u, v)
	}
	if s.engine.Blind() {
		if f := calls(u); f != nil {
			return front.Problems{{Cell: u.Cell, Line: 1, Column: 1, Message: fmt.Sprintf("not supported in interpreted cells: %s could meet values of compiled cells, whose types it does not know", f.Name())}}
		}
	}
	return nil
}

// calls returns a function of earlier cells that a cell uses, a method or a
// variable of a function type, nil if it uses none.
func calls(u *front.Unit) types.Object {
	own := map[types.Object]bool{}
	for _, d := range u.Decls {
		for _, name := range d.Names {
			own[u.Object(name)] = true
		}
	}
	var found types.Object
	look := func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || found != nil {
			return found == nil
		}
		obj := u.Info.Uses[id]
		if obj == nil || obj.Pkg() == nil || obj.Pkg().Path() != "main" || own[obj] || obj.Name() == "check" {
			return true
		}
		_, function := obj.Type().Underlying().(*types.Signature)
		if v, isVar := obj.(*types.Var); function && (!isVar || lower.IsSession(v)) {
			found = obj
		}
		return true
	}
	for _, d := range u.Decls {
		ast.Inspect(d.Node, look)
	}
	for _, s := range u.Body {
		ast.Inspect(s, look)
	}
	return found
}

func (s *Session) knownToCompiled(u *front.Unit, obj types.Object) error {
	return front.Problems{{Cell: u.Cell, Line: 1, Column: 1, Message: fmt.Sprintf("not supported in interpreted cells: %s belongs to compiled cells", obj.Name())}}
}

// ownedBehind finds a variable that only compiled cells know and that a cell
// uses, perhaps by way of functions.
func (s *Session) ownedBehind(u *front.Unit) *types.Var {
	seen := map[types.Object]bool{}
	var found *types.Var
	var look func(info *types.Info, n ast.Node)
	look = func(info *types.Info, n ast.Node) {
		ast.Inspect(n, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok || found != nil {
				return found == nil
			}
			obj := info.Uses[id]
			if obj == nil || seen[obj] || !lower.IsSession(obj) {
				return true
			}
			seen[obj] = true
			if v, ok := obj.(*types.Var); ok {
				if s.native.Owns(v) {
					found = v
				}
				return true
			}
			if d, ok := s.scope.Definition(obj.Name()); ok && d.Unit() != nil && d.Unit().Object(obj.Name()) == obj {
				look(d.Unit().Info, d.Node)
				for _, m := range s.scope.Methods(obj.Name()) {
					look(m.Unit().Info, m.Node)
				}
			}
			return true
		})
	}
	for _, d := range u.Decls {
		look(u.Info, d.Node)
	}
	for _, stmt := range u.Body {
		look(u.Info, stmt)
	}
	return found
}

// withReason adds to a refusal why the cell is not compiled instead.
func withReason(refusal error, why *compiled.Unavailable) error {
	var problems front.Problems
	if !errors.As(refusal, &problems) {
		return fmt.Errorf("%w; %s", refusal, why)
	}
	out := append(front.Problems(nil), problems...)
	out[0].Message = strings.TrimSuffix(out[0].Message, ".") + "; " + why.Error()
	return out
}
