package vllm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Sampler draws rollouts from the servers of a client, whose model is the one being trained.
type Sampler struct {
	Client *Client
	// Tokenizer of the model: texts and offsets are made by it, not by the servers. Required.
	Tokenizer tokenizer.Tokenizer
	// EOS lists the ids that end a response; nil takes the tokenizer's. The servers' own are not used.
	EOS []int32
	// VocabSize bounds the ids that the model can sample; 0 takes the tokenizer's size, which may be less.
	VocabSize int
	// Confirm, if set, is asked before and after the rollouts whether the servers hold the weights they should; see Syncer.Confirm. A
	// server that was restarted in between answers with others.
	Confirm func(context.Context) error
}

// Sample answers each prompt once, as backend.Model.Generate does: row i is drawn with the seed engine.RowSeed(s.Seed, i), so equal
// calls give equal responses as far as the servers keep their promise, which vLLM does not across different batches. s.MaxRows is
// not used: the client's Concurrency bounds what is under way.
//
// LogProbs of the responses are the servers': those of the model's own distribution, softmax(logits), whatever s.Temperature is (see the
// package's description). Unlike Generate's they must be compared with log-probs that the trainer computes at temperature 1.
//
// Every response is checked: its prompt is the one given, its ids lie in the vocabulary, each has a log-prob, and one that was
// not cut off ends in an end token or contains a stop string. The first request without a usable answer ends the call.
func (s *Sampler) Sample(ctx context.Context, prompts [][]int32, sampling backend.Sampling) ([]backend.Response, error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	if err := s.confirm(ctx); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	requests := make([]Request, len(prompts))
	for i, p := range prompts {
		requests[i] = s.request(p, sampling)
		requests[i].Seed = engine.RowSeed(sampling.Seed, i)
	}
	finished := func(n int) {
		if sampling.Done != nil {
			sampling.Done(n, len(prompts))
		}
	}
	answers, err := s.Client.all(ctx, requests, finished)
	if err == nil {
		err = s.confirm(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	out := make([]backend.Response, len(answers))
	for i := range answers {
		if out[i], err = s.response(prompts[i], &answers[i], sampling.Stop); err != nil {
			return nil, fmt.Errorf("sample: row %d of %d, from %s: %w", i+1, len(answers), answers[i].Endpoint, err)
		}
	}
	return out, nil
}

func (s *Sampler) validate() error {
	switch {
	case s.Client == nil || s.Tokenizer == nil:
		return errors.New("the sampler has no client or no tokenizer")
	case s.Client.opt.Portable:
		return errors.New("the client is a portable one, whose answers have no token ids")
	case len(s.eos()) == 0:
		return errors.New("neither the tokenizer nor the sampler's EOS names an end token")
	}
	return nil
}

func (s *Sampler) confirm(ctx context.Context) error {
	if s.Confirm == nil {
		return nil
	}
	return s.Confirm(ctx)
}

// request says what backend.Sampling says, in this package's words.
func (s *Sampler) request(prompt []int32, from backend.Sampling) Request {
	temperature := from.Temperature
	switch {
	case from.Greedy:
		temperature = 0
	case temperature == 0:
		temperature = 1
	}
	return Request{Prompt: prompt, StopText: from.Stop, Sampling: engine.Sampling{
		Temperature: temperature, TopK: from.TopK, TopP: from.TopP, MinP: from.MinP, PresencePenalty: from.PresencePenalty,
		FrequencyPenalty: from.FrequencyPenalty, RepetitionPenalty: from.RepetitionPenalty, MaxNewTokens: from.MaxNewTokens, Stop: s.eos()}}
}

func (s *Sampler) eos() []int32 {
	if s.EOS == nil {
		return s.Tokenizer.EOS()
	}
	return s.EOS
}

// response turns an answer into a rollout.
func (s *Sampler) response(prompt []int32, a *Answer, stops []string) (backend.Response, error) {
	vocab := s.VocabSize
	if vocab == 0 {
		vocab = s.Tokenizer.VocabSize()
	}
	if at := slices.IndexFunc(a.Tokens, func(id int32) bool { return id < 0 || int(id) >= vocab }); at >= 0 {
		return backend.Response{}, fmt.Errorf("token %d is %d, the vocabulary has %d: the server serves another model", at, a.Tokens[at], vocab)
	}
	out := backend.Response{Prompt: prompt, Tokens: a.Tokens, LogProbs: a.LogProbs, Truncated: a.Finish == "length"}
	out.Text, out.Ends = s.Tokenizer.DecodeOffsets(a.Tokens)
	stopped := false
	for _, stop := range stops {
		if at := strings.Index(out.Text, stop); at >= 0 {
			out.Text, stopped = out.Text[:at], true
		}
	}
	for t, end := range out.Ends {
		out.Ends[t] = min(end, len(out.Text))
	}
	if !out.Truncated && !stopped && !slices.Contains(s.eos(), a.Tokens[len(a.Tokens)-1]) {
		return out, fmt.Errorf("response ended (%q) with token %d, which is none of the end tokens %v, and holds no stop string",
			a.Finish, a.Tokens[len(a.Tokens)-1], s.eos())
	}
	return out, nil
}
