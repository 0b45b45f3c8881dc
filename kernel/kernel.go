// Package kernel starts the Jupyter kernel: a cell session behind the sockets of a connection file.
//
// Its parts are packages of their own: wire (messages), transport (sockets), server (the protocol), cell (running Go), display (showing values),
// kernelspec (making the kernel known to Jupyter).
package kernel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/server"
	"github.com/dcpo-go/godcpo/kernel/symbols"
	"github.com/dcpo-go/godcpo/kernel/transport"
)

// Options configure Start; the zero value is useful.
type Options struct {
	// Version of the kernel, for clients that show it.
	Version string
	// Logger takes bad messages and trouble with connections; nil means text on the process's own standard error, from the level of slog.Default on.
	Logger *slog.Logger
	// Cells configures the session that runs the cells. Where it names no symbols, cells can import all packages of kernel/symbols.
	Cells cell.Options
}

var (
	_ server.Runner    = (*cell.Session)(nil)
	_ server.Inspector = (*cell.Session)(nil)
)

// Start runs a kernel at the sockets of the connection file until a client asks for a shutdown, SIGTERM comes, the process that started it ends, or
// ctx ends. SIGINT interrupts the running cell, so ctx must not be one that SIGINT ends. Where the file leaves ports at 0, free ones are chosen and
// written back to it. A cell that does not stop may still run when Start returns: end the process then.
func Start(ctx context.Context, connectionFile string, o Options) error {
	connection, err := transport.ReadConnection(connectionFile)
	if err != nil {
		return fmt.Errorf("start the kernel: %w", err)
	}
	if o.Cells.Symbols == nil {
		o.Cells.Symbols = symbols.Tables()
	}
	if o.Cells.KernelID == "" {
		o.Cells.KernelID = kernelID(connectionFile)
	}
	if o.Cells.Docs == nil {
		o.Cells.Docs = symbols.Doc
	}
	session, err := cell.New(o.Cells)
	if err != nil {
		return fmt.Errorf("start the kernel: %w", err)
	}
	defer session.Close()
	log := o.Logger
	if log == nil {
		_, terminal := session.Terminal() // os.Stderr is the cells' now
		log = slog.New(slog.NewTextHandler(terminal, &slog.HandlerOptions{Level: defaultLevel(ctx)}))
	}
	s, err := server.New(server.Options{Connection: connection, Runner: session, Version: o.Version, Logger: log})
	if err != nil {
		return fmt.Errorf("start the kernel: %w", err)
	}
	registerWidgets(s.Comms(), session.Bridge())
	if opened := s.Connection(); opened != connection {
		if err := opened.Write(connectionFile); err != nil {
			s.Shutdown()
			return errors.Join(fmt.Errorf("start the kernel: clients cannot learn the chosen ports: %w", err), s.Serve(ctx))
		}
	}
	defer s.HandleSignals()()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go server.WatchParent(watching, log, s.Shutdown)
	return s.Serve(ctx)
}

// defaultLevel returns the level from which slog.Default logs.
func defaultLevel(ctx context.Context) slog.Level {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn} {
		if slog.Default().Enabled(ctx, level) {
			return level
		}
	}
	return slog.LevelError
}
