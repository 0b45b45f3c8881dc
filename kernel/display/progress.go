package display

import (
	"fmt"
	"html"
	"strings"
	"sync"
	"time"
)

// Progress is a bar that fills in place, with the time left. It may be used by
// several goroutines.
type Progress struct {
	live  *Live
	total int
	start time.Time

	mu    sync.Mutex
	done  int
	label string
}

// NewProgress shows an empty bar for total steps. A total of zero or less means
// that it is unknown: steps are counted and timed only.
func NewProgress(total int, label string) *Progress {
	p := &Progress{live: NewLive(), total: total, label: label, start: time.Now()}
	p.Add(0)
	return p
}

// Add records n more steps done.
func (p *Progress) Add(n int) {
	p.mu.Lock()
	p.done += n
	b := p.bundle(time.Since(p.start))
	p.mu.Unlock()
	p.live.ShowBundle(b)
}

// Set records the number of steps done so far.
func (p *Progress) Set(done int) {
	p.mu.Lock()
	p.done = done
	b := p.bundle(time.Since(p.start))
	p.mu.Unlock()
	p.live.ShowBundle(b)
}

// SetLabel replaces the text before the bar.
func (p *Progress) SetLabel(label string) {
	p.mu.Lock()
	p.label = label
	p.mu.Unlock()
	p.Add(0)
}

// Done shows the final state at once. Calling it is optional at the end of a
// cell.
func (p *Progress) Done() {
	p.live.Flush()
	flushLines()
}

// bundle draws the bar after the given time.
func (p *Progress) bundle(elapsed time.Duration) Bundle {
	const width = 24
	if p.total <= 0 {
		line := fmt.Sprintf("%s %d, %s", p.label, p.done, clock(elapsed))
		return Bundle{Data: map[string]any{MIMEText: line, MIMEHTML: "<span>" + html.EscapeString(line) + "</span>"}}
	}
	share := min(max(float64(p.done)/float64(p.total), 0), 1)
	full := int(share * width)
	numbers := fmt.Sprintf("%d/%d, %s", p.done, p.total, clock(elapsed))
	if p.done > 0 && p.done < p.total {
		left := time.Duration(float64(elapsed) * (1 - share) / share)
		numbers += ", " + clock(left) + " left"
	}
	bar := strings.Repeat("█", full) + strings.Repeat("░", width-full)
	return Bundle{Data: map[string]any{
		MIMEText: fmt.Sprintf("%s %3.0f %% %s %s", p.label, 100*share, bar, numbers),
		MIMEHTML: fmt.Sprintf(`<span>%s</span> <progress value="%d" max="%d" style="width:16em"></progress> <span>%s</span>`,
			html.EscapeString(p.label), min(max(p.done, 0), p.total), p.total, numbers),
	}}
}

// clock prints a duration as m:ss or h:mm:ss.
func clock(d time.Duration) string {
	s := int(d.Round(time.Second).Seconds())
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}
