package gonb

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/dcpo-go/godcpo/kernel/display"
)

// Target is the target of the comms that pages open.
const Target = "gonb_comm"

// Addresses between comm.js and this package.
const (
	opened = "#comm_open_ack"
	ping   = "#heartbeat/ping"
	pong   = "#heartbeat/pong"
)

//go:embed comm.js
var script string

// pongTime is how long a page may take to answer, and answerTime how long a cell
// may wait for a page to connect before it fails.
const (
	pongTime   = 700 * time.Millisecond
	answerTime = 20 * time.Second
)

// errNoBrowser is why a cell fails that needs a page.
var errNoBrowser = errors.New("the cell talks to JavaScript in a browser (gonbui widgets, dom or comms), and none is connected: run it in JupyterLab or Jupyter Notebook")

// browser is what the bridge knows of the pages that show the notebook.
type browser struct {
	bridge   *Bridge
	kernelID string

	mu         sync.Mutex
	pages      map[*Page]bool
	subscribed map[string]bool
	waiting    []any         // values for the first page to connect
	installed  string        // display id of the script; "" when it has been taken away
	checked    bool          // in the running cell
	connected  chan struct{} // closed and renewed when a page connects or answers
	timer      *time.Timer
}

// Page is one connection of a page.
type Page struct {
	browser *browser
	send    func(data any) error
}

func newBrowser(b *Bridge, kernelID string) *browser {
	return &browser{bridge: b, kernelID: kernelID, pages: map[*Page]bool{}, subscribed: map[string]bool{}, connected: make(chan struct{})}
}

// begin tells that another cell runs: pages may have been closed since.
func (w *browser) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.checked = false
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
}

// message is what goes over a comm.
type message struct {
	Address string `json:"address"`
	Value   any    `json:"value,omitempty"`
	Read    bool   `json:"read_request,omitempty"`
}

// fromCell takes a value that a cell sends, or a request to read one.
func (w *browser) fromCell(v protocol.CommValue) {
	if w.kernelID == "" {
		w.bridge.host.Fail(errNoBrowser)
		return
	}
	w.reach(context.Background())
	if v.Address != protocol.GonbuiStartAddress {
		w.toPages(message{Address: v.Address, Value: v.Value, Read: v.Request})
	}
}

// subscribe starts or ends the delivery of an address to cells.
func (w *browser) subscribe(s protocol.CommSubscription) {
	w.mu.Lock()
	if s.Unsubscribe {
		delete(w.subscribed, s.Address)
		w.mu.Unlock()
		return
	}
	w.subscribed[s.Address] = true
	w.mu.Unlock()
	if w.kernelID == "" {
		w.bridge.host.Fail(errNoBrowser)
		return
	}
	w.reach(context.Background())
}

// toPages sends a message to every page, or keeps it for the first to come.
func (w *browser) toPages(m message) {
	w.mu.Lock()
	pages := make([]*Page, 0, len(w.pages))
	for p := range w.pages {
		pages = append(pages, p)
	}
	if len(pages) == 0 {
		w.waiting = append(w.waiting, m)
	}
	w.mu.Unlock()
	for _, p := range pages {
		if err := p.send(m); err != nil {
			p.Close()
		}
	}
}

// reach makes sure, once in a cell, that a page has the script: it asks those
// that had it, and puts it into the cell's output if none answers.
func (w *browser) reach(ctx context.Context) {
	w.mu.Lock()
	if w.checked {
		w.mu.Unlock()
		return
	}
	w.checked = true
	had, answered := len(w.pages) > 0, w.connected
	w.mu.Unlock()
	if had {
		w.toPages(message{Address: ping, Value: true})
		select {
		case <-answered:
			return
		case <-time.After(pongTime):
		case <-ctx.Done():
		}
		w.mu.Lock()
		clear(w.pages) // reloaded or gone
		w.mu.Unlock()
	}
	w.install()
}

// install shows the script. The cell fails if no page runs it.
func (w *browser) install() {
	w.mu.Lock()
	w.installed = fmt.Sprint("gonb_comm_", time.Now().UnixNano())
	id, connected := w.installed, w.connected
	w.timer = time.AfterFunc(answerTime, func() {
		select {
		case <-connected:
		default:
			w.bridge.host.Fail(errNoBrowser)
		}
	})
	w.mu.Unlock()
	code := strings.ReplaceAll(script, "{{KERNEL}}", w.kernelID)
	w.bridge.host.Display(scriptBundle("<script>"+code+"</script>", id, false))
}

func scriptBundle(markup, id string, update bool) display.Bundle {
	return display.Bundle{Data: map[string]any{display.MIMEHTML: markup, display.MIMEText: ""}, ID: id, Update: update}
}

// Connect makes sure that a page has the script and reports whether one
// answers.
func (b *Bridge) Connect(ctx context.Context) (bool, error) {
	w := b.browser
	if w.kernelID == "" {
		return false, errNoBrowser
	}
	w.mu.Lock()
	connected := w.connected
	w.checked = false
	w.mu.Unlock()
	w.reach(ctx)
	const patience = 3 * time.Second
	select {
	case <-connected:
		return true, nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	case <-time.After(patience):
		return false, nil
	}
}

// Page takes a page that has opened a comm. send sends data to it.
func (b *Bridge) Page(send func(data any) error) (*Page, error) {
	w := b.browser
	p := &Page{browser: w, send: send}
	if err := send(message{Address: opened, Value: true}); err != nil {
		return nil, fmt.Errorf("greet the page: %w", err)
	}
	w.mu.Lock()
	w.pages[p] = true
	waiting, id := w.waiting, w.installed
	w.waiting, w.installed = nil, ""
	w.answered()
	w.mu.Unlock()
	for _, m := range waiting {
		if err := send(m); err != nil {
			return nil, fmt.Errorf("send to the page: %w", err)
		}
	}
	if id != "" { // the script has run: it need not be saved with the notebook
		b.host.Display(scriptBundle("", id, true))
	}
	return p, nil
}

// answered wakes those who wait for a page, with the lock held.
func (w *browser) answered() {
	close(w.connected)
	w.connected = make(chan struct{})
}

// Close tells that the page is gone.
func (p *Page) Close() {
	p.browser.mu.Lock()
	defer p.browser.mu.Unlock()
	delete(p.browser.pages, p)
}

// Receive takes what the page sends. Values reach the cells that have subscribed
// to their address. The error says what the message lacks.
func (p *Page) Receive(data json.RawMessage) error {
	var m message
	if err := json.Unmarshal(data, &m); err != nil || m.Address == "" {
		return fmt.Errorf("a page sent %.100q, expected an address and a value", data)
	}
	w := p.browser
	switch m.Address {
	case pong:
		w.mu.Lock()
		w.answered()
		w.mu.Unlock()
		return nil
	case ping:
		return p.send(message{Address: pong, Value: true})
	}
	w.mu.Lock()
	wanted := w.subscribed[m.Address]
	w.mu.Unlock()
	if wanted && m.Value != nil {
		toCell(&protocol.CommValue{Address: m.Address, Value: typed(m.Value)})
	}
	return nil
}
