package zmtp

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
)

// ErrClosed is the error of a socket that has been closed.
var ErrClosed = errors.New("socket closed")

// ErrNoPeer is the error of a message to a peer that is not, or no longer, connected.
var ErrNoPeer = errors.New("no such peer")

// Router is a ROUTER socket: it receives messages with the sender's identity as first frame and sends messages to the identity in their first
// frame. When a second connection claims an identity, it takes over (ZMQ_ROUTER_HANDOVER), so clients can reconnect.
type Router struct {
	socket
	inbox chan [][]byte

	routes struct {
		sync.Mutex
		byIdentity map[string]*peer
		next       uint32
	}
}

// inboxMessages is how many received messages may wait for Receive; after that, peers are read no further.
const inboxMessages = 64

// NewRouter serves a ROUTER socket on the listener, which it takes over. A nil logger drops what would be logged.
func NewRouter(listener net.Listener, log *slog.Logger) *Router {
	r := &Router{inbox: make(chan [][]byte, inboxMessages)}
	r.routes.byIdentity = make(map[string]*peer)
	r.start(kind{name: "ROUTER", peers: []string{"DEALER", "REQ", "ROUTER"}}, listener, r, log)
	return r
}

// Receive waits for the next message: the sender's identity and the frames it sent. The error is ErrClosed or ctx's.
func (r *Router) Receive(ctx context.Context) ([][]byte, error) {
	select {
	case frames := <-r.inbox:
		return frames, nil
	case <-r.done:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Send queues a message for the peer whose identity is its first frame. It does not wait: a peer that lets tens of megabytes lie loses the
// message. The error wraps ErrNoPeer where the peer is gone.
func (r *Router) Send(frames [][]byte) error {
	if len(frames) < 2 {
		return fmt.Errorf("send %d frames: an identity and at least one frame are due", len(frames))
	}
	r.routes.Lock()
	p := r.routes.byIdentity[string(frames[0])]
	r.routes.Unlock()
	if p == nil || !p.out.push(encodeMessage(frames[1:]), 0) {
		return fmt.Errorf("send to %x: %w", frames[0], ErrNoPeer)
	}
	return nil
}

func (r *Router) joined(p *peer) {
	r.routes.Lock()
	defer r.routes.Unlock()
	if p.identity == "" { // as libzmq: a zero byte, which peers may not use themselves, and a number
		r.routes.next++
		p.identity = string(binary.BigEndian.AppendUint32([]byte{0}, r.routes.next))
	}
	if old := r.routes.byIdentity[p.identity]; old != nil {
		old.conn.Close()
	}
	r.routes.byIdentity[p.identity] = p
}

func (r *Router) left(p *peer) {
	r.routes.Lock()
	defer r.routes.Unlock()
	if r.routes.byIdentity[p.identity] == p {
		delete(r.routes.byIdentity, p.identity)
	}
}

func (r *Router) received(p *peer, frames [][]byte) {
	message := append([][]byte{[]byte(p.identity)}, frames...)
	select {
	case r.inbox <- message:
	case <-r.done:
	}
}
