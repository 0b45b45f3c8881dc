package vllm

import (
	"encoding/json"
)

// reply is the body of an answer, of either endpoint.
type reply struct {
	Model          string   `json:"model"`
	Choices        []choice `json:"choices"`
	Usage          *usage   `json:"usage"`
	PromptTokenIDs []int32  `json:"prompt_token_ids"` // of conversations
}

// usage counts tokens.
type usage struct {
	Prompt   int `json:"prompt_tokens"`
	Response int `json:"completion_tokens"`
}

// choice is one response of an answer.
type choice struct {
	Text           *string         `json:"text"` // of a completion
	Message        *message        `json:"message"`
	LogProbs       *logProbs       `json:"logprobs"`
	FinishReason   string          `json:"finish_reason"`
	StopReason     json.RawMessage `json:"stop_reason"` // null, the stop string, or the id of the stop token
	TokenIDs       []int32         `json:"token_ids"`
	PromptTokenIDs []int32         `json:"prompt_token_ids"` // of completions
	PromptLogProbs []stepDict      `json:"prompt_logprobs"`  // of completions
}

// message is what the assistant says.
type message struct {
	Content   *string `json:"content"`
	Refusal   *string `json:"refusal"`
	Reasoning *string `json:"reasoning"`
}

// logProbs has the fields of both endpoints: content for conversations, the parallel lists for completions.
type logProbs struct {
	Content []namedStep `json:"content"`

	Tokens   []string             `json:"tokens"`
	LogProbs []*float64           `json:"token_logprobs"`
	Top      []map[string]float64 `json:"top_logprobs"`
}

// namedStep is one token of a conversation's answer, with the alternatives to it.
type namedStep struct {
	named
	Top []named `json:"top_logprobs"`
}

type named struct {
	Token   string  `json:"token"`
	LogProb float64 `json:"logprob"`
}

// stepDict is what prompt_logprobs holds for one token: log-probs by token id.
type stepDict map[string]struct {
	LogProb float64 `json:"logprob"`
}

// steps brings log-probs into one form.
func (l *logProbs) steps() []namedStep {
	if l == nil {
		return nil
	}
	if len(l.Content) > 0 || l.Tokens == nil {
		return l.Content
	}
	out := make([]namedStep, len(l.Tokens))
	for i, token := range l.Tokens {
		out[i].Token = token
		if i < len(l.LogProbs) && l.LogProbs[i] != nil {
			out[i].LogProb = *l.LogProbs[i]
		}
		if i < len(l.Top) {
			for name, lp := range l.Top[i] {
				out[i].Top = append(out[i].Top, named{name, lp})
			}
		}
	}
	return out
}
