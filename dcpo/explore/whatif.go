package explore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
)

// ErrNotThere is what WhatIf fails with where an answer does not hold what an edit replaces.
var ErrNotThere = errors.New("the text before the confidence does not hold")

// Edit changes the text before the confidence part of an answer: the last Old becomes New, or all of it where Old is "".
type Edit struct{ Old, New string }

// Variant is what an edit did to the confidences.
type Variant struct {
	Edit        Edit
	Reasoning   string // the text before the confidence part after the edit, as its tokens say it
	Confidences *Distribution
}

// WhatIf returns the view with a variant for each edit: the same prompt, the edited reasoning, cut into tokens by the tokenizer, and the very
// tokens that lead to the confidence in the view. The view must be of a model's answer that states a confidence, or was asked for one by
// Options.Elicit; m may be another model with the same tokenizer.
func WhatIf(ctx context.Context, m *backend.Model, v *View, opt Options, edits ...Edit) (*View, error) {
	changed, err := whatIf(ctx, m, v, opt, edits)
	if err != nil {
		return nil, fmt.Errorf("explore what if: %w", err)
	}
	return changed, nil
}

func whatIf(ctx context.Context, m *backend.Model, v *View, opt Options, edits []Edit) (*View, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	switch {
	case len(v.place.prompt) == 0:
		return nil, errors.New("the view is of a record: score it with a model first")
	case !v.asked():
		return nil, errors.New("the answer states no confidence: Options.Elicit asks for one")
	}
	changed := *v
	changed.Variants = slices.Clone(v.Variants)
	for _, e := range edits {
		reasoning, err := e.apply(spellAll(m.Tokenizer, v.place.reasoning))
		if err != nil {
			return nil, err
		}
		p := v.place
		p.reasoning = m.Tokenizer.Encode(reasoning)
		if err := fits(m, p.prompt, slices.Concat(p.reasoning, p.marker)); err != nil {
			return nil, err
		}
		d, err := distribution(ctx, m, p, opt)
		if err != nil {
			return nil, err
		}
		d.Sampled, d.HasSampled = v.Stated.Confidence, v.Stated.HasConfidence
		changed.Variants = append(changed.Variants, Variant{e, spellAll(m.Tokenizer, p.reasoning), d})
	}
	return &changed, nil
}

// apply edits a text.
func (e Edit) apply(text string) (string, error) {
	if e.Old == "" {
		return e.New, nil
	}
	at := strings.LastIndex(text, e.Old)
	if at < 0 {
		return "", fmt.Errorf("%w %q", ErrNotThere, e.Old)
	}
	return text[:at] + e.New + text[at+len(e.Old):], nil
}

// Compare returns view a with b as its Against. They must be of the same tokens after the same prompt.
func Compare(a, b *View) (*View, error) {
	same := func(s, t Token) bool { return s.ID == t.ID && s.ID >= 0 }
	if !slices.Equal(a.Prompt, b.Prompt) || !slices.EqualFunc(a.Tokens, b.Tokens, same) {
		return nil, errors.New("compare answers: the two views are not of the same tokens after the same prompt")
	}
	both := *a
	both.Against = b
	return &both, nil
}
