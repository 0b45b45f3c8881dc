package main

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// samplingFields are the sampling parameters of a line, by vLLM's names.
type samplingFields struct {
	engine.Sampling
	n         int
	seed      *uint64
	stop      stringList
	stopIDs   []int32
	ignoreEOS bool
}

// clone copies what a line may change in place.
func (f samplingFields) clone() samplingFields {
	f.LogitBias = maps.Clone(f.LogitBias)
	return f
}

// targets are the fields of a line that hold the parameters.
func (f *samplingFields) targets() map[string]any {
	return map[string]any{
		"temperature": &f.Temperature, "top_p": &f.TopP, "top_k": &f.TopK, "min_p": &f.MinP, "presence_penalty": &f.PresencePenalty,
		"frequency_penalty": &f.FrequencyPenalty, "repetition_penalty": &f.RepetitionPenalty, "logit_bias": &f.LogitBias, "seed": &f.seed,
		"stop": &f.stop, "stop_token_ids": &f.stopIDs, "max_tokens": &f.MaxNewTokens, "min_tokens": &f.MinNewTokens,
		"ignore_eos": &f.ignoreEOS, "logprobs": &f.TopLogProbs, "n": &f.n,
	}
}

// sampling completes the parameters of one line.
func (f samplingFields) sampling(eos []int32, seed uint64, line int) (engine.Sampling, error) {
	s := f.Sampling
	switch {
	case f.n > 1:
		return s, fmt.Errorf(`field "n" is %d: a line gives one response; repeat it with other seeds for more`, f.n)
	case slices.Contains(f.stop, ""):
		return s, fmt.Errorf(`field "stop" holds an empty string`)
	}
	if s.TopK == -1 { // vLLM's other word for all
		s.TopK = 0
	}
	if s.RawLogProbs = true; f.seed != nil {
		s.Seed = *f.seed
	} else {
		s.Seed = rand.NewPCG(seed, uint64(line)).Uint64()
	}
	s.Stop = slices.Clone(f.stopIDs)
	if !f.ignoreEOS {
		s.Stop = append(s.Stop, eos...)
	}
	return s, nil
}

// stopStrings watches a response for strings that end it. It looks at each byte of the text a bounded number of times.
type stopStrings struct {
	tokenizer tokenizer.Tokenizer
	stops     []string
	from      int // tokens that must be there before a string counts

	seen  int    // tokens looked at
	text  []byte // of these tokens
	found bool
	at    int // where the string starts that was found
}

// reached tells whether the last of the tokens completes a stop string. Tokens must grow from call to call.
func (s *stopStrings) reached(tokens []int32) bool {
	if s.found {
		return true
	}
	old := len(s.text)
	text, _ := s.tokenizer.DecodeOffsets(tokens[s.seen:])
	s.text, s.seen = append(s.text, text...), len(tokens)
	if len(tokens) < s.from {
		return false
	}
	for _, stop := range s.stops {
		start := max(0, old-len(stop)+1)
		if i := bytes.Index(s.text[start:], []byte(stop)); i >= 0 && (!s.found || start+i < s.at) {
			s.found, s.at = true, start+i
		}
	}
	return s.found
}

// before is the text up to the string that was found.
func (s *stopStrings) before() string { return string(s.text[:s.at]) }
