package kerneltest

import (
	"context"
	"fmt"

	"github.com/dcpo-go/godcpo/kernel/wire"
)

// Exchange is one request with all that it caused.
type Exchange struct {
	Reply wire.Message
	// Outputs are the iopub messages between busy and idle.
	Outputs []wire.Message
}

// Execute runs a cell as a notebook does.
func (c *Client) Execute(ctx context.Context, code string) (Exchange, error) {
	return c.Request(ctx, wire.ExecuteRequest, map[string]any{"code": code})
}

// Request sends a request on the shell channel and collects what it causes.
func (c *Client) Request(ctx context.Context, t wire.Type, content any) (Exchange, error) {
	id, err := c.SendShell(t, content)
	if err != nil {
		return Exchange{}, err
	}
	return c.Collect(ctx, id, c.Shell)
}

// RequestControl sends a request on the control channel and collects what it causes.
func (c *Client) RequestControl(ctx context.Context, t wire.Type, content any) (Exchange, error) {
	id, err := c.SendControl(t, content)
	if err != nil {
		return Exchange{}, err
	}
	return c.Collect(ctx, id, c.Control)
}

// Collect reads the reply to the request with that id from replies, if its type has one, and its iopub messages up to idle. It checks that everything
// names the request as its parent, that the first iopub message says busy, and that the reply is of the right type.
func (c *Client) Collect(ctx context.Context, id string, replies <-chan wire.Message) (Exchange, error) {
	var e Exchange
	var err error
	if e.Outputs, err = c.untilIdle(ctx, id); err != nil {
		return e, err
	}
	if replies == nil {
		return e, nil
	}
	if e.Reply, err = c.next(ctx, replies); err != nil {
		return e, err
	}
	parent, err := e.Reply.ParentHeader()
	if err != nil {
		return e, err
	}
	if parent.ID != id {
		return e, fmt.Errorf("a %s to message %q came, want the reply to %q", e.Reply.Header.Type, parent.ID, id)
	}
	if want, _ := parent.Type.Reply(); e.Reply.Header.Type != want {
		return e, fmt.Errorf("%s came as the reply to %s", e.Reply.Header.Type, parent.Type)
	}
	return e, nil
}

// untilIdle returns the iopub messages of the request between busy and idle.
func (c *Client) untilIdle(ctx context.Context, id string) ([]wire.Message, error) {
	var outputs []wire.Message
	for busy := false; ; {
		m, err := c.next(ctx, c.IOPub)
		if err != nil {
			return outputs, err
		}
		parent, err := m.ParentHeader()
		if err != nil {
			return outputs, err
		}
		if parent.ID != id {
			return outputs, fmt.Errorf("%s of message %q came, want those of %q", m.Header.Type, parent.ID, id)
		}
		if m.Header.Type != wire.Status {
			if !busy {
				return outputs, fmt.Errorf("%s came before busy", m.Header.Type)
			}
			outputs = append(outputs, m)
			continue
		}
		status, err := Decode[wire.StatusContent](m)
		if err != nil {
			return outputs, err
		}
		switch {
		case status.State == wire.Busy && !busy:
			busy = true
		case status.State == wire.Idle && busy:
			return outputs, nil
		default:
			return outputs, fmt.Errorf("status %s came out of order", status.State)
		}
	}
}
