package logic

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestHolds is the truth table of every connective.
func TestHolds(t *testing.T) {
	claims := []Claim{{0, true}, {1, true}}
	for _, c := range []struct {
		op   string
		want [4]bool // for the knights {}, {0}, {1}, {0, 1}
	}{
		{"", [4]bool{false, true, false, true}},
		{"not", [4]bool{true, false, true, false}},
		{"and", [4]bool{false, false, false, true}},
		{"or", [4]bool{false, true, true, true}},
		{"->", [4]bool{true, false, true, true}},
		{"<=>", [4]bool{true, false, false, true}},
	} {
		s := Statement{c.op, claims[:arity(c.op)]}
		for knights, want := range c.want {
			if got := s.holds(people(knights)); got != want {
				t.Errorf("%q with knights %02b: %v, want %v", c.op, knights, got, want)
			}
		}
	}
	knave := Statement{"", []Claim{{0, false}}}
	if !knave.holds(0) || knave.holds(1) {
		t.Error("\"is a knave\" holds of a knight, or not of a knave")
	}
}

func TestSolve(t *testing.T) {
	is := func(i int, knight bool) Statement { return Statement{"", []Claim{{i, knight}}} }
	for _, c := range []struct {
		name       string
		statements []Statement
		want       [][]bool
	}{
		{"a liar's paradox", []Statement{is(0, false), is(0, true)}, nil},
		{"each vouches for the other", []Statement{is(1, true), is(0, true)}, [][]bool{{false, false}, {true, true}}},
		{"each accuses the other", []Statement{is(1, false), is(0, false)}, [][]bool{{true, false}, {false, true}}},
		{"both of us are knaves", []Statement{{"and", []Claim{{0, false}, {1, false}}}, is(0, false)}, [][]bool{{false, true}}},
	} {
		if got, err := Solve(c.statements); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", c.name, got, err, c.want)
		}
	}
	for _, c := range []struct {
		statements []Statement
		want       string
	}{
		{[]Statement{is(0, true)}, "expected 2 to 8 statements, one a person, found 1"},
		{make([]Statement, 9), "found 9"},
		{[]Statement{is(0, true), {"xor", nil}}, `statement 1: unknown connective "xor"`},
		{[]Statement{is(0, true), {"and", is(0, true).Claims}}, "expected 2 claims, found 1"},
		{[]Statement{is(2, true), is(0, true)}, "statement 0: a claim about person 2"},
		{[]Statement{is(-1, true), is(0, true)}, "a claim about person -1"},
	} {
		if _, err := Solve(c.statements); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: error %v, want one with %q", c.statements, err, c.want)
		}
	}
}

// TestGenerator: the text says what was drawn, the solution is the only one, and
// no statement is empty of content.
func TestGenerator(t *testing.T) {
	g, err := NewGenerator(Options{Seed: 5, MinPeople: 2, MaxPeople: 8})
	if err != nil {
		t.Fatal(err)
	}
	sizes, connectives, questions, knights, total := map[int]int{}, map[string]int{}, map[string]bool{}, 0, 0
	wordings := map[string]int{}
	const puzzles = 2000
	for range puzzles {
		p := g.Next()
		read, err := Parse(p.Question)
		if err != nil || !reflect.DeepEqual(read, p) {
			t.Fatalf("%s\nread as %+v, %v, want %+v", p.Question, read, err, p)
		}
		if all, err := Solve(p.Statements); err != nil || !reflect.DeepEqual(all, [][]bool{p.Knights}) {
			t.Fatalf("%s\nsolutions %v, %v, want only %v", p.Question, all, err, p.Knights)
		}
		if v := Grade(p.Answer(), p.Answer()); !v.Correct {
			t.Fatalf("%s\nits answer is graded %+v", p.Question, v)
		}
		for i, s := range p.Statements {
			connectives[s.Op]++
			if about := s.Claims[0].Person; len(s.Claims) == 1 && about == i || len(s.Claims) == 2 && about == s.Claims[1].Person {
				t.Errorf("%s\n%s says nothing", p.Question, p.Names[i])
			}
			if p.Knights[i] {
				knights++
			}
			total++
		}
		for _, w := range []string{sameKind, otherKinds, " if and only if "} {
			wordings[w] += strings.Count(p.Question, w)
		}
		sizes[len(p.Names)]++
		questions[p.Question] = true
	}
	for n := 2; n <= 8; n++ { // 286 expected, standard deviation 16
		if sizes[n] < 200 || sizes[n] > 370 {
			t.Errorf("%d puzzles of %d people among %d, want about a seventh", sizes[n], n, puzzles)
		}
	}
	for _, op := range ops {
		if connectives[op] < total/12 {
			t.Errorf("connective %q is %d of %d statements, want about a sixth", op, connectives[op], total)
		}
	}
	// Of the equivalences an eighth, an eighth and three quarters: half begin with a knight, half of those are worded as likeness.
	for w, share := range map[string]float64{sameKind: 1. / 8, otherKinds: 1. / 8, " if and only if ": 3. / 4} {
		if got := float64(wordings[w]) / float64(connectives["<=>"]); got < share-.05 || got > share+.05 {
			t.Errorf("%q words %.3f of the equivalences, want about %.3f", w, got, share)
		}
	}
	if share := float64(knights) / float64(total); share < .4 || share > .65 {
		t.Errorf("%.2f of the people are knights: guessing pays", share)
	}
	if len(questions) != puzzles {
		t.Errorf("%d distinct questions among %d", len(questions), puzzles)
	}
	t.Logf("sizes %v, connectives %v, %d of %d are knights", sizes, connectives, knights, total)
}

func TestSeeds(t *testing.T) {
	take := func(opts Options) (list []Puzzle) {
		g, err := NewGenerator(opts)
		if err != nil {
			t.Fatal(err)
		}
		for range 20 {
			list = append(list, g.Next())
		}
		return list
	}
	if !reflect.DeepEqual(take(Options{Seed: 1}), take(Options{Seed: 1})) {
		t.Error("the same seed gives other puzzles")
	}
	if reflect.DeepEqual(take(Options{Seed: 1}), take(Options{Seed: 2})) {
		t.Error("another seed gives the same puzzles")
	}
	if !reflect.DeepEqual(take(Options{}), take(Options{MinPeople: 3, MaxPeople: 7})) {
		t.Error("the zero value is not 3 to 7 people")
	}
}

func TestOptions(t *testing.T) {
	for _, c := range []struct{ give, want Options }{
		{Options{}, Options{MinPeople: 3, MaxPeople: 7}},
		{Options{MinPeople: 8}, Options{MinPeople: 8, MaxPeople: 8}},
		{Options{MaxPeople: 2}, Options{MinPeople: 2, MaxPeople: 2}},
		{Options{MinPeople: 5}, Options{MinPeople: 5, MaxPeople: 7}},
	} {
		if got := c.give.withDefaults(); got != c.want || c.give.Validate() != nil {
			t.Errorf("%+v stands for %+v (%v), want %+v", c.give, got, c.give.Validate(), c.want)
		}
	}
	for _, c := range []struct {
		give Options
		want []string
	}{
		{Options{MinPeople: 1, MaxPeople: 9}, []string{"MinPeople 1", "MaxPeople 9"}},
		{Options{MinPeople: -1}, []string{"MinPeople -1"}},
		{Options{MinPeople: 5, MaxPeople: 4}, []string{"above MaxPeople 4"}},
	} {
		_, err := NewGenerator(c.give)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%+v: error %v, want one with %q", c.give, err, want)
			}
		}
	}
}

// TestNames: names must be told apart, and must not be words of the puzzles.
func TestNames(t *testing.T) {
	words := strings.Fields(strings.Join(slices.Concat(frames, framesLogicRL), " "))
	for i, name := range firstNames {
		if slices.ContainsFunc(firstNames[:i], func(other string) bool { return strings.EqualFold(other, name) }) {
			t.Errorf("two people are called %s", name)
		}
		if harmless[strings.ToLower(name)] || slices.Contains(words, name) || name != properName.FindString(name) {
			t.Errorf("%s is no name to use", name)
		}
	}
}
