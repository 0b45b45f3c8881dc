package lower

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/astutil"
)

// stopCheck is what a loop does first in each round.
func (l *lowerer) stopCheck() []ast.Stmt {
	return l.stmts("if "+stopVar+" { "+runtimeAlias+".Interrupted() }", nil)
}

func (l *lowerer) withStopCheck(body *ast.BlockStmt) {
	body.List = append(l.stopCheck(), body.List...)
}

// rangeLoop rewrites range over integers and functions and gives other loops a
// variable an iteration where that can be told.
func (l *lowerer) rangeLoop(s *ast.RangeStmt) ast.Stmt {
	switch t := l.typeOf(s.X).Underlying().(type) {
	case *types.Basic:
		if t.Info()&types.IsInteger != 0 {
			return l.rangeInt(s)
		}
	case *types.Signature:
		return l.rangeFunc(s, t)
	}
	if s.Tok == token.DEFINE && captures(s.Body) {
		l.copyVars(s.Body, s.Key, s.Value)
	}
	if s.Tok == token.ASSIGN {
		l.assignEach(s)
	}
	l.withStopCheck(s.Body)
	return s
}

// assignEach has a loop that gives its values to variables from outside do so in its body: the interpreter would make variables of its own.
func (l *lowerer) assignEach(s *ast.RangeStmt) {
	assign := &ast.AssignStmt{Tok: token.ASSIGN}
	var round [2]ast.Expr
	for i, target := range []ast.Expr{s.Key, s.Value} {
		if target == nil || isBlank(target) {
			continue
		}
		if given := rangeTypes(l.typeOf(s.X))[i]; given == nil || !types.Identical(given, l.typeOf(target)) {
			l.refuse(target.Pos(), "a range loop that converts what it gives to another type")
		}
		name := l.temp("each")
		round[i] = ast.NewIdent(name)
		assign.Lhs, assign.Rhs = append(assign.Lhs, target), append(assign.Rhs, ast.NewIdent(name))
	}
	if len(assign.Lhs) == 0 {
		return
	}
	if round[0] == nil {
		round[0] = ast.NewIdent("_")
	}
	s.Key, s.Value, s.Tok = round[0], round[1], token.DEFINE
	nest(s.Body, []ast.Stmt{assign})
}

// rangeTypes are the types of the two values that a range over t gives.
func rangeTypes(t types.Type) [2]types.Type {
	number := types.Type(types.Typ[types.Int])
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return [2]types.Type{number, types.Universe.Lookup("rune").Type()}
	case *types.Slice:
		return [2]types.Type{number, t.Elem()}
	case *types.Array:
		return [2]types.Type{number, t.Elem()}
	case *types.Pointer:
		return rangeTypes(t.Elem())
	case *types.Map:
		return [2]types.Type{t.Key(), t.Elem()}
	case *types.Chan:
		return [2]types.Type{t.Elem()}
	}
	return [2]types.Type{}
}

// copyVars makes the loop's variables local to the body.
func (l *lowerer) copyVars(body *ast.BlockStmt, vars ...ast.Expr) {
	var copies []ast.Stmt
	for _, v := range vars {
		if id, ok := v.(*ast.Ident); ok && id.Name != "_" {
			copies = append(copies, l.stmts(id.Name+" := "+id.Name, nil)...)
		}
	}
	nest(body, copies)
}

// nest puts statements before a body, whose own variables may bear the same
// names.
func nest(body *ast.BlockStmt, before []ast.Stmt) {
	body.List = append(before, &ast.BlockStmt{Lbrace: body.Lbrace, List: body.List})
}

// rangeInt writes a loop over 0 … n-1, n evaluated once.
func (l *lowerer) rangeInt(s *ast.RangeStmt) ast.Stmt {
	counter, limit := l.temp("i"), l.temp("n")
	t := l.typeOf(s.X)
	if s.Key != nil && !isBlank(s.Key) {
		t = l.typeOf(s.Key)
		if id, ok := s.Key.(*ast.Ident); ok && l.info.Defs[id] != nil {
			t = l.info.Defs[id].Type()
		}
	}
	body := s.Body
	if s.Key != nil && !isBlank(s.Key) {
		assign := &ast.AssignStmt{Lhs: []ast.Expr{s.Key}, Tok: s.Tok, Rhs: []ast.Expr{ast.NewIdent(counter)}}
		before := []ast.Stmt{assign}
		if s.Tok == token.DEFINE {
			before = append(before, l.use(s.Key)...)
		}
		nest(body, before)
	}
	l.withStopCheck(body)
	stmts := l.stmts("var "+limit+" $T = $N; for "+counter+" := $U(0); "+counter+" < "+limit+"; "+counter+"++ { $BODY }",
		map[string]ast.Node{"T": l.typeExpr(t), "U": l.typeExpr(t), "N": s.X, "BODY": body})
	return l.wrap(s, stmts, stmts[1].(*ast.ForStmt))
}

// use keeps the interpreter from seeing an unused variable.
func (l *lowerer) use(e ast.Expr) []ast.Stmt {
	return []ast.Stmt{&ast.AssignStmt{Lhs: []ast.Expr{ast.NewIdent("_")}, Tok: token.ASSIGN, Rhs: []ast.Expr{e}}}
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}

// wrap makes a block of statements that stands for a loop.
func (l *lowerer) wrap(s ast.Stmt, stmts []ast.Stmt, loop *ast.ForStmt) ast.Stmt {
	block := &ast.BlockStmt{Lbrace: s.Pos(), List: stmts}
	l.moved[block] = loop
	return block
}

// forLoop gives a loop with a captured variable a new one each iteration: the
// next round starts from a copy of the value the last one left.
func (l *lowerer) forLoop(s *ast.ForStmt) ast.Stmt {
	init, ok := s.Init.(*ast.AssignStmt)
	if !ok || init.Tok != token.DEFINE || !(captures(s.Body) || s.Cond != nil && captures(s.Cond) || s.Post != nil && captures(s.Post)) {
		l.withStopCheck(s.Body)
		return s
	}
	before := []ast.Stmt{init}
	var round []ast.Stmt
	for _, lhs := range init.Lhs {
		id, ok := lhs.(*ast.Ident)
		if !ok || id.Name == "_" {
			continue
		}
		last := l.temp("last")
		before = append(before, l.stmts(last+" := &"+id.Name, nil)...)
		round = append(round, l.stmts(id.Name+" := *"+last+"; "+last+" = &"+id.Name, nil)...)
	}
	started := l.temp("started")
	before = append(before, l.stmts(started+" := false", nil)...)
	if s.Post != nil {
		round = append(round, &ast.IfStmt{Cond: ast.NewIdent(started), Body: &ast.BlockStmt{List: []ast.Stmt{s.Post}}})
	}
	round = append(round, l.stmts(started+" = true", nil)...)
	if s.Cond != nil {
		round = append(round, &ast.IfStmt{
			Cond: &ast.UnaryExpr{Op: token.NOT, X: &ast.ParenExpr{X: s.Cond}},
			Body: &ast.BlockStmt{List: []ast.Stmt{&ast.BranchStmt{Tok: token.BREAK}}},
		})
	}
	loop := &ast.ForStmt{For: s.For, Body: &ast.BlockStmt{Lbrace: s.Body.Lbrace, List: append(round, s.Body), Rbrace: s.Body.Rbrace}}
	l.withStopCheck(loop.Body)
	return l.wrap(s, append(before, loop), loop)
}

// captures says that a variable could outlive its round: there is a function
// literal, an address is taken, or a method value may take one.
func captures(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.GoStmt, *ast.DeferStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND
		}
		return !found
	})
	return found
}

// rangeFunc writes a loop over a function: the body becomes the function that
// it yields to.
func (l *lowerer) rangeFunc(s *ast.RangeStmt, t *types.Signature) ast.Stmt {
	yield, _ := t.Params().At(0).Type().Underlying().(*types.Signature)
	done := l.temp("done")
	returns := l.leaveBody(s, done)
	params := make([]string, yield.Params().Len())
	var assign []ast.Stmt
	for i := range params {
		params[i] = l.temp("v")
		target := s.Key
		if i == 1 {
			target = s.Value
		}
		if target == nil || isBlank(target) {
			continue
		}
		assign = append(assign, &ast.AssignStmt{Lhs: []ast.Expr{target}, Tok: s.Tok, Rhs: []ast.Expr{ast.NewIdent(params[i])}})
		if s.Tok == token.DEFINE {
			assign = append(assign, l.use(target)...)
		}
	}
	body := &ast.BlockStmt{List: append(append(l.stopCheck(), assign...), s.Body)}
	body.List = append(body.List, l.stmts("return true", nil)...)
	lit := ast.Unparen(l.parseExpr("func" + l.signatureText(yield, params) + " { }")).(*ast.FuncLit)
	lit.Body = body
	stmts := l.stmts("var "+done+" bool", nil)
	stmts = append(stmts, returns.before...)
	stmts = append(stmts, &ast.ExprStmt{X: &ast.CallExpr{Fun: s.X, Args: []ast.Expr{lit}}})
	if returns.after != nil {
		stmts = append(stmts, &ast.IfStmt{Cond: ast.NewIdent(done), Body: &ast.BlockStmt{List: returns.after}})
	}
	stmts = append(stmts, l.use(ast.NewIdent(done))...)
	return &ast.BlockStmt{Lbrace: s.Pos(), List: stmts}
}

// bodyReturns is how a function is left from within a body that has become a
// function itself.
type bodyReturns struct{ before, after []ast.Stmt }

// leaveBody rewrites break, continue and return of a body that becomes a
// function, and refuses what has no such form.
func (l *lowerer) leaveBody(s *ast.RangeStmt, done string) bodyReturns {
	var out bodyReturns
	signature := l.results[len(l.results)-1]
	var temps []ast.Expr
	depth := 0 // loops, switches and selects in which break means something else
	loops := 0
	enter := func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.FuncLit:
			return false
		case *ast.ForStmt, *ast.RangeStmt:
			depth, loops = depth+1, loops+1
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			depth++
		case *ast.DeferStmt:
			l.refuse(n.Pos(), "defer in the body of a range over a function")
		case *ast.LabeledStmt:
			l.refuse(n.Pos(), "a label in the body of a range over a function")
		case *ast.ReturnStmt:
			if out.after == nil {
				out, temps = l.returnTemps(signature, n)
			}
			block := &ast.BlockStmt{Lbrace: n.Pos()}
			if len(n.Results) > 0 {
				block.List = append(block.List, l.setResults(temps, n.Results, signature)...)
			}
			block.List = append(block.List, l.stmts(done+" = true; return false", nil)...)
			c.Replace(block)
			return false
		}
		return true
	}
	leave := func(c *astutil.Cursor) bool {
		switch n := c.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			depth, loops = depth-1, loops-1
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
			depth--
		case *ast.BranchStmt:
			switch {
			case n.Label != nil || n.Tok == token.GOTO:
				l.refuse(n.Pos(), "%s with a label in the body of a range over a function", n.Tok)
			case n.Tok == token.BREAK && depth == 0:
				c.Replace(l.stmts("return false", nil)[0])
			case n.Tok == token.CONTINUE && loops == 0:
				c.Replace(l.stmts("return true", nil)[0])
			}
		}
		return true
	}
	astutil.Apply(s.Body, enter, leave)
	return out
}

// returnTemps makes variables for the results of the function to be left.
func (l *lowerer) returnTemps(signature *types.Signature, n *ast.ReturnStmt) (bodyReturns, []ast.Expr) {
	var out bodyReturns
	var temps []ast.Expr
	if len(n.Results) > 0 {
		for i := range signature.Results().Len() {
			name := l.temp("result")
			out.before = append(out.before, l.stmts("var "+name+" $T", map[string]ast.Node{"T": l.typeExpr(signature.Results().At(i).Type())})...)
			temps = append(temps, ast.NewIdent(name))
		}
	}
	out.after = []ast.Stmt{&ast.ReturnStmt{Results: temps}}
	return out, temps
}
