package engine

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dcpo-go/godcpo/backend/decoder"
)

// Request asks for one response.
type Request struct {
	// Prompt token ids; at least one. Requests with equal prompts share one prefill.
	Prompt []int32
	Sampling
	// Ends, if set, is asked after each sampled token whether the response ends there, with all tokens so far (stop strings are
	// found this way). It runs on the engine's goroutine and must be quick.
	Ends func(tokens []int32) bool
	// OnTokens, if set, is told of new tokens as soon as the host sees them: g holds the response so far, its first `from` tokens
	// were told before. It runs on the engine's goroutine and must neither block nor keep g's slices.
	OnTokens func(g *Generation, from int)
}

// Sampling says how the tokens of a response are drawn. The zero value decodes greedily, without penalties, up to
// DefaultMaxNewTokens.
type Sampling struct {
	// Seed of this row's randomness. Equal prompt, sampling and weights give equal tokens whatever else is in the batch.
	Seed uint64
	// Temperature divides the logits; 0 decodes greedily.
	Temperature float64
	// TopK keeps the k likeliest tokens; 0 keeps all.
	TopK int
	// TopP keeps the smallest set of likeliest tokens with at least this mass; 0 and 1 keep all.
	TopP float64
	// MinP drops tokens less likely than this share of the likeliest; 0 keeps all.
	MinP float64
	// PresencePenalty is subtracted from the logit of each token that the response already holds.
	PresencePenalty float64
	// FrequencyPenalty is subtracted once for each time the response already holds the token.
	FrequencyPenalty float64
	// RepetitionPenalty divides positive and multiplies negative logits of tokens in the prompt or the response; 0 and 1 do nothing.
	RepetitionPenalty float64
	// LogitBias is added to the logits of single tokens.
	LogitBias map[int32]float64
	// MaxNewTokens bounds the response; 0 takes DefaultMaxNewTokens, or what the model's positions leave.
	MaxNewTokens int
	// MinNewTokens keeps Stop tokens from being sampled before so many tokens.
	MinNewTokens int
	// Stop lists ids that end the response, usually the tokenizer's end-of-sequence ids.
	Stop []int32
	// TopLogProbs asks for that many likeliest tokens at each step, at most MaxTopLogProbs.
	TopLogProbs int
	// RawLogProbs reports log-probs under softmax(logits) instead of softmax(logits/Temperature). Neither is truncated or penalised.
	RawLogProbs bool
}

const (
	// DefaultMaxNewTokens bounds a response that asks for no bound.
	DefaultMaxNewTokens = 256
	// MaxTopLogProbs is the largest number of alternatives a request may ask for at each step.
	MaxTopLogProbs = 20
)

// Finish tells why a response ended.
type Finish string

const (
	Stop    Finish = "stop"   // a stop token was sampled, which is the response's last token, or Ends said so
	Length  Finish = "length" // MaxNewTokens were sampled, or the model's positions are used up
	Aborted Finish = "abort"  // its context ended
)

// Alternative is one of the likeliest tokens at a step.
type Alternative struct {
	ID      int32
	LogProb float32
}

// Generation is one response.
type Generation struct {
	// Tokens are the sampled ids, with the stop token if there was one.
	Tokens []int32
	// LogProbs[t] is the log-prob, in nats, of Tokens[t] under softmax(logits/Temperature) over the whole vocabulary (under
	// softmax(logits) when greedy, or with RawLogProbs).
	LogProbs []float32
	// Top[t] lists the likeliest tokens at step t, best first; empty unless TopLogProbs asked for them.
	Top    [][]Alternative
	Finish Finish
}

// Validate reports every fault of a request for a model of the given configuration.
func (r *Request) Validate(cfg decoder.Config) error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	if len(r.Prompt) == 0 {
		fault("the prompt is empty")
	}
	outside := func(id int32) bool { return id < 0 || int(id) >= cfg.VocabSize }
	if at := slices.IndexFunc(r.Prompt, outside); at >= 0 {
		fault("prompt token %d is %d, the vocabulary has %d", at, r.Prompt[at], cfg.VocabSize)
	}
	for id := range r.LogitBias {
		if outside(id) {
			fault("logit bias names token %d, the vocabulary has %d", id, cfg.VocabSize)
		}
	}
	within := func(name string, x, low, high float64) {
		if !(x >= low && x <= high) {
			fault("%s is %g, want %g to %g", name, x, low, high)
		}
	}
	within("temperature", r.Temperature, 0, 1e3)
	within("top-p", r.TopP, 0, 1)
	within("min-p", r.MinP, 0, 1)
	within("presence penalty", r.PresencePenalty, -1e3, 1e3)
	within("frequency penalty", r.FrequencyPenalty, -1e3, 1e3)
	within("repetition penalty", r.RepetitionPenalty, 0, 1e3)
	within("top-k", float64(r.TopK), 0, 1<<30)
	within("number of alternatives", float64(r.TopLogProbs), 0, MaxTopLogProbs)
	within("maximum of new tokens", float64(r.MaxNewTokens), 0, 1<<30)
	within("minimum of new tokens", float64(r.MinNewTokens), 0, 1<<30)
	if cfg.MaxPositions > 0 && len(r.Prompt) >= cfg.MaxPositions {
		fault("the prompt has %d tokens, the model has %d positions: shorten the prompt", len(r.Prompt), cfg.MaxPositions)
	} else if all := len(r.Prompt) + r.MaxNewTokens; cfg.MaxPositions > 0 && all > cfg.MaxPositions {
		fault("%d positions may be needed (%d prompt + %d new), the model has %d: shorten the prompt or lower the maximum of new tokens",
			all, len(r.Prompt), r.MaxNewTokens, cfg.MaxPositions)
	}
	return errors.Join(faults...)
}
