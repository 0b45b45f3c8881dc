package server

import (
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/dcpo-go/godcpo/kernel/transport/zmtp"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// handler answers a request with the content of its reply; nil means that it has sent, or needs, none.
type handler func(*Server, request) any

// onShell are the requests of the shell channel.
var onShell = map[wire.Type]handler{
	wire.KernelInfoRequest: (*Server).kernelInfo,
	wire.ExecuteRequest:    (*Server).execute,
	wire.IsCompleteRequest: (*Server).isComplete,
	wire.CompleteRequest:   (*Server).complete,
	wire.InspectRequest:    (*Server).inspect,
	wire.HistoryRequest:    (*Server).answerHistory,
	wire.CommInfoRequest:   (*Server).commInfo,
	wire.CommOpen:          (*Server).commOpen,
	wire.CommMessage:       (*Server).commMessage,
	wire.CommClose:         (*Server).commClose,
	wire.InterruptRequest:  (*Server).interrupt,
	wire.ShutdownRequest:   (*Server).shutdown,
}

// onControl are the requests of the control channel: those that can be answered while a cell runs.
var onControl = map[wire.Type]handler{
	wire.KernelInfoRequest: (*Server).kernelInfo,
	wire.CommInfoRequest:   (*Server).commInfo,
	wire.HistoryRequest:    (*Server).answerHistory,
	wire.InterruptRequest:  (*Server).interrupt,
	wire.ShutdownRequest:   (*Server).shutdown,
}

// setParent notes what the shell's goroutine works on, which is the parent of comm messages sent meanwhile.
func (s *Server) setParent(m *wire.Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parent = m
}

// receive waits for the next good message of a socket; bad ones are logged. It reports false when the server stops.
func (s *Server) receive(socket *zmtp.Router, channel string) (wire.Message, bool) {
	for {
		frames, err := socket.Receive(s.stopped)
		if err != nil {
			return wire.Message{}, false
		}
		message, err := wire.Parse(frames, s.signer)
		if err == nil {
			return message, true
		}
		s.log.Warn("message ignored", "channel", channel, "err", err)
	}
}

// readShell consumes the shell socket into the queue, which serveShell consumes. It waits for messages and for room, and is unblocked by stop.
func (s *Server) readShell(q *queue) {
	for {
		message, ok := s.receive(s.sockets.Shell, "shell")
		if !ok {
			return
		}
		r := request{message, time.Now()}
		if !s.comms.handlesLive(r) && !q.push(r) {
			return
		}
	}
}

// serveShell answers the queued requests one by one. It waits for requests and for cells, and is unblocked by closing the queue.
func (s *Server) serveShell(q *queue) {
	for {
		r, ok := q.pop()
		if !ok {
			return
		}
		s.setParent(&r.Message)
		s.handle(s.sockets.Shell, onShell, r)
		s.setParent(nil)
	}
}

// serveControl answers the control socket while cells run. It waits for messages and is unblocked by stop.
func (s *Server) serveControl() {
	for {
		message, ok := s.receive(s.sockets.Control, "control")
		if !ok {
			return
		}
		s.handle(s.sockets.Control, onControl, request{message, time.Now()})
	}
}

// readStdin hands the answers of the user to the cell that waits for one. It is unblocked by stop.
func (s *Server) readStdin() {
	for {
		message, ok := s.receive(s.sockets.Stdin, "stdin")
		if !ok {
			return
		}
		if message.Header.Type != wire.InputReply {
			s.log.Warn("message ignored", "channel", "stdin", "type", message.Header.Type)
			continue
		}
		line, err := wire.DecodeInputReply(message.Content)
		if err != nil {
			s.log.Warn("message ignored", "channel", "stdin", "err", err)
			continue
		}
		select {
		case s.answers <- line:
		default:
			s.log.Warn("an answer that nobody asked for was dropped")
		}
	}
}

// handle answers one request between busy and idle.
func (s *Server) handle(socket *zmtp.Router, handlers map[wire.Type]handler, r request) {
	s.publish(wire.Status, &r.Message, wire.StatusContent{State: wire.Busy}, true)
	if content := s.answer(handlers, r); content != nil {
		s.reply(socket, r, content)
	}
	s.publish(wire.Status, &r.Message, wire.StatusContent{State: wire.Idle}, true)
	if r.Header.Type == wire.ShutdownRequest {
		s.stop()
	}
}

// answer calls the handler of the request's type. A panic in it is an error reply, not the end of the kernel.
func (s *Server) answer(handlers map[wire.Type]handler, r request) (content any) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("panic while answering", "type", r.Header.Type, "panic", p, "stack", string(debug.Stack()))
			content = wire.NewErrorReply("KernelPanic", fmt.Errorf("the kernel failed while answering %s: %v", r.Header.Type, p))
		}
	}()
	handle, ok := handlers[r.Header.Type]
	if !ok {
		s.log.Warn("request not served", "type", r.Header.Type)
		return wire.NewErrorReply("NotServed", fmt.Errorf("this kernel does not serve %s on this channel", r.Header.Type))
	}
	return handle(s, r)
}

// reply sends the content as the reply to the request, where its type has one.
func (s *Server) reply(socket *zmtp.Router, r request, content any) {
	t, ok := r.Header.Type.Reply()
	if !ok {
		return
	}
	message, err := wire.New(t, s.session, username, &r.Message, content)
	if err != nil {
		s.log.Error("reply not sent", "type", t, "err", err)
		failed := wire.NewErrorReply("ReplyError", err)
		if message, err = wire.New(t, s.session, username, &r.Message, failed); err != nil {
			return
		}
	}
	message.Identities = r.Identities
	s.send(socket, message)
}

// send signs the message and queues it for the peer named by its identities.
func (s *Server) send(socket *zmtp.Router, message wire.Message) {
	frames, err := message.Frames(s.signer)
	if err == nil {
		err = socket.Send(frames)
	}
	if err != nil && !errors.Is(err, zmtp.ErrNoPeer) {
		s.log.Error("message not sent", "type", message.Header.Type, "err", err)
	} else if err != nil {
		s.log.Debug("message not sent", "type", message.Header.Type, "err", err)
	}
}

// malformed is the reply to a request whose content does not fit.
func malformed(err error) any { return wire.NewErrorReply("MalformedRequest", err) }
