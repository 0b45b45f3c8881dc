package vllm

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Request asks for one response, to a conversation or to token ids.
type Request struct {
	// Messages are put to the chat endpoint, which renders them by the model's template.
	Messages []tokenizer.Message
	// Prompt is put to the completion endpoint as it is; it and Messages exclude each other.
	Prompt []int32

	// Sampling is sent whole, defaults included. A Temperature of 0 is greedy. The Seed is always sent, so samples of one prompt need
	// different ones. Stop ids, if there are any, take the place of the model's own end tokens. RawLogProbs is not sent: the server
	// decides what its log-probs are (see the package's description).
	engine.Sampling

	// StopText lists strings that end the response; the text ends before them, the tokens do not.
	StopText []string
	// TopNames has alternatives told by their texts (Alternative.Name) instead of their ids. The sampled tokens keep their ids.
	TopNames bool
	// TemplateArgs are variables for the chat template, such as "enable_thinking": false. Servers ignore unknown ones in silence.
	TemplateArgs map[string]any
}

// The endpoints' paths.
const (
	chatPath       = "/v1/chat/completions"
	completionPath = "/v1/completions"
)

// path is where the request goes.
func (r *Request) path() string {
	if r.Prompt != nil {
		return completionPath
	}
	return chatPath
}

// validate reports what would be refused everywhere.
func (r *Request) validate() error {
	switch {
	case len(r.Messages) > 0 && r.Prompt != nil:
		return errors.New("request has both messages and a prompt: want one of them")
	case len(r.Messages) == 0 && len(r.Prompt) == 0:
		return errors.New("request has neither messages nor a prompt")
	case len(r.TemplateArgs) > 0 && r.Prompt != nil:
		return errors.New("request has a prompt of token ids, and arguments for a chat template, which it does not go through")
	case r.TopLogProbs < 0 || r.TopLogProbs > engine.MaxTopLogProbs:
		return fmt.Errorf("request asks for %d alternatives, want 0 to %d", r.TopLogProbs, engine.MaxTopLogProbs)
	}
	return nil
}

// encode is the request's body. Every sampling parameter stands in it, since the model's generation_config.json would fill in others.
func (r *Request) encode(model string, portable bool) ([]byte, error) {
	body := map[string]any{
		"model": model, "n": 1, "stream": false, "seed": seed(r.Seed), "max_tokens": r.maxTokens(), "temperature": r.Temperature,
		"top_p": orOne(r.TopP), "presence_penalty": r.PresencePenalty, "frequency_penalty": r.FrequencyPenalty,
	}
	if r.Prompt != nil {
		body["prompt"], body["logprobs"], body["echo"] = r.Prompt, r.TopLogProbs, false
	} else {
		body["messages"], body["logprobs"], body["top_logprobs"] = r.Messages, true, r.TopLogProbs
	}
	if len(r.StopText) > 0 {
		body["stop"] = r.StopText
	}
	if len(r.LogitBias) > 0 {
		bias := make(map[string]float64, len(r.LogitBias))
		for id, b := range r.LogitBias {
			bias[strconv.Itoa(int(id))] = b
		}
		body["logit_bias"] = bias
	}
	if !portable {
		r.addOwn(body)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("encode request: %w", err)
	}
	return text, nil
}

// addOwn adds the fields that vLLM knows and OpenAI does not.
func (r *Request) addOwn(body map[string]any) {
	body["top_k"], body["min_p"], body["repetition_penalty"] = r.TopK, r.MinP, orOne(r.RepetitionPenalty)
	body["min_tokens"], body["skip_special_tokens"] = r.MinNewTokens, true
	body["ignore_eos"] = len(r.Stop) > 0
	if len(r.Stop) > 0 {
		body["stop_token_ids"] = r.Stop
	}
	body["return_token_ids"], body["return_tokens_as_token_ids"] = true, !r.TopNames
	if r.Prompt == nil && len(r.TemplateArgs) > 0 {
		body["chat_template_kwargs"] = r.TemplateArgs
	}
}

func (r *Request) maxTokens() int {
	if r.MaxNewTokens == 0 {
		return engine.DefaultMaxNewTokens
	}
	return r.MaxNewTokens
}

// seed fits a seed into what servers take: a signed number, of which vLLM reads −1 as none.
func seed(s uint64) int64 { return int64(s & math.MaxInt64) }

// orOne is x, or 1 where 0 stands for it.
func orOne(x float64) float64 {
	if x == 0 {
		return 1
	}
	return x
}
