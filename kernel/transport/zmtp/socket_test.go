package zmtp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-zeromq/zmq4"
	"github.com/google/go-cmp/cmp"
)

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// dial connects a client of the other implementation.
func dial(t *testing.T, client zmq4.Socket, address net.Addr) zmq4.Socket {
	t.Helper()
	if err := client.Dial("tcp://" + address.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

func receive(t *testing.T, r *Router) [][]byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	frames, err := r.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

func TestRouterAnswersItsPeers(t *testing.T) {
	r := NewRouter(listen(t), nil)
	defer r.Close()
	named := dial(t, zmq4.NewDealer(t.Context(), zmq4.WithID(zmq4.SocketIdentity("ada"))), r.Addr())
	if err := named.Send(zmq4.NewMsgFrom([]byte("x"), []byte("y"))); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]byte{[]byte("ada"), []byte("x"), []byte("y")}, receive(t, r)); diff != "" {
		t.Error(diff)
	}
	large := bytes.Repeat([]byte("l"), 1<<20)
	if err := r.Send([][]byte{[]byte("ada"), []byte("reply"), large}); err != nil {
		t.Fatal(err)
	}
	got, err := named.Recv()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.EqualFunc([][]byte{[]byte("reply"), large}, got.Frames, bytes.Equal) {
		t.Error("the reply differs")
	}
	if err := r.Send([][]byte{[]byte("nobody"), []byte("x")}); !errors.Is(err, ErrNoPeer) {
		t.Errorf("send to nobody: %v", err)
	}
	if err := r.Send([][]byte{[]byte("ada")}); err == nil {
		t.Error("a message of no frames was sent")
	}
}

func TestRouterHandover(t *testing.T) {
	r := NewRouter(listen(t), nil)
	defer r.Close()
	for i := range 3 {
		client := dial(t, zmq4.NewDealer(t.Context(), zmq4.WithID(zmq4.SocketIdentity("same"))), r.Addr())
		if err := client.Send(zmq4.NewMsgString(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		receive(t, r)
		if err := r.Send([][]byte{[]byte("same"), []byte("for " + fmt.Sprint(i))}); err != nil {
			t.Fatal(err)
		}
		got, err := client.Recv()
		if err != nil || string(got.Frames[0]) != "for "+fmt.Sprint(i) {
			t.Fatalf("connection %d got %q, %v", i, got.Frames, err)
		}
	}
}

func TestEcho(t *testing.T) {
	e := NewEcho(listen(t), nil)
	defer e.Close()
	client := dial(t, zmq4.NewReq(t.Context()), e.Addr())
	for _, text := range []string{"ping", "again"} {
		if err := client.Send(zmq4.NewMsgString(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := client.Recv(); err != nil || string(got.Frames[0]) != text {
			t.Fatalf("got %q, %v", got.Frames, err)
		}
	}
}

func TestPublisherGreetsAndFilters(t *testing.T) {
	p := NewPublisher(listen(t), func(topic string) [][]byte { return [][]byte{[]byte("welcome " + topic)} }, nil)
	defer p.Close()
	client := dial(t, zmq4.NewSub(t.Context()), p.Addr())
	if err := client.SetOption(zmq4.OptionSubscribe, "w"); err != nil {
		t.Fatal(err)
	}
	want := func(text string) {
		t.Helper()
		got, err := client.Recv()
		if err != nil || string(got.Frames[0]) != text {
			t.Fatalf("got %q, %v, want %q", got.Frames, err, text)
		}
	}
	want("welcome w")
	p.Publish([][]byte{[]byte("other")}, false)
	p.Publish([][]byte{[]byte("wanted")}, false)
	want("wanted")
}

// TestFlushThenClose sends much and closes at once: everything must have arrived.
func TestFlushThenClose(t *testing.T) {
	p := NewPublisher(listen(t), func(string) [][]byte { return [][]byte{[]byte("hello")} }, nil)
	client := dial(t, zmq4.NewSub(t.Context()), p.Addr())
	if err := client.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	client.Recv()
	const n = 500
	for i := range n {
		p.Publish([][]byte{fmt.Append(nil, i), make([]byte, 10_000)}, false)
	}
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		p.Flush(ctx)
		p.Close()
	}()
	for i := range n {
		got, err := client.Recv()
		if err != nil || string(got.Frames[0]) != fmt.Sprint(i) {
			t.Fatalf("message %d: %v", i, err)
		}
	}
}

// raw connects and speaks the handshake by hand.
func raw(t *testing.T, address net.Addr, kind string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.Write(append(greeting(), ready(kind)...))
	return conn
}

// TestHostilePeers connects as no client should and checks that a good client is served all the same.
func TestHostilePeers(t *testing.T) {
	for name, attack := range map[string]func(*testing.T, net.Addr){
		"silent": func(t *testing.T, a net.Addr) {
			conn, err := net.Dial("tcp", a.String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
		},
		"huge frame": func(t *testing.T, a net.Addr) {
			raw(t, a, "DEALER").Write(binary.BigEndian.AppendUint64([]byte{flagLong}, 1<<63-1))
		},
		"largest frame that never comes": func(t *testing.T, a net.Addr) {
			raw(t, a, "DEALER").Write(binary.BigEndian.AppendUint64([]byte{flagLong}, MaxMessageBytes))
		},
		"wrong kind of socket": func(t *testing.T, a net.Addr) { raw(t, a, "PUB") },
		"properties cut short": func(t *testing.T, a net.Addr) {
			conn, err := net.Dial("tcp", a.String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			conn.Write(append(greeting(), flagCommand, 8, 5, 'R', 'E', 'A', 'D', 'Y', 200, 'x'))
		},
		"HTTP": func(t *testing.T, a net.Addr) {
			conn, err := net.Dial("tcp", a.String())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			fmt.Fprint(conn, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", strings.Repeat("x", 100))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := NewRouter(listen(t), nil)
			defer r.Close()
			attack(t, r.Addr())
			client := dial(t, zmq4.NewDealer(t.Context(), zmq4.WithID(zmq4.SocketIdentity("good"))), r.Addr())
			if err := client.Send(zmq4.NewMsgString("hello")); err != nil {
				t.Fatal(err)
			}
			if got := receive(t, r); string(got[1]) != "hello" {
				t.Errorf("got %q", got)
			}
		})
	}
}

// TestStalledSubscriber has one subscriber that never reads. The other one must get everything, after one bounded wait.
func TestStalledSubscriber(t *testing.T) {
	p := NewPublisher(listen(t), func(string) [][]byte { return [][]byte{[]byte("hello")} }, nil)
	defer p.Close()
	stalled := raw(t, p.Addr(), "SUB")
	stalled.Write(encodeMessage([][]byte{{1}}))
	reader := dial(t, zmq4.NewSub(t.Context()), p.Addr())
	if err := reader.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		t.Fatal(err)
	}
	reader.Recv()
	for len(p.subscribers("")) < 2 {
		time.Sleep(time.Millisecond)
	}
	const n, size = 40, 4 << 20 // 160 MB, past what is queued for one peer
	received := make(chan error, 1)
	go func() {
		for i := range n + 1 {
			got, err := reader.Recv()
			if err == nil && string(got.Frames[0]) != fmt.Sprint(i) {
				err = fmt.Errorf("message %d is %q", i, got.Frames[0])
			}
			if err != nil {
				received <- err
				return
			}
		}
		received <- nil
	}()
	start := time.Now()
	body := make([]byte, size)
	for i := range n {
		p.Publish([][]byte{fmt.Append(nil, i), body}, false)
	}
	p.Publish([][]byte{fmt.Append(nil, n)}, true)
	if took := time.Since(start); took > 3*patience {
		t.Errorf("publishing took %v", took)
	}
	if err := <-received; err != nil {
		t.Error(err)
	}
}

func TestPing(t *testing.T) {
	r := NewRouter(listen(t), nil)
	defer r.Close()
	conn := raw(t, r.Addr(), "DEALER")
	conn.Write(appendFrame(nil, flagCommand, append(appendName(nil, "PING"), 0, 100, 'c', 't', 'x')))
	want := appendFrame(nil, flagCommand, append(appendName(nil, "PONG"), "ctx"...))
	conn.SetReadDeadline(time.Now().Add(5 * time.Second))
	skip := make([]byte, greetingBytes+len(ready("ROUTER")))
	got := make([]byte, len(want))
	for _, part := range [][]byte{skip, got} {
		for n := 0; n < len(part); {
			k, err := conn.Read(part[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += k
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCloseUnblocksReceive(t *testing.T) {
	r := NewRouter(listen(t), nil)
	done := make(chan error, 1)
	go func() { _, err := r.Receive(context.Background()); done <- err }()
	r.Close()
	if err := <-done; !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}
