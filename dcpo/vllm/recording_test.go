package vllm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

func recordings(t testing.TB) []vllmtest.Recording {
	t.Helper()
	all, err := vllmtest.Recordings(filepath.Join("..", "..", "..", "shared", "vllm", "vllm_recordings"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("../shared is absent: the recordings are not part of the repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func recording(t testing.TB, name string) vllmtest.Recording {
	t.Helper()
	all := recordings(t)
	at := slices.IndexFunc(all, func(r vllmtest.Recording) bool { return r.Name == name })
	if at < 0 {
		t.Fatalf("there is no recording %s", name)
	}
	return all[at]
}

// outside are recordings of what this package does not do: adapters, sleeping, other ways to bring weights, tokenizing.
var outside = []string{"abort_all", "detokenize", "err_lora_load_twice", "err_lora_missing", "err_lora_unload_unknown", "err_start_weight_update",
	"err_update_weights_no_engine", "get_world_size", "is_paused", "is_sleeping", "lora_load", "lora_load_inplace", "lora_models", "lora_unload",
	"sleep_cpu", "tokenize", "tokenize_chat", "version", "wake_up", "weight_checker"}

// TestRecordings replays every recording that concerns the client: answers are decoded, errors become an Error of their status.
func TestRecordings(t *testing.T) {
	replayed := 0
	for _, r := range recordings(t) {
		if slices.Contains(outside, r.Name) {
			continue
		}
		replayed++
		t.Run(r.Name, func(t *testing.T) {
			switch {
			case r.Response.Status != http.StatusOK:
				replayError(t, &r)
			case strings.HasPrefix(r.Response.ContentType, "text/event-stream"):
				replayStream(t, &r)
			case r.Request.Path == chatPath || r.Request.Path == completionPath:
				replayAnswer(t, &r)
			default:
				replayControl(t, &r)
			}
		})
	}
	if replayed < 60 {
		t.Errorf("%d recordings were replayed, want 60 or more", replayed)
	}
}

// replayTo puts a recorded body to a server that replays the answer.
func replayTo(t *testing.T, r *vllmtest.Recording, options callOptions) ([]byte, error) {
	t.Helper()
	s := r.Replay(func(vllmtest.Asked) {})
	defer s.Close()
	o := quick(s.URL)
	o.Retries = 1
	c := newClient(t, o)
	body := []byte(nil)
	if string(r.Request.Body) != "null" && json.Valid(r.Request.Body) {
		body = r.Request.Body
	}
	return c.call(context.Background(), c.pool.endpoints[0], r.Request.Method, r.Request.Path, body, options)
}

func replayError(t *testing.T, r *vllmtest.Recording) {
	_, err := replayTo(t, r, callOptions{})
	var fault *Error
	if !errors.As(err, &fault) {
		t.Fatalf("got %v, want an Error", err)
	}
	retried := fault.Status >= 500 || fault.Status == 429 || fault.Status == 408
	if fault.Status != r.Response.Status || fault.Retryable() != retried || (fault.Attempts == 2) != retried {
		t.Errorf("status %d after %d attempts, retryable %t; want status %d", fault.Status, fault.Attempts, fault.Retryable(), r.Response.Status)
	}
	var want struct {
		Error  struct{ Message string }
		Detail string
	}
	if err := json.Unmarshal(r.Response.Body, &want); err != nil {
		t.Fatal(err)
	}
	if said := shorten(want.Error.Message + want.Detail); fault.Message != said || said == "" || !strings.Contains(err.Error(), said) {
		t.Errorf("message %q, want %q", fault.Message, said)
	}
}

// replayStream: streams are not asked for, and are no answers.
func replayStream(t *testing.T, r *vllmtest.Recording) {
	request := askedIn(t, r)
	if _, err := request.decode(r.Body(), "tiny", false); err == nil || !strings.Contains(err.Error(), "not the JSON expected") {
		t.Errorf("got %v, want an error about the answer's form", err)
	}
}

// recorded is what a recorded request asks for.
type recorded struct {
	Model         string
	Messages      []tokenizer.Message
	Prompt        json.RawMessage
	MaxTokens     int      `json:"max_tokens"`
	MaxCompletion int      `json:"max_completion_tokens"`
	Temperature   *float64 `json:"temperature"`
	TopP          float64  `json:"top_p"`
	TopK          int      `json:"top_k"`
	Presence      float64  `json:"presence_penalty"`
	MinTokens     int      `json:"min_tokens"`
	Seed          uint64
	Stop          []string
	StopIDs       []int32            `json:"stop_token_ids"`
	Bias          map[string]float64 `json:"logit_bias"`
	Template      map[string]any     `json:"chat_template_kwargs"`
	LogProbs      any                `json:"logprobs"`
	Top           int                `json:"top_logprobs"`
	IDs           bool               `json:"return_token_ids"`
	Echo          bool
}

// askedIn is the request that a recording's body stands for.
func askedIn(t *testing.T, r *vllmtest.Recording) Request {
	t.Helper()
	var b recorded
	if err := json.Unmarshal(r.Request.Body, &b); err != nil {
		t.Fatal(err)
	}
	q := Request{Messages: b.Messages, StopText: b.Stop, TemplateArgs: b.Template}
	_ = json.Unmarshal(b.Prompt, &q.Prompt) // some recordings have several prompts
	q.MaxNewTokens, q.TopP, q.TopK, q.PresencePenalty, q.MinNewTokens = max(b.MaxTokens, b.MaxCompletion), b.TopP, b.TopK, b.Presence, b.MinTokens
	if q.Temperature = 1; b.Temperature != nil {
		q.Temperature = *b.Temperature
	}
	q.Seed, q.Stop, q.TopLogProbs = b.Seed, b.StopIDs, b.Top
	if n, ok := b.LogProbs.(float64); ok {
		q.TopLogProbs = int(n)
	}
	for id, x := range b.Bias {
		n, err := strconv.Atoi(id)
		if err != nil {
			t.Fatal(err)
		}
		q.LogitBias = map[int32]float64{int32(n): x}
	}
	return q
}

// replayAnswer decodes every choice and compares it with the recorded values, then the whole as the client would take it.
func replayAnswer(t *testing.T, r *vllmtest.Recording) {
	text, err := replayTo(t, r, callOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got reply
	var want struct {
		Choices []map[string]any
	}
	if err := errors.Join(json.Unmarshal(text, &got), json.Unmarshal(r.Response.Body, &want)); err != nil {
		t.Fatal(err)
	}
	q := askedIn(t, r)
	var b recorded
	if err := json.Unmarshal(r.Request.Body, &b); err != nil {
		t.Fatal(err)
	}
	if b.Echo { // asked for by the canary only, which reads prompt_logprobs: see TestDecodeValues
		if _, err := q.decode(text, b.Model, true); err == nil {
			t.Error("the prompt's tokens were taken for sampled ones")
		}
		return
	}
	for i, c := range want.Choices {
		a, err := got.answer(i)
		if err != nil {
			t.Fatalf("choice %d: %v", i, err)
		}
		compareChoice(t, &a, c)
	}
	// The client asks for one choice, with ids and log-probs, and takes nothing less; a portable one can do without ids.
	single, scored := len(want.Choices) == 1, b.LogProbs != nil && b.LogProbs != false
	if _, err := q.decode(text, b.Model, true); (err == nil) != (single && (scored || !b.IDs)) {
		t.Errorf("as any server's: %v", err)
	}
	if _, err = q.decode(text, b.Model, false); (err == nil) != (single && scored && b.IDs) {
		t.Errorf("as vLLM's: %v", err)
	}
}

// compareChoice compares an answer with the recorded choice, field by field.
func compareChoice(t *testing.T, a *Answer, c map[string]any) {
	t.Helper()
	said, _ := c["text"].(string)
	if m, ok := c["message"].(map[string]any); ok {
		said, _ = m["content"].(string)
	}
	if a.Text != said || a.Finish != c["finish_reason"] {
		t.Errorf("got %q (%s), want %q (%v)", a.Text, a.Finish, said, c["finish_reason"])
	}
	stop := ""
	switch reason := c["stop_reason"].(type) {
	case string:
		stop = reason
	case float64:
		stop = strconv.Itoa(int(reason))
	}
	if a.Stopped != stop {
		t.Errorf("stopped by %q, want %q", a.Stopped, stop)
	}
	if ids, ok := c["token_ids"].([]any); ok && fmt.Sprint(a.Tokens) != fmt.Sprint(ints(ids)) {
		t.Errorf("tokens %v, want %v", a.Tokens, ints(ids))
	}
	lp, _ := c["logprobs"].(map[string]any)
	var values []float32
	for _, s := range list(lp["content"]) {
		values = append(values, float32(s.(map[string]any)["logprob"].(float64)))
	}
	for _, x := range list(lp["token_logprobs"]) {
		x, _ := x.(float64)
		values = append(values, float32(x))
	}
	if !slices.Equal(a.LogProbs, values) {
		t.Errorf("log-probs %v, want %v", a.LogProbs, values)
	}
	for i, top := range a.Top {
		if !slices.IsSortedFunc(top, func(a, b Alternative) int { return int(1e6 * (b.LogProb - a.LogProb)) }) {
			t.Errorf("alternatives to token %d are not in order: %v", i, top)
		}
	}
}

func list(x any) []any { l, _ := x.([]any); return l }

func ints(l []any) []int32 {
	var out []int32
	for _, x := range l {
		out = append(out, int32(x.(float64)))
	}
	return out
}

// replayControl runs what reads the other answers.
func replayControl(t *testing.T, r *vllmtest.Recording) {
	text, err := replayTo(t, r, callOptions{once: true})
	if err != nil {
		t.Fatal(err)
	}
	switch path, _, _ := strings.Cut(r.Request.Path, "?"); path {
	case "/collective_rpc":
		err = checkResults(text)
	case "/reset_prefix_cache", "/update_weight_version":
		err = checkSuccess(text)
	case "/v1/models":
		s := r.Replay(func(vllmtest.Asked) {})
		defer s.Close()
		n, err := newClient(t, quick(s.URL)).Check(t.Context())
		if n != 1024 || err != nil {
			t.Errorf("length %d, %v; want 1024", n, err)
		}
	case "/weight_info":
		var got struct {
			Version string `json:"weight_version"`
		}
		if err = json.Unmarshal(text, &got); got.Version == "" {
			t.Errorf("no version in %s", text)
		}
	case "/pause", "/resume", "/health":
	default:
		t.Errorf("nothing reads %s", path)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestSentFields: what a recorded request holds stands in the body that the client sends for the same question, with the same value.
func TestSentFields(t *testing.T) {
	for _, name := range []string{"chat_eval_like", "chat_thinking_off", "chat_logit_bias", "chat_stop", "chat_logprobs_top20", "chat_token_ids",
		"chat_tokens_as_ids", "completion_token_ids", "chat_max_tokens_1"} {
		r := recording(t, name)
		q := askedIn(t, &r)
		sent, err := q.encode("tiny", false)
		if err != nil {
			t.Fatal(err)
		}
		want, got := map[string]any{}, map[string]any{}
		if err := errors.Join(json.Unmarshal(r.Request.Body, &want), json.Unmarshal(sent, &got)); err != nil {
			t.Fatal(err)
		}
		for key, value := range want {
			if !reflect.DeepEqual(got[key], value) {
				t.Errorf("%s: %s is sent as %v, recorded as %v", name, key, got[key], value)
			}
		}
		for _, key := range []string{"temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty", "repetition_penalty", "max_tokens",
			"min_tokens", "seed", "n", "logprobs", "return_token_ids", "ignore_eos", "stream"} {
			if _, ok := got[key]; !ok {
				t.Errorf("%s: %s is not sent", name, key)
			}
		}
	}
}

// TestDecodeValues: one recording of each endpoint, value by value.
func TestDecodeValues(t *testing.T) {
	r := recording(t, "completion_token_ids")
	q := askedIn(t, &r)
	a, err := q.decode(r.Body(), "tiny", false)
	if err != nil {
		t.Fatal(err)
	}
	if want := []int32{16706, 145870, 43299, 66124}; !slices.Equal(a.Tokens, want) || !slices.Equal(a.Prompt, []int32{3838, 374, 220, 22, 10, 20, 30}) {
		t.Errorf("tokens %v, prompt %v", a.Tokens, a.Prompt)
	}
	if a.LogProbs[0] != -5.956599235534668 || a.Finish != "length" || a.PromptTokens != 7 || a.ResponseTokens != 4 || a.Names != nil {
		t.Errorf("got %+v", a)
	}
	if want := (Alternative{-1, " Projection", -6.081599235534668}); a.Top[0][1] != want || a.Top[0][0].Name != ".Runtime" {
		t.Errorf("alternatives %v, want %v second", a.Top[0], want)
	}
	r = recording(t, "chat_tokens_as_ids")
	q = askedIn(t, &r)
	if a, err = q.decode(r.Body(), "tiny", true); err != nil {
		t.Fatal(err)
	}
	if want := []int32{146065, 130438, 130438}; !slices.Equal(a.Tokens, want) || a.Top[0][1] != (Alternative{28850, "", -6.187347412109375}) {
		t.Errorf("tokens %v, alternatives %v", a.Tokens, a.Top)
	}
	r = recording(t, "chat_logit_bias") // the end token is told, and has a log-prob
	q = askedIn(t, &r)
	if a, err = q.decode(r.Body(), "tiny", false); err != nil || !slices.Equal(a.Tokens, []int32{151645}) || a.Finish != "stop" || a.Text != "" || a.Stopped != "" {
		t.Errorf("got %+v, %v", a, err)
	}
	r = recording(t, "completion_echo_prompt_logprobs")
	var got reply
	if err := json.Unmarshal(r.Body(), &got); err != nil {
		t.Fatal(err)
	}
	scores, err := got.score([]int32{3838, 374, 220, 22, 10, 20, 30})
	if err != nil || len(scores) != 6 || scores[0] != -12.514737129211426 || scores[5] != -11.520181655883789 {
		t.Errorf("scores %v, %v", scores, err)
	}
	if _, err := got.score([]int32{3838, 375, 220, 22, 10, 20, 30}); err == nil {
		t.Error("the score of another prompt was taken")
	}
}

// FuzzDecode: whatever a server sends, decoding ends in an answer that fits the request or in an error.
func FuzzDecode(f *testing.F) {
	all, _ := vllmtest.Recordings(filepath.Join("..", "..", "..", "shared", "vllm", "vllm_recordings"))
	for i := range all {
		f.Add(all[i].Body())
	}
	f.Add([]byte(`{"choices":[{"text":"x","finish_reason":"stop","logprobs":{"tokens":["a"],"token_logprobs":[null],"top_logprobs":[null]}}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		q := Request{Prompt: []int32{3838, 374, 220, 22, 10, 20, 30}}
		a, err := q.decode(body, "tiny", false)
		if err == nil && (len(a.Tokens) == 0 || len(a.Tokens) != len(a.LogProbs) || a.Finish == "" || !slices.Equal(a.Prompt, q.Prompt)) {
			t.Errorf("took %+v for an answer", a)
		}
		_, _ = q.decode(body, "tiny", true)
		var got reply
		if json.NewDecoder(bytes.NewReader(body)).Decode(&got) == nil {
			_, _ = got.score(q.Prompt)
		}
	})
}
