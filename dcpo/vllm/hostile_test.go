package vllm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// start runs a server until the test ends.
func start(t testing.TB, opt vllmtest.Options) *vllmtest.Server {
	t.Helper()
	s := vllmtest.New(opt)
	t.Cleanup(s.Close)
	return s
}

// quick are options for servers on this machine, for tests.
func quick(urls ...string) Options {
	return Options{Endpoints: urls, Model: "tiny", Timeout: 2 * time.Second, Backoff: time.Millisecond, Rest: 5 * time.Millisecond,
		Log: slog.New(slog.DiscardHandler), KeyVar: "GODCPO_TEST_NO_KEY"}
}

func newClient(t testing.TB, opt Options) *Client {
	t.Helper()
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// tally counts how often each request was answered and failed.
type tally struct{ answered, failed []int }

func newTally(n int) *tally { return &tally{make([]int, n), make([]int, n)} }

func (c *tally) add(i int, err error) {
	if err == nil {
		c.answered[i]++
	} else {
		c.failed[i]++
	}
}

// once reports requests that were not told of exactly once, and gives how many were answered.
func (c *tally) once(t *testing.T) (answered int) {
	t.Helper()
	for i := range c.answered {
		if n := c.answered[i] + c.failed[i]; n != 1 {
			t.Errorf("request %d was told of %d times", i, n)
		}
		answered += c.answered[i]
	}
	return answered
}

// heap is the live memory, after a collection.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// question is a request that no other has the answer to.
func question(i int) Request {
	r := Request{Sampling: engine.Sampling{MaxNewTokens: 16, Temperature: 1, Seed: uint64(i)}}
	if i%2 == 0 {
		r.Prompt = []int32{int32(i % 500), int32(i / 500)}
	} else {
		r.Messages = []tokenizer.Message{{Role: "user", Content: fmt.Sprint("question ", i)}}
	}
	return r
}

// hostile are faults that a retry can mend, a third of all requests.
var hostile = map[vllmtest.Fault]float64{vllmtest.Slow: 0.002, vllmtest.Busy: 0.04, vllmtest.BusyUntil: 0.04, vllmtest.Broken: 0.04, vllmtest.Reset: 0.04,
	vllmtest.Half: 0.04, vllmtest.Garbage: 0.04, vllmtest.Truncated: 0.03, vllmtest.WrongModel: 0.02, vllmtest.WrongCount: 0.02, vllmtest.WrongOrder: 0.02}

// TestHostile puts 10,000 requests to a server that lets a third of them go wrong: none is lost, none told twice, memory stays flat.
func TestHostile(t *testing.T) {
	n := 10_000
	if testing.Short() {
		n = 1000
	}
	opt := vllmtest.Options{Faults: maps.Clone(hostile), Seed: 1, Slow: 5 * time.Second, Bulk: 16 << 10}
	opt.Faults[vllmtest.Refused] = 0.01
	s := start(t, opt)
	o := quick(s.URL)
	o.Timeout, o.Retries = time.Second, 20
	c := newClient(t, o)
	requests := make([]Request, n)
	for i := range requests {
		requests[i] = question(i)
	}
	counts, told, attempts := newTally(n), 0, 0
	var early, late uint64
	began := time.Now()
	err := c.Do(t.Context(), requests, func(i int, a Answer, err error) error {
		counts.add(i, err)
		attempts += a.Attempts
		if err == nil && !strings.Contains(a.Text, fmt.Sprintf("(seed %d)", i)) {
			t.Errorf("request %d has another's answer: %.40s", i, a.Text)
		}
		var fault *Error
		if err != nil && (!errors.As(err, &fault) || fault.Status != http.StatusBadRequest) {
			t.Errorf("request %d failed for good: %v", i, err)
		}
		switch told++; told {
		case n / 5:
			early = heap()
		case n * 19 / 20:
			late = heap()
		}
		return nil
	})
	took := time.Since(began)
	if err != nil {
		t.Fatal(err)
	}
	answered := counts.once(t)
	t.Logf("%d answered and %d refused of %d in %v, %.2f attempts an answer; heap %.1f MiB after a fifth, %.1f MiB at the end; faults %v",
		answered, n-answered, n, took.Round(time.Millisecond), float64(attempts)/float64(answered), float64(early)/(1<<20), float64(late)/(1<<20), s.Seen())
	if answered < n*95/100 || answered == n {
		t.Errorf("%d of %d requests were answered, want all but about 1 %%", answered, n)
	}
	if late > early+16<<20 {
		t.Errorf("live memory grew from %d to %d MiB over %d answers", early>>20, late>>20, n*3/4)
	}
	if took > 90*time.Second {
		t.Errorf("it took %v", took)
	}
	if s.Busiest() > 32 {
		t.Errorf("%d requests were under way at once, want at most 32", s.Busiest())
	}
	for _, f := range []vllmtest.Fault{vllmtest.Slow, vllmtest.Reset, vllmtest.Half, vllmtest.Garbage, vllmtest.WrongCount} {
		if s.Seen()[f] == 0 && n == 10_000 {
			t.Errorf("the server was never %s", f)
		}
	}
}

// TestSaturation: with a server that takes 20 ms an answer, the client keeps 32 requests under way and costs little itself.
func TestSaturation(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	s := start(t, vllmtest.Options{Latency: 20 * time.Millisecond})
	c := newClient(t, quick(s.URL))
	requests := make([]Request, 1600)
	for i := range requests {
		requests[i] = question(i)
	}
	bare := bareTime(t, s.URL, requests)
	began := time.Now()
	if _, err := c.all(t.Context(), requests, nil); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	t.Logf("%v, bare requests take %v: %+.1f %%", took, bare, 100*float64(took-bare)/float64(bare))
	if s.Busiest() != 32 {
		t.Errorf("at most %d requests were under way, want 32", s.Busiest())
	}
	if took > bare*2 { // other work may share the machine
		t.Errorf("took %v, bare requests take %v", took, bare)
	}
}

// bareTime is how long 32 loops take that put the requests and look at nothing.
func bareTime(t *testing.T, url string, requests []Request) time.Duration {
	t.Helper()
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	defer client.CloseIdleConnections()
	began := time.Now()
	var next atomic.Int64
	var wait sync.WaitGroup
	for range 32 {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(requests); i = int(next.Add(1)) - 1 {
				body, err := requests[i].encode("tiny", false)
				if err != nil {
					t.Error(err)
					return
				}
				answer, err := client.Post(url+requests[i].path(), "application/json", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, answer.Body)
				if err = errors.Join(err, answer.Body.Close()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	return time.Since(began)
}

// TestFailover: of three endpoints one is dead and one, half-way, refuses new connections while some of the old may live; the third answers
// everything that the others do not.
func TestFailover(t *testing.T) {
	good, dying := start(t, vllmtest.Options{Latency: time.Millisecond}), start(t, vllmtest.Options{Latency: time.Millisecond})
	dead := vllmtest.New(vllmtest.Options{})
	dead.Close()
	o := quick(dead.URL, dying.URL+"/v1/", good.URL)
	o.Concurrency = 4
	c := newClient(t, o)
	requests := make([]Request, 600)
	for i := range requests {
		requests[i] = question(i)
	}
	counts, by, killed := newTally(len(requests)), map[string]int{}, atomic.Bool{}
	err := c.Do(t.Context(), requests, func(i int, a Answer, err error) error {
		counts.add(i, err)
		by[a.Endpoint]++
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
		if i == 200 && killed.CompareAndSwap(false, true) {
			dying.CloseClientConnections()
			_ = dying.Listener.Close()
		}
		return nil
	})
	if answered := counts.once(t); err != nil || answered != len(requests) {
		t.Errorf("%d of %d answered, %v", answered, len(requests), err)
	}
	if by[dead.URL] != 0 || by[dying.URL] == 0 || by[good.URL] < 200 {
		t.Errorf("answers came from %v", by)
	}
}

// TestCancel: an ended context ends Do at once, and what was told stays told.
func TestCancel(t *testing.T) {
	s := start(t, vllmtest.Options{Latency: 5 * time.Millisecond})
	c := newClient(t, quick(s.URL))
	requests := make([]Request, 5000)
	for i := range requests {
		requests[i] = question(i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	counts, told := newTally(len(requests)), 0
	err := c.Do(ctx, requests, func(i int, _ Answer, err error) error {
		counts.add(i, err)
		if told++; told == 100 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	for i, n := range counts.answered {
		if n > 1 || counts.failed[i] > 0 {
			t.Errorf("request %d was told %d times, failed %d times", i, n, counts.failed[i])
		}
	}
	if told > 200 {
		t.Errorf("%d answers were told", told)
	}
	stop := errors.New("enough")
	told = 0
	err = c.Do(t.Context(), requests, func(int, Answer, error) error {
		if told++; told == 50 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || told != 50 {
		t.Errorf("got %v after %d answers, want the error of done after 50", err, told)
	}
}
