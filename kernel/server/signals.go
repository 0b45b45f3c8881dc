package server

import (
	"os"
	"os/signal"
	"syscall"
)

// HandleSignals makes SIGINT interrupt the running cell and SIGTERM end Serve, until the returned function is called.
func (s *Server) HandleSignals() (stop func()) {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	done := make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case received := <-signals:
				if received == os.Interrupt {
					go s.Interrupt() // it waits, and a SIGTERM must not
				} else {
					s.Shutdown()
				}
			}
		}
	}()
	return func() {
		signal.Stop(signals)
		close(done)
	}
}
