package evaluation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/dcpo/vllm/vllmtest"
)

// TestOverhead compares an evaluation with bare loops that put as many requests and look at nothing, against a server that takes 50 ms an answer: the
// server's limit is what bounds it. What is over is logged; the bound is wide, since other work may share the machine.
func TestOverhead(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	s := start(t, vllmtest.Options{Latency: 50 * time.Millisecond, Bulk: 4 << 10})
	const problems = 400
	bare := bareTime(t, s.URL, 4*problems)
	began := time.Now()
	if _, err := Run(t.Context(), quick(t.TempDir(), s.URL, sums(problems))); err != nil {
		t.Fatal(err)
	}
	took, least := time.Since(began), 4*problems/32*50*time.Millisecond
	t.Logf("%v; bare loops %v, the server's limit %v: %+.1f %% against bare loops, %+.1f %% against the limit", took, bare, least,
		100*(took-bare).Seconds()/bare.Seconds(), 100*(took-least).Seconds()/least.Seconds())
	if took > bare*3/2 {
		t.Errorf("it took %v, bare loops %v", took, bare)
	}
	if s.Busiest() != 32 {
		t.Errorf("%d requests were under way at most, want 32", s.Busiest())
	}
}

// bareTime is how long 32 loops take to put n like requests.
func bareTime(t *testing.T, url string, n int) time.Duration {
	t.Helper()
	client := http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var wait sync.WaitGroup
	began := time.Now()
	for range 32 {
		wait.Go(func() {
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				body, _ := json.Marshal(map[string]any{"model": "tiny", "seed": i, "max_tokens": 16, "return_token_ids": true,
					"messages": []map[string]string{{"role": "user", "content": fmt.Sprint("What is ", i)}}})
				answer, err := client.Post(url+"/v1/chat/completions", "application/json", bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
		})
	}
	wait.Wait()
	return time.Since(began)
}
