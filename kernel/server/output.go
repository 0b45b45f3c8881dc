package server

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/kernel/cell"
	"github.com/dcpo-go/godcpo/kernel/display"
	"github.com/dcpo-go/godcpo/kernel/wire"
)

const (
	// gatherTime is how long stream text waits for more, so that a loop of prints is a few messages and not thousands.
	gatherTime = 20 * time.Millisecond
	// gatherBytes is how much text waits at most.
	gatherBytes = 32 << 10
)

// output publishes what one cell puts out, in order, with the cell's request as parent. It is safe for concurrent use.
type output struct {
	server     *Server
	parent     wire.Message
	ctx        context.Context // of the cell
	allowStdin bool

	mu     sync.Mutex
	silent bool
	name   string // of the stream that text belongs to
	text   []byte // gathered, not yet published
	timer  *time.Timer
	pages  []wire.Page
}

var (
	_ cell.Output = (*output)(nil)
	_ Asker       = (*output)(nil)
	_ Pager       = (*output)(nil)
)

// Stream implements cell.Output. Every name but stderr counts as stdout.
func (o *output) Stream(name, text string) {
	if name != "stderr" {
		name = "stdout"
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.silent || text == "" {
		return
	}
	if name != o.name {
		o.publishText(true)
		o.name = name
	}
	o.text = append(o.text, text...)
	switch {
	case len(o.text) >= gatherBytes:
		o.publishText(false)
	case o.timer == nil:
		o.timer = time.AfterFunc(gatherTime, func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			o.publishText(false)
		})
	}
}

// publishText sends the gathered text, with the lock held. Unless all is set, the bytes of a character that is not complete yet stay behind: a
// message holds whole characters only.
func (o *output) publishText(all bool) {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	n := len(o.text)
	if !all {
		n -= partialRune(o.text)
	}
	if n == 0 {
		return
	}
	o.server.publish(wire.Stream, &o.parent, wire.StreamContent{Name: o.name, Text: string(o.text[:n])}, false)
	o.text = append(o.text[:0], o.text[n:]...)
}

// partialRune returns how many bytes at the end of text begin a character that is not complete.
func partialRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		tail := text[len(text)-n:]
		if utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// silence switches whether everything is dropped and returns how it was.
func (o *output) silence(silent bool) (was bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	was, o.silent = o.silent, silent
	return was
}

// Flush publishes the stream text that waits.
func (o *output) Flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.publishText(true)
}

// Display implements cell.Output.
func (o *output) Display(b display.Bundle) {
	t := wire.DisplayData
	if b.Update {
		t = wire.UpdateDisplayData
	}
	o.show(t, displayContent(b))
}

// show publishes a message after the text that came before it.
func (o *output) show(t wire.Type, content any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.silent {
		return
	}
	o.publishText(true)
	if err := o.server.publish(t, &o.parent, content, t == wire.ExecuteResult); err != nil {
		text := fmt.Sprintf("This output cannot be shown: %v\n", err)
		o.server.publish(wire.Stream, &o.parent, wire.StreamContent{Name: "stderr", Text: text}, false)
	}
}

func displayContent(b display.Bundle) wire.DisplayContent {
	content := wire.DisplayContent{Data: b.Data, Metadata: b.Metadata, Transient: &wire.Transient{DisplayID: b.ID}}
	if content.Data == nil {
		content.Data = map[string]any{}
	}
	if content.Metadata == nil {
		content.Metadata = map[string]any{}
	}
	return content
}

// ClearOutput implements cell.Output.
func (o *output) ClearOutput(wait bool) {
	o.show(wire.ClearOutput, wire.ClearOutputContent{Wait: wait})
}

// Page implements Pager.
func (o *output) Page(data map[string]any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pages = append(o.pages, wire.Page{Source: "page", Data: data})
}

// takePages returns the pages so far, never nil.
func (o *output) takePages() []wire.Page {
	o.mu.Lock()
	defer o.mu.Unlock()
	pages := o.pages
	o.pages = nil
	if pages == nil {
		pages = []wire.Page{}
	}
	return pages
}

// RequestInput implements Asker.
func (o *output) RequestInput(ctx context.Context, prompt string, password bool) (string, error) {
	if !o.allowStdin {
		return "", errors.New("ask for input: the client that runs this cell does not answer questions (allow_stdin is false)")
	}
	o.Flush()
	s := o.server
	s.flush()
	select {
	case <-s.answers: // a late answer to an earlier question
	default:
	}
	message, err := wire.New(wire.InputRequest, s.session, username, &o.parent, wire.InputContent{Prompt: prompt, Password: password})
	if err != nil {
		return "", err
	}
	message.Identities = o.parent.Identities // clients use one identity on shell and stdin
	s.send(s.sockets.Stdin, message)
	select {
	case line := <-s.answers:
		return line, nil
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case <-o.ctx.Done():
		return "", context.Cause(o.ctx)
	case <-s.stopped.Done():
		return "", ErrInterrupted
	}
}
