package verbal

import "sort"

// Span is a half-open range of response tokens, [Start, End).
type Span struct{ Start, End int }

// Len returns the number of tokens in the span.
func (s Span) Len() int { return s.End - s.Start }

// Empty reports whether the span holds no token.
func (s Span) Empty() bool { return s.End <= s.Start }

// TokenSpan turns the byte at which the confidence part starts into the span of
// tokens that carry it. ends[i] is the byte of the text where sampled token i
// ends, so ends never falls; special tokens have zero width. The ends are those
// of the sampled ids themselves (a tokenizer's DecodeOffsets): encoding the text
// again can cut it elsewhere.
//
// The span starts at the first token that reaches past start and runs to the
// last token. A token that straddles start, such as "\nCON" or a token with the
// last bytes of a multi-byte character and a C, is in the span, since it decides
// the first byte of the confidence part; a token that ends at start is not. A
// zero-width token at the end (the end-of-response token) is in the span. The
// span is empty, at len(ends), where no token reaches past start.
func TokenSpan(start int, ends []int) Span {
	first := sort.Search(len(ends), func(i int) bool { return ends[i] > start })
	return Span{Start: first, End: len(ends)}
}
