package evaluation

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/datasets"
	"github.com/dcpo-go/godcpo/dcpo/evaluation/journal"
	"github.com/dcpo-go/godcpo/dcpo/verbal"
	"github.com/dcpo-go/godcpo/dcpo/vllm"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// sums are n problems.
func sums(n int) *datasets.Benchmark {
	b := &datasets.Benchmark{Name: "sums", Source: "made up"}
	for i := range n {
		b.Problems = append(b.Problems, datasets.Problem{ID: fmt.Sprint("sums/", i), Question: fmt.Sprintf("What is %d + %d?", i, i), Answer: fmt.Sprint(2 * i)})
	}
	return b
}

// quick are options for a server on this machine.
func quick(dir, url string, b ...*datasets.Benchmark) Options {
	s := journal.Reference("tiny")
	s.MaxTokens = 16
	return Options{Dir: dir, Settings: s, Benchmarks: b, Client: vllm.Options{Endpoints: []string{url}, Model: "tiny", Timeout: time.Second, Backoff: time.Millisecond,
		Rest: 5 * time.Millisecond, Retries: 20, Log: slog.New(slog.DiscardHandler), KeyVar: "GODCPO_TEST_NO_KEY"}}
}

func start(t testing.TB, opt vllmtest.Options) *vllmtest.Server {
	t.Helper()
	s := vllmtest.New(opt)
	t.Cleanup(s.Close)
	return s
}

// once reads a journal and reports answers that are not there exactly once, or are another's; it gives how many were answered and refused.
func once(t *testing.T, dir string, problems, samples int) (answered, refused int) {
	t.Helper()
	seen := map[journal.Key]int{}
	c, err := journal.Read(dir, func(*journal.Problem) {}, func(a *journal.Answer, _ int64) error {
		seen[a.Key]++
		if a.Final {
			refused++
			return nil
		}
		answered++
		if !strings.Contains(a.Text, fmt.Sprintf("(seed %d)", a.Seed)) || a.Seed != seedOf(0, a.Key) || len(a.Tokens) == 0 || len(a.Tokens) != len(a.LogProbs) {
			t.Errorf("%v has another's answer, or half of one: %.60s", a.Key, a.Text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Repeated > 0 || len(seen) != problems*samples {
		t.Errorf("%d answers twice, %d questions in the journal, want %d", c.Repeated, len(seen), problems*samples)
	}
	return answered, refused
}

// heap is the live memory, after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// hostile are faults that a retry can mend, a third of all requests, and a refusal in a hundred.
var hostile = map[vllmtest.Fault]float64{vllmtest.Slow: 0.002, vllmtest.Busy: 0.04, vllmtest.BusyUntil: 0.04, vllmtest.Broken: 0.04, vllmtest.Reset: 0.04,
	vllmtest.Half: 0.04, vllmtest.Garbage: 0.04, vllmtest.Truncated: 0.03, vllmtest.WrongModel: 0.02, vllmtest.WrongCount: 0.02, vllmtest.WrongOrder: 0.02, vllmtest.Refused: 0.01}

// TestHostile puts 10,000 requests by 32 workers to a server that lets a third of them go wrong: the journal holds each once, memory is flat.
func TestHostile(t *testing.T) {
	problems := 2500
	if testing.Short() {
		problems = 250
	}
	s := start(t, vllmtest.Options{Faults: maps.Clone(hostile), Seed: 1, Slow: 5 * time.Second, Bulk: 16 << 10})
	o := quick(t.TempDir(), s.URL, sums(problems))
	o.Client.Timeout = 2 * time.Second
	var early, late uint64
	o.Progress = func(p Progress) {
		switch p.Told() {
		case p.All / 5:
			early = heap()
		case p.All * 19 / 20:
			late = heap()
		}
	}
	began := time.Now()
	p, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if p.Failed > 0 || p.Answered+p.Refused != 4*problems {
		t.Errorf("progress %+v", p)
	}
	answered, refused := once(t, o.Dir, problems, 4)
	t.Logf("%d answered, %d refused in %v; heap %.1f MiB after a fifth, %.1f MiB at the end; faults %v", answered, refused, time.Since(began).Round(time.Millisecond),
		float64(early)/(1<<20), float64(late)/(1<<20), s.Seen())
	if answered != p.Answered || refused != p.Refused || answered < 4*problems*95/100 || refused == 0 {
		t.Errorf("%d answered and %d refused in the journal, %d and %d told", answered, refused, p.Answered, p.Refused)
	}
	if late > early+8<<20 {
		t.Errorf("live memory grew from %d to %d MiB over %d answers", early>>20, late>>20, 3*problems)
	}
	if s.Busiest() > 32 {
		t.Errorf("%d requests were under way at once, want at most 32", s.Busiest())
	}
	answers := total(s)
	if p, err = Run(t.Context(), o); err != nil || p.Before != 4*problems || total(s) != answers {
		t.Errorf("a second run found %d of %d and asked %d, %v", p.Before, p.All, total(s)-answers, err)
	}
}

// total is how many whole answers the server sent.
func total(s *vllmtest.Server) (n int) {
	for _, k := range s.Answers() {
		n += k
	}
	return n
}

// TestExtend: more problems, samples and benchmarks are asked into the same journal; what is there is not asked again, and seeds are as in a run of
// everything at once.
func TestExtend(t *testing.T) {
	s := start(t, vllmtest.Options{})
	o := quick(t.TempDir(), s.URL, sums(6))
	o.Limit, o.Samples, o.Confidences = 2, 1, []Confidence{Verbal}
	for _, c := range []struct {
		change        func()
		before, asked int
	}{
		{func() {}, 0, 2},
		{func() { o.Limit = 4 }, 2, 2},
		{func() { o.Samples = 3 }, 4, 8},
		{func() { o.Confidences, o.Separate = nil, true }, 12, 12},
		{func() { o.Limit = 0 }, 24, 12},
	} {
		c.change()
		sent := total(s)
		if p, err := Run(t.Context(), o); err != nil || p.Before != c.before || p.Answered != c.asked || total(s)-sent != c.asked {
			t.Fatalf("found %d and asked %d, want %d and %d: %v", p.Before, p.Answered, c.before, c.asked, err)
		}
	}
	for key, n := range s.Answers() {
		if n != 1 {
			t.Errorf("%s was asked %d times", key, n)
		}
	}
	r, err := Open(o.Dir, MeasureOptions{NoIntervals: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Missing != 0 || len(r.Methods) != 2 || r.Methods[0].Prompt != verbal.PromptBoxed || r.Methods[1].Prompt != verbal.PromptNone || r.Methods[1].Title() != "logits" {
		t.Errorf("%d missing, methods %+v", r.Missing, r.Methods)
	}
	if n := r.Methods[1].Sets[0].Counts; n.Problems != 6 || n.Answers != 18 {
		t.Errorf("counts %+v", n)
	}
}

// TestBare: for logits alone the bare problem is sent.
func TestBare(t *testing.T) {
	s := start(t, vllmtest.Options{})
	o := quick(t.TempDir(), s.URL, sums(1))
	o.Samples, o.Confidences = 1, []Confidence{Logits}
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	asked := s.Asked()
	body := string(asked[len(asked)-1].Body)
	for _, want := range []string{`"content":"What is 0 + 0?"`, `"temperature":0.7`, `"top_p":0.8`, `"top_k":20`, `"presence_penalty":1.5`, `"enable_thinking":false`, `"max_tokens":16`, `"logprobs":true`} {
		if !strings.Contains(body, want) {
			t.Errorf("the request lacks %s:\n%s", want, body)
		}
	}
}

// TestInterrupted: when the context ends, what was answered is in the journal, and the next run goes on.
func TestInterrupted(t *testing.T) {
	s := start(t, vllmtest.Options{Latency: 2 * time.Millisecond})
	o := quick(t.TempDir(), s.URL, sums(100))
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(p Progress) {
		if p.Told() == 57 {
			cancel()
		}
	}
	p, err := Run(ctx, o)
	if !errors.Is(err, context.Canceled) || p.Answered < 57 {
		t.Errorf("%+v, %v", p, err)
	}
	o.Progress = nil
	next, err := Run(t.Context(), o)
	if err != nil || next.Before != p.Answered || next.Before+next.Answered != 400 {
		t.Errorf("%d were told, then %+v, %v", p.Answered, next, err)
	}
	once(t, o.Dir, 100, 4)
}

// TestFailuresAreAskedAgain: requests that got no answer are counted and missing, and asked by the next run alone.
func TestFailuresAreAskedAgain(t *testing.T) {
	s := start(t, vllmtest.Options{Faults: map[vllmtest.Fault]float64{vllmtest.Broken: 0.3}, Seed: 3})
	o := quick(t.TempDir(), s.URL, sums(50))
	o.Client.Retries = -1
	p, err := Run(t.Context(), o)
	if err != nil || p.Failed == 0 || p.Failed+p.Answered != 200 || !strings.Contains(p.LastError, "500") {
		t.Fatalf("%+v, %v", p, err)
	}
	if r, err := Open(o.Dir, MeasureOptions{NoIntervals: true}); err != nil || r.Missing != p.Failed || r.FailedNow != p.Failed {
		t.Errorf("%+v, %v", r, err)
	}
	o.Client.Retries = 20
	if next, err := Run(t.Context(), o); err != nil || next.Before != p.Answered || next.Answered != p.Failed {
		t.Errorf("%+v, then %+v, %v", p, next, err)
	}
	once(t, o.Dir, 50, 4)
}

// TestMisconfigured: what every request would meet ends the run at once, and nothing of it is in the journal.
func TestMisconfigured(t *testing.T) {
	refuses := start(t, vllmtest.Options{Faults: map[vllmtest.Fault]float64{vllmtest.Refused: 1}})
	locked := start(t, vllmtest.Options{Key: "secret"})
	changed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/models" {
			fmt.Fprint(w, `{"data": [{"id": "tiny"}]}`)
			return
		}
		http.Error(w, "no such model", http.StatusNotFound)
	}))
	defer changed.Close()
	fine := start(t, vllmtest.Options{})
	for _, c := range []struct {
		name, url, want string
		change          func(*Options)
	}{
		{"refuses everything", refuses.URL, "refused each of the first 16 requests", nil},
		{"refuses the few there are", refuses.URL, "refused each of the first 4 requests", func(o *Options) { o.Limit = 1 }},
		{"wants a key", locked.URL, "API key", nil},
		{"does not know the model any more", changed.URL, "no such model", nil},
		{"serves another model", fine.URL, "serves no model", func(o *Options) { o.Client.Model = "big" }},
		{"is too small", fine.URL, "leave no room", func(o *Options) { o.Settings.MaxTokens = 3000 }},
		{"bad options", fine.URL, "samples are -1", func(o *Options) { o.Samples = -1 }},
	} {
		o := quick(t.TempDir(), c.url, sums(50))
		if c.change != nil {
			c.change(&o)
		}
		if _, err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("a server that %s: %v, want %q", c.name, err, c.want)
		}
		if r, err := Open(o.Dir, MeasureOptions{NoIntervals: true}); err == nil {
			t.Errorf("a server that %s: the journal holds %v", c.name, r)
		}
	}
}
