package serve

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// fakeEngine answers with scripted tokens and obeys what requests say about endings, as the real one does.
type fakeEngine struct {
	slots  int
	script func(r *engine.Request) []scripted
	batch  int           // tokens told of at once; 0 is 1
	pace   time.Duration // between tokens
	fail   error         // after the first token

	mu   sync.Mutex
	seen []engine.Request
	live int
}

// scripted is one step of a response.
type scripted struct {
	id      int32
	logProb float32
	top     []engine.Alternative
}

// Submit implements Generator.
func (e *fakeEngine) Submit(ctx context.Context, r engine.Request) (engine.Generation, error) {
	e.mu.Lock()
	e.seen = append(e.seen, r)
	e.live++
	e.mu.Unlock()
	defer func() { e.mu.Lock(); e.live--; e.mu.Unlock() }()
	var g engine.Generation
	told := 0
	tell := func() {
		if len(g.Tokens) > told && r.OnTokens != nil {
			r.OnTokens(&g, told)
			told = len(g.Tokens)
		}
	}
	for _, step := range e.script(&r) {
		select {
		case <-ctx.Done():
			g.Finish = engine.Aborted
			return g, ctx.Err()
		case <-time.After(e.pace):
		}
		g.Tokens, g.LogProbs = append(g.Tokens, step.id), append(g.LogProbs, step.logProb)
		if r.TopLogProbs > 0 {
			g.Top = append(g.Top, step.top)
		}
		ends := r.Ends != nil && r.Ends(g.Tokens)
		if ends || slices.Contains(r.Stop, step.id) && len(g.Tokens) > r.MinNewTokens {
			g.Finish = engine.Stop
			break
		}
		if len(g.Tokens) == r.MaxNewTokens {
			break
		}
		if len(g.Tokens)-told >= max(1, e.batch) {
			tell()
		}
		if e.fail != nil {
			return g, e.fail
		}
	}
	if g.Finish == "" {
		g.Finish = engine.Length
	}
	tell()
	return g, nil
}

// Stats implements Generator.
func (e *fakeEngine) Stats() engine.Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return engine.Stats{Slots: e.slots, Running: e.live, PromptTokens: 7, GeneratedTokens: 9, CacheUse: 0.5}
}

// saying is a script of the tokens of a text, log-probs −0.5, −1, −1.5, …
func saying(tok tokenizer.Tokenizer, text string) func(*engine.Request) []scripted {
	ids := tok.Encode(text)
	return func(*engine.Request) []scripted {
		var out []scripted
		for i, id := range ids {
			lp := -0.5 * float32(i+1)
			out = append(out, scripted{id, lp, []engine.Alternative{{ID: id, LogProb: lp}, {ID: 3, LogProb: lp - 1}}})
		}
		return out
	}
}

// letters is a tokenizer for protocol tests, one token a character.
func letters(t testing.TB) *tokenizer.Chars {
	t.Helper()
	tok, err := tokenizer.NewChars("abcdefghijklmnopqrstuvwxyz .:\n0123456789é😀")
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

const lettersTemplate = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"

// letterOptions serve a scripted engine that speaks letters.
func letterOptions(t testing.TB, e *fakeEngine) Options {
	t.Helper()
	tok := letters(t)
	template, err := tokenizer.ParseChatTemplate(lettersTemplate, nil)
	if err != nil {
		t.Fatal(err)
	}
	if e.slots == 0 {
		e.slots = 4
	}
	return Options{Name: "tiny", Engine: e, Tokenizer: tok, Template: template, Log: slog.New(slog.DiscardHandler),
		Config: decoder.Config{VocabSize: tok.VocabSize(), MaxPositions: 256}}
}

func mustNew(t testing.TB, opt Options) *Server {
	t.Helper()
	s, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// post sends a JSON body and gives the answer.
func post(h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("POST", path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// requests lists what was submitted so far.
func (e *fakeEngine) requests() []engine.Request {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.seen)
}
