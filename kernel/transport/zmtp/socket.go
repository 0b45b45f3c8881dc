package zmtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

const (
	// handshakeTime is how long a peer may take to greet.
	handshakeTime = 10 * time.Second
	// maxPeers bounds the connections of one socket.
	maxPeers = 1024
	// highWaterBytes is how much may wait for one peer before messages wait or are dropped.
	highWaterBytes = 64 << 20
)

// kind is what a socket is and whom it talks to.
type kind struct {
	name  string
	peers []string
}

// handler is what differs between the kinds of sockets.
type handler interface {
	joined(p *peer)
	left(p *peer)
	received(p *peer, frames [][]byte)
}

// socket accepts peers and runs their connections. Router, Publisher and Echo embed it.
type socket struct {
	kind     kind
	listener net.Listener
	log      *slog.Logger
	handler  handler

	mu     sync.Mutex
	conns  map[net.Conn]*peer // nil peer: in the handshake
	closed bool
	done   chan struct{} // closed with the socket
	group  sync.WaitGroup
}

// peer is a connection after its handshake.
type peer struct {
	identity string
	conn     net.Conn
	out      *outbox
}

// start begins to accept connections. A nil logger drops what would be logged.
func (s *socket) start(k kind, listener net.Listener, h handler, log *slog.Logger) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s.kind, s.listener, s.handler, s.log = k, listener, h, log
	s.conns = make(map[net.Conn]*peer)
	s.done = make(chan struct{})
	s.group.Go(s.accept)
}

// Addr is where the socket listens.
func (s *socket) Addr() net.Addr { return s.listener.Addr() }

// accept consumes the listener; it waits for connections and is unblocked by Close.
func (s *socket) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			s.log.Warn("accept a connection", "socket", s.kind.name, "err", err)
			select { // such as too many open files: try again, but not at once
			case <-s.done:
				return
			case <-time.After(50 * time.Millisecond):
			}
			continue
		}
		if !s.admit(conn) {
			conn.Close()
			continue
		}
		s.group.Go(func() { s.serve(conn) })
	}
}

// admit notes a new connection, unless the socket is closed or full.
func (s *socket) admit(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || len(s.conns) >= maxPeers {
		return false
	}
	s.conns[conn] = nil
	return true
}

// serve runs one connection from handshake to end.
func (s *socket) serve(conn net.Conn) {
	defer s.forget(conn)
	r := bufio.NewReader(conn)
	conn.SetDeadline(time.Now().Add(handshakeTime))
	identity, err := handshake(r, conn, s.kind.name, s.kind.peers)
	if err != nil {
		s.log.Debug("handshake", "socket", s.kind.name, "peer", conn.RemoteAddr(), "err", err)
		return
	}
	conn.SetDeadline(time.Time{})
	p := &peer{identity: string(identity), conn: conn, out: newOutbox(highWaterBytes)}
	if !s.join(conn, p) {
		return
	}
	defer p.out.close()
	s.group.Go(func() {
		if err := p.out.write(conn); err != nil {
			s.log.Debug("write", "socket", s.kind.name, "peer", conn.RemoteAddr(), "err", err)
		}
		p.out.close()
		conn.Close()
	})
	s.handler.joined(p)
	defer s.handler.left(p)
	if err := s.read(r, p); !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
		s.log.Debug("read", "socket", s.kind.name, "peer", conn.RemoteAddr(), "err", err)
	}
}

func (s *socket) join(conn net.Conn, p *peer) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.conns[conn] = p
	return true
}

func (s *socket) forget(conn net.Conn) {
	conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
}

// read hands over messages until the connection ends. Commands are answered or turned into the messages they stand for.
func (s *socket) read(r *bufio.Reader, p *peer) error {
	for {
		frames, command, err := readMessage(r)
		if err != nil {
			return err
		}
		if !command {
			s.handler.received(p, frames)
			continue
		}
		name, rest, ok := cutCommand(frames[0])
		if !ok {
			return fmt.Errorf("%w: a command without a name", ErrProtocol)
		}
		switch name {
		case "PING": // two bytes of time to live, then a context that the answer repeats
			if len(rest) < 2 {
				return fmt.Errorf("%w: PING of %d bytes", ErrProtocol, len(rest))
			}
			p.out.push(appendFrame(nil, flagCommand, append(appendName(nil, "PONG"), rest[2:]...)), 0)
		case "SUBSCRIBE":
			s.handler.received(p, [][]byte{append([]byte{1}, rest...)})
		case "CANCEL":
			s.handler.received(p, [][]byte{append([]byte{0}, rest...)})
		case "ERROR":
			return fmt.Errorf("%w: the peer reports an error", ErrProtocol)
		}
	}
}

// peers returns the peers connected now.
func (s *socket) peers() []*peer {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*peer, 0, len(s.conns))
	for _, p := range s.conns {
		if p != nil {
			all = append(all, p)
		}
	}
	return all
}

// Flush waits until what was sent so far has been given to the operating system for every peer, or ctx ends.
func (s *socket) Flush(ctx context.Context) {
	for _, p := range s.peers() {
		p.out.flush(ctx)
	}
}

// Close stops listening and ends all connections at once; Flush first to keep what is queued. It waits for the socket's goroutines.
func (s *socket) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.done)
	err := s.listener.Close()
	for conn := range s.conns {
		conn.Close()
	}
	s.mu.Unlock()
	s.group.Wait()
	return err
}
