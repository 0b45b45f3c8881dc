package dcpo

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
	"github.com/dcpo-go/godcpo/dcpo/config"
)

func fixedTask(n int) *Task {
	b := &datasets.Benchmark{Name: "fixed"}
	for i := range n {
		b.Problems = append(b.Problems, datasets.Problem{ID: string(rune('a' + i))})
	}
	return Problems(b)
}

func ids(problems []datasets.Problem) []string {
	var out []string
	for _, p := range problems {
		out = append(out, p.ID)
	}
	return out
}

// open returns a source over a task, by a seed.
func open(t *testing.T, task *Task, seed uint64) *source {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Train.Seed = seed
	r, err := cfg.Recipe()
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSource(cfg, r, task)
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func next(t *testing.T, s *source, n int) []datasets.Problem {
	t.Helper()
	problems, err := s.next(n)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// TestSourceGoesOnWhereItWas: of a fixed set and of fresh problems, a position that is put back gives the same problems again.
func TestSourceGoesOnWhereItWas(t *testing.T) {
	for name, task := range map[string]*Task{"fixed": fixedTask(10), "arithmetic": Arithmetic(arithmetic.Options{})} {
		s := open(t, task, 7)
		next(t, s, 6)
		at, err := s.state()
		if err != nil {
			t.Fatal(err)
		}
		want := next(t, s, 7)
		other := open(t, task, 7)
		if err := other.restore(at); err != nil {
			t.Fatal(err)
		}
		if got := next(t, other, 7); !cmp.Equal(want, got) {
			t.Errorf("%s: %v, then %v", name, ids(want), ids(got))
		}
	}
}

func TestArithmeticEvaluationIsApartFromTraining(t *testing.T) {
	task := Arithmetic(arithmetic.Options{})
	eval, err := task.Head(0)
	if err != nil {
		t.Fatal(err)
	}
	again, _ := task.Head(0)
	if !cmp.Equal(eval, again) || len(eval) != 512 {
		t.Fatalf("evaluation problems change or are %d, not 512", len(eval))
	}
	source := open(t, task, 1)
	a, b := next(t, source, 32), next(t, source, 32)
	if cmp.Equal(a, b) || cmp.Equal(a, eval[:32]) {
		t.Error("training steps repeat each other or the evaluation")
	}
}

func TestKeepLeavesOut(t *testing.T) {
	task := fixedTask(4)
	if left := task.keep(func(p datasets.Problem) bool { return p.ID != "c" }); left != 1 {
		t.Errorf("%d were left out, want 1", left)
	}
	next(t, open(t, task, 1), 3)
	task.keep(func(datasets.Problem) bool { return false })
	if _, err := newSource(DefaultConfig(), config.Recipe{}, task); err == nil {
		t.Error("an empty task is a source of problems")
	}
}

func TestHoldOutTakesProblemsAway(t *testing.T) {
	task := fixedTask(5)
	held := task.HoldOut(2)
	eval, _ := held.Head(0)
	train, _ := task.Head(0)
	if !slices.Equal(ids(eval), []string{"a", "b"}) || !slices.Equal(ids(train), []string{"c", "d", "e"}) {
		t.Errorf("held out %v of %v", ids(eval), ids(train))
	}
}
