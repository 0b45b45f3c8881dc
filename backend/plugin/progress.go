package plugin

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress tells a person how an installation goes: a bar on a terminal, a line now and then elsewhere (a log file, a notebook).
type progress struct {
	w        io.Writer
	terminal bool
}

// newProgress draws on w, or on os.Stderr where w is nil.
func newProgress(w io.Writer) *progress {
	if w == nil {
		w = os.Stderr
	}
	f, ok := w.(*os.File)
	return &progress{w: w, terminal: ok && term.IsTerminal(int(f.Fd()))}
}

// say writes one line.
func (p *progress) say(format string, args ...any) { fmt.Fprintf(p.w, format+"\n", args...) }

// lineEvery is how often a download reports where there is no terminal to draw on.
const lineEvery = 10 * time.Second

// start begins the download of total bytes (negative or 0 where unknown).
func (p *progress) start(label string, total int64) *bar {
	b := &bar{p: p, label: label, total: total, began: time.Now(), said: time.Now()}
	if p.terminal {
		if total <= 0 {
			total = -1
		}
		b.drawn = progressbar.NewOptions64(total, progressbar.OptionSetWriter(p.w), progressbar.OptionSetDescription("installing "+label),
			progressbar.OptionShowBytes(true), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth(),
			progressbar.OptionClearOnFinish())
	} else {
		p.say("installing %s%s …", label, ofSize(total))
	}
	return b
}

// bar is the progress of one download. Its methods may be called from several goroutines.
type bar struct {
	p     *progress
	label string
	total int64
	began time.Time

	mu    sync.Mutex
	done  int64
	said  time.Time
	drawn *progressbar.ProgressBar // nil where there is no terminal
}

// Write counts bytes that passed, so that a bar can stand behind an io.TeeReader.
func (b *bar) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.show(b.done + int64(len(data)))
	return len(data), nil
}

// set says how many bytes there are by now.
func (b *bar) set(done int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.show(done)
}

func (b *bar) show(done int64) {
	b.done = done
	if b.drawn != nil {
		if b.total > 0 {
			done = min(done, b.total) // a folder may hold a little more than the file for a moment
		}
		_ = b.drawn.Set64(done)
		return
	}
	if time.Since(b.said) >= lineEvery {
		b.said = time.Now()
		of := ""
		if b.total > 0 {
			of = " of " + megabytes(b.total)
		}
		b.p.say("installing %s: %s%s", b.label, megabytes(b.done), of)
	}
}

// finish ends the bar; the caller reports err itself.
func (b *bar) finish(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.drawn != nil {
		_ = b.drawn.Exit()
		_ = b.drawn.Clear()
	}
	if err == nil {
		b.p.say("downloaded %s in %.1f s", b.label, time.Since(b.began).Seconds())
	}
}

func ofSize(total int64) string {
	if total <= 0 {
		return ""
	}
	return " (" + megabytes(total) + ")"
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
