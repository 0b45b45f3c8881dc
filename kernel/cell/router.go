package cell

import (
	"io"
	"os"
	"sync"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// router hands output to the cell that is running or ran last.
type router struct {
	mu       sync.Mutex
	out      Output
	terminal io.Writer
	flush    func() error
	former   display.Sink
	copy     *os.File // takes a copy of what the running cell puts out; nil for none
}

// to directs output to a cell's Output from now on.
func (r *router) to(out Output) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out = out
}

// current is the Output of the cell that is running or ran last.
func (r *router) current() Output {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.out
}

// copyTo copies what is put out to a file, which endCopy closes.
func (r *router) copyTo(file *os.File) {
	r.endCopy()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.copy = file
}

func (r *router) endCopy() {
	r.mu.Lock()
	file := r.copy
	r.copy = nil
	r.mu.Unlock()
	if file == nil {
		return
	}
	if err := file.Close(); err != nil {
		r.Stream(capture.Stderr, "%capture: "+err.Error()+"\n")
	}
}

// write copies a text, with the lock held. The first failure ends the copy.
func (r *router) write(text string) {
	if r.copy == nil {
		return
	}
	if _, err := r.copy.WriteString(text); err != nil {
		r.out.Stream(capture.Stderr, "%capture: "+err.Error()+"\n")
		_ = r.copy.Close() // has failed already
		r.copy = nil
	}
}

// copyBundle copies the text of a display, markup before plain text.
func (r *router) copyBundle(b display.Bundle) {
	for _, kind := range []string{display.MIMEHTML, display.MIMEMarkdown, display.MIMELaTeX, display.MIMESVG, display.MIMEText} {
		if text, ok := b.Data[kind].(string); ok {
			r.write(text)
			return
		}
	}
}

// result copies the value of a cell.
func (r *router) result(b *display.Bundle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if b != nil {
		r.copyBundle(*b)
	}
}

// Stream hands on captured text. Before the first cell it goes to the terminal.
func (r *router) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out != nil {
		r.out.Stream(name, text)
		r.write(text)
		return
	}
	if _, err := io.WriteString(r.terminal, text); err != nil {
		return // no terminal, nobody to tell
	}
}

// Display hands on a display behind everything printed before it.
func (r *router) Display(b display.Bundle) {
	r.settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out != nil {
		r.out.Display(b)
		r.copyBundle(b)
	}
}

// ClearOutput hands on a request to clear.
func (r *router) ClearOutput(wait bool) {
	r.settle()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.out != nil {
		r.out.ClearOutput(wait)
	}
}

func (r *router) settle() {
	if err := r.flush(); err != nil {
		r.Stream(capture.Stderr, "output may be out of order: "+err.Error()+"\n")
	}
}
