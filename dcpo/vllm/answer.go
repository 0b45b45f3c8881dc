package vllm

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Answer is a response.
type Answer struct {
	// Text is what the server made of the tokens, without special tokens and the stop string.
	Text string
	// Reasoning is the part of the response that the server's reasoning parser, if it runs one, took out of Text.
	Reasoning string
	// Refusal is set by servers that decline to answer.
	Refusal string

	// Tokens are the sampled ids, with the end token, or the tokens of the stop string, that ended the response; nil with Options.Portable.
	Tokens []int32
	// Names are the tokens' texts as the server writes them, where it tells no ids; parts of characters are missing there.
	Names []string
	// LogProbs are those of the tokens under the model's own distribution, softmax(logits) over the whole vocabulary, in nats: not
	// the distribution that was sampled from, unless the temperature was 1 and nothing truncated or penalised it. Very unlikely
	// tokens have −9999. [number of tokens]
	LogProbs []float32
	// Top lists alternatives to each token, best first, the token itself often among them; empty unless TopLogProbs asked for them.
	Top [][]Alternative

	// Finish is why the response ended: "stop", "length", or another server's word, such as "content_filter".
	Finish string
	// Stopped is the stop string or the decimal id of the stop token that ended the response; "" for the model's own end token.
	Stopped string
	// Prompt holds the ids that the prompt became; nil with Options.Portable.
	Prompt []int32
	// PromptTokens and ResponseTokens are the server's counts.
	PromptTokens, ResponseTokens int

	// Endpoint answered, at the last of so many Attempts, Latency after it was asked.
	Endpoint string
	Attempts int
	Latency  time.Duration
}

// Alternative is one of the likeliest tokens at a step.
type Alternative struct {
	ID      int32  // −1 where the server tells only the text
	Name    string // its text as the server writes it, where it tells no id (Request.TopNames)
	LogProb float32
}

// decode reads the answer to a request. What does not fit the request is an error: half an answer must not pass for one.
func (r *Request) decode(body []byte, model string, portable bool) (Answer, error) {
	var got reply
	if err := json.Unmarshal(body, &got); err != nil {
		return Answer{}, fmt.Errorf("answer is not the JSON expected (%d bytes): %w", len(body), err)
	}
	if len(got.Choices) != 1 {
		return Answer{}, fmt.Errorf("answer has %d choices, want 1", len(got.Choices))
	}
	a, err := got.answer(0)
	if err == nil {
		err = r.check(&a)
	}
	if err == nil && !portable {
		err = r.checkOwn(&a, got.Model, model)
	}
	return a, err
}

// answer turns a choice into an answer.
func (got *reply) answer(i int) (Answer, error) {
	c := &got.Choices[i]
	a := Answer{Finish: c.FinishReason, Tokens: c.TokenIDs, Prompt: c.PromptTokenIDs}
	switch {
	case c.Text != nil:
		a.Text = *c.Text
	case c.Message != nil:
		a.Text, a.Refusal, a.Reasoning = deref(c.Message.Content), deref(c.Message.Refusal), deref(c.Message.Reasoning)
		a.Prompt = got.PromptTokenIDs
	default:
		return a, errors.New("answer has neither a message nor a text")
	}
	if reason := string(c.StopReason); reason != "null" && json.Unmarshal(c.StopReason, &a.Stopped) != nil {
		a.Stopped = reason
	}
	if got.Usage != nil {
		a.PromptTokens, a.ResponseTokens = got.Usage.Prompt, got.Usage.Response
	}
	return a, a.addLogProbs(c.LogProbs.steps())
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// addLogProbs takes over log-probs. Names that are ids are checked against the ids, or stand in for them.
func (a *Answer) addLogProbs(steps []namedStep) error {
	var ids []int32
	for t, s := range steps {
		if !(s.LogProb <= 1e-3) { // rounding may leave a little above 0
			return fmt.Errorf("token %d has log-prob %g", t, s.LogProb)
		}
		a.LogProbs = append(a.LogProbs, float32(s.LogProb))
		if id, ok := idOf(s.Token); ok {
			ids = append(ids, id)
		} else {
			a.Names = append(a.Names, s.Token)
		}
		if len(s.Top) > 0 {
			a.Top = append(a.Top, alternatives(s.Top))
		}
	}
	switch {
	case len(ids) > 0 && len(a.Names) > 0:
		return errors.New("answer names some of its tokens by id and some by text")
	case len(a.Top) > 0 && len(a.Top) != len(steps):
		return fmt.Errorf("answer has alternatives to %d of %d tokens", len(a.Top), len(steps))
	case len(ids) > 0 && a.Tokens == nil:
		a.Tokens = ids
	case len(ids) > 0 && !slices.Equal(ids, a.Tokens):
		return fmt.Errorf("answer has token ids %v, and log-probs of %v", brief(a.Tokens), brief(ids))
	}
	if a.Tokens != nil {
		a.Names = nil
	}
	return nil
}

// idOf reads a token's name that is an id.
func idOf(name string) (int32, bool) {
	digits, ok := strings.CutPrefix(name, "token_id:")
	if !ok {
		return 0, false
	}
	id, err := strconv.ParseInt(digits, 10, 32)
	return int32(id), err == nil
}

// alternatives orders alternatives, best first.
func alternatives(list []named) []Alternative {
	out := make([]Alternative, len(list))
	for i, n := range list {
		out[i] = Alternative{ID: -1, Name: n.Token, LogProb: float32(n.LogProb)}
		if id, ok := idOf(n.Token); ok {
			out[i].ID, out[i].Name = id, ""
		}
	}
	slices.SortFunc(out, func(a, b Alternative) int {
		return cmp.Or(cmp.Compare(b.LogProb, a.LogProb), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Name, b.Name))
	})
	return out
}

// check finds contradictions that no server's answer may hold.
func (r *Request) check(a *Answer) error {
	switch {
	case a.Finish == "":
		return errors.New("answer does not say why it ended")
	case a.Finish == "abort":
		return errors.New("the server broke the response off")
	case a.Tokens != nil && len(a.LogProbs) != len(a.Tokens):
		return fmt.Errorf("answer has %d log-probs of %d tokens", len(a.LogProbs), len(a.Tokens))
	case len(a.Tokens) > r.maxTokens():
		return fmt.Errorf("answer has %d tokens, at most %d were asked for", len(a.Tokens), r.maxTokens())
	}
	return nil
}

// checkOwn finds what an answer of vLLM lacks.
func (r *Request) checkOwn(a *Answer, by, model string) error {
	switch {
	case by != model:
		return fmt.Errorf("answer is of model %q, want %q (the first name that the server serves it by)", by, model)
	case len(a.Tokens) == 0:
		return errors.New("answer has no token ids: the server does not know return_token_ids (see Options.Portable), or sampled nothing")
	case a.ResponseTokens != len(a.Tokens):
		return fmt.Errorf("answer has %d token ids and counts %d", len(a.Tokens), a.ResponseTokens)
	case a.Prompt == nil:
		return errors.New("answer does not repeat the prompt's token ids: the server does not know return_token_ids (see Options.Portable)")
	case r.Prompt != nil && !slices.Equal(a.Prompt, r.Prompt):
		return fmt.Errorf("answer is to prompt %v, which is not the one asked: %v", brief(a.Prompt), brief(r.Prompt))
	}
	if at := slices.IndexFunc(a.Tokens, func(id int32) bool { return id < 0 }); at >= 0 {
		return fmt.Errorf("token %d is %d", at, a.Tokens[at])
	}
	return nil
}

// brief shortens a list of ids for an error.
func brief(ids []int32) string {
	const most = 12
	if len(ids) <= most {
		return fmt.Sprint(ids)
	}
	return fmt.Sprintf("%v… (%d)", ids[:most], len(ids))
}

// score reads the log-probs of a prompt's tokens from an answer. [len(prompt) − 1]: the first token has none.
func (got *reply) score(prompt []int32) ([]float32, error) {
	if len(got.Choices) != 1 || len(got.Choices[0].PromptLogProbs) != len(prompt) {
		return nil, fmt.Errorf("answer does not have log-probs of the prompt's %d tokens", len(prompt))
	}
	out := make([]float32, 0, len(prompt)-1)
	for t, dict := range got.Choices[0].PromptLogProbs[1:] {
		step, ok := dict[strconv.Itoa(int(prompt[t+1]))]
		if !ok || math.IsNaN(step.LogProb) {
			return nil, fmt.Errorf("answer lacks the log-prob of the prompt's token %d", t+1)
		}
		out = append(out, float32(step.LogProb))
	}
	return out, nil
}
