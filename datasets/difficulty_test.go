package datasets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/datasets"
)

func TestDifficulty(t *testing.T) {
	problems := []datasets.Problem{{ID: "a", Difficulty: 12.5, HasDifficulty: true}, {ID: "b", HasDifficulty: true}}
	if got, err := datasets.Difficulty(problems); err != nil || !slices.Equal(got, []float64{12.5, 0}) {
		t.Errorf("%v, %v: want 12.5 and 0, which is a difficulty too", got, err)
	}
	for i := range 7 {
		problems = append(problems, datasets.Problem{ID: fmt.Sprint("c", i), Difficulty: 50})
	}
	for _, c := range []struct {
		n    int
		want string
	}{{3, "1 of 3 problems have none (c0):"}, {9, "7 of 9 problems have none (c0, c1, c2, c3, c4 and others):"}} {
		if got, err := datasets.Difficulty(problems[:c.n]); got != nil || err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, %v: want an error with %q", got, err, c.want)
		}
	}
}

// TestDifficultyOfRegisteredSets: the deepscaler sets can be used by a curriculum
// that goes by difficulty; other sets say that they cannot.
func TestDifficultyOfRegisteredSets(t *testing.T) {
	dir := dataFolder(t)
	for _, c := range []struct {
		name string
		rows int // 0: it has no difficulties
	}{{"deepscaler_uniform_10k", 10_000}, {"deepscaler_sample5000", 5000}, {"math500", 0}, {"kk_logic_sample", 0}} {
		b, err := datasets.Open(t.Context(), c.name, datasets.Options{Dir: dir})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		all, err := datasets.Difficulty(b.Problems)
		if len(all) != c.rows || (err == nil) != (c.rows > 0) {
			t.Errorf("%s: %d difficulties, %v, want %d", c.name, len(all), err, c.rows)
		}
		for i, d := range all {
			if d < 0 || d > 100 {
				t.Errorf("%s: %s has the difficulty %g, want a percentage", c.name, b.Problems[i].ID, d)
			}
		}
	}
}

func ExampleDifficulty() {
	all, err := datasets.Difficulty([]datasets.Problem{{ID: "1", Difficulty: 68.75, HasDifficulty: true}})
	fmt.Println(all, err)
	_, err = datasets.Difficulty([]datasets.Problem{{ID: "1"}})
	fmt.Println(err)
	// Output:
	// [68.75] <nil>
	// difficulties: 1 of 1 problems have none (1): leave them out, or use a set whose rows have one, such as deepscaler_uniform_10k
}
