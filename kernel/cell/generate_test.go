package cell_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// generator makes random programs out of what Go has, for the engines to disagree on: a list of declarations and statements that end by themselves, print what
// they compute, and use no name of another program.
type generator struct {
	rng   *rand.Rand
	id    int // of the program, part of its names
	depth int
	vars  map[string][]string // names by type
	count int
	loops int
	plain bool // without types of its own, which sends a program to the interpreter
}

// kinds are the types of variables.
var kinds = []string{"int", "int8", "uint8", "uint16", "int64", "float64", "float32", "string", "bool", "[]int", "map[string]int", "[3]int", "P", "*P", "func(int) int", "any", "error"}

// plainKinds are the types of plain programs.
var plainKinds = kinds[:12]

// program gives declarations and statements. Those of odd seeds are plain.
func program(seed uint64, id int) (decls, stmts string) {
	g := &generator{rng: rand.New(rand.NewPCG(seed, 77)), id: id, vars: map[string][]string{}, plain: seed%2 == 1}
	return g.declarations(), g.local(g.body(6 + g.rng.IntN(10)))
}

// local puts the program's own number into names that all programs have.
func (g *generator) local(text string) string {
	return strings.NewReplacer("‹", "", "›", fmt.Sprint(g.id)).Replace(text)
}

func (g *generator) declarations() string {
	common := `func ‹id›[T any](x T) T { return x }
func ‹sum›(xs ...int) (t int) { for _, x := range xs { t += x }; return }
func ‹apply›[T, U any](xs []T, f func(T) U) (out []U) { for _, x := range xs { out = append(out, f(x)) }; return }
func ‹fib›(n int) int { if n < 2 { return n }; return ‹fib›(n-1) + ‹fib›(n-2) }
func ‹evens›(n int) func(func(int) bool) { return func(yield func(int) bool) { for i := 0; i < n; i += 2 { if !yield(i) { return } } } }
`
	if g.plain {
		return g.local(common)
	}
	return g.local(common + `type ‹P› struct {
	A int
	B string
	C []int
}
type ‹Kind› uint8
const (
	‹Low› ‹Kind› = iota + 250
	‹Mid›
	‹High›
)
type ‹Namer› interface{ Name(n int) string }
type ‹Box›[T any] struct { Item T; Next *‹Box›[T] }
type ‹Wide› struct { ‹P›; D float64 }
func (p ‹P›) Name(n int) string { p.A += n; return fmt.Sprint(p.A, p.B) }
func (p *‹P›) Grow(n int) *‹P› { p.A += n; p.C = append(p.C, n); return p }
func (k ‹Kind›) String() string { return fmt.Sprintf("kind%d", uint8(k)) }
func (b ‹Box›[T]) Get() T { return b.Item }
type ‹Fault› struct{ Code int }
func (f *‹Fault›) Error() string { return fmt.Sprint("fault ", f.Code) }
func ‹risky›(n int) (out int, err error) {
	defer func() {
		if r := recover(); r != nil { err = fmt.Errorf("caught: %v", r); out *= 2 }
	}()
	if n%3 == 0 { return n, &‹Fault›{n} }
	out = n + 1
	if n%3 == 1 { panic(fmt.Sprint("odd ", n)) }
	return out, nil
}
`)
}

func (g *generator) body(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(g.statement() + "\n")
	}
	for _, kind := range kinds {
		for _, v := range g.vars[kind] {
			b.WriteString(show(kind, v) + "\n")
		}
	}
	return b.String()
}

// show prints a variable so that the order of maps and addresses do not matter.
func show(kind, v string) string {
	switch kind {
	case "func(int) int":
		return "fmt.Println(" + v + "(3), " + v + "(-4))"
	case "*P":
		return "if " + v + " != nil { fmt.Printf(\"%+v\\n\", *" + v + ") }"
	case "error":
		return "fmt.Println(" + v + ")"
	case "float64", "float32":
		return "fmt.Printf(\"%.6g\\n\", " + v + ")"
	}
	return "fmt.Printf(\"%v %T\\n\", " + v + ", " + v + ")"
}

// pick chooses; of a plain program's expressions those without types of its own. "" where none is left.
func (g *generator) pick(list ...string) string {
	if g.plain {
		list = slices.DeleteFunc(list, func(text string) bool {
			return strings.Contains(text, "‹P›") || strings.Contains(text, "‹Wide›") || strings.Contains(text, "‹Box›") || strings.Contains(text, "‹Kind›") ||
				strings.Contains(text, "‹Namer›") || strings.Contains(text, "‹risky›") || strings.Contains(text, "‹Fault›") || strings.Contains(text, "‹Mid›")
		})
	}
	if len(list) == 0 {
		return ""
	}
	return list[g.rng.IntN(len(list))]
}

// fresh makes a variable.
func (g *generator) fresh(kind string) string {
	g.count++
	name := fmt.Sprintf("v%d_%d", g.id, g.count)
	g.vars[kind] = append(g.vars[kind], name)
	return name
}

func spelled(kind string) string { return strings.ReplaceAll(kind, "P", "‹P›") }

// expr is an expression of a type.
func (g *generator) expr(kind string) string {
	g.depth++
	defer func() { g.depth-- }()
	if known := g.vars[kind]; len(known) > 0 && (g.depth > 3 || g.rng.IntN(3) > 0) {
		return known[g.rng.IntN(len(known))]
	}
	if g.depth > 3 {
		return g.literal(kind)
	}
	if text := g.compound(kind); text != "" {
		return text
	}
	return g.literal(kind)
}

func (g *generator) literal(kind string) string {
	n := g.rng.IntN(9)
	switch kind {
	case "int", "int8", "uint8", "uint16", "int64":
		return fmt.Sprintf("‹id›(%s(%d))", kind, n+g.rng.IntN(90)) // no constant, whose overflow Go refuses
	case "float64", "float32":
		return fmt.Sprintf("‹id›(%s(%d.%d))", kind, n, g.rng.IntN(10))
	case "string":
		return fmt.Sprintf("%q", g.pick("", "a", "bé", "xyz", "日本", "q\n"))
	case "bool":
		return g.pick("true", "false")
	case "[]int":
		return fmt.Sprintf("[]int{%d, %d, 7}", n, n*2)
	case "map[string]int":
		return fmt.Sprintf("map[string]int{\"k\": %d, \"é\": 2}", n)
	case "[3]int":
		return fmt.Sprintf("[3]int{%d, 1: %d}", n, n+1)
	case "P":
		return fmt.Sprintf("‹P›{%d, \"p\", []int{%d}}", n, n)
	case "*P":
		return fmt.Sprintf("&‹P›{A: %d}", n)
	case "func(int) int":
		return fmt.Sprintf("func(n int) int { return n*%d + 1 }", n)
	case "error":
		return fmt.Sprintf("error(&‹Fault›{%d})", n)
	}
	return g.pick("any(3)", "any(\"s\")", "any(2.5)", "any(‹Mid›)", "any([]int{1})", "any(‹P›{A: 1})", "any(nil)")
}

func (g *generator) compound(kind string) string {
	e := g.expr
	switch kind {
	case "int":
		return g.pick("("+e("int")+" "+g.pick("+", "-", "*", "&", "|", "^", "&^")+" "+e("int")+")", "len("+e("string")+")", "len("+e("[]int")+")", "int("+e("int8")+")", "int("+e("uint8")+" + "+e("uint8")+")",
			"("+e("int")+" % ("+e("int")+" | 1))", "("+e("int")+" / ("+e("int")+" | 1))", "("+e("int")+" >> ("+e("uint8")+" & 7))", "("+e("int")+" << ("+e("uint8")+" & 3))", e("map[string]int")+"[\"k\"]", e("P")+".A",
			"‹sum›("+e("[]int")+"...)", "min("+e("int")+", "+e("int")+")", "max("+e("int")+", 4)", e("func(int) int")+"("+e("int")+" & 15)", e("[3]int")+"["+fmt.Sprint(g.rng.IntN(3))+"]", "cap("+e("[]int")+"[:0:0])",
			"‹fib›("+e("int")+" & 7)", "(-"+e("int")+")", "‹Box›[int]{Item: "+e("int")+"}.Get()", "‹Wide›{‹P›: "+e("P")+"}.A")
	case "int8", "uint8", "uint16", "int64":
		return g.pick("("+e(kind)+" "+g.pick("+", "-", "*", "^", "&")+" "+e(kind)+")", kind+"("+e("int")+")", "("+e(kind)+" << 3)", "("+e(kind)+" >> 1)", "^"+e(kind))
	case "float64":
		return g.pick("("+e("float64")+" "+g.pick("+", "-", "*")+" "+e("float64")+")", "float64("+e("int")+")", "float64("+e("float32")+")", "("+e("float64")+" / 3)", "float64("+e("int")+") * 0.5")
	case "float32":
		return g.pick("("+e("float32")+" * "+e("float32")+")", "float32("+e("float64")+")", "float32("+e("int")+") / 3")
	case "string":
		return g.pick("("+e("string")+" + "+e("string")+")", "fmt.Sprint("+e("int")+", "+e("bool")+")", e("P")+".Name("+e("int")+")", "string([]rune("+e("string")+"))", "fmt.Sprintf(\"%v|%T\", "+e("any")+", "+e("any")+")",
			"‹Namer›("+e("P")+").Name(1)", "fmt.Sprint(‹Kind›("+e("uint8")+"))", "fmt.Sprintf(\"%+v\", "+e("P")+")", "strings.Repeat("+e("string")+", 2)", "fmt.Sprintf(\"%q %x\", "+e("string")+", "+e("string")+")")
	case "bool":
		return g.pick("("+e("int")+" "+g.pick("<", "==", ">=", "!=")+" "+e("int")+")", "("+e("string")+" < "+e("string")+")", "!"+e("bool"), "("+e("bool")+" && "+e("bool")+")", "("+e("bool")+" || "+e("bool")+")",
			"("+e("[3]int")+" == "+e("[3]int")+")", "("+e("any")+" == any(3))", "("+e("error")+" == nil)", "errors.As("+e("error")+", new(*‹Fault›))")
	case "[]int":
		return g.pick("append([]int{}, "+e("[]int")+"...)", "append(append([]int{0}, "+e("[]int")+"...)[:1:1], "+e("int")+")", "‹apply›("+e("[]int")+", "+e("func(int) int")+")", "slices.Collect(‹evens›("+e("int")+" & 7))", "func() []int { c := "+e("[3]int")+"; return c[1:] }()", e("P")+".C")
	case "map[string]int":
		return "map[string]int{" + fmt.Sprintf("%q", g.pick("x", "y")) + ": " + e("int") + "}"
	case "[3]int":
		return "[3]int{" + e("int") + ", " + e("int") + "}"
	case "P":
		return g.pick("‹P›{A: "+e("int")+", B: "+e("string")+"}", "(*(&‹P›{A: "+e("int")+"}).Grow("+e("int")+"))", "‹Wide›{‹P›: "+e("P")+"}.‹P›")
	case "*P":
		return "(&‹P›{B: " + e("string") + "}).Grow(" + e("int") + ")"
	case "func(int) int":
		outer := e("int")
		return g.pick("func(n int) int { return n + "+outer+" }", "func() func(int) int { k := "+outer+"; return func(n int) int { k++; return k - n } }()", "func(n int) int { defer func() { n = 99 }(); return n ^ "+outer+" }")
	case "error":
		return g.pick("func() error { _, err := ‹risky›("+e("int")+"); return err }()", "fmt.Errorf(\"wrapped: %w\", "+e("error")+")", "errors.New("+e("string")+")")
	}
	return g.pick("any("+e("int")+")", "any("+e("string")+")", "any("+e("P")+")", "any("+e("uint8")+")", "any("+e("float64")+")", "any("+e("error")+")")
}

// statement is one that ends.
func (g *generator) statement() string {
	g.depth = 0
	all := kinds
	if g.plain {
		all = plainKinds
	}
	kind := all[g.rng.IntN(len(all))]
	if g.loops > 1 || g.rng.IntN(3) == 0 {
		value := g.expr(kind)
		return fmt.Sprintf("var %s %s = %s", g.fresh(kind), spelled(kind), value)
	}
	known := func(kind string) string {
		if list := g.vars[kind]; len(list) > 0 {
			return list[g.rng.IntN(len(list))]
		}
		return ""
	}
	n, xs, m, p, k := known("int"), known("[]int"), known("map[string]int"), known("*P"), known("any")
	switch choice := g.rng.IntN(19); {
	case choice == 0 && n != "":
		return n + " " + g.pick("+=", "-=", "*=", "^=", "|=") + " " + g.inner("int")
	case choice == 1 && xs != "":
		return fmt.Sprintf("if len(%s) > 1 { %s[1] = %s; %s = append(%s[:1], %s[1:]...) }", xs, xs, g.inner("int"), xs, xs, xs)
	case choice == 2 && m != "":
		return fmt.Sprintf("%s[%s] += %s; delete(%s, \"é\"); if v, ok := %s[\"k\"]; ok { fmt.Println(v, len(%s)) }", m, g.inner("string"), g.inner("int"), m, m, m)
	case choice == 3 && p != "":
		return fmt.Sprintf("%s.Grow(%s).A--; grow%d := %s.Grow; grow%d(2)", p, g.inner("int"), g.unique(), p, g.count)
	case choice == 4:
		return fmt.Sprintf("if %s { fmt.Println(%s) } else if x := %s; x > 3 { fmt.Println(x) }", g.inner("bool"), g.inner("string"), g.inner("int"))
	case choice == 5:
		return fmt.Sprintf("out%d:\nfor i := range 4 { for j, x := range %s { if x == i { continue out%d }; if i+j > 3 { break out%d }; fmt.Print(i, j, x, \" \") } }\nfmt.Println()", g.unique(), g.inner("[]int"), g.count, g.count)
	case choice == 6 && k != "":
		return fmt.Sprintf("switch x := %s.(type) { case int: fmt.Println(\"int\", x+1); case string, float64: fmt.Println(\"sf\", x); case ‹P›: fmt.Println(x.A); case error: fmt.Println(x.Error()); case fmt.Stringer: fmt.Println(x.String()); case nil: fmt.Println(\"nil\"); default: fmt.Printf(\"%%T\\n\", x) }", k)
	case choice == 7:
		return fmt.Sprintf("fs%d := []func() int{}\nfor i := 0; i < 3; i++ { fs%d = append(fs%d, func() int { i += %s & 3; return i }) }\nfor _, f := range fs%d { fmt.Print(f(), f(), \" \") }\nfmt.Println()", g.unique(), g.count, g.count, g.inner("int"), g.count)
	case choice == 8:
		return fmt.Sprintf("ch%d := make(chan int, 2)\ngo func(n int) { defer close(ch%d); for i := range 3 { ch%d <- n * i } }(%s)\nfor x := range ch%d { fmt.Print(x, \" \") }\nselect { case x, ok := <-ch%d: fmt.Println(x, ok); default: fmt.Println(\"none\") }", g.unique(), g.count, g.count, g.inner("int"), g.count, g.count)
	case choice == 9:
		return fmt.Sprintf("func() { defer fmt.Println(\"deferred\", %s); defer func() { r := recover(); fmt.Println(r != nil) }(); xs := %s; fmt.Println(xs[%s & 3]) }()", g.inner("int"), g.inner("[]int"), g.inner("int"))
	case choice == 10:
		return fmt.Sprintf("switch x := %s; { case x > 50: fmt.Println(\"big\"); fallthrough; case x < 0: fmt.Println(\"fell\"); default: fmt.Println(\"small\", x) }", g.inner("int"))
	case choice == 11:
		return fmt.Sprintf("for i, r := range %s { fmt.Print(i, string(r), r, \" \") }\nfmt.Println()", g.inner("string"))
	case choice == 12:
		return fmt.Sprintf("for x := range ‹evens›(9) { if x > %s & 7 { break }; fmt.Print(x, \" \") }\nfmt.Println()", g.inner("int"))
	case choice == 13:
		g.loops++
		defer func() { g.loops-- }()
		before := map[string]int{}
		for kind, list := range g.vars {
			before[kind] = len(list)
		}
		text := "{\n" + g.statement() + "\n" + g.statement() + "\n"
		for _, kind := range kinds { // what the block declared ends with it
			for _, v := range g.vars[kind][before[kind]:] {
				text += show(kind, v) + "\n"
			}
			g.vars[kind] = g.vars[kind][:before[kind]]
		}
		return text + "}"
	case choice >= 14: // several at once within a function, where declarations are no assignments, or out of one
		named := []string{kind, all[g.rng.IntN(len(all))], all[g.rng.IntN(len(all))]}
		var names, values, shown []string
		for i, kind := range named {
			names, values = append(names, string(rune('a'+i))), append(values, g.expr(kind))
			shown = append(shown, show(kind, names[i]))
		}
		declare := strings.Join(names, ", ") + " := " + strings.Join(values, ", ")
		types := make([]string, len(named))
		for i, kind := range named {
			types[i] = spelled(kind)
		}
		switch choice {
		case 15:
			declare = "var " + strings.Join(names, ", ") + " = " + strings.Join(values, ", ")
		case 16:
			declare = strings.Join(names, ", ") + " := func() (" + strings.Join(types, ", ") + ") { return " + strings.Join(values, ", ") + " }()"
		case 17:
			declare = "var a " + types[0] + "\nvar b " + types[1] + "\nvar c " + types[2] + "\nfunc(x " + types[0] + ", y " + types[1] + ", z " + types[2] + ") { a, b, c = x, y, z }(" + strings.Join(values, ", ") + ")"
		case 18:
			declare = "s := struct { A " + types[0] + "; B " + types[1] + "; C " + types[2] + " }{" + strings.Join(values, ", ") + "}\na, b, c := s.A, s.B, s.C"
		}
		return "func() {\n" + declare + "\n" + strings.Join(shown, "\n") + "\n}()"
	}
	value := g.expr(kind)
	return fmt.Sprintf("var %s %s = %s", g.fresh(kind), spelled(kind), value)
}

// inner is an expression that may stand in the head of a statement, where a composite literal may not stand bare.
func (g *generator) inner(kind string) string { return "(" + g.expr(kind) + ")" }

func (g *generator) unique() int { g.count++; return g.count }
