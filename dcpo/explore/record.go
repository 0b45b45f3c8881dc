package explore

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
)

// Record is an answer as a file holds it: a line of a run's samples.jsonl or evaluations/step-*.jsonl, or {"prompt", "response"}.
type Record struct {
	Line     int             `json:"-"` // in the file, from 1
	Step     *int            `json:"step"`
	Problem  string          `json:"problem"`
	Chosen   string          `json:"chosen"`
	Question string          `json:"question"`
	Response string          `json:"response"`
	Gold     string          `json:"gold"`
	Answer   string          `json:"answer"`
	Correct  *bool           `json:"correct"`
	Verdict  string          `json:"verdict"`
	Reason   string          `json:"reason"`
	Prompt   json.RawMessage `json:"prompt"` // a message as text, or token ids
	Tokens   []int32         `json:"tokens"`
	LogProbs []*float64      `json:"logprobs"` // of Tokens, in nats at the sampling temperature
	// Rewards are the weighted parts of the reward by name.
	Rewards             map[string]*float64 `json:"rewards"`
	AnswerAdvantage     *float64            `json:"answer_advantage"`
	ConfidenceAdvantage *float64            `json:"confidence_advantage"`
	Truncated           bool                `json:"truncated"`
}

// Read reads answers, one JSON object a line. The head of a saved evaluation is passed over. An error names the line.
func Read(r io.Reader) ([]Record, error) {
	var out []Record
	lines := bufio.NewReader(r)
	for number := 1; ; number++ {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read answers, line %d: %w", number, err)
		}
		if text := bytes.TrimSpace(line); len(text) > 0 {
			one, head, fault := parseRecord(text)
			if fault != nil {
				return nil, fmt.Errorf("read answers, line %d: %w", number, fault)
			}
			if one.Line = number; !head || number > 1 {
				out = append(out, one)
			}
		}
		if err != nil {
			return out, nil
		}
	}
}

func parseRecord(text []byte) (r Record, head bool, err error) {
	var fields map[string]json.RawMessage
	if err = json.Unmarshal(text, &fields); err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return r, false, err
	}
	if _, found := fields["response"]; !found {
		if _, head = fields["bins"]; head {
			return r, true, nil
		}
		return r, false, errors.New(`it has no field "response"`)
	}
	if r.LogProbs != nil && len(r.LogProbs) != len(r.Tokens) {
		return r, false, fmt.Errorf("%d log-probs of %d tokens", len(r.LogProbs), len(r.Tokens))
	}
	for i, l := range r.LogProbs {
		if l != nil && *l > 1e-3 {
			return r, false, fmt.Errorf("the log-prob of token %d is %v: expected 0 or less", i, *l)
		}
	}
	_, _, err = r.prompt()
	return r, false, err
}

// prompt is the message as text, or the ids.
func (r *Record) prompt() (message string, ids []int32, err error) {
	if len(r.Prompt) == 0 || string(r.Prompt) == "null" {
		return r.Question, nil, nil
	}
	if r.Prompt[0] == '"' {
		err = json.Unmarshal(r.Prompt, &message)
	} else if err = json.Unmarshal(r.Prompt, &ids); err == nil {
		message = r.Question
	}
	if err != nil {
		err = fmt.Errorf("prompt is neither text nor token ids: %w", err)
	}
	return message, ids, err
}

// View shows what the record holds. With a tokenizer (nil: none) its token ids become text; a record without token ids is two pieces, the
// reasoning and the confidence span.
func (r *Record) View(tok tokenizer.Tokenizer, opt Options) (*View, error) {
	if err := opt.Validate(); err != nil {
		return nil, fmt.Errorf("explore record: %w", err)
	}
	v := &View{Response: r.Response}
	var err error
	if v.Question, v.Prompt, err = r.prompt(); err != nil {
		return nil, fmt.Errorf("explore record: %w", err)
	}
	v.Stated = verbal.Parse(r.Response, opt.Policy)
	switch {
	case len(r.Tokens) == 0:
		v.pieces(opt.Span)
	case tok == nil:
		v.unnamed(r.Tokens)
	default:
		v.cut(tok, r.Tokens, r.Response, opt)
		if v.Response != r.Response {
			v.unnamed(r.Tokens)
			v.Response, v.Stated = r.Response, verbal.Parse(r.Response, opt.Policy)
			v.Notes = append(v.Notes, "The tokenizer at hand writes another text for the recorded tokens: it is another model's.")
		}
	}
	if r.LogProbs != nil {
		v.Model = "the record"
		for i, l := range r.LogProbs {
			if l != nil {
				v.Tokens[i].LogProb = *l
			}
		}
	}
	r.describe(v)
	return v, nil
}

// Score shows the record with what a model says of it: of its very tokens where they were recorded, otherwise of the response as the
// tokenizer cuts it. Recorded log-probs are replaced.
func (r *Record) Score(ctx context.Context, m *backend.Model, opt Options) (*View, error) {
	v, err := r.score(ctx, m, opt)
	if err != nil {
		return nil, fmt.Errorf("explore record: %w", err)
	}
	r.describe(v)
	return v, nil
}

func (r *Record) score(ctx context.Context, m *backend.Model, opt Options) (*View, error) {
	message, prompt, err := r.prompt()
	if err != nil {
		return nil, err
	}
	if len(r.Prompt) == 0 && prompt == nil {
		message = opt.Ask.Ask(message)
	}
	if len(prompt) == 0 || len(r.Tokens) == 0 {
		v, err := answerText(ctx, m, message, r.Response, opt)
		if err == nil && len(r.Prompt) == 0 && (opt.Ask == "" || opt.Ask == verbal.PromptNone) {
			v.Notes = append(v.Notes, "The record holds the question, not what was appended to it; it was put to the model as it stands.")
		}
		return v, err
	}
	v, err := answerTokens(ctx, m, prompt, r.Tokens, r.Response, opt)
	if err == nil && v.Response != r.Response {
		return nil, errors.New("the model's tokenizer writes another text for the recorded tokens: it is another model's answer")
	}
	return v, err
}

// pieces cuts the response where its confidence span starts.
func (v *View) pieces(mode verbal.SpanMode) {
	at := v.Stated.SpanStart(mode)
	for _, text := range []string{v.Response[:at], v.Response[at:]} {
		if text != "" {
			t := blank(-1)
			t.Text = text
			v.Tokens = append(v.Tokens, t)
		}
	}
	if v.Span = (verbal.Span{Start: len(v.Tokens), End: len(v.Tokens)}); at < len(v.Response) {
		v.Span.Start--
	}
	v.Notes = append(v.Notes, "The record holds no tokens: the answer is shown in the parts that were credited, each coloured as a whole.")
}

// unnamed makes tokens of ids whose text is not known.
func (v *View) unnamed(ids []int32) {
	v.Tokens, v.Span = nil, verbal.Span{}
	for _, id := range ids {
		v.Tokens = append(v.Tokens, blank(id))
	}
	v.Notes = append(v.Notes, "No tokenizer is at hand: tokens are shown by their ids, and the confidence span is not outlined.")
}
