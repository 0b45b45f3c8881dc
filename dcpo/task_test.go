package dcpo

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/datasets/arithmetic"
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

// TestBatchVisitsEveryProblemOnceAnEpoch takes 6 of 10 problems a step: three epochs are five steps.
func TestBatchVisitsEveryProblemOnceAnEpoch(t *testing.T) {
	task := fixedTask(10)
	var seen []string
	for step := range 5 {
		batch, err := task.Batch(7, step, 6)
		if err != nil {
			t.Fatal(err)
		}
		again, _ := task.Batch(7, step, 6)
		if !cmp.Equal(batch, again) {
			t.Fatal("the same step gave other problems")
		}
		seen = append(seen, ids(batch)...)
	}
	var orders [][]string
	for epoch := range slices.Chunk(seen, 10) {
		orders = append(orders, slices.Clone(epoch))
		slices.Sort(epoch)
		if len(slices.Compact(epoch)) != 10 {
			t.Errorf("an epoch visits %v", epoch)
		}
	}
	if slices.Equal(orders[0], orders[1]) {
		t.Error("two epochs have the same order")
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
	a, _ := task.Batch(1, 0, 32)
	b, _ := task.Batch(1, 1, 32)
	if cmp.Equal(a, b) || cmp.Equal(a, eval[:32]) {
		t.Error("training steps repeat each other or the evaluation")
	}
}

func TestKeepLeavesOut(t *testing.T) {
	task := fixedTask(4)
	if left := task.keep(func(p datasets.Problem) bool { return p.ID != "c" }); left != 1 {
		t.Errorf("%d were left out, want 1", left)
	}
	if _, err := task.Batch(1, 0, 3); err != nil {
		t.Error(err)
	}
	task.keep(func(datasets.Problem) bool { return false })
	if _, err := task.Batch(1, 0, 3); err == nil {
		t.Error("an empty task gave a batch")
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
