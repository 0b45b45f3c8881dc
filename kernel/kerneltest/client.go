// Package kerneltest is a Jupyter client for tests: it talks to a kernel through sockets as JupyterLab does and checks the order of what comes back.
//
// Its sockets are those of go-zeromq/zmq4, not the kernel's own, so that a mistake in the transport cannot hide by being made on both sides.
package kerneltest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-zeromq/zmq4"

	"github.com/dcpo-go/godcpo/kernel/transport"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// Client is connected to a kernel. Use it from one goroutine.
type Client struct {
	session string
	signer  *wire.Signer
	cancel  context.CancelFunc
	sockets []zmq4.Socket

	shell, control, stdin zmq4.Socket

	// Shell, Control, Stdin and IOPub are what the kernel sends, in order.
	Shell, Control, Stdin, IOPub <-chan wire.Message
}

// incoming is how many messages wait on each channel before the kernel is read no further.
const incoming = 100_000

// Dial connects all channels and waits for the kernel's iopub_welcome, after which no output is missed.
func Dial(ctx context.Context, connection transport.Connection) (*Client, error) {
	signer, err := wire.NewSigner(connection.SignatureScheme, connection.Key)
	if err != nil {
		return nil, err
	}
	life, cancel := context.WithCancel(context.Background())
	c := &Client{session: wire.NewID(), signer: signer, cancel: cancel}
	id := zmq4.WithID(zmq4.SocketIdentity(c.session))
	c.shell, c.control, c.stdin = zmq4.NewDealer(life, id), zmq4.NewDealer(life, id), zmq4.NewDealer(life, id)
	iopub := zmq4.NewSub(life)
	for _, s := range []struct {
		socket zmq4.Socket
		port   int
		into   *<-chan wire.Message
	}{
		{c.shell, connection.ShellPort, &c.Shell},
		{c.control, connection.ControlPort, &c.Control},
		{c.stdin, connection.StdinPort, &c.Stdin},
		{iopub, connection.IOPubPort, &c.IOPub},
	} {
		if err := s.socket.Dial(fmt.Sprintf("tcp://%s:%d", connection.IP, s.port)); err != nil {
			c.Close()
			return nil, fmt.Errorf("dial the kernel: %w", err)
		}
		c.sockets = append(c.sockets, s.socket)
		*s.into = c.receive(life, s.socket)
	}
	if err := iopub.SetOption(zmq4.OptionSubscribe, ""); err != nil {
		c.Close()
		return nil, err
	}
	welcome, err := c.next(ctx, c.IOPub)
	if err == nil && welcome.Header.Type != wire.IOPubWelcome {
		err = fmt.Errorf("the first message is %s, want %s", welcome.Header.Type, wire.IOPubWelcome)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// Close ends the connections.
func (c *Client) Close() {
	c.cancel()
	for _, s := range c.sockets {
		s.Close()
	}
}

// receive reads a socket until it is closed. The channel it returns is closed then, or when a message is not as it should be.
func (c *Client) receive(life context.Context, socket zmq4.Socket) <-chan wire.Message {
	messages := make(chan wire.Message, incoming)
	go func() {
		defer close(messages)
		for {
			raw, err := socket.Recv()
			if err != nil || life.Err() != nil {
				return
			}
			message, err := wire.Parse(raw.Frames, c.signer)
			if err != nil {
				return
			}
			messages <- message
		}
	}()
	return messages
}

// next waits for a message.
func (c *Client) next(ctx context.Context, from <-chan wire.Message) (wire.Message, error) {
	select {
	case m, ok := <-from:
		if !ok {
			return m, errors.New("the connection has ended, or a message was malformed or badly signed")
		}
		return m, nil
	case <-ctx.Done():
		return wire.Message{}, fmt.Errorf("no message from the kernel: %w", ctx.Err())
	}
}

// SendShell sends a message on the shell channel and returns its id. Content is encoded as JSON.
func (c *Client) SendShell(t wire.Type, content any) (id string, err error) {
	return c.send(c.shell, t, content)
}

// SendControl sends a message on the control channel and returns its id.
func (c *Client) SendControl(t wire.Type, content any) (id string, err error) {
	return c.send(c.control, t, content)
}

// SendStdin sends a message, the answer to an input_request, on the stdin channel.
func (c *Client) SendStdin(t wire.Type, content any) (id string, err error) {
	return c.send(c.stdin, t, content)
}

// SendRaw sends frames as they are on the shell channel.
func (c *Client) SendRaw(frames ...[]byte) error {
	return c.shell.SendMulti(zmq4.NewMsgFrom(frames...))
}

func (c *Client) send(socket zmq4.Socket, t wire.Type, content any) (string, error) {
	m, err := wire.New(t, c.session, "test", nil, content)
	if err != nil {
		return "", err
	}
	frames, err := m.Frames(c.signer)
	if err != nil {
		return "", err
	}
	return m.Header.ID, socket.SendMulti(zmq4.NewMsgFrom(frames...))
}

// Decode reads the content of a message into a new T.
func Decode[T any](m wire.Message) (T, error) {
	var v T
	err := json.Unmarshal(m.Content, &v)
	return v, err
}
