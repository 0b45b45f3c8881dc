package vllm

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// letters is a tokenizer of single characters.
func letters(t testing.TB) *tokenizer.Chars {
	t.Helper()
	tok, err := tokenizer.NewChars("abcdefghijklmnopqrstuvwxyz0123456789+= ")
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// TestSample: rollouts come in the prompts' order with the tokenizer's texts and offsets, whatever the server's faults.
func TestSample(t *testing.T) {
	tok := letters(t)
	s := start(t, vllmtest.Options{Vocab: tok.VocabSize(), EOS: tok.EOS()[0], Faults: hostile, Seed: 2, Slow: 10 * time.Millisecond})
	o := quick(s.URL)
	o.Retries = 30
	sampler := &Sampler{Client: newClient(t, o), Tokenizer: tok}
	var prompts [][]int32
	for i := range 200 {
		prompts = append(prompts, tok.Encode("abc"[:1+i%3]+"="))
	}
	last := 0
	sampling := backend.Sampling{MaxNewTokens: 8, Seed: 5, Done: func(finished, all int) {
		if finished != last+1 || all != 200 {
			t.Errorf("told of %d finished after %d", finished, last)
		}
		last = finished
	}}
	got, err := sampler.Sample(t.Context(), prompts, sampling)
	if err != nil {
		t.Fatal(err)
	}
	truncated := 0
	for i, r := range got {
		text, ends := tok.DecodeOffsets(r.Tokens)
		if !slices.Equal(r.Prompt, prompts[i]) || r.Text != text || !slices.Equal(r.Ends, ends) || len(r.LogProbs) != len(r.Tokens) {
			t.Fatalf("row %d is %+v", i, r)
		}
		if ended := r.Tokens[len(r.Tokens)-1] == tok.EOS()[0]; ended == r.Truncated {
			t.Errorf("row %d: %v, truncated %t", i, r.Tokens, r.Truncated)
		}
		if r.Truncated {
			truncated++
		}
	}
	if truncated == 0 || truncated == 200 || last != 200 {
		t.Errorf("%d of 200 rows were truncated, told of %d", truncated, last)
	}
	if slices.Equal(got[0].Tokens, got[3].Tokens) && slices.Equal(got[3].Tokens, got[6].Tokens) {
		t.Error("equal prompts have equal responses: rows share a seed")
	}
	again, err := sampler.Sample(t.Context(), prompts, backend.Sampling{MaxNewTokens: 8, Seed: 5})
	if err != nil || !slices.EqualFunc(got, again, func(a, b backend.Response) bool { return slices.Equal(a.Tokens, b.Tokens) }) {
		t.Errorf("equal seeds give other responses (%v)", err)
	}
	body := string(s.Asked()[len(s.Asked())-1].Body)
	for _, want := range []string{`"temperature":1,`, `"ignore_eos":true`, `"stop_token_ids":[`, `"max_tokens":8,`} {
		if !strings.Contains(body, want) {
			t.Errorf("%s is not sent: %s", want, body)
		}
	}
}

// TestResponse: answers that do not fit the model are refused.
func TestResponse(t *testing.T) {
	tok := letters(t)
	eos := tok.EOS()[0]
	s := &Sampler{Tokenizer: tok}
	ab := tok.Encode("ab=7")
	for _, c := range []struct {
		name  string
		a     Answer
		stops []string
		text  string
		ends  []int
		err   string
	}{
		{"stopped", Answer{Tokens: append(slices.Clone(ab), eos), Finish: "stop"}, nil, "ab=7", []int{1, 2, 3, 4, 4}, ""},
		{"cut off", Answer{Tokens: ab, Finish: "length"}, nil, "ab=7", []int{1, 2, 3, 4}, ""},
		{"stop string", Answer{Tokens: ab, Finish: "stop"}, []string{"=7"}, "ab", []int{1, 2, 2, 2}, ""},
		{"no end token", Answer{Tokens: ab, Finish: "stop"}, nil, "", nil, "none of the end tokens"},
		{"outside", Answer{Tokens: []int32{int32(tok.VocabSize())}, Finish: "length"}, nil, "", nil, "the vocabulary has"},
	} {
		got, err := s.response(ab, &c.a, c.stops)
		switch {
		case c.err == "" && (err != nil || got.Text != c.text || !slices.Equal(got.Ends, c.ends) || got.Truncated != (c.a.Finish == "length")):
			t.Errorf("%s: got %+v, %v", c.name, got, err)
		case c.err != "" && (err == nil || !strings.Contains(err.Error(), c.err)):
			t.Errorf("%s: got %v, want %q", c.name, err, c.err)
		}
	}
}

// TestSamplerRefuses: what cannot work is told before a server is asked, and a request that fails for good ends the call.
func TestSamplerRefuses(t *testing.T) {
	tok := letters(t)
	server := start(t, vllmtest.Options{})
	o := quick(server.URL)
	portable := o
	portable.Portable = true
	stale := errors.New("stale")
	for _, s := range []*Sampler{{}, {Tokenizer: tok}, {Client: newClient(t, portable), Tokenizer: tok}, {Client: newClient(t, o), Tokenizer: tok, EOS: []int32{}},
		{Client: newClient(t, o), Tokenizer: tok, Confirm: func(context.Context) error { return stale }}} {
		if _, err := s.Sample(t.Context(), [][]int32{{1}}, backend.Sampling{}); err == nil {
			t.Errorf("%+v samples", s)
		}
	}
	if len(server.Answers()) != 0 {
		t.Error("the server was asked")
	}
	o.Model = "another"
	var fault *Error
	_, err := (&Sampler{Client: newClient(t, o), Tokenizer: tok}).Sample(t.Context(), [][]int32{{1}, {2}}, backend.Sampling{})
	if !errors.As(err, &fault) || fault.Status != 404 {
		t.Errorf("got %v, want status 404", err)
	}
}
