package serve

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/dcpo-go/godcpo/backend/decoder"
	"github.com/dcpo-go/godcpo/backend/tokenizer"
)

// Options say what is served and how. Name, Engine and Config are required.
type Options struct {
	// Name is what clients call the model. Aliases are further names it answers to.
	Name    string
	Aliases []string
	// Engine makes the responses. The server does not close it.
	Engine Generator
	// Scorer gives log-probs of prompts; nil refuses requests for them.
	Scorer Scorer
	Config decoder.Config
	// Tokenizer of the model; nil serves /v1/completions with prompts of token ids only, whose texts are empty.
	Tokenizer tokenizer.Tokenizer
	// Template renders conversations; nil refuses them.
	Template *tokenizer.ChatTemplate

	// Addr is the TCP address to listen on. Default 127.0.0.1:8000.
	Addr string
	// APIKey, if set, is what clients must send as a bearer token to all paths but /health, /version and /metrics.
	APIKey string
	// Version is told by /version and in system_fingerprint. Default "devel".
	Version string
	// MaxModelLen bounds prompt and response together, in tokens. Default Config.MaxPositions, which it may not exceed.
	MaxModelLen int
	// MaxQueue is how many responses may wait for a slot of the engine; those beyond are refused with status 503. Default 1024.
	MaxQueue int
	// MaxBody bounds a request's body, in bytes; larger ones are refused with status 413. Default 16 MiB.
	MaxBody int64
	// ReadTimeout bounds the time a client takes to send a request. Default 30 s.
	ReadTimeout time.Duration
	// WriteTimeout is how long a client may take nothing of what it is sent before its connection is dropped. Default 30 s.
	WriteTimeout time.Duration
	// Grace is how long requests under way may go on when the server is told to end. Default 30 s.
	Grace time.Duration
	// Log takes what happens to requests. Default slog.Default().
	Log *slog.Logger
}

// Server answers requests. Make one with New.
type Server struct {
	opt         Options
	tok         tokenizer.Tokenizer // never nil
	log         *slog.Logger
	metrics     *metrics
	started     time.Time
	fingerprint string
	inFlight    atomic.Int64 // rows waiting or running
	broken      atomic.Bool  // the engine failed at the last row
	listener    net.Listener
	handler     http.Handler
}

// New checks the options and prepares a server; it does not listen yet.
func New(opt Options) (*Server, error) {
	if opt.Name == "" || opt.Engine == nil {
		return nil, errors.New("serve: options name no model or have no engine")
	}
	if err := opt.setDefaults(); err != nil {
		return nil, err
	}
	s := &Server{opt: opt, tok: opt.Tokenizer, log: opt.Log, started: time.Now(), fingerprint: "godcpo-" + opt.Version}
	if s.tok == nil {
		s.tok = noText{opt.Config.VocabSize}
	}
	s.metrics = newMetrics(opt.Name, opt.Engine)
	s.handler = s.routes()
	return s, nil
}

func (o *Options) setDefaults() error {
	limit := o.Config.MaxPositions
	switch {
	case o.MaxModelLen < 0 || limit > 0 && o.MaxModelLen > limit:
		return fmt.Errorf("serve: MaxModelLen is %d, want 1 to the model's %d positions", o.MaxModelLen, limit)
	case o.MaxModelLen == 0 && limit == 0:
		return errors.New("serve: the model's configuration bounds no positions: set MaxModelLen")
	case o.MaxModelLen == 0:
		o.MaxModelLen = limit
	}
	if o.Addr == "" {
		o.Addr = "127.0.0.1:8000"
	}
	if o.Version == "" {
		o.Version = "devel"
	}
	if o.MaxQueue == 0 {
		o.MaxQueue = 1024
	}
	if o.MaxBody == 0 {
		o.MaxBody = 16 << 20
	}
	for _, d := range []*time.Duration{&o.ReadTimeout, &o.WriteTimeout, &o.Grace} {
		if *d == 0 {
			*d = 30 * time.Second
		}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return nil
}

// Handler answers requests on a listener of the caller's.
func (s *Server) Handler() http.Handler { return s.handler }

// Listen opens the address. An address other machines can reach, without an API key, is a warning in the log.
func (s *Server) Listen() error {
	l, err := net.Listen("tcp", s.opt.Addr)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	if tcp, ok := l.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() && s.opt.APIKey == "" {
		s.log.Warn("other machines can reach this server, and it asks for no API key", "address", l.Addr().String())
	}
	s.listener = l
	return nil
}

// Addr is the address that Listen opened; "" before.
func (s *Server) Addr() string {
	if s.listener == nil {
		return ""
	}
	return s.listener.Addr().String()
}

// Run answers requests until ctx ends, then takes no more, lets those under way go on for Options.Grace and gives up the rest. It calls Listen
// unless that was done. The error is nil when all requests ended by themselves.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		if err := s.Listen(); err != nil {
			return err
		}
	}
	base, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		BaseContext: func(net.Listener) context.Context { return base }, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	grace, stop := context.WithTimeout(base, s.opt.Grace)
	defer stop()
	if err := server.Shutdown(grace); err != nil {
		_ = server.Close()
		return fmt.Errorf("serve: requests were given up %v after the server was told to end: %w", s.opt.Grace, err)
	}
	return nil
}

// noText stands for the tokenizer of a model without one: no token has a text.
type noText struct{ vocab int }

func (noText) Encode(string) []int32                     { return nil }
func (noText) EncodeOffsets(string) ([]int32, [][2]int)  { return nil, nil }
func (noText) Decode([]int32) string                     { return "" }
func (noText) DecodeOffsets(ids []int32) (string, []int) { return "", make([]int, len(ids)) }
func (n noText) VocabSize() int                          { return n.vocab }
func (noText) EOS() []int32                              { return nil }
func (noText) Pad() int32                                { return -1 }
func (noText) Token(int32) string                        { return "" }

// checkText refuses what needs a tokenizer when there is none.
func (s *Server) checkText(p *sampling) error {
	if s.opt.Tokenizer == nil && len(p.stops) > 0 {
		return badRequest("The model has no tokenizer, so it finds no stop strings: use stop_token_ids.")
	}
	return nil
}
