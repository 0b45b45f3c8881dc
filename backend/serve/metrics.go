package serve

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/dcpo-go/godcpo/backend/engine"
)

// metrics counts what the server does, under the names of vLLM's metrics with our prefix.
type metrics struct {
	handler          http.Handler
	answers          *prometheus.CounterVec // by endpoint and status
	finished         *prometheus.CounterVec // by finish reason
	rejected         prometheus.Counter
	promptTokens     prometheus.Histogram
	generationTokens prometheus.Histogram
	firstToken       prometheus.Histogram
	perToken         prometheus.Histogram
	latency          prometheus.Histogram
}

// Upper bounds of the histograms' buckets.
var (
	secondBuckets = []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000}
	tokenSeconds  = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}
	tokenBuckets  = []float64{1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000}
)

func newMetrics(model string, g Generator) *metrics {
	registry := prometheus.NewRegistry()
	into := prometheus.WrapRegistererWith(prometheus.Labels{"model_name": model}, registry)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "godcpo:" + name, Help: help}, labels)
		into.MustRegister(c)
		return c
	}
	histogram := func(name, help string, buckets []float64) prometheus.Histogram {
		h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "godcpo:" + name, Help: help, Buckets: buckets})
		into.MustRegister(h)
		return h
	}
	into.MustRegister(&engineMetrics{g})
	return &metrics{
		handler:          promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		answers:          counter("http_requests_total", "Answered HTTP requests.", "endpoint", "status"),
		finished:         counter("request_success_total", "Responses by the reason they ended.", "finished_reason"),
		rejected:         counter("admission_rejections_total", "Requests refused because too many were waiting.").WithLabelValues(),
		promptTokens:     histogram("request_prompt_tokens", "Prompt tokens of a response.", tokenBuckets),
		generationTokens: histogram("request_generation_tokens", "Generated tokens of a response.", tokenBuckets),
		firstToken:       histogram("time_to_first_token_seconds", "Time from the request to a response's first token.", secondBuckets),
		perToken:         histogram("request_time_per_output_token_seconds", "Mean time between the tokens of a response.", tokenSeconds),
		latency:          histogram("e2e_request_latency_seconds", "Time from the request to a response's end.", secondBuckets),
	}
}

// engineMetrics asks the engine once for each scrape.
type engineMetrics struct{ engine Generator }

var (
	running   = prometheus.NewDesc("godcpo:num_requests_running", "Responses being generated.", nil, nil)
	waiting   = prometheus.NewDesc("godcpo:num_requests_waiting", "Responses waiting for a slot.", nil, nil)
	cacheUse  = prometheus.NewDesc("godcpo:kv_cache_usage_perc", "Share of the key-value cache in use, 1 is all.", nil, nil)
	prompted  = prometheus.NewDesc("godcpo:prompt_tokens_total", "Prompt tokens read.", nil, nil)
	generated = prometheus.NewDesc("godcpo:generation_tokens_total", "Tokens generated.", nil, nil)
)

// Describe implements prometheus.Collector.
func (m *engineMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{running, waiting, cacheUse, prompted, generated} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *engineMetrics) Collect(to chan<- prometheus.Metric) {
	s := m.engine.Stats()
	gauge, count := prometheus.GaugeValue, prometheus.CounterValue
	to <- prometheus.MustNewConstMetric(running, gauge, float64(s.Running))
	to <- prometheus.MustNewConstMetric(waiting, gauge, float64(s.Waiting))
	to <- prometheus.MustNewConstMetric(cacheUse, gauge, s.CacheUse)
	to <- prometheus.MustNewConstMetric(prompted, count, float64(s.PromptTokens))
	to <- prometheus.MustNewConstMetric(generated, count, float64(s.GeneratedTokens))
}

// answer serves GET /metrics.
func (m *metrics) answer(w http.ResponseWriter, r *http.Request) error {
	m.handler.ServeHTTP(w, r)
	return nil
}

// answered counts an HTTP request; pattern is the path it was routed by.
func (m *metrics) answered(pattern string, status int) {
	if pattern == "" || pattern == "/" {
		pattern = "other"
	}
	m.answers.WithLabelValues(pattern, strconv.Itoa(status)).Inc()
}

// clock times one response.
type clock struct {
	metrics *metrics
	prompt  int
	begun   time.Time
	mu      sync.Mutex
	first   time.Time // zero before there are tokens
}

func (m *metrics) begin(promptTokens int) *clock {
	return &clock{metrics: m, prompt: promptTokens, begun: time.Now()}
}

// tokens notes that the host has seen tokens.
func (c *clock) tokens(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.first.IsZero() {
		c.first = now
		c.metrics.firstToken.Observe(now.Sub(c.begun).Seconds())
	}
}

// end counts the response.
func (c *clock) end(now time.Time, g engine.Generation, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	reason := string(g.Finish)
	if broken(err) {
		reason = "error"
	}
	m := c.metrics
	m.finished.WithLabelValues(reason).Inc()
	m.promptTokens.Observe(float64(c.prompt))
	m.generationTokens.Observe(float64(len(g.Tokens)))
	m.latency.Observe(now.Sub(c.begun).Seconds())
	if n := len(g.Tokens); n > 1 && !c.first.IsZero() {
		m.perToken.Observe(now.Sub(c.first).Seconds() / float64(n-1))
	}
}
