package advantage

import (
	"fmt"

	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Credited returns the tokens that carry the confidence's advantage: the span,
// or, in a rollout without a readable confidence, the last token alone, so that
// leaving the confidence out has a price.
func (r Rollout) Credited() verbal.Span {
	if r.HasConfidence {
		return r.Span
	}
	return verbal.Span{Start: max(r.Length-1, 0), End: r.Length}
}

// perToken gives the confidence's advantage to the span and the answer's to all
// other tokens of the response.
func perToken(answer, confidence float64, length int, span verbal.Span) []float64 {
	tokens := fill(length, answer)
	for t := span.Start; t < span.End; t++ {
		tokens[t] = confidence
	}
	return tokens
}

// fill returns n copies of value.
func fill(n int, value float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = value
	}
	return out
}

// uniform credits all tokens of rollout i with values[i].
func uniform(rollouts []Rollout, values []float64) []Advantage {
	out := make([]Advantage, len(rollouts))
	for i, r := range rollouts {
		out[i] = Advantage{Answer: values[i], Confidence: values[i], Tokens: fill(r.Length, values[i])}
	}
	return out
}

// split credits each rollout's confidence span with confidence[i] and its other
// tokens with answer[i].
func split(rollouts []Rollout, answer, confidence []float64) []Advantage {
	out := make([]Advantage, len(rollouts))
	for i, r := range rollouts {
		out[i] = Advantage{Answer: answer[i], Confidence: confidence[i], Tokens: perToken(answer[i], confidence[i], r.Length, r.Credited())}
	}
	return out
}

// varying credits token t of rollout i with tokens[i][t].
func varying(rollouts []Rollout, tokens [][]float64) []Advantage {
	out := make([]Advantage, len(rollouts))
	for i, r := range rollouts {
		span, inside, outside := r.Credited(), 0., 0.
		for t, v := range tokens[i] {
			if span.Start <= t && t < span.End {
				inside += v
			} else {
				outside += v
			}
		}
		out[i] = Advantage{Answer: outside / float64(max(r.Length-span.Len(), 1)), Confidence: inside / float64(max(span.Len(), 1)), Tokens: tokens[i]}
	}
	return out
}

// Pack lays token advantages out as a row-major [len(advantages), width] array
// in which row i holds its response tokens from column starts[i] (the length of
// the prompt, padding on the left included). Prompt and padding are 0.
func Pack(advantages []Advantage, starts []int, width int) ([]float32, error) {
	if len(starts) != len(advantages) {
		return nil, fmt.Errorf("pack advantages: %d rollouts but %d response starts", len(advantages), len(starts))
	}
	out := make([]float32, len(advantages)*max(width, 0))
	for i, a := range advantages {
		if starts[i] < 0 || starts[i]+len(a.Tokens) > width {
			return nil, fmt.Errorf("pack advantages: the %d response tokens of rollout %d do not fit at column %d of rows %d wide", len(a.Tokens), i, starts[i], width)
		}
		for t, value := range a.Tokens {
			out[i*width+starts[i]+t] = float32(value)
		}
	}
	return out, nil
}
