// Package vllmtest is a vLLM server without a model, for tests: it answers as vLLM 0.32.0 does, from a made-up distribution that depends on
// the weights it was told to load, and misbehaves on purpose where it is asked to. It also replays recorded answers of a real one.
package vllmtest

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"time"
)

// Options say what is served. The zero value serves "tiny" without faults.
type Options struct {
	// Model is the name served. Default "tiny".
	Model string
	// Vocab is the number of token ids, and EOS the one that ends responses. Defaults 512 and 2.
	Vocab int
	EOS   int32
	// Key, if set, is the API key that every request must bring.
	Key string
	// Faults are the shares of requests to /v1 that go wrong in each way; their sum is at most 1.
	Faults map[Fault]float64
	// Seed of which requests those are.
	Seed uint64
	// Slow is how long a Slow answer takes. Default 1 s.
	Slow time.Duration
	// Latency of every answer.
	Latency time.Duration
	// Bulk is how many bytes are added to each answer's text.
	Bulk int
}

// Server is the server. Make one with New, and Close it.
type Server struct {
	*httptest.Server
	opt Options

	mu      sync.Mutex
	dice    *rand.Rand
	answers map[string]int // whole and right answers sent, by prompt and seed
	seen    map[Fault]int
	busy    int
	busiest int
	asked   []Asked
	weights string // what was loaded, "" at the start
	label   string
	paused  bool
	trick   Trick
}

// Asked is a request that arrived.
type Asked struct {
	Method, Path string
	Body         json.RawMessage
}

// New starts a server on a loopback address.
func New(opt Options) *Server {
	if opt.Model == "" {
		opt.Model = "tiny"
	}
	if opt.Vocab == 0 {
		opt.Vocab = 512
	}
	if opt.EOS == 0 {
		opt.EOS = 2
	}
	if opt.Slow == 0 {
		opt.Slow = time.Second
	}
	s := &Server{opt: opt, dice: rand.New(rand.NewPCG(opt.Seed, 0)), answers: map[string]int{}, seen: map[Fault]int{}, label: "default"}
	s.Server = httptest.NewServer(s.handler())
	return s
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/completions", s.faulty(s.complete))
	mux.HandleFunc("POST /v1/chat/completions", s.faulty(s.complete))
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		send(w, http.StatusOK, map[string]any{"object": "list", "data": []any{map[string]any{"id": s.opt.Model, "root": "models/base", "max_model_len": 1024}}})
	})
	s.control(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.opt.Key != "" && r.Header.Get("Authorization") != "Bearer "+s.opt.Key {
			complain(w, http.StatusUnauthorized, "Unauthorized: "+r.Header.Get("Authorization"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// Answers tells how many whole, right answers were sent to each prompt and seed, in the form "prompt seed".
func (s *Server) Answers() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[string]int, len(s.answers))
	for key, n := range s.answers {
		out[key] = n
	}
	return out
}

// Seen tells how often each fault was committed.
func (s *Server) Seen() map[Fault]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[Fault]int{}
	for f, n := range s.seen {
		out[f] = n
	}
	return out
}

// Busiest is the largest number of completions that were under way at once.
func (s *Server) Busiest() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.busiest
}

// Asked lists the requests that were not completions, and the latest completion, in order.
func (s *Server) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.asked)
}

// note remembers a request; of completions, of which there may be very many, only the latest.
func (s *Server) note(r *http.Request, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one := Asked{r.Method, r.URL.RequestURI(), body}
	if at := slices.IndexFunc(s.asked, func(a Asked) bool { return a.Path == one.Path }); isCompletion(one.Path) && at >= 0 {
		s.asked = slices.Delete(s.asked, at, at+1)
	}
	s.asked = append(s.asked, one)
}

func isCompletion(path string) bool {
	return path == "/v1/completions" || path == "/v1/chat/completions"
}

// enter counts a request in and gives what counts it out.
func (s *Server) enter() (leave func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy++
	s.busiest = max(s.busiest, s.busy)
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy--
	}
}

func read(r *http.Request, into any) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err == nil && len(body) > 0 {
		err = json.Unmarshal(body, into)
	}
	return body, err
}

func send(w http.ResponseWriter, status int, body any) {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", fmt.Sprint(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client may be gone
}

// complain sends an error in vLLM's shape.
func complain(w http.ResponseWriter, status int, message string) {
	send(w, status, map[string]any{"error": map[string]any{"message": message, "type": "Error", "param": nil, "code": status}})
}
