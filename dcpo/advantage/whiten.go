package advantage

import "math"

// whitenEpsilon is added to the variance; the reference's.
const whitenEpsilon = 1e-8

// whiten centres the values on their mean over all tokens of the batch and
// divides by √(unbiased variance + 1e-8), in place. tokens[i] belongs to rollout
// i, so a long response has more weight in both moments than a short one.
//
// Values that are all equal become exactly 0, a single one too.
func whiten(tokens [][]float64) {
	mean, std, equal := tokenMoments(tokens)
	for _, row := range tokens {
		for t, v := range row {
			if row[t] = 0; !equal {
				row[t] = (v - mean) / std
			}
		}
	}
}

// tokenMoments returns the mean of all values, √(unbiased variance + 1e-8), and
// whether they are all equal, in which case the other two mean nothing.
func tokenMoments(tokens [][]float64) (mean, std float64, equal bool) {
	var n, first, squares float64
	equal = true
	for _, row := range tokens {
		for _, v := range row {
			if n == 0 {
				first = v
			}
			n, mean, equal = n+1, mean+v, equal && v == first
		}
	}
	mean /= n
	for _, row := range tokens {
		for _, v := range row {
			squares += (v - mean) * (v - mean)
		}
	}
	return mean, math.Sqrt(squares/(n-1) + whitenEpsilon), equal
}

// whitened spreads one value a rollout over its tokens and whitens them.
func whitened(rollouts []Rollout, values []float64) []Advantage {
	out := uniform(rollouts, values)
	tokens := make([][]float64, len(rollouts))
	for i := range out {
		tokens[i] = out[i].Tokens
	}
	whiten(tokens)
	for i := range out {
		out[i].Answer, out[i].Confidence = 0, 0
		if len(tokens[i]) > 0 {
			out[i].Answer, out[i].Confidence = tokens[i][0], tokens[i][0]
		}
	}
	return out
}
