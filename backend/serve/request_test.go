package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// userSays is a chat of one message with further fields.
func userSays(fields string) string {
	return `{"messages":[{"role":"user","content":"hi"}]` + fields + `}`
}

func TestRequestFields(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	e.script = saying(opt.Tokenizer, "abc")
	s := mustNew(t, opt)
	eos := opt.Tokenizer.EOS()[0]
	prompt := opt.Tokenizer.Encode("user: hi\nassistant: ")
	room := 256 - len(prompt)
	tests := []struct {
		name, fields string
		want         engine.Sampling
	}{
		{"defaults", ``, engine.Sampling{Temperature: 1, TopP: 1, RepetitionPenalty: 1, MaxNewTokens: room, Stop: []int32{eos}}},
		{"all", `,"temperature":0.5,"top_p":0.9,"top_k":20,"min_p":0.1,"presence_penalty":1.5,"frequency_penalty":-1,"repetition_penalty":1.1,"max_tokens":7,"min_tokens":2,
			"stop_token_ids":[5],"logit_bias":{"4":200,"6":-1},"logprobs":true,"top_logprobs":3`,
			engine.Sampling{Temperature: 0.5, TopP: 0.9, TopK: 20, MinP: 0.1, PresencePenalty: 1.5, FrequencyPenalty: -1, RepetitionPenalty: 1.1, MaxNewTokens: 7,
				MinNewTokens: 2, Stop: []int32{eos, 5}, LogitBias: map[int32]float64{4: 100, 6: -1}, TopLogProbs: 3}},
		{"nulls are absent", `,"temperature":null,"top_p":null,"n":null,"seed":null,"stop":null,"max_tokens":null,"logit_bias":null,"stream_options":null,"tools":null`,
			engine.Sampling{Temperature: 1, TopP: 1, RepetitionPenalty: 1, MaxNewTokens: room, Stop: []int32{eos}}},
		{"newer name of max_tokens wins", `,"max_tokens":7,"max_completion_tokens":5,"top_k":-1`,
			engine.Sampling{Temperature: 1, TopP: 1, RepetitionPenalty: 1, MaxNewTokens: 5, Stop: []int32{eos}}},
		{"whole floats are integers", `,"max_tokens":7.0,"top_k":2e1`,
			engine.Sampling{Temperature: 1, TopP: 1, TopK: 20, RepetitionPenalty: 1, MaxNewTokens: 7, Stop: []int32{eos}}},
		{"ignore_eos", `,"ignore_eos":true,"stop_token_ids":[9]`,
			engine.Sampling{Temperature: 1, TopP: 1, RepetitionPenalty: 1, MaxNewTokens: room, Stop: []int32{9}}},
		{"alternatives without log-probs", `,"logprobs":false,"top_logprobs":0,"tools":[],"tool_choice":"none","response_format":{"type":"text"}`,
			engine.Sampling{Temperature: 1, TopP: 1, RepetitionPenalty: 1, MaxNewTokens: room, Stop: []int32{eos}}},
		{"hardly any temperature is greedy", `,"temperature":1e-6`,
			engine.Sampling{TopP: 1, RepetitionPenalty: 1, MaxNewTokens: room, Stop: []int32{eos}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			e.seen = nil
			if w := post(s.Handler(), "/v1/chat/completions", userSays(tt.fields)); w.Code != http.StatusOK || len(e.seen) != 1 {
				t.Fatalf("status %d, %d requests: %s", w.Code, len(e.seen), w.Body)
			}
			tt.want.RawLogProbs = true
			if diff := cmp.Diff(tt.want, e.seen[0].Sampling, cmpopts.IgnoreFields(engine.Sampling{}, "Seed"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("sampling (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(prompt, e.seen[0].Prompt); diff != "" {
				t.Errorf("prompt (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeeds(t *testing.T) {
	e := &fakeEngine{slots: 64}
	opt := letterOptions(t, e)
	e.script = saying(opt.Tokenizer, "abc")
	s := mustNew(t, opt)
	seeds := func(path, body string) map[uint64]int {
		t.Helper()
		e.seen = nil
		if w := post(s.Handler(), path, body); w.Code != http.StatusOK {
			t.Fatalf("status %d: %s", w.Code, w.Body)
		}
		out := map[uint64]int{}
		for _, r := range e.seen {
			out[r.Seed]++
		}
		return out
	}
	first := seeds("/v1/chat/completions", userSays(`,"n":3,"seed":-5`))
	if len(first) != 3 {
		t.Errorf("3 choices have %d seeds", len(first))
	}
	if diff := cmp.Diff(first, seeds("/v1/chat/completions", userSays(`,"n":3,"seed":-5`))); diff != "" {
		t.Errorf("the same seed gives other seeds:\n%s", diff)
	}
	if diff := cmp.Diff(seeds("/v1/completions", `{"prompt":["a","b"],"n":2,"seed":1}`), map[uint64]int{engine.RowSeed(1, 0): 2, engine.RowSeed(1, 1): 2}); diff != "" {
		t.Errorf("a prompt's seeds depend on the other prompts:\n%s", diff)
	}
	if cmp.Equal(seeds("/v1/chat/completions", userSays(``)), seeds("/v1/chat/completions", userSays(``))) {
		t.Error("without a seed, two requests have the same one")
	}
}

func TestRefusals(t *testing.T) {
	e := &fakeEngine{script: func(*engine.Request) []scripted { return nil }}
	s := mustNew(t, letterOptions(t, e))
	const chat, text = "/v1/chat/completions", "/v1/completions"
	tests := []struct {
		name, path, body string
		want             string // in the message
	}{
		{"tools", chat, userSays(`,"tools":[{"type":"function"}]`), "`tools`"},
		{"tool_choice", chat, userSays(`,"tool_choice":{"type":"function"}`), "`tool_choice`"},
		{"response_format", chat, userSays(`,"response_format":{"type":"json_object"}`), "json_object"},
		{"guided decoding", chat, userSays(`,"guided_regex":"a+"`), "`guided_regex`"},
		{"chat_template", chat, userSays(`,"chat_template":"{{ 1 }}"`), "`chat_template`"},
		{"echo in chat", chat, userSays(`,"echo":true`), "`echo`"},
		{"suffix", text, `{"prompt":"a","suffix":"b"}`, "`suffix`"},
		{"prompt log-probs without a scorer", chat, userSays(`,"prompt_logprobs":1`), "not available"},
		{"echoed log-probs without a scorer", text, `{"prompt":"a","echo":true,"logprobs":1}`, "not available"},
		{"prompt log-probs in a stream", chat, userSays(`,"prompt_logprobs":1,"stream":true`), "stream"},
		{"stream options without a stream", chat, userSays(`,"stream_options":{"include_usage":true}`), "stream=True"},
		{"wrong type", chat, userSays(`,"temperature":"hot"`), "'loc': 'body.temperature'"},
		{"two faults", chat, userSays(`,"temperature":"hot","n":1.5`), "2 validation errors"},
		{"fraction of a token", chat, userSays(`,"max_tokens":1.5`), "body.max_tokens"},
		{"number too large", chat, userSays(`,"temperature":1e999`), "body.temperature"},
		{"no object", chat, `[1]`, "'loc': 'body'"},
		{"null", chat, `null`, "'loc': 'body'"},
		{"message without a role", chat, `{"messages":[{"content":"hi"}]}`, "role"},
		{"image", chat, `{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}}]}]}`, "image_url"},
		{"token bias of no token", chat, userSays(`,"logit_bias":{"999":1}`), "999"},
		{"token bias of a word", chat, userSays(`,"logit_bias":{"a":1}`), "body.logit_bias.a"},
		{"empty stop string", chat, userSays(`,"stop":["a",""]`), "empty"},
		{"min_p", chat, userSays(`,"min_p":1.5`), "min_p must be in [0, 1], got 1.5"},
		{"min_tokens", chat, userSays(`,"min_tokens":9,"max_tokens":8`), "min_tokens"},
		{"min_tokens beyond the room", chat, userSays(`,"min_tokens":250`), "min_tokens"},
		{"negative alternatives", chat, userSays(`,"logprobs":true,"top_logprobs":-1`), "non-negative"},
		{"prompt and response too long", text, `{"prompt":"` + strings.Repeat("a", 250) + `","max_tokens":7}`, "for a total of 257 tokens"},
		{"prompt fills the model", text, `{"prompt":"` + strings.Repeat("a", 256) + `"}`, "requested 16 output tokens"},
		{"no prompt", text, `{}`, "body.prompt"},
		{"empty list of prompts", text, `{"prompt":[]}`, "at least one prompt"},
		{"empty prompt", text, `{"prompt":""}`, "cannot be empty"},
		{"mixed prompt", text, `{"prompt":["a",1]}`, "body.prompt"},
		{"negative token", text, `{"prompt":[-1]}`, "out of vocabulary"},
		{"more choices than the server takes", chat, userSays(`,"n":2000`), "split it or lower n"},
		{"more choices than memory", chat, userSays(`,"n":2147483647`), "split it or lower n"},
		{"more prompts than the server takes", text, `{"prompt":[` + strings.Repeat(`"a",`, 1100) + `"a"]}`, "1101 prompts"},
		{"best of more", text, `{"prompt":"a","best_of":3,"n":2}`, "best_of"},
		{"tokens of detokenize", "/detokenize", `{}`, "body.tokens"},
		{"token of detokenize", "/detokenize", `{"tokens":[99999]}`, "out of vocabulary"},
		{"prompt of tokenize", "/tokenize", `{}`, "body.prompt"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := post(s.Handler(), tt.path, tt.body)
			var answer struct {
				Error struct {
					Message, Type string
					Code          int
				}
			}
			err := json.Unmarshal(w.Body.Bytes(), &answer)
			if err != nil || w.Code != http.StatusBadRequest || answer.Error.Code != w.Code || answer.Error.Type == "" || !strings.Contains(answer.Error.Message, tt.want) {
				t.Errorf("status %d, %v, want 400 with %q: %s", w.Code, err, tt.want, w.Body)
			}
		})
	}
	if len(e.seen) != 0 {
		t.Errorf("the engine saw %d requests", len(e.seen))
	}
}

// FuzzRequest sends anything: the answer is always JSON with a status that means something, and what reaches the engine is valid.
func FuzzRequest(f *testing.F) {
	for _, body := range []string{userSays(``), userSays(`,"stop":["a","bc"],"n":2,"logprobs":true,"top_logprobs":2,"seed":1`), `{"prompt":[[3,4],[5]],"echo":true,"max_tokens":0}`,
		`{"prompt":"ab","logprobs":1,"logit_bias":{"3":1}}`, `{"messages":[{"role":"user","content":[{"type":"text","text":"a"}]},{"role":"assistant","content":"b "}],"continue_final_message":true}`,
		`{"messages":7}`, `{"messages":[null]}`, `{"tokens":[3]}`, `{"prompt":"a","stop":{"a":1}}`, `{`} {
		f.Add(body)
	}
	e := &fakeEngine{}
	opt := letterOptions(f, e)
	s := mustNew(f, opt)
	e.script = func(r *engine.Request) []scripted {
		if err := r.Validate(opt.Config); err != nil {
			panic(fmt.Sprintf("the engine got a wrong request: %v", err))
		}
		return []scripted{{id: 4, logProb: -1}, {id: 5, logProb: -1}}
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{"/v1/chat/completions", "/v1/completions", "/tokenize", "/detokenize"} {
			w := post(s.Handler(), path, body)
			if w.Code != http.StatusOK && w.Code != http.StatusBadRequest && w.Code != http.StatusNotFound {
				t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
			}
			if w.Header().Get("Content-Type") == "application/json" && !json.Valid(w.Body.Bytes()) {
				t.Errorf("%s: answer is no JSON: %s", path, w.Body)
			}
		}
	})
}
