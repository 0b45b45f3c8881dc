package vllm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// scripted answers the first requests with the given statuses, then well.
func scripted(t *testing.T, header http.Header, statuses ...int) (url string, asked *atomic.Int64) {
	t.Helper()
	good := start(t, vllmtest.Options{})
	asked = &atomic.Int64{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := int(asked.Add(1))
		if n > len(statuses) {
			good.Config.Handler.ServeHTTP(w, r)
			return
		}
		for key, values := range header {
			w.Header()[key] = values
		}
		w.WriteHeader(statuses[n-1])
		fmt.Fprintf(w, `{"error":{"message":"status %d on purpose"}}`, statuses[n-1])
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

// TestStatuses: what is tried again, and how often.
func TestStatuses(t *testing.T) {
	for _, c := range []struct {
		statuses []int
		want     int // status of the error; 0: an answer
		asked    int64
	}{
		{nil, 0, 1},
		{[]int{500, 502, 503}, 0, 4},
		{[]int{408, 429, 504}, 0, 4},
		{[]int{500, 500, 500, 500, 500}, 500, 4},
		{[]int{400}, 400, 1},
		{[]int{401}, 401, 1},
		{[]int{403}, 403, 1},
		{[]int{404}, 404, 1},
		{[]int{405}, 405, 1},
		{[]int{413}, 413, 1},
		{[]int{422}, 422, 1},
		{[]int{503, 400}, 400, 2},
		{[]int{301}, 301, 1},
	} {
		url, asked := scripted(t, http.Header{"Location": {"http://127.0.0.1:1/"}}, c.statuses...)
		o := quick(url)
		o.Retries = 3
		answers, err := newClient(t, o).all(t.Context(), []Request{question(0)}, nil)
		var fault *Error
		switch {
		case asked.Load() != c.asked:
			t.Errorf("%v: asked %d times, want %d", c.statuses, asked.Load(), c.asked)
		case c.want == 0 && (err != nil || answers[0].Attempts != int(c.asked)):
			t.Errorf("%v: %v", c.statuses, err)
		case c.want != 0 && (!errors.As(err, &fault) || fault.Status != c.want || fault.Attempts != int(c.asked) || fault.Endpoint != url ||
			fault.Message != fmt.Sprintf("status %d on purpose", c.want)):
			t.Errorf("%v: got %v, want status %d", c.statuses, err, c.want)
		}
	}
}

// TestRetryAfter: the request waits as long as it was told to, or goes elsewhere at once.
func TestRetryAfter(t *testing.T) {
	url, _ := scripted(t, http.Header{"Retry-After": {"0.25"}}, 429)
	began := time.Now()
	if _, err := newClient(t, quick(url)).all(t.Context(), []Request{question(0)}, nil); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(began); took < 250*time.Millisecond {
		t.Errorf("tried again after %v, the server asked for 250 ms", took)
	}
	url, _ = scripted(t, http.Header{"Retry-After": {"60"}}, 429)
	other := start(t, vllmtest.Options{})
	answers, err := newClient(t, quick(url, other.URL)).all(t.Context(), []Request{question(0)}, nil)
	if err != nil || answers[0].Endpoint != other.URL || answers[0].Attempts != 2 {
		t.Errorf("got %+v, %v; want the other endpoint's answer", answers, err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]time.Duration{"": 0, "3": 3 * time.Second, "-1": 0, "soon": 0, "NaN": 0, "1e9": longestAsked,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second, "Fri, 02 Jan 2026 03:00:00 GMT": 0} {
		if got := retryAfter(text, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", text, got, want)
		}
	}
}

// TestTimeout: an attempt that takes too long ends, and its error says so.
func TestTimeout(t *testing.T) {
	s := start(t, vllmtest.Options{Latency: 10 * time.Second})
	o := quick(s.URL)
	o.Timeout, o.Retries = 50*time.Millisecond, 1
	_, err := newClient(t, o).all(t.Context(), []Request{question(0)}, nil)
	var fault *Error
	if !errors.As(err, &fault) || !errors.Is(err, os.ErrDeadlineExceeded) || fault.Attempts != 2 || fault.Status != 0 || !strings.Contains(err.Error(), "50ms") {
		t.Errorf("got %v, want a time-out after two attempts", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := newClient(t, o).all(ctx, []Request{question(0)}, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// TestGiveUp: when nothing answers for long enough, Do ends, whatever is left to ask; requests in between are few.
func TestGiveUp(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer s.Close()
	o := quick(s.URL)
	o.GiveUp, o.Rest, o.Retries = 300*time.Millisecond, 10*time.Millisecond, 1000
	requests := make([]Request, 10_000)
	for i := range requests {
		requests[i] = question(i)
	}
	err := newClient(t, o).Do(t.Context(), requests, func(int, Answer, error) error { return nil })
	var fault *Error
	if !errors.As(err, &fault) || fault.Status != 503 || !strings.Contains(err.Error(), "no endpoint has answered for") {
		t.Errorf("got %v", err)
	}
	if n := asked.Load(); n > 100 {
		t.Errorf("a server that never answers was asked %d times, want it left alone", n)
	}
}

// TestKey: the API key comes from the environment, reaches the server, and nothing else.
func TestKey(t *testing.T) {
	const key = "sk-very-secret-123"
	t.Setenv("GODCPO_TEST_KEY", key)
	s := start(t, vllmtest.Options{Key: key})
	var log bytes.Buffer
	o := quick(s.URL)
	o.KeyVar, o.Log = "GODCPO_TEST_KEY", slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := newClient(t, o)
	if _, err := c.all(t.Context(), []Request{question(0)}, nil); err != nil {
		t.Fatal(err)
	}
	o.Endpoints = []string{start(t, vllmtest.Options{Key: "another"}).URL}
	c2 := newClient(t, o)
	_, err := c2.all(t.Context(), []Request{question(0)}, nil)
	var fault *Error
	if !errors.As(err, &fault) || fault.Status != 401 || !strings.Contains(fault.Message, "Bearer [key]") {
		t.Errorf("got %v, want status 401 with the key left out of what the server said", err)
	}
	shown := fmt.Sprintf("%v %+v %#v %v %+v %#v", c, c, c.key, err, err, fault)
	for _, out := range []string{shown, log.String(), fmt.Sprintf("%#v", *c)} {
		if strings.Contains(out, key) {
			t.Errorf("the key stands in %s", out)
		}
	}
}

// TestOptions: every fault is told at once, and none of them repeats a password.
func TestOptions(t *testing.T) {
	_, err := New(Options{Endpoints: []string{"http://u:hunter2@h", "ftp://h", "http://h/v1?key=hunter2", "http://a", "http://a/v1/", "::hunter2"}, Timeout: -1})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"endpoint 1", "endpoint 2", "endpoint 3", "http://a is given twice", "endpoint 6", "no name", "negative"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a secret stands in %v", err)
	}
	if _, err := New(Options{Model: "m"}); err == nil || !strings.Contains(err.Error(), "no endpoint") {
		t.Errorf("got %v", err)
	}
}

// TestRequests: requests that no server would take are told before any is asked.
func TestRequests(t *testing.T) {
	s := start(t, vllmtest.Options{})
	c := newClient(t, quick(s.URL))
	both, neither, top, args := question(0), Request{}, question(0), question(0)
	both.Messages, top.TopLogProbs, args.TemplateArgs = question(1).Messages, 21, map[string]any{"enable_thinking": false}
	for i, q := range []Request{both, neither, top, args} {
		if err := c.Do(t.Context(), []Request{question(2), q}, nil); err == nil || !strings.Contains(err.Error(), "request 1: ") {
			t.Errorf("%d: got %v", i, err)
		}
	}
	if len(s.Answers()) != 0 {
		t.Error("the server was asked")
	}
	if err := c.Do(t.Context(), nil, nil); err != nil {
		t.Error(err)
	}
}

// TestCheck: servers without the model are found before anything is asked.
func TestCheck(t *testing.T) {
	a, b := start(t, vllmtest.Options{}), start(t, vllmtest.Options{Model: "other"})
	n, err := newClient(t, quick(a.URL)).Check(t.Context())
	if n != 1024 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if _, err = newClient(t, quick(a.URL, b.URL)).Check(t.Context()); err == nil || !strings.Contains(err.Error(), b.URL+` serves no model "tiny", only: other`) {
		t.Errorf("got %v", err)
	}
}

// TestPortable: a server that knows OpenAI's fields only is sent no others.
func TestPortable(t *testing.T) {
	q := question(1)
	q.TopK, q.StopText = 20, []string{"x"}
	body, err := q.encode("m", true)
	if err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{"top_k", "min_p", "return_token", "ignore_eos", "repetition", "skip_special", "min_tokens"} {
		if strings.Contains(string(body), own) {
			t.Errorf("%s stands in %s", own, body)
		}
	}
	answer := `{"model":"m-2026","choices":[{"index":0,"message":{"content":"hi","refusal":"no"},"finish_reason":"content_filter","logprobs":{"content":[{"token":"hi","logprob":-0.5,"top_logprobs":[{"token":"ho","logprob":-2},{"token":"hi","logprob":-0.5}]}]}}],"usage":{"prompt_tokens":3,"completion_tokens":1}}`
	a, err := q.decode([]byte(answer), "m", true)
	if err != nil || a.Names[0] != "hi" || a.LogProbs[0] != -0.5 || a.Top[0][1].Name != "ho" || a.Refusal != "no" || a.Finish != "content_filter" || a.Tokens != nil {
		t.Errorf("got %+v, %v", a, err)
	}
}

// TestSeed: no seed is −1, which vLLM takes for none, or negative at all.
func TestSeed(t *testing.T) {
	for _, s := range []uint64{0, 1, 1 << 63, ^uint64(0)} {
		if got := seed(s); got < 0 || uint64(got) != s&^(1<<63) {
			t.Errorf("seed %d is sent as %d", s, got)
		}
	}
}
