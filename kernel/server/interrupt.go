package server

import (
	"time"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// interruptGrace is how long an interrupted cell may take to return before the user is told what is waited for. A cell.Session gives up sooner on a cell
// whose code does not stop, unless it is a call of this module's own.
const interruptGrace = 1500 * time.Millisecond

// Interrupt cancels the running cell and waits up to one and a half seconds for it to return. It reports whether nothing runs afterwards. A cell
// that goes on, such as a device call that has to end first, keeps the kernel busy; a note in its output says so.
func (s *Server) Interrupt() bool {
	s.mu.Lock()
	cell := s.current
	s.mu.Unlock()
	if cell == nil {
		return true
	}
	cell.cancel(ErrInterrupted)
	select {
	case <-cell.done:
		return true
	case <-time.After(interruptGrace):
		cell.out.Stream("stderr", "Interrupted: the cell ends when the call at hand does, such as a computation on the device. "+
			"What it has computed is kept. Restarting the kernel ends it now, and loses all variables.\n")
		return false
	}
}

// interrupt answers an interrupt_request.
func (s *Server) interrupt(request) any {
	s.Interrupt()
	return wire.StatusOnly{Status: wire.OK}
}

// shutdown answers a shutdown_request; handle ends the server afterwards. A restart is the client's work: it starts the next kernel.
func (s *Server) shutdown(r request) any {
	restart, err := wire.DecodeShutdown(r.Content)
	if err != nil {
		s.log.Warn("shutdown request", "err", err) // the wish to end is clear all the same
	}
	return wire.ShutdownOK{Status: wire.OK, Restart: restart}
}
