package calibration

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// Folds deals answers to k folds by problem, so that what is fitted on the other folds has seen no answer to the same problem:
// problems[i] is answer i's ("" is one of its own), and the result its fold, 0 to k−1. Problems are shuffled by the seed; each goes to the fold
// that has the fewest answers so far. Where there are fewer problems than k there are as many folds as problems. It fails
// with fewer than two problems, or k below 2.
func Folds(problems []string, k int, seed uint64) ([]int, error) {
	answers := map[string]int{}
	names := make([]string, len(problems))
	for i, name := range problems {
		names[i] = "p" + name
		if name == "" {
			names[i] = fmt.Sprint("answer ", i)
		}
		answers[names[i]]++
	}
	if k < 2 || len(answers) < 2 {
		return nil, fmt.Errorf("cross-fit %d answers to %d problems in %d folds: expected at least two of each", len(problems), len(answers), k)
	}
	k = min(k, len(answers))
	order := slices.Compact(slices.Sorted(slices.Values(names)))
	rng := rand.New(rand.NewPCG(seed, 0xf01d5))
	rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	of, size := map[string]int{}, make([]int, k)
	for _, name := range order {
		least := slices.Index(size, slices.Min(size))
		of[name] = least
		size[least] += answers[name]
	}
	folds := make([]int, len(problems))
	for i, name := range names {
		folds[i] = of[name]
	}
	return folds, nil
}
