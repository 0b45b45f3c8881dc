package server_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
	"github.com/dcpo-go/godcpo/kernel/kerneltest"
	"github.com/dcpo-go/godcpo/kernel/server"
	"github.com/dcpo-go/godcpo/kernel/transport"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// fake runs cells whose lines are commands: a word and its argument.
type fake struct{}

func (fake) Run(ctx context.Context, code string, out cell.Output) (result *display.Bundle, err error) {
	for line := range strings.Lines(code) {
		word, argument, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch word {
		case "print":
			out.Stream("stdout", argument+"\n")
		case "bytes": // a character cut in two
			out.Stream("stdout", "\xe2\x82")
			time.Sleep(50 * time.Millisecond)
			out.Stream("stdout", "\xac")
		case "warn":
			out.Stream("stderr", argument+"\n")
		case "later":
			go func() {
				time.Sleep(50 * time.Millisecond)
				out.Stream("stdout", "late")
			}()
		case "show":
			out.Display(display.Bundle{Data: map[string]any{"text/html": argument}, ID: "d1"})
		case "update":
			out.Display(display.Bundle{Data: map[string]any{"text/html": argument}, ID: "d1", Update: true})
		case "clear":
			out.ClearOutput(true)
		case "value":
			result = &display.Bundle{Data: map[string]any{"text/plain": argument}}
		case "nan":
			result = &display.Bundle{Data: map[string]any{"application/json": math.NaN()}}
		case "fail":
			return nil, &cell.Error{Name: "Failure", Message: argument, Traceback: []string{"1: " + argument}}
		case "break":
			return nil, fmt.Errorf("broken: %s", argument)
		case "panic":
			panic(argument)
		case "sleep":
			d, err := time.ParseDuration(argument)
			if err != nil {
				return nil, err
			}
			time.Sleep(d)
		case "wait":
			<-ctx.Done()
			return nil, context.Cause(ctx)
		case "ask":
			line, err := out.(server.Asker).RequestInput(ctx, argument, true)
			if err != nil {
				return nil, err
			}
			out.Stream("stdout", "got "+line)
		case "page":
			out.(server.Pager).Page(map[string]any{"text/plain": argument})
		default:
			return nil, fmt.Errorf("the fake does not know %q", word)
		}
	}
	return result, nil
}

func (fake) Complete(code string, cursor int) cell.Completion {
	return cell.Completion{Matches: []string{code[:cursor] + "!"}, Start: 0, End: cursor}
}

func (fake) IsComplete(code string) (status, indent string) {
	if strings.HasSuffix(code, "{") {
		return "incomplete", "\t"
	}
	return "complete", ""
}

func (fake) Inspect(code string, cursor, detail int) (display.Bundle, bool) {
	return display.Bundle{Data: map[string]any{"text/plain": code[:cursor]}}, cursor > 0
}

// connection has all ports free and a key.
func connection() transport.Connection {
	return transport.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: wire.SchemeHMACSHA256}
}

// kernel is a running server with a client.
type kernel struct {
	*kerneltest.Client
	server *server.Server
	ctx    context.Context
	served chan error
}

// start runs a server over the fake and connects to it.
func start(t *testing.T) *kernel {
	t.Helper()
	level := slog.LevelError
	if testing.Verbose() {
		level = slog.LevelWarn
	}
	s, err := server.New(server.Options{
		Connection: connection(),
		Runner:     fake{},
		Version:    "1.2.3",
		Logger:     slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level})),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	k := &kernel{server: s, ctx: ctx, served: make(chan error, 1)}
	go func() { k.served <- s.Serve(context.Background()) }()
	if k.Client, err = kerneltest.Dial(ctx, s.Connection()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		k.Close()
		s.Shutdown()
		if err, ok := <-k.served; ok && err != nil {
			t.Error(err)
		}
	})
	return k
}

// execute runs a cell.
func (k *kernel) execute(t *testing.T, code string) kerneltest.Exchange {
	t.Helper()
	return k.request(t, wire.ExecuteRequest, map[string]any{"code": code})
}

// request sends on the shell channel.
func (k *kernel) request(t *testing.T, typ wire.Type, content any) kerneltest.Exchange {
	t.Helper()
	e, err := k.Request(k.ctx, typ, content)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// brief writes outputs as lines of type and what matters of the content.
func brief(t *testing.T, e kerneltest.Exchange) []string {
	t.Helper()
	var lines []string
	for _, m := range e.Outputs {
		c, err := kerneltest.Decode[map[string]any](m)
		if err != nil {
			t.Fatal(err)
		}
		line := string(m.Header.Type)
		for _, key := range []string{"execution_count", "code", "name", "text", "data", "transient", "wait", "ename", "evalue", "traceback"} {
			if v, ok := c[key]; ok {
				line += fmt.Sprintf(" %v", v)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// reply decodes the content of the reply.
func reply[T any](t *testing.T, e kerneltest.Exchange) T {
	t.Helper()
	v, err := kerneltest.Decode[T](e.Reply)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
