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

// BenchmarkOverhead compares an evaluation with bare loops that put as many requests and look at nothing, against a server that takes 50 ms an answer: the
// server's limit is what bounds it. The metrics are what is over the bare loops and over the limit, in percent.
func BenchmarkOverhead(b *testing.B) {
	s := start(b, vllmtest.Options{Latency: 50 * time.Millisecond, Bulk: 4 << 10})
	const problems = 400
	var bare, took time.Duration
	for b.Loop() {
		bare += bareTime(b, s.URL, 4*problems)
		began := time.Now()
		if _, err := Run(b.Context(), quick(b.TempDir(), s.URL, sums(problems))); err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
	}
	least := time.Duration(b.N) * (4 * problems / 32 * 50 * time.Millisecond)
	b.ReportMetric(100*(took-bare).Seconds()/bare.Seconds(), "%/bare")
	b.ReportMetric(100*(took-least).Seconds()/least.Seconds(), "%/limit")
}

// bareTime is how long 32 loops take to put n like requests.
func bareTime(t testing.TB, url string, n int) time.Duration {
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
