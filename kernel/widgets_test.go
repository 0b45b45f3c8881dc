package kernel_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dcpo-go/godcpo/kernel/kerneltest"
	"github.com/dcpo-go/godcpo/kernel/transport"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

// sliderCell shows a slider, waits for two positions and moves it itself.
const sliderCell = `
import (
	"github.com/janpfeifer/gonb/gonbui/widgets"
)
%%
slider := widgets.Slider(0, 100, 50).WithAddress("/test/slider").Done()
fmt.Println("at", slider.Value())
moves := slider.Listen().WithBuffer(4)
fmt.Println("listening")
fmt.Println("moved to", <-moves.C)
slider.SetValue(7)
fmt.Println("moved to", <-moves.C)
`

// page plays the JavaScript that the kernel puts into a page.
type page struct {
	t      *testing.T
	client *kerneltest.Client
	comm   string
	seen   []wire.Message
}

func (p *page) send(t wire.Type, content map[string]any) {
	p.t.Helper()
	content["comm_id"] = p.comm
	if _, err := p.client.SendShell(t, content); err != nil {
		p.t.Fatal(err)
	}
}

func (p *page) value(address string, value any) {
	p.t.Helper()
	p.send(wire.CommMessage, map[string]any{"data": map[string]any{"address": address, "value": value}})
}

// await reads iopub until a message of a type holds a text. Others are kept for
// later: displays and comm messages may come in any order.
func (p *page) await(ctx context.Context, t wire.Type, text string) {
	p.t.Helper()
	for i := 0; ; i++ {
		for i >= len(p.seen) {
			select {
			case m, ok := <-p.client.IOPub:
				if !ok {
					p.t.Fatal("the connection has ended")
				}
				if m.Header.Type == wire.ErrorMessage {
					p.t.Fatalf("while waiting for %q: %s", text, m.Content)
				}
				p.seen = append(p.seen, m)
			case <-ctx.Done():
				p.t.Fatalf("no %s with %q", t, text)
			}
		}
		if m := p.seen[i]; m.Header.Type == t && strings.Contains(string(m.Content), text) {
			p.seen = slices.Delete(p.seen, i, i+1)
			return
		}
	}
}

// TestWidgetsOverComms drives a widget by the messages of a page while its cell
// runs.
func TestWidgetsOverComms(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("there is no go command to compile cells with")
	}
	file := filepath.Join(t.TempDir(), "kernel-an-id.json")
	asked := transport.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: wire.SchemeHMACSHA256}
	if err := asked.Write(file); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	client := startKernel(ctx, t, file)
	p := &page{t: t, client: client, comm: "c1"}
	if _, err := client.SendShell(wire.ExecuteRequest, map[string]any{"code": sliderCell}); err != nil {
		t.Fatal(err)
	}
	p.await(ctx, wire.DisplayData, "an-id") // the script, which names the kernel
	p.send(wire.CommOpen, map[string]any{"target_name": "gonb_comm", "data": map[string]any{}})
	p.await(ctx, wire.CommMessage, "#comm_open_ack")
	p.await(ctx, wire.DisplayData, "slider")
	p.value("/test/slider", "50") // the page's slider says where it stands
	p.await(ctx, wire.Stream, "listening")
	p.value("/nobody/listens", 1)
	p.value("/test/slider", 61)
	p.await(ctx, wire.CommMessage, `"value":7`)
	p.value("/test/slider", 8)
	p.await(ctx, wire.Stream, "moved to 8")
	p.send(wire.CommClose, map[string]any{})

	// The page is gone: the next cell that needs one puts the script out again.
	if _, err := client.SendShell(wire.ExecuteRequest, map[string]any{"code": "%widgets_hb"}); err != nil {
		t.Fatal(err)
	}
	p.await(ctx, wire.DisplayData, "an-id")
	p.comm = "c2"
	p.send(wire.CommOpen, map[string]any{"target_name": "gonb_comm", "data": map[string]any{}})
	p.await(ctx, wire.Stream, "the browser answers")
	// This one is there, and asked whether it is.
	if _, err := client.SendShell(wire.ExecuteRequest, map[string]any{"code": "%widgets_hb"}); err != nil {
		t.Fatal(err)
	}
	p.await(ctx, wire.CommMessage, "#heartbeat/ping")
	p.value("#heartbeat/pong", true)
	p.await(ctx, wire.Stream, "the browser answers")
}

// startKernel starts the test binary as a kernel that ends with the test.
func startKernel(ctx context.Context, t *testing.T, file string) *kerneltest.Client {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.CommandContext(ctx, self, "kernel", "start", "--connection-file", file)
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	var opened transport.Connection
	for opened.ShellPort == 0 && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		if opened, err = transport.ReadConnection(file); err != nil {
			t.Fatal(err)
		}
	}
	client, err := kerneltest.Dial(ctx, opened)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.SendControl(wire.ShutdownRequest, map[string]any{"restart": false})
		_ = process.Wait()
		client.Close()
	})
	return client
}

// TestMessagesToNobody: what a page sends wrongly harms nothing.
func TestMessagesToNobody(t *testing.T) {
	file := filepath.Join(t.TempDir(), "kernel-x.json")
	asked := transport.Connection{Transport: "tcp", IP: "127.0.0.1", Key: "secret", SignatureScheme: wire.SchemeHMACSHA256}
	if err := asked.Write(file); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := startKernel(ctx, t, file)
	p := &page{t: t, client: client, comm: "c"}
	p.value("/early", 1) // no comm is open
	p.send(wire.CommOpen, map[string]any{"target_name": "gonb_comm", "data": map[string]any{}})
	for _, data := range []any{nil, 7, "text", []any{1}, map[string]any{}, map[string]any{"address": 3}, map[string]any{"address": "/a"}, map[string]any{"address": "/a", "value": map[string]any{"x": nil}}} {
		raw, err := json.Marshal(data)
		if err != nil {
			t.Fatal(err)
		}
		p.send(wire.CommMessage, map[string]any{"data": json.RawMessage(raw)})
	}
	p.await(ctx, wire.CommMessage, "#comm_open_ack")
	if _, err := client.SendShell(wire.ExecuteRequest, map[string]any{"code": "fmt.Print(6 * 7)"}); err != nil {
		t.Fatal(err)
	}
	p.await(ctx, wire.Stream, "42")
}
