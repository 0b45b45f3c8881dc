package backend

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Sampling says how responses are drawn. The zero value of each field takes its documented default.
type Sampling struct {
	// Temperature divides the logits. Default 1. Greedy decoding is asked for by Greedy.
	Temperature float64
	Greedy      bool
	// TopK, TopP and MinP truncate the distribution; 0 does not. See engine.Sampling for these and the penalties.
	TopK                                                 int
	TopP, MinP                                           float64
	PresencePenalty, FrequencyPenalty, RepetitionPenalty float64
	// MaxNewTokens bounds a response. Default 256.
	MaxNewTokens int
	// Stop lists strings that end a response, which is cut off before them. The tokenizer's end tokens always end one.
	Stop []string
	// Seed of the call; row i samples with a seed derived from it and i.
	Seed uint64
	// MaxRows is how many responses are decoded at once. Default 256.
	MaxRows int
	// Done, if set, is told as responses become ready how many of all there are.
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
	if len(s.Stop) > 0 && m.Tokenizer == nil {
		return nil, errors.New("generate: stop strings need a tokenizer, the model has none")
	}
	requests := make([]engine.Request, len(prompts))
	for i, p := range prompts {
		requests[i] = engine.Request{Prompt: p, Sampling: s.request(m.EOS())}
		requests[i].Seed = engine.RowSeed(s.Seed, i)
		if len(s.Stop) > 0 {
			requests[i].Ends = m.stopsAt(s.Stop)
		}
	}
	got, err := m.shared.engine.Generate(ctx, m.policy(), requests, engine.Options{Slots: s.MaxRows, Done: s.Done})
	if err != nil {
		return nil, err
	}
	out := make([]Response, len(got))
	for i, g := range got {
		out[i] = Response{Prompt: prompts[i], Tokens: g.Tokens, LogProbs: g.LogProbs, Truncated: g.Finish == engine.Length}
		if m.Tokenizer == nil {
			continue
		}
		out[i].Text, out[i].Ends = m.Tokenizer.DecodeOffsets(g.Tokens)
		for _, stop := range s.Stop {
			if at := strings.Index(out[i].Text, stop); at >= 0 {
				out[i].Text = out[i].Text[:at]
			}
		}
		for t, end := range out[i].Ends {
			out[i].Ends[t] = min(end, len(out[i].Text))
		}
	}
	return out, nil
}

// request translates the sampling of a call into that of each row.
func (s Sampling) request(stop []int32) engine.Sampling {
	temperature := s.Temperature
	switch {
	case s.Greedy:
		temperature = 0
	case temperature == 0:
		temperature = 1
	}
	return engine.Sampling{Temperature: temperature, TopK: s.TopK, TopP: s.TopP, MinP: s.MinP, PresencePenalty: s.PresencePenalty,
		FrequencyPenalty: s.FrequencyPenalty, RepetitionPenalty: s.RepetitionPenalty, MaxNewTokens: s.MaxNewTokens, Stop: stop}
}

// stopsAt returns a row's test for stop strings; it remembers what it has read.
func (m *Model) stopsAt(stops []string) func(tokens []int32) bool {
	stream, read := tokenizer.NewStream(m.Tokenizer, tokenizer.StreamOptions{Stop: stops}), 0
	return func(tokens []int32) bool {
		stream.Push(tokens[read:]...)
		read = len(tokens)
		_, stopped := stream.Stopped()
		return stopped
	}
}

// Start runs a loop that answers requests as they come, until it is closed. The model must not be trained meanwhile.
func (m *Model) Start(opt engine.Options) (*engine.Loop, error) {
	if m.weights == nil {
		return nil, errors.New("start generation: the model was released")
	}
	return m.shared.engine.Start(m.policy(), opt)
}
