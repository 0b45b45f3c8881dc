package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/dcpo-go/godcpo/backend/engine"
	"github.com/dcpo-go/godcpo/backend/serve"
)

// ServeOptions say how a model is served. The zero value of each field takes its documented default.
type ServeOptions struct {
	// Options are those of package serve. Engine, Scorer, Config and Tokenizer are the model's whatever they say, and so is Template where it is nil.
	// Name defaults to the last part of the model's, Addr to a free port of 127.0.0.1.
	serve.Options
	// Slots is how many responses are decoded at once. Every step computes all of them, used or not. Default 64 a device, on CPU 8.
	Slots int
}

// Server is a model that answers over HTTP. Close ends it.
type Server struct {
	// URL is where it listens, such as http://127.0.0.1:8000, and Name what clients call the model.
	URL, Name string

	loop *engine.Loop
	stop context.CancelFunc
	done chan struct{}
	err  error // of the server, once done is closed
}

// Serve answers OpenAI's requests from the model, beside everything else that the program does, until Close. The model may not be trained or released
// meanwhile.
func (m *Model) Serve(opt ServeOptions) (*Server, error) {
	slots := opt.Slots
	if slots == 0 {
		slots = 64 * m.Devices()
		if m.OnCPU() {
			slots = 8 * m.Devices()
		}
	}
	loop, err := m.Start(engine.Options{Slots: slots, RefillSlots: 1}) // nobody should wait while there is room
	if err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	o := opt.Options
	o.Name, o.Addr = cmp.Or(o.Name, filepath.Base(m.Name)), cmp.Or(o.Addr, "127.0.0.1:0")
	o.Engine, o.Scorer, o.Config, o.Tokenizer, o.Template = loop, loop, m.Config, m.Tokenizer, cmp.Or(o.Template, m.Template)
	server, err := serve.New(o)
	if err == nil {
		err = server.Listen()
	}
	if err != nil {
		loop.Close()
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{URL: "http://" + server.Addr(), Name: o.Name, loop: loop, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = server.Run(ctx)
	}()
	return s, nil
}

// Wait returns when the server has failed, or closes it when ctx ends.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.done:
	}
	return s.Close()
}

// Close takes no more requests, lets those under way go on for the options' Grace, and frees what generation needed.
func (s *Server) Close() error {
	s.stop()
	<-s.done
	return errors.Join(s.err, s.loop.Close())
}

// String says where the server is.
func (s *Server) String() string { return fmt.Sprintf("%s on %s", s.Name, s.URL) }
