package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// CommMessage is what comes over a comm: JSON data and binary buffers.
type CommMessage struct {
	Data     json.RawMessage
	Metadata json.RawMessage
	Buffers  [][]byte
}

// CommHandler receives what the client does with a comm. Nil functions are skipped. They are called from the shell's goroutine, one after the
// other, between cells; those of a target of RegisterLive as the messages arrive.
type CommHandler struct {
	Message func(*Comm, CommMessage)
	Closed  func(*Comm, CommMessage)
}

// Comm is one open channel between a cell and the client, such as a widget's.
type Comm struct {
	ID, Target string

	comms   *Comms
	handler CommHandler
}

// Comms are the open comms and the targets that clients may open. It is safe for concurrent use.
type Comms struct {
	server *Server

	mu      sync.Mutex
	targets map[string]func(*Comm, CommMessage) (CommHandler, error)
	open    map[string]*Comm
	live    map[string]bool // targets
}

func newComms(s *Server) *Comms {
	return &Comms{
		server:  s,
		targets: make(map[string]func(*Comm, CommMessage) (CommHandler, error)),
		open:    make(map[string]*Comm),
		live:    make(map[string]bool),
	}
}

// Register lets clients open comms of the target: opened is called with each new one and returns what handles it, or an error to refuse it.
// It replaces an earlier registration; nil removes it.
func (c *Comms) Register(target string, opened func(*Comm, CommMessage) (CommHandler, error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if opened == nil {
		delete(c.targets, target)
		return
	}
	c.targets[target] = opened
}

// RegisterLive is Register for a target whose messages reach a cell that runs: they do not wait for it to end. What handles them must not block.
// They are not bracketed by busy and idle, which would tell the client that the cell has ended.
func (c *Comms) RegisterLive(target string, opened func(*Comm, CommMessage) (CommHandler, error)) {
	c.Register(target, opened)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.live[target] = true
}

// handlesLive answers a message of a live target; false for all others.
func (c *Comms) handlesLive(r request) bool {
	if t := r.Header.Type; t != wire.CommOpen && t != wire.CommMessage && t != wire.CommClose {
		return false
	}
	content, err := wire.DecodeComm(r.Header.Type, r.Content)
	if err != nil {
		return false // reported in its turn
	}
	c.mu.Lock()
	target := content.Target
	if comm := c.open[content.ID]; comm != nil {
		target = comm.Target
	}
	live := c.live[target]
	c.mu.Unlock()
	if live {
		c.server.answer(onShell, r)
	}
	return live
}

// Open opens a comm from the kernel's side, with the data (encoded as JSON) that the client's target gets.
func (c *Comms) Open(target string, data any, handler CommHandler) (*Comm, error) {
	comm := &Comm{ID: wire.NewID(), Target: target, comms: c, handler: handler}
	if err := comm.publish(wire.CommOpen, target, data, nil); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[comm.ID] = comm
	return comm, nil
}

// Send sends data, encoded as JSON, and buffers to the client. The error says that the comm is closed or the data cannot be encoded.
func (m *Comm) Send(data any, buffers ...[]byte) error {
	if m.comms.find(m.ID) == nil {
		return fmt.Errorf("send on comm %s: %w", m.ID, errCommClosed)
	}
	return m.publish(wire.CommMessage, "", data, buffers)
}

// Close closes the comm and tells the client.
func (m *Comm) Close() error {
	if m.comms.remove(m.ID) == nil {
		return nil
	}
	return m.publish(wire.CommClose, "", nil, nil)
}

var errCommClosed = errors.New("the comm is closed")

func (m *Comm) publish(t wire.Type, target string, data any, buffers [][]byte) error {
	if data == nil {
		data = struct{}{}
	}
	raw, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encode the data of %s: %w", t, err)
	}
	s := m.comms.server
	content := wire.CommContent{ID: m.ID, Target: target, Data: raw}
	s.mu.Lock()
	parent := s.parent
	s.mu.Unlock()
	return s.publishMessage(t, parent, content, nil, buffers, true)
}

func (c *Comms) find(id string) *Comm {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open[id]
}

func (c *Comms) remove(id string) *Comm {
	c.mu.Lock()
	defer c.mu.Unlock()
	comm := c.open[id]
	delete(c.open, id)
	return comm
}

// commInfo answers a comm_info_request.
func (s *Server) commInfo(r request) any {
	target, err := wire.DecodeCommInfo(r.Content)
	if err != nil {
		return malformed(err)
	}
	reply := wire.CommInfoOK{Status: wire.OK, Comms: map[string]wire.CommTarget{}}
	s.comms.mu.Lock()
	defer s.comms.mu.Unlock()
	for id, comm := range s.comms.open {
		if target == "" || comm.Target == target {
			reply.Comms[id] = wire.CommTarget{Name: comm.Target}
		}
	}
	return reply
}

// commOpen takes a comm that a client opens. An unknown target is answered with comm_close, as the protocol says.
func (s *Server) commOpen(r request) any {
	content, err := wire.DecodeComm(wire.CommOpen, r.Content)
	if err != nil {
		s.log.Warn("message ignored", "err", err)
		return nil
	}
	comm := &Comm{ID: content.ID, Target: content.Target, comms: s.comms}
	s.comms.mu.Lock()
	opened := s.comms.targets[content.Target]
	s.comms.mu.Unlock()
	if opened == nil {
		err = fmt.Errorf("no target %q is registered", content.Target)
	} else {
		s.comms.mu.Lock()
		s.comms.open[comm.ID] = comm // before the handler runs, which may send
		s.comms.mu.Unlock()
		comm.handler, err = opened(comm, received(r, content))
	}
	if err != nil {
		s.log.Warn("comm refused", "target", content.Target, "err", err)
		s.comms.remove(comm.ID)
		s.publish(wire.CommClose, &r.Message, wire.CommContent{ID: comm.ID, Data: []byte("{}")}, true)
	}
	return nil
}

// commMessage passes a message of the client to its comm.
func (s *Server) commMessage(r request) any {
	content, err := wire.DecodeComm(wire.CommMessage, r.Content)
	if err != nil {
		s.log.Warn("message ignored", "err", err)
		return nil
	}
	if comm := s.comms.find(content.ID); comm == nil {
		s.log.Warn("message to a comm that is not open", "comm", content.ID)
	} else if comm.handler.Message != nil {
		comm.handler.Message(comm, received(r, content))
	}
	return nil
}

// commClose closes a comm that the client has closed.
func (s *Server) commClose(r request) any {
	content, err := wire.DecodeComm(wire.CommClose, r.Content)
	if err != nil {
		s.log.Warn("message ignored", "err", err)
		return nil
	}
	if comm := s.comms.remove(content.ID); comm != nil && comm.handler.Closed != nil {
		comm.handler.Closed(comm, received(r, content))
	}
	return nil
}

func received(r request, content wire.CommContent) CommMessage {
	return CommMessage{Data: content.Data, Metadata: r.Metadata, Buffers: r.Buffers}
}
