package datasets

import (
	"fmt"
	"strings"
)

// Difficulty lists the measured difficulty of each problem, in percent of failed
// attempts, for a curriculum that goes by it. It fails where one has none, and
// names those: of the registered sets, only the deepscaler ones are measured.
func Difficulty(problems []Problem) ([]float64, error) {
	all := make([]float64, len(problems))
	var lack []string
	for i, p := range problems {
		all[i] = p.Difficulty
		if !p.HasDifficulty {
			lack = append(lack, p.ID)
		}
	}
	if len(lack) == 0 {
		return all, nil
	}
	const few = 5
	more := ""
	if len(lack) > few {
		more = " and others"
	}
	return nil, fmt.Errorf("difficulties: %d of %d problems have none (%s%s): leave them out, or use a set whose rows have one, such as deepscaler_uniform_10k",
		len(lack), len(problems), strings.Join(lack[:min(few, len(lack))], ", "), more)
}
