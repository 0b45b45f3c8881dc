package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Scorer gives the log-probs of given tokens. A server without one refuses prompt_logprobs, and echo with logprobs.
type Scorer interface {
	// Score gives one entry for each id, the first of them zero, under softmax(logits). top asks for that many alternatives.
	Score(ctx context.Context, ids []int32, top int) ([]engine.Scored, error)
}

// step is one token with its log-prob and the alternatives, the token itself first.
type step struct {
	id      int32
	logProb float32
	options []engine.Alternative
}

// steps lists the tokens of a response, from the first on, with at most `most` alternatives each.
func steps(g *engine.Generation, most int) []step {
	out := make([]step, len(g.Tokens))
	for i, id := range g.Tokens {
		var top []engine.Alternative
		if i < len(g.Top) {
			top = g.Top[i]
		}
		out[i] = step{id, g.LogProbs[i], options(id, g.LogProbs[i], top, most)}
	}
	return out
}

// options lists a token and then the likeliest others, as vLLM orders them.
func options(id int32, logProb float32, top []engine.Alternative, most int) []engine.Alternative {
	out := []engine.Alternative{{ID: id, LogProb: logProb}}
	for _, a := range top {
		if a.ID != id {
			out = append(out, a)
		}
	}
	return out[:min(most, len(out))]
}

// chatLogProb is one token in a chat's logprobs.
type chatLogProb struct {
	Token   string `json:"token"`
	LogProb number `json:"logprob"`
	Bytes   []int  `json:"bytes"`
}

// chatStep is one position in a chat's logprobs.
type chatStep struct {
	chatLogProb
	Top []chatLogProb `json:"top_logprobs"`
}

// chatLogProbs is the field logprobs of a chat choice.
type chatLogProbs struct {
	Content []chatStep `json:"content"`
}

// number is a log-prob in JSON: the float32 exactly, and −9999 for −∞, as vLLM writes it.
type number float32

// MarshalJSON implements json.Marshaler.
func (n number) MarshalJSON() ([]byte, error) { return json.Marshal(max(float64(n), -9999)) }

// chatLogProbs gives the log-probs of tokens of a response; nil when there are none or they were not asked for.
func (t *transcript) chatLogProbs(g *engine.Generation) *chatLogProbs {
	if !t.asked.logprobs || len(g.Tokens) == 0 {
		return nil
	}
	out := &chatLogProbs{Content: []chatStep{}}
	for _, s := range steps(g, t.asked.top) {
		entry := chatStep{t.chatLogProb(s.id, s.logProb), []chatLogProb{}}
		for _, a := range s.options {
			entry.Top = append(entry.Top, t.chatLogProb(a.ID, a.LogProb))
		}
		out.Content = append(out.Content, entry)
	}
	return out
}

func (t *transcript) chatLogProb(id int32, logProb float32) chatLogProb {
	token := t.server.tok.Token(id)
	out := chatLogProb{t.name(id), number(logProb), make([]int, len(token))}
	for i := range len(token) {
		out.Bytes[i] = int(token[i])
	}
	return out
}

// name is how a token is called in log-probs.
func (t *transcript) name(id int32) string {
	if t.asked.tokensAsIDs {
		return fmt.Sprintf("token_id:%d", id)
	}
	return tokenizer.Spell(t.server.tok, id)
}

// textLogProbs is the field logprobs of a completion choice: parallel lists, null for a token without a log-prob.
type textLogProbs struct {
	Offsets  []int                 `json:"text_offset"` // in code points
	LogProbs []*number             `json:"token_logprobs"`
	Tokens   []string              `json:"tokens"`
	Top      []*dictionary[number] `json:"top_logprobs"`
}

// newTextLogProbs makes empty lists; nil when log-probs were not asked for.
func (t *transcript) newTextLogProbs() *textLogProbs {
	if !t.asked.logprobs {
		return nil
	}
	return &textLogProbs{[]int{}, []*number{}, []string{}, []*dictionary[number]{}}
}

// addText appends the tokens of a response. l nil does nothing.
func (t *transcript) addText(l *textLogProbs, g *engine.Generation) {
	if l == nil {
		return
	}
	for _, s := range steps(g, t.asked.top+1) {
		t.addStep(l, s)
	}
}

// addPrompt appends the tokens of a prompt, the first without a log-prob.
func (t *transcript) addPrompt(l *textLogProbs, ids []int32, scored []engine.Scored) {
	if l == nil {
		return
	}
	for i, id := range ids {
		t.addStep(l, step{id, scored[i].LogProb, options(id, scored[i].LogProb, scored[i].Top, t.asked.top+1)})
	}
	if len(ids) > 0 {
		l.LogProbs[0], l.Top[0] = nil, nil
	}
}

func (t *transcript) addStep(l *textLogProbs, s step) {
	logProb := number(s.logProb)
	top := &dictionary[number]{}
	for _, a := range s.options {
		top.add(t.name(a.ID), number(a.LogProb))
	}
	l.Offsets, l.LogProbs = append(l.Offsets, t.offset), append(l.LogProbs, &logProb)
	l.Tokens, l.Top = append(l.Tokens, t.name(s.id)), append(l.Top, top)
	t.offset += utf8.RuneCountInString(tokenizer.Spell(t.server.tok, s.id))
}

// promptLogProb is one token in prompt_logprobs.
type promptLogProb struct {
	LogProb number `json:"logprob"`
	Rank    *int   `json:"rank"`
	Decoded string `json:"decoded_token"`
}

// score asks the Scorer about a prompt if the request needs it.
func (s *Server) score(ctx context.Context, ids []int32, top int) ([]engine.Scored, error) {
	if s.opt.Scorer == nil {
		return nil, badField("prompt_logprobs", nil, "log-probs of the prompt are not available from this server.")
	}
	scored, err := s.opt.Scorer.Score(ctx, ids, top)
	if err == nil && len(scored) != len(ids) {
		err = fmt.Errorf("score prompt: %d log-probs for %d tokens", len(scored), len(ids))
	}
	return scored, err
}

// promptLogProbs is the field prompt_logprobs: null for the first token, then one dictionary by token id each.
func (s *Server) promptLogProbs(ids []int32, scored []engine.Scored, top int) []*dictionary[promptLogProb] {
	out := make([]*dictionary[promptLogProb], len(ids))
	for i := 1; i < len(ids); i++ {
		out[i] = &dictionary[promptLogProb]{}
		for _, a := range options(ids[i], scored[i].LogProb, scored[i].Top, top+1) {
			entry := promptLogProb{LogProb: number(a.LogProb), Decoded: tokenizer.Spell(s.tok, a.ID), Rank: rank(ids[i], a.ID, &scored[i])}
			out[i].add(strconv.Itoa(int(a.ID)), entry)
		}
	}
	return out
}

// rank is the place of an alternative among all tokens; nil where it is not known.
func rank(token, id int32, s *engine.Scored) *int {
	if id == token && s.Rank > 0 {
		return &s.Rank
	}
	for i, a := range s.Top {
		if a.ID == id {
			place := i + 1
			return &place
		}
	}
	return nil
}

// dictionary is a JSON object that keeps its order; of equal keys (tokens that read the same) the first counts.
type dictionary[V any] struct {
	keys   []string
	values map[string]V
}

func (d *dictionary[V]) add(key string, value V) {
	if d.values == nil {
		d.values = map[string]V{}
	}
	if _, ok := d.values[key]; !ok {
		d.keys = append(d.keys, key)
		d.values[key] = value
	}
}

// MarshalJSON implements json.Marshaler.
func (d *dictionary[V]) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, key := range d.keys {
		if i > 0 {
			out.WriteByte(',')
		}
		name, err := json.Marshal(key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(d.values[key])
		if err != nil {
			return nil, err
		}
		out.Write(name)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}
