package server_test

import (
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/kerneltest"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// running starts a cell and waits until it runs.
func (k *kernel) running(t *testing.T, code string) (id string) {
	t.Helper()
	id, err := k.SendShell(wire.ExecuteRequest, map[string]any{"code": code})
	if err != nil {
		t.Fatal(err)
	}
	for {
		select {
		case m := <-k.IOPub:
			if m.Header.Type == wire.ExecuteInput {
				return id
			}
		case <-k.ctx.Done():
			t.Fatal("the cell does not start")
		}
	}
}

// replyOn waits for a reply and returns its status.
func (k *kernel) replyOn(t *testing.T, from <-chan wire.Message, want wire.Type) wire.ExecuteFailed {
	t.Helper()
	select {
	case m := <-from:
		got, err := kerneltest.Decode[wire.ExecuteFailed](m)
		if err != nil || m.Header.Type != want {
			t.Fatalf("%s: %v, want %s", m.Header.Type, err, want)
		}
		return got
	case <-k.ctx.Done():
		t.Fatalf("no %s", want)
		return wire.ExecuteFailed{}
	}
}

func TestInterrupt(t *testing.T) {
	k := start(t)
	k.running(t, "print a\nwait")
	begun := time.Now()
	if _, err := k.SendControl(wire.InterruptRequest, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	if got := k.replyOn(t, k.Shell, wire.ExecuteReply); got.Status != "error" || got.Name != "Interrupted" {
		t.Errorf("cell: %+v", got)
	}
	if took := time.Since(begun); took > 200*time.Millisecond {
		t.Errorf("the cell stopped after %v", took)
	}
	if got := k.replyOn(t, k.Control, wire.InterruptReply); got.Status != "ok" {
		t.Errorf("interrupt: %+v", got)
	}
}

// TestInterruptStuck interrupts a cell that does not watch its context: the user is told, and the cell's own end counts.
func TestInterruptStuck(t *testing.T) {
	k := start(t)
	id := k.running(t, "sleep 2500ms\nprint end")
	if _, err := k.SendControl(wire.InterruptRequest, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	k.replyOn(t, k.Control, wire.InterruptReply)
	if got := k.replyOn(t, k.Shell, wire.ExecuteReply); got.Status != "ok" {
		t.Errorf("cell: %+v", got)
	}
	told := false
	for {
		m := <-k.IOPub
		parent, _ := m.ParentHeader()
		if s, err := kerneltest.Decode[wire.StreamContent](m); err == nil && m.Header.Type == wire.Stream && s.Name == "stderr" {
			told = true
		}
		if s, err := kerneltest.Decode[wire.StatusContent](m); err == nil && s.State == wire.Idle && parent.ID == id {
			break
		}
	}
	if !told {
		t.Error("the user was not told that the cell goes on")
	}
}

func TestInterruptWithoutCell(t *testing.T) {
	k := start(t)
	e, err := k.RequestControl(k.ctx, wire.InterruptRequest, map[string]any{})
	if err != nil {
		t.Fatal(err)
	}
	if got := reply[wire.StatusOnly](t, e); got.Status != "ok" {
		t.Errorf("got %+v", got)
	}
	if got := reply[wire.ExecuteOK](t, k.execute(t, "print a")); got.Status != "ok" {
		t.Errorf("the next cell: %+v", got)
	}
}

// TestControlDuringCell asks for kernel_info on the control channel while a cell runs.
func TestControlDuringCell(t *testing.T) {
	k := start(t)
	k.running(t, "sleep 2s")
	if _, err := k.SendControl(wire.KernelInfoRequest, map[string]any{}); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	if got := k.replyOn(t, k.Control, wire.KernelInfoReply); got.Status != "ok" || time.Since(begun) > time.Second {
		t.Errorf("%+v after %v", got, time.Since(begun))
	}
}

func TestShutdown(t *testing.T) {
	for name, c := range map[string]struct {
		cell    string
		restart bool
		limit   time.Duration
	}{
		"idle":    {"", false, time.Second},
		"running": {"wait", true, 2 * time.Second},
		"stuck":   {"sleep 10s", false, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			k := start(t)
			if c.cell != "" {
				k.running(t, c.cell)
			}
			begun := time.Now()
			if _, err := k.SendControl(wire.ShutdownRequest, map[string]any{"restart": c.restart}); err != nil {
				t.Fatal(err)
			}
			select {
			case m := <-k.Control:
				got, err := kerneltest.Decode[wire.ShutdownOK](m)
				if err != nil || got.Status != "ok" || got.Restart != c.restart {
					t.Errorf("%+v, %v", got, err)
				}
			case <-k.ctx.Done():
				t.Fatal("no reply")
			}
			if err := <-k.served; err != nil {
				t.Error(err)
			}
			close(k.served)
			if took := time.Since(begun); took > c.limit {
				t.Errorf("Serve ended after %v", took)
			}
		})
	}
}
