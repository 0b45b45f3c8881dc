package notebook

import (
	"io"
	"sync"
	"time"

	"github.com/dcpo-go/godcpo/kernel/display"
)

// recorder is a cell's output: it goes into the notebook and, as text, to the terminal.
type recorder struct {
	runner *runner
	cell   *Cell

	mu    sync.Mutex
	clear bool // at the next output
}

// Stream appends text; text of the same stream is joined.
func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clearIfAsked()
	// A closed terminal must not end the run.
	if name == "stderr" {
		_, _ = r.runner.lines.Write(nil)
		_, _ = io.WriteString(r.runner.opt.Stderr, text)
	} else {
		_, _ = r.runner.lines.Write([]byte(text))
	}
	if n := len(r.cell.Outputs); n > 0 && r.cell.Outputs[n-1].Type == "stream" && r.cell.Outputs[n-1].Name == name {
		r.cell.Outputs[n-1].Text += text
		return
	}
	r.cell.Outputs = append(r.cell.Outputs, Output{Type: "stream", Name: name, Text: text})
}

// Display appends a rich output, or replaces what was shown under its id, in whatever cell that was.
func (r *recorder) Display(b display.Bundle) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runner.lines.Display(b)
	if b.Update {
		for _, c := range r.runner.notebook.Cells {
			for i := range c.Outputs {
				if b.ID != "" && c.Outputs[i].DisplayID == b.ID {
					c.Outputs[i].Data, c.Outputs[i].Metadata = b.Data, b.Metadata
				}
			}
		}
		return
	}
	r.clearIfAsked()
	r.cell.Outputs = append(r.cell.Outputs, Output{Type: "display_data", Data: b.Data, Metadata: b.Metadata, DisplayID: b.ID})
}

// ClearOutput removes the cell's outputs, at once or with the next one.
func (r *recorder) ClearOutput(wait bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clear = true
	if !wait {
		r.clearIfAsked()
	}
}

func (r *recorder) clearIfAsked() {
	if r.clear {
		r.cell.Outputs, r.clear = nil, false
	}
}

// finish shows the cell's value and records its times.
func (r *recorder) finish(value *display.Bundle, start time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runner.lines.Flush()
	r.cell.setTimes(start, time.Now())
	if value != nil {
		r.clearIfAsked()
		r.cell.Outputs = append(r.cell.Outputs, Output{Type: "execute_result", Data: value.Data, Metadata: value.Metadata, Count: r.cell.Count})
		r.runner.lines.Display(display.Bundle{Data: value.Data}) // without an id: it is not updated
	}
}

func (r *recorder) add(o Output) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cell.Outputs = append(r.cell.Outputs, o)
}
