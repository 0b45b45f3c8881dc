package cell_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/kernel/cell"
)

// TestRandomCrossings has one cell put a value of a random type without a name into something that holds interfaces, and others, of random engines, ask what it
// is. They know, or an error says that they cannot.
func TestRandomCrossings(t *testing.T) {
	if testing.Short() {
		t.Skip("builds plug-ins")
	}
	needsCompiler(t)
	crossings, seed := number(t, programsVariable, 12), number(t, seedVariable, 1)
	s, err := cell.New(cell.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wrong []string
	answered, refused := 0, 0
	for i := range crossings {
		c := crossing{rng: rand.New(rand.NewPCG(uint64(seed+i), 5))}
		cells := c.cells(i)
	one:
		for n, code := range cells {
			r := &record{}
			_, err := s.Run(context.Background(), code, r)
			switch {
			case err != nil && strings.Contains(err.Error(), "not supported in "):
				refused++
			case err != nil || n > 0 && r.out() != "true true false true":
				wrong = append(wrong, fmt.Sprintf("seed %d: error %v, printed %q\n%s", seed+i, err, r.out(), strings.Join(cells[:n+1], "\n--\n")))
			default:
				answered++
			}
			if err != nil && n == 0 {
				break one // nothing was made
			}
		}
	}
	s.Close()
	t.Logf("%d cells were right, %d refused", answered, refused)
	if answered == 0 {
		t.Error("every cell was refused")
	}
	for _, w := range wrong {
		t.Error(w)
	}
}

type crossing struct{ rng *rand.Rand }

func (c crossing) pick(list ...string) string { return list[c.rng.IntN(len(list))] }

// elem is a random type of which slices and maps can be made.
func (c crossing) elem(depth int) string {
	if depth == 0 {
		return c.pick("int8", "uint16", "float32", "string", "bool", "complex64", "error", "any")
	}
	inner := c.elem(depth - 1)
	return c.pick("[]"+inner, "map[string]"+inner, "func(int8) "+inner, "chan ("+inner+")", "*"+inner, "func(..."+inner+") (bool, error)", "["+fmt.Sprint(2+c.rng.IntN(9))+"]"+inner)
}

// cells makes a value and asks three times whether it is of its type, equal to itself, of another type, and of its type in a type switch.
func (c crossing) cells(i int) []string {
	typ := fmt.Sprintf("*[%d]%s", 20+c.rng.IntN(30), c.elem(c.rng.IntN(3))) // comparable, whatever it points to
	engine := func() string { return c.pick("%%go\n", "%%yaegi\n", "%%yaegi\n", "") }
	x := fmt.Sprintf("x%d", i)
	value := "any((" + typ + ")(nil))"
	holders := [][2]string{
		{"var $ any = @", "$"},
		{"$ := []any{1, @}", "$[1]"},
		{"$ := map[string]any{\"k\": @}", "$[\"k\"]"},
		{"var $ any = []any{[2]any{nil, @}}", "$.([]any)[0].([2]any)[1]"},
		{"$ := map[any]int{@: 1}", "func() (k any) { for k = range $ {}; return }()"},
		{"$ := new(any)\n*$ = @", "*$"},
		{"$ := func() any { return @ }", "$()"},
		{"$ := make(chan any, 9)\nfor range 9 { $ <- @ }", "<-$"},
		{"var $v " + typ + "\nvar $ any = $v", "$"},
	}
	h := holders[c.rng.IntN(len(holders))]
	fill := func(text string) string { return strings.NewReplacer("$", x, "@", value).Replace(text) }
	ask := fill("v := " + h[1] + "\n_, ok := v.(" + typ + ")\n_, other := v.(" + strings.Replace(typ, "*[", "*[1", 1) + ")\nis := false\nswitch v.(type) { case int, " + typ + ": is = true }\nfmt.Print(ok, \" \", v == @, \" \", other, \" \", is)")
	ask = strings.NewReplacer("v :=", fmt.Sprintf("v%d :=", i), "v.(", fmt.Sprintf("v%d.(", i), "v ==", fmt.Sprintf("v%d ==", i)).Replace(ask)
	return []string{engine() + fill(h[0]), engine() + ask, engine() + ask, engine() + ask}
}
