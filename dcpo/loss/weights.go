package loss

import (
	"fmt"
)

// Aggregation says how per-token losses become one number. Its values are those of the setting loss.aggregation.
type Aggregation string

const (
	// TokenMean divides by the number of response tokens of the whole mini-batch. The default.
	TokenMean Aggregation = "token-mean"
	// SeqMeanTokenSum sums over the tokens of a response and averages over responses.
	SeqMeanTokenSum Aggregation = "seq-mean-token-sum"
	// SeqMeanTokenMean averages over the tokens of a response, then over responses.
	SeqMeanTokenMean Aggregation = "seq-mean-token-mean"
)

// Validate reports an unknown aggregation; the empty string stands for TokenMean.
func (a Aggregation) Validate() error {
	switch a {
	case "", TokenMean, SeqMeanTokenSum, SeqMeanTokenMean:
		return nil
	}
	return fmt.Errorf("loss: unknown aggregation %q: want %s, %s or %s", a, TokenMean, SeqMeanTokenSum, SeqMeanTokenMean)
}

// Weights returns the share of one token of each response in the aggregate of a mini-batch: lengths[i] is the number of
// response tokens of row i, and the result's element i is what the TokenWeight field holds on each of them. A row of
// length 0 is padding.
func Weights(a Aggregation, lengths []int) ([]float64, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	rows, tokens := 0, 0
	for _, n := range lengths {
		if n > 0 {
			rows++
			tokens += n
		}
	}
	out := make([]float64, len(lengths))
	for i, n := range lengths {
		switch {
		case n <= 0:
		case a == SeqMeanTokenSum:
			out[i] = 1 / float64(rows)
		case a == SeqMeanTokenMean:
			out[i] = 1 / float64(rows) / float64(n)
		default:
			out[i] = 1 / float64(tokens)
		}
	}
	return out, nil
}
