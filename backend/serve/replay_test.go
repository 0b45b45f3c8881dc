package serve

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// recording is a request to vLLM and its answer.
type recording struct {
	name    string
	Request struct {
		Method, Path string
		Body         json.RawMessage
	}
	Response struct {
		Status      int
		ContentType string `json:"content_type"`
		Body        any
	}
}

// recordings reads those that concern this package's paths. Adapters and weight updates are not served here, nor is the path that vLLM itself
// refused.
func recordings(t *testing.T) []recording {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "vllm", "vllm_recordings", "*.json"))
	if err != nil || len(paths) == 0 {
		t.Skip("../shared is absent: the recordings are not part of the repository")
	}
	served := []string{"/v1/chat/completions", "/v1/completions", "/v1/models", "/v1/nope", "/tokenize", "/detokenize", "/health"}
	var out []recording
	for _, path := range paths {
		text, err := os.ReadFile(path)
		r := recording{name: strings.TrimSuffix(filepath.Base(path), ".json")}
		if err == nil {
			err = json.Unmarshal(text, &r)
		}
		if err != nil {
			t.Fatal(err)
		}
		if slices.Contains(served, r.Request.Path) && !strings.HasPrefix(r.name, "lora_") {
			out = append(out, r)
		}
	}
	return out
}

// qwen is the tokenizer the recordings were made with.
var qwen = sync.OnceValues(func() (*tokenizer.BPE, *tokenizer.ChatTemplate) {
	tok, template, err := tokenizer.Load(filepath.Join("..", "..", "..", "shared", "tokenizers", "qwen3"))
	if err != nil {
		panic(err)
	}
	return tok.(*tokenizer.BPE), template
})

// player is an engine and a scorer that say what the recorded model said.
type player struct {
	fakeEngine
	tok   *tokenizer.BPE
	ids   map[string]int32 // by bytes
	shard int32            // some token that ends inside a character
	usual []scripted       // the greedy answer to the question that most recordings ask

	seed    int64
	n       int
	choices []map[string]any // of the recording being replayed
	prompts []any            // prompt_logprobs of it
}

func newPlayer(all []recording) *player {
	tok, _ := qwen()
	p := &player{tok: tok, ids: map[string]int32{}, fakeEngine: fakeEngine{slots: 64}}
	for id := range int32(tok.VocabSize()) {
		text := tok.Token(id)
		p.ids[text] = id
		if p.shard == 0 && strings.HasPrefix(text, " ") && !utf8.ValidString(text) {
			p.shard = id
		}
	}
	p.script = p.play
	at := slices.IndexFunc(all, func(r recording) bool { return r.name == "chat_logprobs" })
	p.load(&all[at])
	p.usual = p.steps(p.choices[0])
	return p
}

// load takes up a recording.
func (p *player) load(r *recording) {
	var asked struct {
		Seed int64
		N    int
	}
	_ = json.Unmarshal(r.Request.Body, &asked) // some bodies are wrong on purpose
	p.seed, p.n, p.choices, p.prompts = asked.Seed, max(1, asked.N), nil, nil
	text, _ := r.Response.Body.(string)
	if strings.HasPrefix(text, "data: ") {
		return
	}
	body, _ := r.Response.Body.(map[string]any)
	choices, _ := body["choices"].([]any)
	for _, c := range choices {
		p.choices = append(p.choices, c.(map[string]any))
	}
	if p.prompts, _ = body["prompt_logprobs"].([]any); p.prompts == nil && len(p.choices) > 0 {
		p.prompts, _ = p.choices[0]["prompt_logprobs"].([]any)
	}
}

// play gives the recorded response to a request.
func (p *player) play(r *engine.Request) []scripted {
	for i, c := range p.choices {
		prompt, known := c["prompt_token_ids"].([]any)
		if (p.n == 1 || r.Seed == engine.RowSeed(uint64(p.seed), i)) && (!known || fmt.Sprint(prompt) == fmt.Sprint(r.Prompt)) {
			if steps := p.steps(c); steps != nil {
				return steps
			}
			if message, _ := c["message"].(map[string]any); message != nil {
				return p.continuing(message["content"].(string))
			}
		}
	}
	return p.usual
}

// continuing gives a response of the recorded text: the usual one if it begins so, else the text's own tokens.
func (p *player) continuing(text string) []scripted {
	var usual []int32
	for _, s := range p.usual {
		usual = append(usual, s.id)
	}
	if strings.HasPrefix(p.tok.Decode(usual), text) {
		return p.usual
	}
	var out []scripted
	for _, id := range p.tok.Encode(text) {
		out = append(out, scripted{id: id})
	}
	return out
}

// steps reads a recorded choice; nil when it tells no tokens.
func (p *player) steps(choice map[string]any) []scripted {
	var out []scripted
	if ids, ok := choice["token_ids"].([]any); ok {
		for _, id := range ids {
			out = append(out, scripted{id: int32(id.(float64))})
		}
	}
	logProbs, _ := choice["logprobs"].(map[string]any)
	content, _ := logProbs["content"].([]any)
	for i, c := range content {
		one := p.alternative(c.(map[string]any))
		step := scripted{id: one.ID, logProb: one.LogProb}
		for _, a := range c.(map[string]any)["top_logprobs"].([]any) {
			step.top = append(step.top, p.alternative(a.(map[string]any)))
		}
		if i < len(out) {
			out[i] = step
		} else {
			out = append(out, step)
		}
	}
	values, _ := logProbs["token_logprobs"].([]any)
	tops, _ := logProbs["top_logprobs"].([]any)
	for i := range out {
		if at := len(values) - len(out) + i; at >= 0 && len(content) == 0 && len(values) > 0 {
			out[i].logProb = float32(values[at].(float64))
			for text, lp := range tops[at].(map[string]any) {
				entry := map[string]any{"token": text, "logprob": lp}
				out[i].top = append(out[i].top, p.alternative(entry))
			}
			sortAlternatives(out[i].top)
		}
	}
	return out
}

// alternative reads an entry of a chat's logprobs. vLLM leaves the text of a token empty that ends inside a character.
func (p *player) alternative(entry map[string]any) engine.Alternative {
	name := entry["token"].(string)
	a := engine.Alternative{ID: p.ids[name], LogProb: float32(entry["logprob"].(float64))}
	if id, ok := strings.CutPrefix(name, "token_id:"); ok {
		n, _ := strconv.Atoi(id)
		a.ID = int32(n)
	} else if name == "" {
		a.ID = p.shard
	}
	return a
}

func sortAlternatives(list []engine.Alternative) {
	slices.SortFunc(list, func(a, b engine.Alternative) int { return cmp.Compare(b.LogProb, a.LogProb) })
}

// Score implements Scorer.
func (p *player) Score(_ context.Context, ids []int32, _ int) ([]engine.Scored, error) {
	if len(p.prompts) != len(ids) {
		return nil, fmt.Errorf("%d recorded log-probs for %d tokens", len(p.prompts), len(ids))
	}
	out := make([]engine.Scored, len(ids))
	for i, entry := range p.prompts[1:] {
		for key, e := range entry.(map[string]any) {
			id, _ := strconv.Atoi(key)
			fields := e.(map[string]any)
			lp := float32(fields["logprob"].(float64))
			if int32(id) == ids[i+1] {
				out[i+1].LogProb, out[i+1].Rank = lp, int(fields["rank"].(float64))
			} else {
				out[i+1].Top = append(out[i+1].Top, engine.Alternative{ID: int32(id), LogProb: lp})
			}
		}
	}
	return out, nil
}

// TestRecordings replays requests to vLLM and compares the answers.
func TestRecordings(t *testing.T) {
	all := recordings(t)
	if len(all) < 55 {
		t.Fatalf("%d recordings, want 55 or more", len(all))
	}
	p := newPlayer(all)
	tok, template := qwen()
	s := mustNew(t, Options{Name: "tiny", Engine: p, Scorer: p, Tokenizer: tok, Template: template, Log: slog.New(slog.DiscardHandler),
		Config: decoder.Config{VocabSize: 151_936, MaxPositions: 1024}})
	for _, r := range all {
		t.Run(r.name, func(t *testing.T) {
			p.load(&r)
			if p.fail = nil; r.name == "after_all" { // the engine had died
				p.fail = errors.New("device lost")
			}
			body := string(r.Request.Body)
			var text string
			if json.Unmarshal(r.Request.Body, &text) == nil && text != "" {
				body = text // recorded as it was sent, not as JSON
			}
			var w *httptest.ResponseRecorder
			if r.Request.Method == "GET" {
				w = get(s.Handler(), r.Request.Path)
			} else {
				w = post(s.Handler(), r.Request.Path, body)
			}
			compareAnswer(t, &r, w)
		})
	}
}

// otherWords are recordings whose errors say the same in other words: a JSON parser's, a count that vLLM cuts off, an engine's.
var otherWords = []string{"err_bad_json", "err_prompt_too_long", "after_all"}

func compareAnswer(t *testing.T, r *recording, w *httptest.ResponseRecorder) {
	t.Helper()
	if w.Code != r.Response.Status {
		t.Fatalf("status %d, want %d: %s", w.Code, r.Response.Status, w.Body)
	}
	if got := w.Header().Get("Content-Type"); got != r.Response.ContentType {
		t.Errorf("content type %q, want %q", got, r.Response.ContentType)
	}
	if want, ok := r.Response.Body.(string); ok {
		compareStreams(t, want, w.Body.String())
		return
	}
	var got any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
	ignore := ownValues
	if slices.Contains(otherWords, r.name) {
		ignore = append([]string{"message"}, ignore...)
	}
	compareJSON(t, "", r.Response.Body, got, ignore)
}

// ownValues are members that every server fills in its own way.
var ownValues = []string{"id", "created", "system_fingerprint", "owned_by", "root", "permission"}

// compareStreams compares server-sent events one by one.
func compareStreams(t *testing.T, want, got string) {
	t.Helper()
	wants, gots := strings.Split(want, "\n\n"), strings.Split(got, "\n\n")
	if len(gots) != len(wants) {
		t.Fatalf("%d events, want %d:\n%s", len(gots), len(wants), got)
	}
	for i := range wants {
		w, wantJSON := strings.CutPrefix(wants[i], "data: {")
		g, gotJSON := strings.CutPrefix(gots[i], "data: {")
		if !wantJSON || !gotJSON {
			if wants[i] != gots[i] {
				t.Errorf("event %d is %q, want %q", i, gots[i], wants[i])
			}
			continue
		}
		var wantValue, gotValue map[string]any
		if err := errors.Join(json.Unmarshal([]byte("{"+w), &wantValue), json.Unmarshal([]byte("{"+g), &gotValue)); err != nil {
			t.Fatal(err)
		}
		compareJSON(t, fmt.Sprintf("event %d", i), wantValue, gotValue, ownValues)
		for key := range wantValue { // in streams, absent and null differ
			if _, ok := gotValue[key]; !ok {
				t.Errorf("event %d: %s is missing", i, key)
			}
		}
	}
}

// compareJSON compares values; what vLLM leaves null may be absent here.
func compareJSON(t *testing.T, path string, want, got any, ignore []string) {
	t.Helper()
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			t.Errorf("%s is %v, want %v", path, got, want)
			return
		}
		if _, broken := want[""]; broken || want["token"] == "" { // part of a character, of which vLLM shows nothing
			return
		}
		if name, _ := want["token"].(string); strings.HasPrefix(name, "token_id:") && want["top_logprobs"] == nil {
			ignore = append([]string{"bytes"}, ignore...) // vLLM gives the bytes of the name
		}
		for key, w := range want {
			if g, ok := got[key]; !slices.Contains(ignore, key) && (ok || w != nil) {
				compareJSON(t, path+"."+key, w, g, ignore)
			}
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				t.Errorf("%s.%s is not in the recording", path, key)
			}
		}
	case []any:
		got, _ := got.([]any)
		if len(got) != len(want) {
			t.Errorf("%s is %v, want %v", path, got, want)
			return
		}
		for i := range want {
			compareJSON(t, fmt.Sprintf("%s[%d]", path, i), want[i], got[i], ignore)
		}
	default:
		if text, _ := got.(string); want == "" && strings.Contains(text, "\ufffd") {
			return
		}
		if want != got {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
}

// TestMetricNames compares the names of metrics with vLLM's.
func TestMetricNames(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "vllm", "vllm_recordings", "metrics.txt"))
	if err != nil {
		t.Skip("../shared is absent: the recordings are not part of the repository")
	}
	s := mustNew(t, letterOptions(t, &fakeEngine{script: func(*engine.Request) []scripted { return nil }}))
	get(s.Handler(), "/health")
	count := 0
	for line := range strings.Lines(get(s.Handler(), "/metrics").Body.String()) {
		name, ok := strings.CutPrefix(line, "# TYPE godcpo:")
		if !ok || strings.HasPrefix(name, "http_requests_total") {
			continue
		}
		count++
		if !strings.Contains(string(text), "# TYPE vllm:"+name) {
			t.Errorf("vLLM has no metric %s", name)
		}
	}
	if count < 10 {
		t.Errorf("%d metrics, want 10 or more", count)
	}
}
