package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/dcpo-go/godcpo/kernel/transport/zmtp"
)

// Sockets are the open sockets of a kernel.
type Sockets struct {
	Shell, Control, Stdin *zmtp.Router
	IOPub                 *zmtp.Publisher
	Heartbeat             *zmtp.Echo
	// Connection is where they listen: as asked for, with the ports that were chosen where it asked for 0.
	Connection Connection
}

// Options are what Open may be told; the zero value is useful.
type Options struct {
	// OnSubscribe returns the message that greets a new subscriber of iopub; nil greets nobody.
	OnSubscribe func(topic string) [][]byte
	// Logger takes what goes wrong on connections; nil drops it.
	Logger *slog.Logger
}

// Open listens on the five ports of the connection, on its address and no other.
func Open(connection Connection, options Options) (*Sockets, error) {
	if err := connection.Validate(); err != nil {
		return nil, err
	}
	var listeners []net.Listener
	for _, port := range connection.ports() {
		listener, err := connection.listen(*port.number)
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, fmt.Errorf("listen on %s %d of the connection file: %w", port.name, *port.number, err)
		}
		if address, ok := listener.Addr().(*net.TCPAddr); ok {
			*port.number = address.Port
		}
		listeners = append(listeners, listener)
	}
	log := options.Logger
	return &Sockets{
		Shell:      zmtp.NewRouter(listeners[0], log),
		Control:    zmtp.NewRouter(listeners[1], log),
		Stdin:      zmtp.NewRouter(listeners[2], log),
		IOPub:      zmtp.NewPublisher(listeners[3], options.OnSubscribe, log),
		Heartbeat:  zmtp.NewEcho(listeners[4], log),
		Connection: connection,
	}, nil
}

// Close sends what is queued, for as long as ctx lets it, and closes all sockets.
func (s *Sockets) Close(ctx context.Context) error {
	s.IOPub.Flush(ctx)
	s.Shell.Flush(ctx)
	s.Control.Flush(ctx)
	return errors.Join(s.Shell.Close(), s.Control.Close(), s.Stdin.Close(), s.IOPub.Close(), s.Heartbeat.Close())
}
