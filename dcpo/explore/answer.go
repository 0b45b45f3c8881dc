package explore

import (
	"context"
	"fmt"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Answer scores a response to a user's message, both as text, with a model. The message is put to the model as its chat template has it;
// the response is cut into tokens as the tokenizer does, which need not be how the model sampled it: AnswerTokens takes the ids.
func Answer(ctx context.Context, m *backend.Model, message, response string, opt Options) (*View, error) {
	v, err := answerText(ctx, m, message, response, opt)
	if err != nil {
		return nil, fmt.Errorf("explore answer: %w", err)
	}
	return v, nil
}

func answerText(ctx context.Context, m *backend.Model, message, response string, opt Options) (*View, error) {
	if err := fits(m, []int32{0}, nil); err != nil {
		return nil, err
	}
	prompt, err := m.Prompt(message)
	if err != nil {
		return nil, err
	}
	v, err := answerTokens(ctx, m, prompt, m.Tokenizer.Encode(response), "", opt)
	if err != nil {
		return nil, err
	}
	v.Question = message
	if v.Response != response {
		v.Notes = append(v.Notes, "The tokenizer cannot write the response exactly; what is shown is what its tokens say.")
	}
	return v, nil
}

// AnswerTokens scores the very tokens of a response to a prompt (see backend.Model.Prompt), such as those of a backend.Response.
func AnswerTokens(ctx context.Context, m *backend.Model, prompt, response []int32, opt Options) (*View, error) {
	v, err := answerTokens(ctx, m, prompt, response, "", opt)
	if err != nil {
		return nil, fmt.Errorf("explore answer: %w", err)
	}
	return v, nil
}

func answerTokens(ctx context.Context, m *backend.Model, prompt, response []int32, recorded string, opt Options) (*View, error) {
	if err := opt.Validate(); err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	if err := fits(m, prompt, response); err != nil {
		return nil, err
	}
	v := &View{Model: m.Name, Prompt: prompt, Question: spellAll(m.Tokenizer, prompt)}
	ends := v.cut(m.Tokenizer, response, recorded, opt)
	if err := v.scoreTokens(ctx, m, opt); err != nil {
		return nil, err
	}
	if err := v.locate(m.Tokenizer, response, ends, opt.Elicit); err != nil {
		return nil, err
	}
	if opt.NoDistribution || !v.asked() {
		return v, nil
	}
	var err error
	if v.Confidences, err = distribution(ctx, m, v.place, opt); err != nil {
		return nil, err
	}
	v.Confidences.Sampled, v.Confidences.HasSampled = v.Stated.Confidence, v.Stated.HasConfidence
	return v, nil
}

// locate finds where a confidence is stated, or would be if elicit were appended.
func (v *View) locate(tok tokenizer.Tokenizer, ids []int32, ends []int, elicit string) error {
	v.place = place{prompt: v.Prompt}
	if v.Stated.HasConfidence {
		reasoning, first := startsAt(ends, v.Stated.Start), startsAt(ends, v.Stated.NumberStart)
		v.place.reasoning, v.place.marker = ids[:reasoning], ids[reasoning:first]
		if first > 0 {
			v.place.lead = v.Response[ends[first-1]:v.Stated.NumberStart]
		} else {
			v.place.lead = v.Response[:v.Stated.NumberStart]
		}
		return nil
	}
	if elicit == "" {
		return nil
	}
	for len(ids) > 0 && v.Tokens[len(ids)-1].Special {
		ids = ids[:len(ids)-1]
	}
	marker, lead := tok.Encode(elicit), ""
	// A tokenizer may put a space into one token with the digit after it, so the number is looked for from the space on.
	if last := len(marker) - 1; last > 0 {
		if text := spellAll(tok, marker[last:]); strings.Trim(text, " ") == "" {
			marker, lead = marker[:last], text
		}
	}
	if written := spellAll(tok, marker) + lead; written != elicit {
		return fmt.Errorf("the tokenizer cannot write %q: it makes %q of it", elicit, written)
	}
	v.place.reasoning, v.place.marker, v.place.lead, v.place.elicited = ids, marker, lead, elicit
	return nil
}

// startsAt is the first token that reaches past a byte, as verbal.TokenSpan has it.
func startsAt(ends []int, at int) int {
	for i, end := range ends {
		if end > at {
			return i
		}
	}
	return len(ends)
}

// asked tells whether there is a place where a confidence is stated or elicited.
func (v *View) asked() bool { return v.Stated.HasConfidence || v.place.elicited != "" }

// distribution is that of the confidences in a place.
func distribution(ctx context.Context, m *backend.Model, p place, opt Options) (*Distribution, error) {
	// The longest numeral takes a token a byte.
	if err := roomFor(m, len(p.prefix())+len(p.lead)+opt.Decimals+2); err != nil {
		return nil, fmt.Errorf("confidences: %w", err)
	}
	all := pieces(m.Tokenizer, m.Config.VocabSize, p.lead, opt.Decimals)
	d, err := enumerate(ctx, p, all, opt.Decimals, lastTokens(m, opt.BatchTokens))
	if err != nil {
		return nil, fmt.Errorf("confidences: %w", err)
	}
	return d, nil
}

// spellAll writes tokens out, special ones too.
func spellAll(tok tokenizer.Tokenizer, ids []int32) string {
	var b strings.Builder
	for _, id := range ids {
		text, _ := spell(tok, id)
		b.WriteString(text)
	}
	return b.String()
}
