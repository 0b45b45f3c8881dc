package loss

import (
	"fmt"
	"math"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Aggregation says how per-token losses become one number. Its values are those of the setting loss.aggregation.
type Aggregation string

const (
	// TokenMean divides by the number of response tokens of the whole mini-batch. The default.
	TokenMean Aggregation = "token-mean"
	// TokenSum adds up.
	TokenSum Aggregation = "token-sum"
	// SeqMeanTokenSum sums over the tokens of a response and averages over responses.
	SeqMeanTokenSum Aggregation = "seq-mean-token-sum"
	// SeqMeanTokenSumNorm is that divided by the longest response there may be, so that no response's tokens weigh more than another's.
	SeqMeanTokenSumNorm Aggregation = "seq-mean-token-sum-norm"
	// SeqMeanTokenMean averages over the tokens of a response, then over responses.
	SeqMeanTokenMean Aggregation = "seq-mean-token-mean"
)

// Validate reports an unknown aggregation; the empty string stands for TokenMean.
func (a Aggregation) Validate() error {
	switch a {
	case "", TokenMean, TokenSum, SeqMeanTokenSum, SeqMeanTokenSumNorm, SeqMeanTokenMean:
		return nil
	}
	return fmt.Errorf("loss: unknown aggregation %q: want %s, %s, %s, %s or %s", a, TokenMean, TokenSum, SeqMeanTokenSum, SeqMeanTokenSumNorm, SeqMeanTokenMean)
}

// Row is one response as its weights see it.
type Row struct {
	// Length is the number of response tokens; 0 is padding.
	Length int
	// Span holds the tokens of the stated confidence, within the response; it may be empty.
	Span verbal.Span
}

// SpanWeights says whether the tokens of stated confidences are aggregated by themselves. The zero value aggregates all tokens alike:
// ten confidence tokens among a thousand then have a hundredth of the loss.
type SpanWeights struct {
	// Confidence is the weight of the confidence tokens' aggregate beside that of all others, each over its own tokens and responses;
	// 0 aggregates them together.
	Confidence float64
}

// TokenWeights returns the share of each token in the aggregate of a mini-batch, [len(rows) × window] row-major: what the field
// TokenWeight holds. Responses start at column 0; there is 0 outside them.
func TokenWeights(a Aggregation, rows []Row, window int, spans SpanWeights) ([]float32, error) {
	if err := a.Validate(); err != nil {
		return nil, err
	}
	if c := spans.Confidence; !(c >= 0) || math.IsInf(c, 0) {
		return nil, fmt.Errorf("loss: the confidence tokens' weight is %g: want 0 or more, and finite", c)
	}
	out := make([]float32, len(rows)*window)
	for i, r := range rows {
		if r.Length < 0 || r.Length > window || !r.Span.Empty() && (r.Span.Start < 0 || r.Span.End > r.Length) {
			return nil, fmt.Errorf("loss: row %d has %d tokens with a confidence at [%d, %d), in a window of %d", i, r.Length, r.Span.Start, r.Span.End, window)
		}
	}
	if spans.Confidence == 0 {
		fillShares(out, a, rows, window, 1, func(Row, int) bool { return true })
		return out, nil
	}
	inSpan := func(r Row, t int) bool { return r.Span.Start <= t && t < r.Span.End }
	fillShares(out, a, rows, window, 1, func(r Row, t int) bool { return !inSpan(r, t) })
	fillShares(out, a, rows, window, spans.Confidence, inSpan)
	return out, nil
}

// fillShares writes the shares of the chosen tokens, which aggregate to the given total weight.
func fillShares(out []float32, a Aggregation, rows []Row, window int, total float64, chosen func(r Row, t int) bool) {
	counts, tokens, responses := make([]int, len(rows)), 0, 0
	for i, r := range rows {
		for t := range r.Length {
			if chosen(r, t) {
				counts[i]++
			}
		}
		tokens += counts[i]
		if counts[i] > 0 {
			responses++
		}
	}
	for i, r := range rows {
		share := total * a.share(tokens, responses, counts[i], window)
		for t := range r.Length {
			if chosen(r, t) {
				out[i*window+t] = float32(share)
			}
		}
	}
}

// share is that of one token, of a response with so many, among all tokens and responses.
func (a Aggregation) share(tokens, responses, own, window int) float64 {
	switch {
	case own == 0:
		return 0
	case a == TokenSum:
		return 1
	case a == SeqMeanTokenSum:
		return 1 / float64(responses)
	case a == SeqMeanTokenSumNorm:
		return 1 / float64(responses) / float64(window)
	case a == SeqMeanTokenMean:
		return 1 / float64(responses) / float64(own)
	}
	return 1 / float64(tokens)
}

// SequenceShares returns the field SequenceShare, [len(rows) × window].
func SequenceShares(rows []Row, window int) []float32 {
	out := make([]float32, len(rows)*window)
	for i, r := range rows {
		for t := range r.Length {
			out[i*window+t] = 1 / float32(r.Length)
		}
	}
	return out
}
