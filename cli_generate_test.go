package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/dcpo"
)

// Greedy tokens equal those of transformers, with and without an end token; a bad line does not disturb the others.
func TestGenerateFixtures(t *testing.T) {
	model := shared(t, "fixtures", "models", "qwen3_tiny")
	raw, err := os.ReadFile(filepath.Join(model, "oracle.json"))
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		IDs    [][]int32 `json:"ids"`
		Greedy struct {
			Tokens [][]int32 `json:"tokens"`
		} `json:"greedy"`
		WithEOS struct {
			EOS    int32     `json:"eos_token_id"`
			Tokens [][]int32 `json:"tokens"`
		} `json:"greedy_with_eos"`
	}
	if err := json.Unmarshal(raw, &oracle); err != nil {
		t.Fatal(err)
	}
	line := func(fields map[string]any) string {
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var lines []string
	for i, ids := range oracle.IDs {
		lines = append(lines, line(map[string]any{"id": i, "prompt_ids": ids, "ignore_eos": true}),
			line(map[string]any{"id": i, "prompt_ids": ids, "stop_token_ids": []int32{oracle.WithEOS.EOS}}))
	}
	bad := map[string]string{
		`{"prompt":"x"}`:                      "the model directory holds no tokenizer.json",
		`{"prompt_ids":[1],"stop":"x"}`:       `field "stop"`,
		`{"prompt_ids":[1],"max_token":5}`:    `unknown field "max_token"`,
		`{"prompt_ids":[1],"messages":[]}`:    "found 2 of them",
		`{"prompt_ids":[]}`:                   "the prompt is empty",
		`{"prompt_ids":[512]}`:                "prompt token 0 is 512",
		`{"prompt_ids":[1],"temperature":-1}`: "temperature is -1",
		`{"prompt_ids":[1],"n":2}`:            `field "n" is 2`,
		`{"prompt_ids":[1],"max_tokens":600}`: "601 positions may be needed",
		`{"prompt_ids":[1],"max_tokens":0}`:   `field "max_tokens" is 0`,
	}
	wanted := len(lines)
	var faults []string
	for text, fault := range bad {
		lines, faults = append(lines, text), append(faults, fault)
	}
	status, got, stderr := answers(t, withDevices(t, "generate", "--model", model, "--max-tokens", "20", "--temperature", "0", "--quiet"), lines...)
	if status != exitFailed || len(got) != len(lines) {
		t.Fatalf("status %d, %d of %d answers, %s", status, len(got), len(lines), stderr)
	}
	for i := range oracle.IDs {
		compareTokens(t, got[2*i], i, oracle.Greedy.Tokens[i], -1)
		compareTokens(t, got[2*i+1], i, oracle.WithEOS.Tokens[i], oracle.WithEOS.EOS)
	}
	for i, fault := range faults {
		if text, _ := got[wanted+i]["error"].(string); !strings.Contains(text, fault) {
			t.Errorf("%s gives %v, want %q", lines[wanted+i], got[wanted+i], fault)
		}
	}
}

// compareTokens compares an answer with tokens that may be filled up after the end token.
func compareTokens(t *testing.T, got map[string]any, id int, want []int32, eos int32) {
	t.Helper()
	finish := "length"
	for i, token := range want {
		if token == eos {
			want, finish = want[:i+1], "stop"
			break
		}
	}
	var ids []int32
	for _, x := range got["ids"].([]any) {
		ids = append(ids, int32(x.(float64)))
	}
	if got["id"] != float64(id) || !reflect.DeepEqual(ids, want) || got["finish_reason"] != finish || got["text"] != "" || len(got["logprobs"].([]any)) != len(want) {
		t.Errorf("prompt %d: got %v, want %v ending by %s", id, got, want, finish)
	}
}

func TestSamplingOfALine(t *testing.T) {
	seed := uint64(7)
	defaults := samplingFields{Sampling: engine.Sampling{Temperature: 0.5, TopP: 1, MaxNewTokens: 9}}
	cases := []struct {
		line  string
		want  engine.Sampling
		fault string
	}{
		{`{}`, engine.Sampling{Temperature: 0.5, TopP: 1, MaxNewTokens: 9, Stop: []int32{2}}, ""},
		{`{"temperature":0,"top_p":0.9,"top_k":-1,"min_p":0.1,"seed":7,"max_tokens":3,"min_tokens":1,"logprobs":4,"n":1}`,
			engine.Sampling{TopP: 0.9, MinP: 0.1, Seed: seed, MaxNewTokens: 3, MinNewTokens: 1, TopLogProbs: 4, Stop: []int32{2}}, ""},
		{`{"presence_penalty":1,"frequency_penalty":2,"repetition_penalty":3,"logit_bias":{"5":-1.5},"ignore_eos":true,"stop_token_ids":[4]}`,
			engine.Sampling{Temperature: 0.5, TopP: 1, MaxNewTokens: 9, PresencePenalty: 1, FrequencyPenalty: 2, RepetitionPenalty: 3,
				LogitBias: map[int32]float64{5: -1.5}, Stop: []int32{4}}, ""},
		{`{"n":3}`, engine.Sampling{}, `field "n" is 3`},
		{`{"stop":["a",""]}`, engine.Sampling{}, "empty string"},
	}
	for _, c := range cases {
		fields := defaults.clone()
		if err := newRecord(1, []byte(c.line)).readAll(fields.targets()); err != nil {
			t.Fatal(err)
		}
		got, err := fields.sampling([]int32{2}, 0, 1)
		if c.fault != "" {
			if err == nil || !strings.Contains(err.Error(), c.fault) {
				t.Errorf("%s: %v, want %q", c.line, err, c.fault)
			}
			continue
		}
		c.want.RawLogProbs = true
		if c.want.Seed == 0 {
			c.want.Seed = got.Seed
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s:\n got %+v, %v\nwant %+v", c.line, got, err, c.want)
		}
	}
	one, _ := defaults.sampling(nil, 1, 2)
	if two, _ := defaults.sampling(nil, 2, 1); one.Seed == two.Seed {
		t.Error("lines of different runs share their randomness")
	}
}

// A stop string ends the text before it, also where it spans tokens; of several, the earliest counts.
func TestStopStrings(t *testing.T) {
	tok := dcpo.ArithmeticTokenizer()
	cases := []struct {
		text, want string
		stops      []string
		from       int
		at         int // tokens that were needed; 0: not found
	}{
		{"12+34=46", "12+34", []string{"=4"}, 0, 7},
		{"12+34=46", "12", []string{"+34", "+3"}, 0, 4},
		{"12+34=46", "1", []string{"34", "2+34"}, 0, 5},
		{"12+34=46", "", []string{"+5"}, 0, 0},
		{"12+12+12", "12+", []string{"12"}, 3, 5},
	}
	for _, c := range cases {
		ids := tok.Encode(c.text)
		s := stopStrings{tokenizer: tok, stops: c.stops, from: c.from}
		at := 0
		for n := 1; n <= len(ids) && at == 0; n++ {
			if s.reached(ids[:n]) {
				at = n
			}
		}
		if at != c.at || c.at > 0 && s.before() != c.want {
			t.Errorf("%q with %q: ends after %d tokens with %q, want %d with %q", c.text, c.stops, at, s.text[:s.at], c.at, c.want)
		}
	}
}
