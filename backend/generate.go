package backend

import (
	"context"
	"errors"
	"fmt"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Sampling says how responses are drawn. The zero value of each field takes its documented default.
type Sampling struct {
	// Temperature divides the logits. Default 1. Greedy decoding is asked for by Greedy.
	Temperature float64
	Greedy      bool
	// MaxNewTokens bounds a response. Default 256.
	MaxNewTokens int
	// Seed of the call; row i samples with a seed derived from it and i.
	Seed uint64
	// MaxRows is how many responses are decoded at once. Default 256.
	MaxRows int
	// Done, if set, is told after each batch how many of all responses are ready.
	Done func(finished, all int)
}

// Response is one generated response.
type Response struct {
	Prompt []int32 // ids of the prompt
	Tokens []int32 // sampled ids, with the end token if there was one
	// LogProbs of the sampled tokens at the sampling temperature, in nats. [len(Tokens)]
	LogProbs []float32
	// Text is the bytes of the sampled tokens without special tokens; not always valid UTF-8 when cut off.
	Text string
	// Ends[i] is the byte offset in Text where token i ends.
	Ends []int
	// Truncated is true when MaxNewTokens ended the response.
	Truncated bool
}

// Prompt returns the ids that ask the model to answer a user's message: the chat template with thinking off and the
// assistant's turn opened, or the plain text for a model without a template.
func (m *Model) Prompt(user string) ([]int32, error) {
	if m.Template == nil {
		return m.Tokenizer.Encode(user), nil
	}
	thinking := false
	text, err := m.Template.Render([]tokenizer.Message{{Role: "user", Content: user}},
		tokenizer.RenderOptions{AddGenerationPrompt: true, EnableThinking: &thinking})
	if err != nil {
		return nil, fmt.Errorf("prompt: %w", err)
	}
	return m.Tokenizer.Encode(text), nil
}

// Generate answers each prompt (token ids, see Prompt) with one response.
func (m *Model) Generate(ctx context.Context, prompts [][]int32, s Sampling) ([]Response, error) {
	if m.weights == nil {
		return nil, errors.New("generate: the model was released")
	}
	temperature := s.Temperature
	switch {
	case s.Greedy:
		temperature = 0
	case temperature == 0:
		temperature = 1
	}
	requests := make([]engine.Request, len(prompts))
	for i, p := range prompts {
		requests[i] = engine.Request{Prompt: p, Temperature: temperature, Seed: rowSeed(s.Seed, i)}
	}
	got, err := m.shared.engine.Generate(ctx, m.weights, requests, engine.Options{
		MaxNewTokens: s.MaxNewTokens, Stop: m.Tokenizer.EOS(), MaxRows: s.MaxRows, Done: s.Done})
	if err != nil {
		return nil, err
	}
	out := make([]Response, len(got))
	for i, g := range got {
		text, ends := m.Tokenizer.DecodeOffsets(g.Tokens)
		out[i] = Response{Prompt: prompts[i], Tokens: g.Tokens, LogProbs: g.LogProbs, Text: text, Ends: ends, Truncated: g.Finish == engine.Length}
	}
	return out, nil
}

// rowSeed derives a row's seed by SplitMix64.
func rowSeed(seed uint64, row int) uint64 {
	x := seed + 0x9e3779b97f4a7c15*uint64(row+1)
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
