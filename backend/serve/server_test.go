package serve

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// endless says x for ever.
func endless(*engine.Request) []scripted {
	out := make([]scripted, 1<<16)
	for i := range out {
		out[i] = scripted{id: 26, logProb: -1}
	}
	return out
}

// eventually waits for a condition.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s did not happen within 5 s", what)
}

func TestNewRefuses(t *testing.T) {
	good := letterOptions(t, &fakeEngine{})
	tests := map[string]func(*Options){
		"no name":               func(o *Options) { o.Name = "" },
		"no engine":             func(o *Options) { o.Engine = nil },
		"no bound of positions": func(o *Options) { o.Config.MaxPositions = 0 },
		"more than positions":   func(o *Options) { o.MaxModelLen = 257 },
		"negative length":       func(o *Options) { o.MaxModelLen = -1 },
	}
	for name, change := range tests {
		opt := good
		change(&opt)
		if _, err := New(opt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestAPIKey(t *testing.T) {
	opt := letterOptions(t, &fakeEngine{script: func(*engine.Request) []scripted { return nil }})
	opt.APIKey = "secret"
	h := mustNew(t, opt).Handler()
	tests := []struct {
		path, key string
		want      int
	}{
		{"/v1/models", "", 401}, {"/v1/models", "Bearer wrong", 401}, {"/v1/models", "secret", 401}, {"/v1/models", "Basic secret", 401}, {"/v1/models", "Bearer secrets", 401},
		{"/v1/models", "Bearer secret", 200}, {"/v1/models", "bearer secret", 200}, {"/nope", "", 401}, {"/nope", "Bearer secret", 404},
		{"/health", "", 200}, {"/version", "", 200}, {"/metrics", "", 200},
	}
	for _, tt := range tests {
		var headers []string
		if tt.key != "" {
			headers = []string{"Authorization", tt.key}
		}
		if w := get(h, tt.path, headers...); w.Code != tt.want {
			t.Errorf("%s with %q: status %d, want %d", tt.path, tt.key, w.Code, tt.want)
		}
	}
	if w := post(h, "/tokenize", `{"prompt":"a"}`); w.Code != 401 || strings.TrimSpace(w.Body.String()) != `{"error":"Unauthorized"}` {
		t.Errorf("tokenize without a key: status %d: %s", w.Code, w.Body)
	}
}

func TestHTTP(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	e.script = saying(opt.Tokenizer, "x")
	opt.MaxBody, opt.Aliases = 1000, []string{"org/other"}
	h := mustNew(t, opt).Handler()
	long := userSays(`,"user":"` + strings.Repeat("a", 1000) + `"`)
	tests := []struct {
		name string
		w    *httptest.ResponseRecorder
		want int
		body string
	}{
		{"too large", post(h, "/v1/chat/completions", long), 413, `"code":413`},
		{"form", post(h, "/v1/chat/completions", userSays(``), "Content-Type", "text/plain"), 400, "application/json"},
		{"with a character set", post(h, "/v1/chat/completions", userSays(``), "Content-Type", "application/json; charset=utf-8"), 200, `"content":"x"`},
		{"page of another site", post(h, "/v1/chat/completions", userSays(``), "Sec-Fetch-Site", "cross-site"), 403, "other sites"},
		{"alias", post(h, "/v1/chat/completions", userSays(`,"model":"org/other"`)), 200, `"model":"tiny"`},
		{"one model", get(h, "/v1/models/org/other"), 200, `"id":"org/other"`},
		{"no such model", get(h, "/v1/models/none"), 404, "NotFoundError"},
		{"version", get(h, "/version"), 200, `{"version":"devel"}`},
		{"method", get(h, "/tokenize"), 405, "Method Not Allowed"},
		{"own name", post(h, "/v1/chat/completions", userSays(``), "X-Request-Id", "mine-1"), 200, `"id":"chatcmpl-mine-1"`},
		{"no CORS", get(h, "/v1/models", "Origin", "http://example.com"), 200, `"id":"tiny"`},
	}
	for _, tt := range tests {
		if tt.w.Code != tt.want || !strings.Contains(tt.w.Body.String(), tt.body) {
			t.Errorf("%s: status %d, want %d with %s: %s", tt.name, tt.w.Code, tt.want, tt.body, tt.w.Body)
		}
		if tt.w.Header().Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: pages of other sites may read the answer", tt.name)
		}
		if tt.w.Header().Get("X-Request-Id") == "" {
			t.Errorf("%s: the answer has no name", tt.name)
		}
	}
	metrics := get(h, "/metrics").Body.String()
	for _, want := range []string{`godcpo:http_requests_total{endpoint="/v1/chat/completions",model_name="tiny",status="200"} 3`,
		`godcpo:request_success_total{finished_reason="length",model_name="tiny"} 3`, `godcpo:request_generation_tokens_sum{model_name="tiny"} 3`,
		`godcpo:time_to_first_token_seconds_count{model_name="tiny"} 3`, `godcpo:kv_cache_usage_perc{model_name="tiny"} 0.5`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

// run starts a server on a free port; stop ends it and gives Run's error.
func run(t *testing.T, opt Options) (s *Server, stop func() error) {
	t.Helper()
	opt.Addr = "127.0.0.1:0"
	s = mustNew(t, opt)
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return s, func() error { cancel(); return <-done }
}

func send(ctx context.Context, s *Server, body string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+s.Addr()+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(r)
}

// TestKeptConnection uses a connection again after the time that a client has for taking an answer.
func TestKeptConnection(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	opt.WriteTimeout = 300 * time.Millisecond // enough for a busy machine
	e.script = saying(opt.Tokenizer, "x")
	s, stop := run(t, opt)
	for _, path := range []string{"/v1/models", "/health", "/metrics", "/version"} {
		answer, err := http.Get("http://" + s.Addr() + path)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d, %v: %s", path, answer.StatusCode, err, text)
		}
		answer.Body.Close()
		time.Sleep(2 * opt.WriteTimeout)
	}
	if text := get(s.Handler(), "/metrics").Body.String(); !strings.Contains(text, `endpoint="/metrics",model_name="tiny",status="200"`) {
		t.Errorf("a scrape is not counted as answered: %s", text)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestDisconnect hangs up in the middle of responses: their rows are given up.
func TestDisconnect(t *testing.T) {
	for _, fields := range []string{`,"n":2,"max_tokens":200`, `,"n":2,"max_tokens":200,"stream":true`} {
		e := &fakeEngine{script: endless, pace: 50 * time.Millisecond}
		s, stop := run(t, letterOptions(t, e))
		ctx, hangUp := context.WithCancel(t.Context())
		go func() {
			if answer, err := send(ctx, s, userSays(fields)); err == nil {
				defer answer.Body.Close()
				_, _ = bufio.NewReader(answer.Body).ReadString(0)
			}
		}()
		eventually(t, "the start of two rows", func() bool { return e.Stats().Running == 2 })
		hangUp()
		eventually(t, "the end of the rows", func() bool { return e.Stats().Running == 0 })
		if err := stop(); err != nil {
			t.Error(err)
		}
		eventually(t, "counting the rows out", func() bool { return s.inFlight.Load() == 0 })
	}
}

// TestSlowClient reads nothing of a long stream: the engine goes on at its own pace, and in the end the connection is dropped.
func TestSlowClient(t *testing.T) {
	e := &fakeEngine{script: endless}
	opt := letterOptions(t, e)
	opt.Config.MaxPositions, opt.WriteTimeout = 1<<16, 300*time.Millisecond
	s, stop := run(t, opt)
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	body := userSays(`,"stream":true,"logprobs":true,"max_tokens":60000`)
	fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	eventually(t, "the start of the row", func() bool { return len(e.requests()) == 1 })
	eventually(t, "the end of the row", func() bool { return e.Stats().Running == 0 })
	if err := stop(); err != nil {
		t.Errorf("the stream nobody reads is still under way: %v", err)
	}
}

// TestQueueLimit fills the server: one row more is refused, and taken once there is room.
func TestQueueLimit(t *testing.T) {
	e := &fakeEngine{script: endless, pace: 20 * time.Millisecond, slots: 1}
	opt := letterOptions(t, e)
	opt.MaxQueue = 1
	s, stop := run(t, opt)
	ctx, hangUp := context.WithCancel(t.Context())
	defer hangUp()
	go func() {
		if answer, err := send(ctx, s, userSays(`,"n":2,"max_tokens":200`)); err == nil {
			answer.Body.Close()
		}
	}()
	eventually(t, "the start of two rows", func() bool { return e.Stats().Running == 2 })
	if w := post(s.Handler(), "/v1/chat/completions", userSays(`,"max_tokens":1`)); w.Code != http.StatusServiceUnavailable {
		t.Errorf("status %d, want 503: %s", w.Code, w.Body)
	}
	if text := get(s.Handler(), "/metrics").Body.String(); !strings.Contains(text, `godcpo:admission_rejections_total{model_name="tiny"} 1`) {
		t.Error("the refusal is not counted")
	}
	hangUp()
	eventually(t, "the end of the rows", func() bool { return s.inFlight.Load() == 0 })
	if w := post(s.Handler(), "/v1/chat/completions", userSays(`,"max_tokens":1`)); w.Code != http.StatusOK {
		t.Errorf("status %d, want 200: %s", w.Code, w.Body)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

// TestShutdown ends a server while it answers: what ends within the grace is answered whole, the rest is given up.
func TestShutdown(t *testing.T) {
	for _, tt := range []struct {
		grace time.Duration
		whole bool
	}{{10 * time.Second, true}, {50 * time.Millisecond, false}} {
		e := &fakeEngine{script: endless, pace: 10 * time.Millisecond}
		opt := letterOptions(t, e)
		opt.Grace = tt.grace
		s, stop := run(t, opt)
		answered := make(chan bool)
		go func() {
			answer, err := send(t.Context(), s, userSays(`,"max_tokens":50`))
			if err != nil {
				answered <- false
				return
			}
			defer answer.Body.Close()
			var text bytes.Buffer
			_, err = text.ReadFrom(answer.Body)
			answered <- err == nil && strings.Contains(text.String(), strings.Repeat("x", 50))
		}()
		eventually(t, "the start of a row", func() bool { return e.Stats().Running == 1 })
		if err := stop(); (err == nil) != tt.whole {
			t.Errorf("grace %v: Run ends with %v", tt.grace, err)
		} else if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("grace %v: Run ends with %v, want a wrapped deadline", tt.grace, err)
		}
		if got := <-answered; got != tt.whole {
			t.Errorf("grace %v: answered whole is %v", tt.grace, got)
		}
		eventually(t, "the end of the row", func() bool { return e.Stats().Running == 0 })
	}
}

// TestOpenAddress warns of a server that anybody may use.
func TestOpenAddress(t *testing.T) {
	for _, tt := range []struct {
		addr, key string
		warns     bool
	}{{"127.0.0.1:0", "", false}, {"0.0.0.0:0", "", true}, {"0.0.0.0:0", "secret", false}} {
		var log bytes.Buffer
		opt := letterOptions(t, &fakeEngine{})
		opt.Addr, opt.APIKey, opt.Log = tt.addr, tt.key, slog.New(slog.NewTextHandler(&log, nil))
		s := mustNew(t, opt)
		if err := s.Listen(); err != nil {
			t.Fatal(err)
		}
		s.listener.Close()
		if got := strings.Contains(log.String(), "no API key"); got != tt.warns {
			t.Errorf("%s with key %q: warns is %v: %s", tt.addr, tt.key, got, &log)
		}
	}
	opt := letterOptions(t, &fakeEngine{})
	opt.Addr = "127.0.0.1:99999"
	if err := mustNew(t, opt).Run(t.Context()); err == nil {
		t.Error("no error for an impossible port")
	}
}

// TestPanic answers a request whose handling panics, and goes on.
func TestPanic(t *testing.T) {
	e := &fakeEngine{}
	opt := letterOptions(t, e)
	opt.Scorer = panicScorer{}
	h := mustNew(t, opt).Handler()
	if w := post(h, "/v1/chat/completions", userSays(`,"prompt_logprobs":1`)); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), "ouch") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

type panicScorer struct{}

func (panicScorer) Score(context.Context, []int32, int) ([]engine.Scored, error) { panic("ouch") }
