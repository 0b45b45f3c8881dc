package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
)

// events reads a stream: the choices of all chunks, as what the tests compare.
func events(t *testing.T, body string) (texts map[int]string, finishes map[int]string, chunks int) {
	t.Helper()
	texts, finishes = map[int]string{}, map[int]string{}
	lines := strings.Split(strings.TrimSuffix(body, "\n\n"), "\n\n")
	if lines[len(lines)-1] != "data: [DONE]" {
		t.Fatalf("the stream does not end with [DONE]: %s", body)
	}
	for _, line := range lines[:len(lines)-1] {
		var chunk struct {
			Choices []struct {
				Index  int
				Text   string
				Delta  struct{ Content string }
				Finish *string `json:"finish_reason"`
				Stop   any     `json:"stop_reason"`
			}
		}
		if err := json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &chunk); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		chunks++
		for _, c := range chunk.Choices {
			texts[c.Index] += c.Text + c.Delta.Content
			if c.Finish != nil {
				finishes[c.Index] = fmt.Sprint(*c.Finish, " ", c.Stop)
			}
		}
	}
	return texts, finishes, chunks
}

// TestWholeAndStreamed asks for the same response both ways.
func TestWholeAndStreamed(t *testing.T) {
	const said = "one two: threé 😀 four"
	tests := []struct {
		name, fields string
		said         string
		want         string
		finish       string
	}{
		{"all", ``, said, said, "length <nil>"},
		{"cut at max_tokens", `,"max_tokens":5`, said, "one t", "length <nil>"},
		{"stop string", `,"stop":[" tw","zzz"]`, said, "one", "stop  tw"},
		{"stop string kept", `,"stop":" tw","include_stop_str_in_output":true`, said, "one tw", "stop  tw"},
		{"stop string in the last token", `,"stop":"tw","max_tokens":6`, said, "one ", "stop tw"},
		{"stop string in the first tokens", `,"stop":"o","min_tokens":2`, said, "one tw", "stop o"},
		{"beginning of a stop string", `,"stop":"four score"`, said, said, "length <nil>"},
		{"stop token", `,"stop_token_ids":[22]`, said, "one ", "stop 22"},
		{"stop token kept", `,"stop_token_ids":[22],"include_stop_str_in_output":true`, said, "one t", "stop 22"},
		{"end of sequence", ``, "ab<eos>cd", "ab", "stop <nil>"},
		{"end of sequence ignored", `,"ignore_eos":true`, "ab<eos>cd", "abcd", "length <nil>"},
		{"special tokens shown", `,"ignore_eos":true,"skip_special_tokens":false`, "ab<eos>cd", "ab<eos>cd", "length <nil>"},
		{"end of sequence hidden all the same", `,"skip_special_tokens":false`, "ab<eos>cd", "ab", "stop <nil>"},
		{"two choices", `,"n":2`, said, said, "length <nil>"},
	}
	for _, batch := range []int{1, 3} {
		e := &fakeEngine{batch: batch}
		opt := letterOptions(t, e)
		s := mustNew(t, opt)
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, %d tokens a call", tt.name, batch), func(t *testing.T) {
				e.script = saying(opt.Tokenizer, tt.said)
				for path, body := range map[string]string{"/v1/chat/completions": userSays(tt.fields), "/v1/completions": `{"prompt":"hi"` + tt.fields + `}`} {
					if path == "/v1/completions" && !strings.Contains(body, "max_tokens") {
						body = strings.Replace(body, `"hi"`, `"hi","max_tokens":100`, 1)
					}
					checkWhole(t, post(s.Handler(), path, body).Body.Bytes(), tt.want, tt.finish)
					w := post(s.Handler(), path, strings.Replace(body, "{", `{"stream":true,`, 1))
					texts, finishes, _ := events(t, w.Body.String())
					for i := range texts {
						if texts[i] != tt.want || finishes[i] != tt.finish {
							t.Errorf("%s, choice %d streamed: %q, %s, want %q, %s", path, i, texts[i], finishes[i], tt.want, tt.finish)
						}
					}
					if want := 1 + strings.Count(tt.fields, `"n":2`); len(texts) != want {
						t.Errorf("%d choices streamed, want %d", len(texts), want)
					}
				}
			})
		}
	}
}

func checkWhole(t *testing.T, body []byte, text, finish string) {
	t.Helper()
	var answer struct {
		Choices []struct {
			Text    string
			Message struct{ Content string }
			Finish  string `json:"finish_reason"`
			Stop    any    `json:"stop_reason"`
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil || len(answer.Choices) == 0 {
		t.Fatalf("%v in %s", err, body)
	}
	for _, c := range answer.Choices {
		if got, how := c.Text+c.Message.Content, fmt.Sprint(c.Finish, " ", c.Stop); got != text || how != finish {
			t.Errorf("whole: %q, %s, want %q, %s", got, how, text, finish)
		}
	}
}

// letterScorer says that token id has log-prob −id.
type letterScorer struct{}

func (letterScorer) Score(_ context.Context, ids []int32, top int) ([]engine.Scored, error) {
	out := make([]engine.Scored, len(ids))
	for i, id := range ids {
		out[i] = engine.Scored{LogProb: -float32(id), Top: []engine.Alternative{{ID: 4, LogProb: -0.25}}[:min(top, 1)]}
	}
	return out, nil
}

func TestEcho(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	opt.Scorer = letterScorer{}
	e.script = saying(opt.Tokenizer, "xyz")
	s := mustNew(t, opt)
	whole := func(fields string) string {
		t.Helper()
		var answer struct {
			Choices []json.RawMessage
		}
		w := post(s.Handler(), "/v1/completions", `{"prompt":"abd"`+fields+`}`)
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Choices) != 1 {
			t.Fatalf("%v in %s", err, w.Body)
		}
		return string(answer.Choices[0])
	}
	tests := []struct{ fields, want string }{
		{`,"echo":true,"max_tokens":1`, `{"index":0,"text":"abdx","logprobs":null,"finish_reason":"length","stop_reason":null,"token_ids":null,"prompt_logprobs":null,"prompt_token_ids":null}`},
		{`,"echo":true,"max_tokens":0,"logprobs":0,"return_token_ids":true`, `{"index":0,"text":"abd","logprobs":{"text_offset":[0,1,2],"token_logprobs":[null,-4,-6],"tokens":["a","b","d"],` +
			`"top_logprobs":[null,{"b":-4},{"d":-6}]},"finish_reason":"length","stop_reason":null,"token_ids":[],"prompt_logprobs":null,"prompt_token_ids":[3,4,6]}`},
		{`,"echo":true,"max_tokens":1,"logprobs":1`, `{"index":0,"text":"abdx","logprobs":{"text_offset":[0,1,2,3],"token_logprobs":[null,-4,-6,-0.5],"tokens":["a","b","d","x"],` +
			`"top_logprobs":[null,{"b":-4},{"d":-6,"b":-0.25},{"x":-0.5,"a":-1.5}]},"finish_reason":"length","stop_reason":null,"token_ids":null,"prompt_logprobs":null,"prompt_token_ids":null}`},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, whole(tt.fields)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.fields, diff)
		}
	}
	for fields, want := range map[string]string{`,"echo":true,"max_tokens":2`: "abdxy", `,"echo":true,"max_tokens":0,"logprobs":1`: "abd"} {
		w := post(s.Handler(), "/v1/completions", `{"prompt":"abd","stream":true`+fields+`}`)
		if texts, _, _ := events(t, w.Body.String()); texts[0] != want {
			t.Errorf("%s streamed: %q, want %q: %s", fields, texts[0], want, w.Body)
		}
	}
}

func TestStreamUsage(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	e.script = saying(opt.Tokenizer, "xyz")
	s := mustNew(t, opt)
	w := post(s.Handler(), "/v1/completions", `{"prompt":["ab","c"],"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}`)
	_, _, chunks := events(t, w.Body.String())
	if got := strings.Count(w.Body.String(), `"usage":{`); got != chunks {
		t.Errorf("%d of %d chunks tell the usage", got, chunks)
	}
	if !strings.Contains(w.Body.String(), `"choices":[],"usage":{"prompt_tokens":3,"total_tokens":9,"completion_tokens":6}`) {
		t.Errorf("no total usage in %s", w.Body)
	}
}

// TestStreamFailure breaks the engine after the first token: the client is told in the stream, and not why.
func TestStreamFailure(t *testing.T) {
	e := &fakeEngine{fail: errors.New("device 7 caught fire")}
	opt := letterOptions(t, e)
	e.script = saying(opt.Tokenizer, "xyz")
	s := mustNew(t, opt)
	for _, body := range []string{userSays(`,"stream":true`), userSays(`,"n":3`)} {
		w := post(s.Handler(), "/v1/chat/completions", body)
		got := w.Body.String()
		if !strings.Contains(got, `"error":{`) || !strings.Contains(got, `"code":500`) || strings.Contains(got, "fire") {
			t.Errorf("status %d: %s", w.Code, got)
		}
		if w := get(s.Handler(), "/health"); w.Code != http.StatusServiceUnavailable {
			t.Errorf("health of a broken engine: status %d, want 503", w.Code)
		}
		if streamed := strings.Contains(body, "stream"); streamed != strings.HasSuffix(got, "data: [DONE]\n\n") || !streamed && w.Code != http.StatusInternalServerError {
			t.Errorf("status %d: %s", w.Code, got)
		}
	}
	if text := get(s.Handler(), "/metrics").Body.String(); !strings.Contains(text, `godcpo:request_success_total{finished_reason="error",model_name="tiny"}`) {
		t.Errorf("failures are not counted: %s", text)
	}
	e.fail = nil
	post(s.Handler(), "/v1/chat/completions", userSays(``))
	if w := get(s.Handler(), "/health"); w.Code != http.StatusOK {
		t.Errorf("health of an engine that works again: status %d, want 200", w.Code)
	}
}

func TestWithoutTokenizer(t *testing.T) {
	e := &fakeEngine{script: func(*engine.Request) []scripted {
		return []scripted{{id: 7, logProb: -1}, {id: 8, logProb: -2}, {id: 9, logProb: -3}}
	}}
	opt := letterOptions(t, e)
	opt.Tokenizer, opt.Template, opt.Config = nil, nil, decoder.Config{VocabSize: 10, MaxPositions: 32}
	s := mustNew(t, opt)
	w := post(s.Handler(), "/v1/completions", `{"prompt":[1,2],"stop_token_ids":[8],"return_token_ids":true,"logprobs":0,"return_tokens_as_token_ids":true}`)
	for _, want := range []string{`"text":""`, `"token_ids":[7,8]`, `"tokens":["token_id:7","token_id:8"]`, `"finish_reason":"stop","stop_reason":8`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("no %s in %s", want, w.Body)
		}
	}
	for path, body := range map[string]string{"/v1/completions": `{"prompt":"a"}`, "/v1/chat/completions": userSays(``), "/tokenize": `{"prompt":"a"}`, "/detokenize": `{"tokens":[1]}`} {
		if w := post(s.Handler(), path, body); w.Code != http.StatusBadRequest {
			t.Errorf("%s: status %d: %s", path, w.Code, w.Body)
		}
	}
}

func TestConversations(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	e.script = saying(opt.Tokenizer, "x")
	s := mustNew(t, opt)
	tests := []struct{ name, body, want string }{
		{"content in parts", `{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}]}`, "user: a\nb\nassistant: "},
		{"no generation prompt", `{"messages":[{"role":"user","content":"a"}],"add_generation_prompt":false}`, "user: a\n"},
		{"last message continued", `{"messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b c"}],"continue_final_message":true}`, "user: a\nassistant: b c"},
		{"with the space at its end", `{"messages":[{"role":"assistant","content":"b "}],"continue_final_message":true,"add_generation_prompt":false}`, "assistant: b "},
	}
	for _, tt := range tests {
		e.seen = nil
		if w := post(s.Handler(), "/v1/chat/completions", tt.body); w.Code != http.StatusOK {
			t.Errorf("%s: status %d: %s", tt.name, w.Code, w.Body)
			continue
		}
		if got := opt.Tokenizer.Decode(e.seen[0].Prompt); got != tt.want {
			t.Errorf("%s: prompt %q, want %q", tt.name, got, tt.want)
		}
	}
}
