package explore

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// place is where a confidence is stated: after a prompt, the reasoning and the marker.
type place struct {
	prompt    []int32
	reasoning []int32 // ids before the confidence part
	marker    []int32 // ids of the confidence part before the token that begins the number
	lead      string  // bytes of that token before the number
	elicited  string
}

func (p place) prefix() []int32 { return slices.Concat(p.prompt, p.reasoning, p.marker) }

// piece is a token that can help to write a number.
type piece struct {
	id   int32
	text string
}

// pieces are the vocabulary's tokens that can stand in lead and a number after it.
func pieces(tok tokenizer.Tokenizer, vocab int, lead string, decimals int) []piece {
	var out []piece
	for id := range int32(min(tok.VocabSize(), vocab)) {
		if text := tok.Token(id); helps(text, lead, decimals) {
			if _, special := spell(tok, id); !special {
				out = append(out, piece{id, text})
			}
		}
	}
	return out
}

// helps tells whether a token can stand somewhere in lead and a number after it. Tokens of more digits than the decimals looked at could
// only overshoot.
func helps(text, lead string, decimals int) bool {
	if text == "" || len(text) > len(lead)+decimals+2 {
		return false
	}
	for from := range len(lead) + 1 {
		rest := lead[from:]
		if strings.HasPrefix(rest, text) {
			return true
		}
		if after, found := strings.CutPrefix(text, rest); found {
			whole, fraction, _ := strings.Cut(after, ".")
			if digits(whole) && digits(fraction) && len(whole) <= decimals && len(fraction) <= decimals {
				return true
			}
		}
	}
	return false
}

// branch is a beginning of a number, as the tokens after the prefix that write it.
type branch struct {
	ids   []int32
	text  string
	kind  kind
	value int
	p     float64 // of its tokens, given the prefix
}

// follow is the least probability of a beginning that is looked into further.
const follow = 1e-7

// probability gives the log-prob of the last token of each sequence; all have the same length.
type probability func(ctx context.Context, sequences [][]int32) ([]float64, error)

// enumerate finds the distribution after a prefix. Beginnings of numbers are followed token by token: what remains of a beginning's
// probability, once its continuations are taken off, is that of the number it already is, or of no number.
func enumerate(ctx context.Context, p place, all []piece, decimals int, score probability) (*Distribution, error) {
	units := 1
	for range decimals {
		units *= 10
	}
	d := &Distribution{Decimals: decimals, Shares: make([]float64, units+1), Elicited: p.elicited}
	level := []branch{{p: 1, kind: begun}}
	for len(level) > 0 {
		next, parents := continuations(level, all, p.lead, decimals)
		if err := measure(ctx, p.prefix(), next, parents, level, score); err != nil {
			return nil, err
		}
		d.Passes += len(next)
		rest := make([]float64, len(level))
		for i := range level {
			rest[i] = level[i].p
		}
		for i := range next {
			rest[parents[i]] -= next[i].p
		}
		for i := range level {
			// float32 log-probs may sum to a little more than 1.
			d.count(level[i], math.Max(0, rest[i]))
		}
		level = level[:0]
		for _, b := range next {
			switch {
			case b.kind == outside || b.kind == full:
				d.count(b, b.p)
			case b.p < follow:
				d.count(b, b.p)
				d.Unfollowed += b.p
			default:
				level = append(level, b)
			}
		}
	}
	if err := d.normalise(); err != nil {
		return nil, err
	}
	return d, nil
}

// continuations are the branches one token longer, each with the index of the one it continues.
func continuations(level []branch, all []piece, lead string, decimals int) (next []branch, parents []int) {
	for i, b := range level {
		for _, p := range all {
			text := b.text + p.text
			what, value := writing(text, lead, decimals)
			if what == foreign {
				continue
			}
			ids := append(slices.Clone(b.ids), p.id)
			next, parents = append(next, branch{ids: ids, text: text, kind: what, value: value}), append(parents, i)
		}
	}
	return next, parents
}

// measure fills in the probabilities of the branches.
func measure(ctx context.Context, prefix []int32, next []branch, parents []int, level []branch, score probability) error {
	if len(next) == 0 {
		return nil
	}
	sequences := make([][]int32, len(next))
	for i, b := range next {
		sequences[i] = slices.Concat(prefix, b.ids)
	}
	logProbs, err := score(ctx, sequences)
	if err != nil {
		return err
	}
	for i, l := range logProbs {
		if math.IsNaN(l) || l > 1e-3 {
			return fmt.Errorf("the log-prob of %q is %v: the weights hold values that are no numbers, or overflow", next[i].text, l)
		}
		next[i].p = level[parents[i]].p * math.Min(1, math.Exp(l))
	}
	return nil
}

// count books a probability where a branch's text says.
func (d *Distribution) count(b branch, p float64) {
	switch b.kind {
	case number, full:
		d.Shares[b.value] += p
		d.Stated += p
	case outside:
		d.Outside += p
	default:
		d.Other += p
	}
}

// normalise makes the probabilities of the numbers shares of all that are stated. It fails where those of all that was counted are not 1.
func (d *Distribution) normalise() error {
	all := d.Stated + d.Outside + d.Other
	if math.Abs(all-1) > 1e-3 {
		return fmt.Errorf("the probabilities of what may stand in place of the confidence sum to %v, want 1", all)
	}
	if d.Stated > 0 {
		for i := range d.Shares {
			d.Shares[i] /= d.Stated
		}
	}
	d.Stated, d.Outside, d.Other = d.Stated/all, d.Outside/all, d.Other/all
	return nil
}
