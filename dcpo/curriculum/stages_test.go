package curriculum

import (
	"fmt"
	"strings"
	"testing"
)

func TestStages(t *testing.T) {
	s := Stages{{0, 8}, {10, 16}, {15, 24}}
	for step, want := range map[int]int{0: 8, 9: 8, 10: 16, 14: 16, 15: 24, 100: 24} {
		if got := s.At(step); got != want {
			t.Errorf("step %d: %d, want %d", step, got, want)
		}
	}
	if got := (Stages{{5, 8}}).At(4); got != 0 {
		t.Errorf("before the first stage: %d", got)
	}
	if got := (Stages)(nil).At(3); got != 0 {
		t.Errorf("without stages: %d", got)
	}
}

func TestStagesValidate(t *testing.T) {
	for _, s := range []Stages{nil, {{0, 1}}, {{0, 8}, {10, 16}, {15, 4}}} {
		if err := s.Validate(); err != nil {
			t.Errorf("%v: %v", s, err)
		}
	}
	for _, c := range []struct {
		stages Stages
		want   []string
	}{
		{Stages{{-1, 8}}, []string{"stage 1 begins at step -1"}},
		{Stages{{0, 8}, {0, 16}}, []string{"stage 2 begins at step 0, the one before it at 0"}},
		{Stages{{5, 0}, {4, -1}}, []string{"stage 1 allows 0", "stage 2 allows -1", "stage 2 begins at step 4, the one before it at 5"}},
	} {
		err := c.stages.Validate()
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: error %v, want one with %q", c.stages, err, want)
			}
		}
	}
}

func ExampleStages() {
	// DeepScaleR's: 8k tokens, from step 1,040 on 16k, from step 1,520 on 24k.
	s := Stages{{0, 8192}, {1040, 16384}, {1520, 24576}}
	fmt.Println(s.Validate(), s.At(1039), s.At(1040), s.At(2000))
	// Output: <nil> 8192 16384 24576
}

func ExampleNew() {
	difficulty := func(i int) (float64, bool) { return float64(10 * i), true }
	s, err := New("adarft", 10, 1, difficulty, AdaRFT{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		problems, err := s.Next(2)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("target %.0f: problems %v\n", s.Difficulty(), problems)
		s.Learn(1) // all answers are right
	}
	// Output:
	// target 0: problems [0 1]
	// target 38: problems [4 3]
	// target 76: problems [8 7]
}
