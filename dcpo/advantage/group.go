package advantage

import (
	"errors"
	"fmt"
	"math"
)

// Scaling says how centred rewards are scaled within their group. The zero
// value divides by the unbiased standard deviation plus 1e-6.
type Scaling struct {
	// NoStd leaves rewards centred and unscaled.
	NoStd bool
	// StdFloor is the least standard deviation to divide by, in reward units; 0
	// is no floor. Without one, rewards that hardly differ are scaled up to full
	// weight, noise and all. In ccgspg it is the least 1 − C.
	StdFloor float64
	// Epsilon is added to what is divided by; 0 stands for 1e-6.
	Epsilon float64
}

// defaultEpsilon is the reference's.
const defaultEpsilon = 1e-6

// Validate reports all faults of the scaling at once.
func (s Scaling) Validate() error {
	var faults []error
	if !(s.StdFloor >= 0) || math.IsInf(s.StdFloor, 0) {
		faults = append(faults, fmt.Errorf("std floor is %v: use a finite value, 0 for none", s.StdFloor))
	}
	if !(s.Epsilon >= 0) || math.IsInf(s.Epsilon, 0) {
		faults = append(faults, fmt.Errorf("epsilon is %v: use a small value above 0, or 0 for %v", s.Epsilon, defaultEpsilon))
	}
	return errors.Join(faults...)
}

// standardize centres each value on the mean of its group and divides by the
// group's unbiased (n−1) standard deviation plus epsilon; groups[i] is the id of
// value i, and both slices have one length.
//
// A group of one has mean 0 and standard deviation 1, as in the reference. A
// group whose values are all equal gets exactly 0, whatever the rounding of
// its mean.
func (s Scaling) standardize(values []float64, groups []string) []float64 {
	out := make([]float64, len(values))
	for _, indices := range members(groups) {
		mean, std, equal := moments(values, indices)
		if equal {
			continue
		}
		for _, i := range indices {
			out[i] = (values[i] - mean) / s.divisor(std)
		}
	}
	return out
}

// centre is standardize without the standard deviation.
func centre(values []float64, groups []string) []float64 {
	return Scaling{NoStd: true}.standardize(values, groups)
}

// members lists the indices that share a group's id, in ascending order.
func members(groups []string) map[string][]int {
	out := map[string][]int{}
	for i, g := range groups {
		out[g] = append(out[g], i)
	}
	return out
}

// zeroAlone sets the values of groups of one to 0: what has nothing to be
// compared with is neither good nor bad.
func zeroAlone(values []float64, groups []string) {
	for _, indices := range members(groups) {
		if len(indices) == 1 {
			values[indices[0]] = 0
		}
	}
}

func (s Scaling) divisor(std float64) float64 {
	if s.NoStd {
		return 1
	}
	epsilon := s.Epsilon
	if epsilon == 0 {
		epsilon = defaultEpsilon
	}
	return max(std, s.StdFloor) + epsilon
}

// moments returns the mean and unbiased standard deviation of the indexed
// values, and whether two or more of them are all equal. Two passes: the values
// may be as large as 10⁴ with differences that matter.
func moments(values []float64, indices []int) (mean, std float64, equal bool) {
	n := float64(len(indices))
	if n == 1 {
		return 0, 1, false
	}
	equal = true
	for _, i := range indices {
		mean += values[i]
		equal = equal && values[i] == values[indices[0]]
	}
	mean /= n
	for _, i := range indices {
		std += (values[i] - mean) * (values[i] - mean)
	}
	return mean, math.Sqrt(std / (n - 1)), equal
}
