package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/astutil"
)

// rewriteDecl rewrites a type or function declaration.
func (l *lowerer) rewriteDecl(d ast.Decl) ast.Node {
	return l.apply(d)
}

// apply rewrites a tree from its leaves up, with what is known of each
// expression handed on to its replacement.
func (l *lowerer) apply(root ast.Node) ast.Node {
	return astutil.Apply(root, l.enter, l.leave)
}

// enter notes what leave needs to know of parents.
func (l *lowerer) enter(c *astutil.Cursor) bool {
	switch n := c.Node().(type) {
	case *ast.CallExpr:
		fun := ast.Unparen(n.Fun)
		l.called[fun] = true
		switch fun := fun.(type) {
		case *ast.IndexExpr:
			l.called[ast.Unparen(fun.X)] = true
		case *ast.IndexListExpr:
			l.called[ast.Unparen(fun.X)] = true
		}
	case *ast.FuncDecl:
		l.results, l.defers, l.loops = append(l.results, l.signatureOf(n)), append(l.defers, false), append(l.loops, 0)
	case *ast.FuncLit:
		l.results, l.defers, l.loops = append(l.results, l.typeOf(n).(*types.Signature)), append(l.defers, false), append(l.loops, 0)
	case *ast.ForStmt, *ast.RangeStmt, *ast.LabeledStmt: // a goto may lead back to what follows a label
		l.countLoop(1)
	}
	return true
}

// countLoop notes that a loop is entered (1) or left (−1).
func (l *lowerer) countLoop(by int) { l.loops[len(l.loops)-1] += by }

// inLoop tells whether what is being left stands in a loop of its function.
func (l *lowerer) inLoop() bool { return l.loops[len(l.loops)-1] > 0 }

// signatureOf returns what a function returns, as the second pass of checking
// saw its body.
func (l *lowerer) signatureOf(f *ast.FuncDecl) *types.Signature {
	if s := l.signatures[f]; s != nil {
		return s
	}
	if obj := l.info.Defs[f.Name]; obj != nil {
		if s, ok := obj.Type().(*types.Signature); ok {
			return s
		}
	}
	return types.NewSignatureType(nil, nil, nil, nil, nil, false)
}

func (l *lowerer) leave(c *astutil.Cursor) bool {
	switch n := c.Node().(type) {
	case *ast.FuncDecl:
		l.leaveFunc(n.Type, n.Body)
	case *ast.FuncLit:
		l.leaveFunc(n.Type, n.Body)
		if l.inLoop() && !l.called[n] {
			c.Replace(l.replaced(n, l.ownFrame(n, l.typeOf(n).(*types.Signature))))
		}
	case ast.Expr:
		t := l.info.TypeOf(n)
		e := l.expr(c, n)
		if l.copies[n] {
			e = l.copied(e, t)
		}
		if e != n {
			c.Replace(l.replaced(n, e))
		}
	case ast.Stmt:
		l.stmt(c, n)
	}
	return true
}

// leaveFunc finishes the rewriting of a function.
func (l *lowerer) leaveFunc(typ *ast.FuncType, body *ast.BlockStmt) {
	last := len(l.results) - 1
	if l.defers[last] {
		l.withDefers(typ, body, l.results[last])
	}
	l.ownResults(typ, body)
	l.results, l.defers, l.loops = l.results[:last], l.defers[:last], l.loops[:last]
	l.guard(body)
}

// expr returns what stands for an expression.
func (l *lowerer) expr(c *astutil.Cursor, e ast.Expr) ast.Expr {
	if tv, ok := l.info.Types[e]; ok {
		if tv.Value != nil && tv.IsValue() {
			return l.fold(e, tv)
		}
		if tv.IsType() {
			switch e := e.(type) {
			case *ast.IndexExpr, *ast.IndexListExpr:
				return l.typeExpr(tv.Type)
			case *ast.Ident:
				if typeParamOf(l.info.Uses[e]) != nil {
					return l.typeExpr(tv.Type)
				}
			}
		}
	}
	switch e := e.(type) {
	case *ast.Ident:
		return l.ident(c, e)
	case *ast.IndexExpr:
		return l.instanceOf(e, e.X)
	case *ast.IndexListExpr:
		return l.instanceOf(e, e.X)
	case *ast.SelectorExpr:
		return l.selector(e)
	case *ast.CallExpr:
		return l.call(e)
	case *ast.CompositeLit:
		l.positional(e)
	case *ast.BinaryExpr:
		l.shift(e)
	case *ast.TypeAssertExpr:
		if e.Type != nil {
			e.X = l.assertOperand(e.X, l.typeOf(e.X), l.typeOf(e.Type))
		}
	}
	return e
}

// ident renames a session object.
func (l *lowerer) ident(c *astutil.Cursor, id *ast.Ident) ast.Expr {
	obj := l.info.Uses[id]
	if obj == nil {
		obj = l.info.Defs[id]
	}
	if obj == nil {
		return id
	}
	name := id.Name
	switch obj := obj.(type) {
	case *types.PkgName:
		if path := obj.Imported().Path(); !l.goTypes.Declared(path) {
			name = l.imported(path)
		}
	case *types.Var:
		if obj.IsField() {
			if named := embeddedCellType(obj); named != nil {
				name = l.names.Of(named)
			}
		} else if l.isSession(obj) {
			name = l.names.Of(obj)
		}
	case *types.Func:
		if signature, ok := obj.Type().(*types.Signature); ok && signature.Recv() == nil && isCell(obj.Pkg()) {
			if instance, ok := l.generic(id, obj); ok {
				name = instance
			} else {
				name = l.names.Of(obj)
			}
		}
	case *types.TypeName:
		if isCell(obj.Pkg()) && l.isSession(obj) {
			name = l.names.Of(obj)
		}
	}
	if name == id.Name {
		return id
	}
	renamed := &ast.Ident{NamePos: id.NamePos, Name: name}
	if l.info.Uses[id] != nil {
		l.info.Uses[renamed] = obj
	} else {
		l.info.Defs[renamed] = obj
	}
	return renamed
}

// embeddedCellType returns the cell type whose name an embedded field bears.
func embeddedCellType(field *types.Var) *types.TypeName {
	if !field.Embedded() {
		return nil
	}
	t := field.Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if named, ok := types.Unalias(t).(*types.Named); ok && isCell(named.Obj().Pkg()) {
		return named.Obj()
	}
	return nil
}

func (l *lowerer) isSession(obj types.Object) bool { return IsSession(obj) }

// IsSession says that an object stands at the session's top level, not inside a
// function.
func IsSession(obj types.Object) bool {
	if !isCell(obj.Pkg()) || obj.Name() == "_" {
		return false
	}
	switch obj := obj.(type) {
	case *types.Var:
		return obj.Kind() == types.PackageVar
	case *types.Func:
		if obj.Signature().Recv() != nil {
			return false
		}
	}
	return obj.Parent() == nil || obj.Parent().Parent() == types.Universe
}

// selector writes method values and expressions as functions: the interpreter
// binds the receiver too late, or not at all.
func (l *lowerer) selector(e *ast.SelectorExpr) ast.Expr {
	if f, ok := l.info.Uses[e.Sel].(*types.Func); ok && strings.HasPrefix(f.FullName(), "(*log.Logger).Fatal") {
		l.refuse(e.Sel.Pos(), "%s of a logger, which ends the process", e.Sel.Name)
	}
	if f, ok := l.info.Uses[e.Sel].(*types.Func); ok && f.Pkg() != nil && l.goTypes.Declared(f.Pkg().Path()) && !l.called[e] {
		l.refuse(e.Pos(), "the generic function %s.%s as a value", f.Pkg().Name(), f.Name())
	}
	selection := l.info.Selections[e]
	if selection != nil && selection.Kind() != types.MethodExpr {
		l.spellPath(e, selection)
	}
	if selection == nil || l.called[e] {
		return e
	}
	signature, _ := selection.Type().(*types.Signature)
	switch selection.Kind() {
	case types.MethodExpr:
		names := make([]string, signature.Params().Len())
		for i := range names {
			names[i] = l.temp("p")
		}
		return l.forward(signature, names, names[0]+"."+e.Sel.Name, names[1:])
	case types.MethodVal:
		return l.methodValue(e, selection, signature)
	}
	return e
}

// methodValue writes x.M, not called, as a closure over its receiver.
func (l *lowerer) methodValue(e *ast.SelectorExpr, selection *types.Selection, signature *types.Signature) ast.Expr {
	x, receiver := e.X, selection.Recv()
	if recv := selection.Obj().(*types.Func).Signature().Recv(); recv != nil && !types.IsInterface(receiver) {
		switch {
		case isPointer(recv.Type()) && !isPointer(receiver):
			x, receiver = &ast.UnaryExpr{Op: token.AND, X: x}, types.NewPointer(receiver)
		case !isPointer(recv.Type()) && isPointer(receiver) && len(selection.Index()) == 1:
			x, receiver = &ast.StarExpr{X: x}, receiver.Underlying().(*types.Pointer).Elem()
		}
	}
	names := make([]string, signature.Params().Len())
	for i := range names {
		names[i] = l.temp("p")
	}
	r := l.temp("r")
	lit := l.parseExpr("func(" + r + " " + l.typeText(receiver) + ") func" + l.signatureText(signature, nil) + " { return nil }").(*ast.FuncLit)
	lit.Body.List = []ast.Stmt{&ast.ReturnStmt{Results: []ast.Expr{l.forward(signature, names, r+"."+e.Sel.Name, names)}}}
	return &ast.CallExpr{Fun: lit, Args: []ast.Expr{x}}
}

// forward writes a function literal that calls another with its parameters.
func (l *lowerer) forward(signature *types.Signature, params []string, callee string, args []string) ast.Expr {
	text := "func" + l.signatureText(signature, params) + " { "
	if signature.Results().Len() > 0 {
		text += "return "
	}
	text += callee + "("
	for _, a := range args {
		text += a + ", "
	}
	if signature.Variadic() {
		text = text[:len(text)-2] + "..."
	}
	return l.parseExpr(text + ") }")
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// stmt rewrites one statement in place.
func (l *lowerer) stmt(c *astutil.Cursor, s ast.Stmt) {
	switch s.(type) {
	case *ast.ForStmt, *ast.RangeStmt:
		l.countLoop(-1)
	}
	switch s := s.(type) {
	case *ast.RangeStmt:
		c.Replace(l.rangeLoop(s))
	case *ast.ForStmt:
		c.Replace(l.forLoop(s))
	case *ast.LabeledStmt:
		if block, ok := s.Stmt.(*ast.BlockStmt); ok && l.moved[block] != nil {
			l.relabel(c, s, block)
		}
	case *ast.GoStmt:
		c.Replace(l.goStmt(s))
	case *ast.DeferStmt:
		c.Replace(l.deferStmt(s))
	case *ast.BranchStmt:
		if s.Tok == token.GOTO {
			c.Replace(&ast.BlockStmt{Lbrace: s.Pos(), List: append(l.stopCheck(), s)})
		}
	case *ast.AssignStmt:
		if l.topLevel[s] && s.Tok == token.DEFINE {
			s.Tok = token.ASSIGN
		}
		if s.Tok == token.DEFINE {
			shelter(s.Rhs)
		}
		l.assign(c, s)
	case *ast.ReturnStmt:
		shelterResults(s)
	case *ast.DeclStmt:
		l.declStmt(c, s)
	case *ast.TypeSwitchStmt:
		c.Replace(l.typeSwitch(s))
	case *ast.BlockStmt:
		switch c.Parent().(type) {
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt: // a list of clauses
		default:
			s.List = l.trace(s.List)
		}
	case *ast.CaseClause:
		s.Body = l.trace(s.Body)
	case *ast.CommClause:
		l.receive(s)
		s.Body = l.trace(s.Body)
	}
}

// relabel moves a label from the block that replaced a loop to the loop.
func (l *lowerer) relabel(c *astutil.Cursor, s *ast.LabeledStmt, block *ast.BlockStmt) {
	loop := l.moved[block] // a loop or a switch
	for i, inner := range block.List {
		if inner == loop {
			block.List[i] = &ast.LabeledStmt{Label: s.Label, Stmt: loop}
			c.Replace(block)
			return
		}
	}
}

// declStmt drops constants, which are folded, and turns the variables of the
// cell's top level into assignments.
func (l *lowerer) declStmt(c *astutil.Cursor, s *ast.DeclStmt) {
	gen, ok := s.Decl.(*ast.GenDecl)
	if !ok {
		return
	}
	if gen.Tok == token.CONST {
		c.Replace(&ast.EmptyStmt{Semicolon: s.Pos()})
		return
	}
	if gen.Tok != token.VAR {
		return
	}
	if !l.topLevel[s] {
		for _, spec := range gen.Specs {
			shelter(spec.(*ast.ValueSpec).Values)
		}
		return
	}
	block := &ast.BlockStmt{Lbrace: s.Pos()}
	for _, spec := range gen.Specs {
		spec := spec.(*ast.ValueSpec)
		lhs := make([]ast.Expr, len(spec.Names))
		for i, name := range spec.Names {
			lhs[i] = name
		}
		if len(spec.Values) == 0 {
			zero := l.temp("zero")
			block.List = append(block.List, l.stmts("var "+zero+" $T", map[string]ast.Node{"T": spec.Type})...)
			for _, v := range lhs {
				block.List = append(block.List, &ast.AssignStmt{Lhs: []ast.Expr{v}, Tok: token.ASSIGN, Rhs: []ast.Expr{ast.NewIdent(zero)}})
			}
			continue
		}
		if len(lhs) > 1 && len(lhs) == len(spec.Values) {
			targets := make([]types.Type, len(lhs))
			for i, v := range lhs {
				if targets[i] = types.Default(l.typeOf(spec.Values[i])); !isBlank(v) {
					targets[i] = l.typeOf(v)
				}
			}
			block.List = append(block.List, l.assignAll(lhs, spec.Values, targets)...)
			continue
		}
		block.List = append(block.List, &ast.AssignStmt{Lhs: lhs, Tok: token.ASSIGN, Rhs: spec.Values})
	}
	c.Replace(block)
}

// instanceOf drops the type arguments written after a generic function: its
// name already says which instance is meant.
func (l *lowerer) instanceOf(e, x ast.Expr) ast.Expr {
	if f, ok := l.info.Uses[identOf(ast.Unparen(x))].(*types.Func); ok && isCell(f.Pkg()) {
		return x
	}
	return e
}

// spellPath writes out the embedded fields on the way to a promoted method of an
// embedded interface.
func (l *lowerer) spellPath(e *ast.SelectorExpr, selection *types.Selection) {
	f, ok := selection.Obj().(*types.Func)
	if !ok || len(selection.Index()) < 2 || f.Signature().Recv() == nil || !types.IsInterface(f.Signature().Recv().Type()) {
		return
	}
	t := selection.Recv()
	for _, i := range selection.Index()[:len(selection.Index())-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		field := t.Underlying().(*types.Struct).Field(i)
		name := field.Name()
		if named := embeddedCellType(field); named != nil {
			name = l.names.Of(named)
		}
		e.X = &ast.SelectorExpr{X: e.X, Sel: ast.NewIdent(name)}
		l.info.Types[e.X] = types.TypeAndValue{Type: field.Type()}
		t = field.Type()
	}
}
