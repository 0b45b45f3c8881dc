//go:build unix

package gonb

import (
	"encoding/gob"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/comms"
	"github.com/janpfeifer/gonb/gonbui/protocol"
)

// process holds the pipes, which gonbui opens once in the life of a process.
var process struct {
	mu     sync.Mutex
	opened bool
	err    error
	bridge *Bridge
	back   *queue
}

// connect makes b the receiver of what gonbui sends.
func connect(b *Bridge) error {
	process.mu.Lock()
	defer process.mu.Unlock()
	if !process.opened {
		process.opened = true
		process.err = openPipes()
	}
	process.bridge = b
	return process.err
}

func disconnect(b *Bridge) {
	process.mu.Lock()
	defer process.mu.Unlock()
	if process.bridge == b {
		process.bridge = nil
	}
}

// openPipes makes both pipes and has gonbui open its ends. Then their names can
// go: a program started by a cell would mix its messages into ours.
func openPipes() error {
	dir, err := os.MkdirTemp("", "godcpo-gonbui-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var files [2]*os.File
	for i, variable := range []string{protocol.GONB_PIPE_ENV, protocol.GONB_PIPE_BACK_ENV} {
		name := filepath.Join(dir, fmt.Sprint("pipe", i))
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			return fmt.Errorf("make a named pipe: %w", err)
		}
		// Open for both directions, so that it does not wait for the other end.
		if files[i], err = os.OpenFile(name, os.O_RDWR, 0); err != nil {
			return err
		}
		if err := os.Setenv(variable, name); err != nil {
			return err
		}
		defer os.Unsetenv(variable)
	}
	gob.Register(map[string]any{})
	gob.Register([]any{})
	guardDispatch()
	gonbui.IsNotebook = true
	if err := gonbui.Open(); err != nil {
		return err
	}
	process.back = newQueue(gob.NewEncoder(files[1]))
	go receive(gob.NewDecoder(files[0]))
	return nil
}

// receive hands messages on until the pipe breaks.
func receive(dec *gob.Decoder) {
	for {
		d := &protocol.DisplayData{}
		err := dec.Decode(d)
		process.mu.Lock()
		b := process.bridge
		process.mu.Unlock()
		if err != nil {
			if b != nil && !errors.Is(err, os.ErrClosed) {
				b.host.Print("stderr", fmt.Sprintf("gonbui can display nothing more in this process: %v\n", err))
			}
			return
		}
		if v, ok := d.Data[protocol.MIMECommValue].(protocol.CommValue); ok && v.Address == protocol.GonbuiSyncAddress {
			process.back.push(&protocol.CommValue{Address: protocol.GonbuiSyncAckAddress, Value: v.Value})
		} else if b != nil {
			b.handle(d)
		}
	}
}

// toCell sends a value to the cells that have subscribed to its address.
func toCell(v *protocol.CommValue) { process.back.push(v) }

// guardDispatch keeps package comms from locking itself for ever: it does when a
// value arrives for an address to which nobody listens any more.
func guardDispatch() {
	dispatch := gonbui.OnCommValueUpdate
	gonbui.OnCommValueUpdate = func(v *protocol.CommValue) {
		id := listen(v)
		dispatch(v)
		comms.Unsubscribe(id)
	}
}

// listen subscribes to the address of a value, with the value's type.
func listen(v *protocol.CommValue) comms.SubscriptionId {
	switch v.Value.(type) {
	case float64:
		return comms.Subscribe(v.Address, func(string, float64) {})
	case []float64:
		return comms.Subscribe(v.Address, func(string, []float64) {})
	case []string:
		return comms.Subscribe(v.Address, func(string, []string) {})
	case map[string]float64:
		return comms.Subscribe(v.Address, func(string, map[string]float64) {})
	case map[string]string:
		return comms.Subscribe(v.Address, func(string, map[string]string) {})
	}
	return comms.Subscribe(v.Address, func(string, string) {})
}

// queue sends values to gonbui without making its owner wait.
type queue struct {
	mu    sync.Mutex
	ready *sync.Cond
	items []*protocol.CommValue
}

func newQueue(enc *gob.Encoder) *queue {
	q := &queue{}
	q.ready = sync.NewCond(&q.mu)
	go func() {
		for enc.Encode(q.pop()) == nil { // gonbui's end never closes
		}
	}()
	return q
}

func (q *queue) push(v *protocol.CommValue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, v)
	q.ready.Signal()
}

func (q *queue) pop() *protocol.CommValue {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 {
		q.ready.Wait()
	}
	v := q.items[0]
	q.items = q.items[1:]
	return v
}
