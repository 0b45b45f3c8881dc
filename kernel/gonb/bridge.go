package gonb

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	_ "github.com/janpfeifer/gonb/gonbui/plotly" // for cells
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/dcpo-go/godcpo/kernel/display"
)

// Host is the session that a bridge serves. Its methods may be called by several
// goroutines.
type Host interface {
	Display(b display.Bundle)
	// Print writes text to the cell's "stdout" or "stderr".
	Print(stream, text string)
	// Input asks the user for a line and gives it to the cell as standard input. A
	// cell for which nobody answers fails.
	Input(prompt string, password bool) error
	// Fail ends the running cell with an error.
	Fail(err error)
}

// Options configure a bridge. Host is required.
type Options struct {
	Host Host
	// KernelID is the name by which the Jupyter server knows this kernel. Empty:
	// there is no browser, and cells that need one fail.
	KernelID string
}

// Bridge connects gonbui to one session. There is one at a time in a process.
type Bridge struct {
	host    Host
	browser *browser

	mu    sync.Mutex
	cell  int             // counts the cells
	shown map[string]bool // display ids in use
}

// Open connects gonbui to a session, in place of the one it served before. Where
// there are no named pipes (Windows), gonbui displays nothing, as in a program
// that GoNB has not started.
func Open(o Options) (*Bridge, error) {
	b := &Bridge{host: o.Host, shown: map[string]bool{}}
	b.browser = newBrowser(b, o.KernelID)
	if err := connect(b); err != nil {
		return nil, fmt.Errorf("connect gonbui: %w", err)
	}
	return b, nil
}

// Close drops what gonbui sends from now on.
func (b *Bridge) Close() { disconnect(b) }

// Begin tells that another cell runs.
func (b *Bridge) Begin() {
	b.mu.Lock()
	b.cell++
	b.mu.Unlock()
	b.browser.begin()
}

// flushTime bounds how long a cell waits at its end for what gonbui has sent.
const flushTime = 2 * time.Second

// Flush waits until everything that gonbui has sent so far is displayed.
func (b *Bridge) Flush() error {
	if !gonbui.IsNotebook || gonbui.Error() != nil {
		return gonbui.Error()
	}
	ctx, cancel := context.WithTimeout(context.Background(), flushTime)
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); gonbui.Sync() }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("gonbui's displays have not arrived within %v", flushTime)
	}
}

// handle takes one message of gonbui.
func (b *Bridge) handle(d *protocol.DisplayData) {
	if request, ok := d.Data[protocol.MIMEJupyterInput].(protocol.InputRequest); ok {
		go b.input(request)
		return
	}
	if value, ok := d.Data[protocol.MIMECommValue].(protocol.CommValue); ok {
		b.browser.fromCell(value)
		return
	}
	if s, ok := d.Data[protocol.MIMECommSubscribe].(protocol.CommSubscription); ok {
		b.browser.subscribe(s)
		return
	}
	b.host.Display(b.bundle(d))
}

func (b *Bridge) input(r protocol.InputRequest) {
	if err := b.host.Input(r.Prompt, r.Password); err != nil {
		b.host.Print("stderr", fmt.Sprintf("gonbui.RequestInput: %v\n", err))
	}
}

// transientID starts the id of the display in which package dom runs JavaScript.
// It is the same for all of a process, where GoNB starts one for each cell.
const transientID = "gonb_transient_js_"

// bundle is a display in the terms of package display. The first with an id
// makes the display, later ones replace its content.
func (b *Bridge) bundle(d *protocol.DisplayData) display.Bundle {
	out := display.Bundle{Data: map[string]any{}, Metadata: d.Metadata, ID: d.DisplayID}
	for kind, content := range d.Data {
		if raw, ok := content.([]byte); ok {
			content = base64.StdEncoding.EncodeToString(raw)
		}
		out.Data[string(kind)] = content
	}
	out = display.WithText(out)
	if out.ID == "" {
		return out
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.HasPrefix(out.ID, transientID) {
		out.ID += fmt.Sprint("_", b.cell)
	}
	out.Update = b.shown[out.ID]
	b.shown[out.ID] = true
	return out
}
