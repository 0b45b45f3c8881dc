package display

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"
)

// logInterval is the least time between two lines of one display in a log.
const logInterval = 10 * time.Second

// Lines writes displays as plain text: in a terminal a display of one line that
// is updated, such as a progress bar, changes in place; elsewhere it becomes a new
// line every ten seconds, and its last state one more. No escape codes are
// written, so that logs stay readable. The zero value is not usable, see
// [NewLines]. It may be used by several goroutines.
type Lines struct {
	w        io.Writer
	terminal bool
	interval time.Duration

	mu   sync.Mutex
	open int // width of the line in place; 0 for none
	last string
	live map[string]*liveLine // by display id
}

// liveLine is a display that is updated.
type liveLine struct {
	text    string
	written string // what was written last
	at      time.Time
}

// NewLines returns a writer for a terminal, a file or a pipe: a terminal is
// recognised if w is an *os.File.
func NewLines(w io.Writer) *Lines {
	file, ok := w.(*os.File)
	return &Lines{w: w, terminal: ok && term.IsTerminal(int(file.Fd())), interval: logInterval, live: map[string]*liveLine{}}
}

// Write writes text that is not a display, below a line that is in place.
func (l *Lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.close()
	return l.w.Write(p)
}

// Display writes a display as text.
func (l *Lines) Display(b Bundle) {
	text := strings.TrimRight(b.Text(), "\n")
	l.mu.Lock()
	defer l.mu.Unlock()
	if b.ID == "" {
		if text != "" {
			l.close()
			l.print(text + "\n")
		}
		return
	}
	line := l.live[b.ID]
	if line == nil {
		line = &liveLine{}
		l.live[b.ID] = line
		if !l.terminal {
			line.at = time.Now() // its first state says nothing yet
		}
	}
	line.text = text
	if text == "" && line.written == "" {
		return // a script, say
	}
	if l.terminal && !strings.Contains(text, "\n") {
		l.inPlace(b.ID, line)
	} else if time.Since(line.at) >= l.interval {
		l.write(line)
	}
}

// inPlace overwrites the line that the display had, or starts one.
func (l *Lines) inPlace(id string, line *liveLine) {
	if l.open > 0 && l.last != id {
		l.print("\n")
		l.open = 0
	}
	width := utf8.RuneCountInString(line.text)
	l.print("\r" + line.text + strings.Repeat(" ", max(l.open-width, 0)))
	l.open, l.last, line.written = max(width, 1), id, line.text
}

// write writes the state of a display as a line of its own.
func (l *Lines) write(line *liveLine) {
	line.at = time.Now()
	if line.text == line.written || line.text == "" {
		return
	}
	line.written = line.text
	l.close()
	l.print(line.text + "\n")
}

// close ends the line in place.
func (l *Lines) close() {
	if l.open > 0 {
		l.print("\n")
		l.open = 0
	}
}

func (l *Lines) print(text string) {
	if _, err := fmt.Fprint(l.w, text); err != nil {
		return // the reader is gone: there is nobody to tell
	}
}

// Flush writes the last state of every display that has changed since it was
// written, and ends the line in place. Displays are done with it.
func (l *Lines) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range sortedIDs(l.live) {
		l.write(l.live[id])
	}
	l.close()
	clear(l.live)
}

func sortedIDs(m map[string]*liveLine) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return m[a].at.Compare(m[b].at) })
	return ids
}
