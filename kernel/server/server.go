package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/dcpo-go/godcpo/kernel/transport"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// Options configure a Server. Connection and Runner are required.
type Options struct {
	// Connection says where to listen and how to sign.
	Connection transport.Connection
	// Runner runs the cells. The caller closes it after Serve has returned.
	Runner Runner
	// Version of the kernel, for kernel_info.
	Version string
	// Logger takes bad messages and trouble with connections; nil means slog.Default.
	Logger *slog.Logger
}

// Server is a kernel with its sockets open.
type Server struct {
	runner  Runner
	version string
	log     *slog.Logger
	signer  *wire.Signer
	session string // id of this kernel's messages
	sockets *transport.Sockets
	comms   *Comms
	history history

	stop    context.CancelFunc // ends Serve
	stopped context.Context
	answers chan string // lines from the stdin channel

	mu      sync.Mutex
	count   int           // of the last cell
	current *running      // the cell that runs now, nil between cells
	parent  *wire.Message // what the shell's goroutine works on, nil for nothing

	// failed is when a cell failed last: cells sent before it are not run. Only the shell's goroutine uses it.
	failed time.Time
}

// username stands in the headers of the kernel's messages; clients do nothing with it.
const username = "kernel"

// New opens the sockets. Clients can connect at once and are answered when Serve runs.
func New(options Options) (*Server, error) {
	if options.Runner == nil {
		return nil, errors.New("new kernel server: Options.Runner is nil, want what runs the cells")
	}
	signer, err := wire.NewSigner(options.Connection.SignatureScheme, options.Connection.Key)
	if err != nil {
		return nil, fmt.Errorf("new kernel server: %w", err)
	}
	log := options.Logger
	if log == nil {
		log = slog.Default()
	}
	s := &Server{
		runner:  options.Runner,
		version: options.Version,
		log:     log,
		signer:  signer,
		session: wire.NewID(),
		answers: make(chan string, 1),
	}
	s.comms = newComms(s)
	s.stopped, s.stop = context.WithCancel(context.Background())
	s.sockets, err = transport.Open(options.Connection, transport.Options{OnSubscribe: s.welcome, Logger: log})
	if err != nil {
		return nil, fmt.Errorf("new kernel server: %w", err)
	}
	if options.Connection.Key == "" {
		log.Warn("the connection file has no key: every process that reaches the ports can run code")
	}
	return s, nil
}

// Connection is where the server listens, with the ports that were chosen where Options.Connection had 0.
func (s *Server) Connection() transport.Connection { return s.sockets.Connection }

// Comms are the comms between cells and the client.
func (s *Server) Comms() *Comms { return s.comms }

// Shutdown makes Serve end: the running cell is cancelled, queued ones are dropped.
func (s *Server) Shutdown() { s.stop() }

// How long Serve waits at its end.
const (
	// cellGrace is for a cancelled cell to return.
	cellGrace = time.Second
	// linger is for the last messages to go out.
	linger = time.Second
)

// Serve answers messages until a client asks for a shutdown, Shutdown is called, or ctx ends. Then it cancels the running cell, waits for it for a
// second, sends what is queued and closes the sockets. A cell that does not return keeps running: the process should end after Serve.
func (s *Server) Serve(ctx context.Context) error {
	defer context.AfterFunc(ctx, s.stop)()
	shell := newQueue()
	var readers sync.WaitGroup
	readers.Go(func() { s.readShell(shell) })
	readers.Go(s.serveControl)
	readers.Go(s.readStdin)
	shellDone := make(chan struct{})
	go func() {
		defer close(shellDone)
		s.serveShell(shell)
	}()

	<-s.stopped.Done()
	shell.close()
	s.Interrupt()
	readers.Wait()
	select {
	case <-shellDone:
	case <-time.After(cellGrace):
		s.log.Warn("the running cell does not stop; leaving it behind")
	}
	lingering, cancel := context.WithTimeout(context.Background(), linger)
	defer cancel()
	if err := s.sockets.Close(lingering); err != nil {
		return fmt.Errorf("close the kernel's sockets: %w", err)
	}
	return nil
}
