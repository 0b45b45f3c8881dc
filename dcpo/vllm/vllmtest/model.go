package vllmtest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"net/http"
	"strings"
)

// request is what the made-up model looks at.
type request struct {
	Model          string
	Prompt         []int32
	Messages       []json.RawMessage
	MaxTokens      int `json:"max_tokens"`
	Seed           int64
	LogProbs       any  `json:"logprobs"`
	Top            int  `json:"top_logprobs"`
	PromptLogProbs *int `json:"prompt_logprobs"`
	IDs            bool `json:"return_token_ids"`
	AsIDs          bool `json:"return_tokens_as_token_ids"`
}

// LogProbs is how the made-up model with the given weights (as they were named to it when it loaded them; "" before) scores a prompt: one
// value for each id but the first.
func LogProbs(weights string, ids []int32) []float32 {
	out := make([]float32, len(ids)-1)
	for t := range out {
		out[t] = logProb(weights, ids[:t+1], ids[t+1])
	}
	return out
}

// logProb is a number in [−4, 0) that weights, context and token determine.
func logProb(weights string, context []int32, id int32) float32 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, weights, context, id) // never fails
	return -float32(h.Sum32()%1000+1) / 250
}

// Belief is the probability of True that the made-up model gives to a conversation of one message, of what it leaves to True and False.
func Belief(message string) float64 {
	h := fnv.New32a()
	_, _ = fmt.Fprint(h, message) // never fails
	return float64(h.Sum32()%1000+1) / 1001
}

// beliefs are the alternatives to a token of a conversation's answer, most of them spellings of True and False; all of 95 %.
func (q *request) beliefs(name string) []any {
	var last struct{ Content string }
	if q.Top < 5 || q.AsIDs || json.Unmarshal(q.Messages[len(q.Messages)-1], &last) != nil {
		return []any{}
	}
	yes, top := Belief(last.Content), []any{}
	for _, one := range []struct {
		text string
		mass float64
	}{{"True", 0.6 * yes}, {" true", 0.35 * yes}, {"False", 0.9 * (1 - yes)}, {" FALSE", 0.05 * (1 - yes)}, {name, 0.04}} {
		top = append(top, map[string]any{"token": one.text, "logprob": math.Log(one.mass)})
	}
	return top
}

// sample draws a response.
func (s *Server) sample(r *request) []int32 {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, r.Prompt, string(join(r.Messages)), r.Seed)
	x := h.Sum64()
	n := 1 + int(x%12)
	var out []int32
	for t := 0; t < min(n, r.MaxTokens); t++ {
		x = x*6364136223846793005 + 1442695040888963407
		id := int32(x >> 33 % uint64(s.opt.Vocab-8))
		out = append(out, id+8)
	}
	if len(out) < r.MaxTokens {
		out = append(out, s.opt.EOS)
	}
	return out
}

func join(messages []json.RawMessage) []byte {
	var out []byte
	for _, m := range messages {
		out = append(out, m...)
	}
	return out
}

// complete answers both completion endpoints.
func (s *Server) complete(w http.ResponseWriter, r *http.Request, fault Fault) {
	var q request
	body, err := read(r, &q)
	if err != nil {
		complain(w, http.StatusBadRequest, err.Error())
		return
	}
	s.note(r, body)
	if q.Model != s.opt.Model {
		complain(w, http.StatusNotFound, fmt.Sprintf("The model `%s` does not exist. Valid aliases: %s.", q.Model, s.opt.Model))
		return
	}
	s.mu.Lock()
	weights := s.weights
	s.mu.Unlock()
	send(w, http.StatusOK, s.answer(&q, weights, fault))
	if fault != WrongModel && fault != WrongCount && fault != WrongOrder {
		s.mu.Lock()
		s.answers[fmt.Sprintf("%v%s %d", q.Prompt, join(q.Messages), q.Seed)]++
		s.mu.Unlock()
	}
}

// answer is the body of an answer, with a fault in it if it is to have one.
func (s *Server) answer(q *request, weights string, fault Fault) map[string]any {
	chat := q.Messages != nil
	prompt := q.Prompt
	if chat {
		prompt = []int32{1, int32(len(join(q.Messages)) % s.opt.Vocab)}
	}
	tokens, finish := s.sample(q), "length"
	if tokens[len(tokens)-1] == s.opt.EOS {
		finish = "stop"
	}
	names, values := make([]string, len(tokens)), make([]float32, len(tokens))
	for t, id := range tokens {
		names[t] = fmt.Sprintf("t%d", id)
		if q.AsIDs {
			names[t] = fmt.Sprintf("token_id:%d", id)
		}
		values[t] = logProb(weights, prompt, id)
	}
	if fault == WrongCount {
		names, values = names[1:], values[1:]
	}
	text := fmt.Sprintf("%v (seed %d)", tokens, q.Seed) + strings.Repeat(".", s.opt.Bulk)
	echoed := prompt
	if fault == WrongOrder {
		echoed = append([]int32{7}, prompt...)
	}
	choice := map[string]any{"index": 0, "finish_reason": finish, "stop_reason": nil, "token_ids": nil, "prompt_token_ids": nil}
	out := map[string]any{"id": "cmpl-1", "model": s.opt.Model, "choices": []any{choice},
		"usage": map[string]any{"prompt_tokens": len(prompt), "completion_tokens": len(tokens), "total_tokens": len(prompt) + len(tokens)}}
	if fault == WrongModel {
		out["model"] = "another"
	}
	holder := choice // of what is told of the prompt
	if chat {
		holder = out
		choice["message"] = map[string]any{"role": "assistant", "content": text}
		var steps []any
		for t := range names {
			steps = append(steps, map[string]any{"token": names[t], "logprob": values[t], "top_logprobs": q.beliefs(names[t])})
		}
		choice["logprobs"] = map[string]any{"content": steps}
	} else {
		choice["text"] = text
		choice["logprobs"] = map[string]any{"tokens": names, "token_logprobs": values, "top_logprobs": nil}
	}
	if q.IDs {
		choice["token_ids"], holder["prompt_token_ids"] = tokens, echoed
	}
	if q.PromptLogProbs != nil {
		list := []any{nil}
		for t, lp := range LogProbs(weights, prompt) {
			list = append(list, map[string]any{fmt.Sprint(prompt[t+1]): map[string]any{"logprob": lp, "rank": 1}})
		}
		holder["prompt_logprobs"] = list
	}
	return out
}
