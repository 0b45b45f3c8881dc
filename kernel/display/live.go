package display

import (
	"crypto/rand"
	"sync"
	"time"
)

// liveInterval is the least time between two updates of one Live.
const liveInterval = 200 * time.Millisecond

// Live is one display whose content is replaced in place. Updates closer than
// 200 ms are dropped in favour of the newest, which always arrives: at the
// latest 200 ms later, or when its cell ends. The zero value is not usable, see
// [NewLive]. It may be used by several goroutines.
type Live struct {
	id       string
	interval time.Duration

	mu      sync.Mutex
	shown   bool
	last    time.Time
	pending *Bundle
	timer   *time.Timer
}

// NewLive returns a display that appears at the first Show.
func NewLive() *Live {
	return &Live{id: "live-" + rand.Text(), interval: liveInterval}
}

// Show replaces the content by v, in the form [FromValue] gives it.
func (l *Live) Show(v any) {
	b := FromValue(v)
	if b == nil {
		b = text("<nil>")
	}
	l.ShowBundle(*b)
}

// ShowBundle replaces the content by b, whose ID and Update are ignored.
func (l *Live) ShowBundle(b Bundle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	wait := l.interval - time.Since(l.last)
	if !l.shown || wait <= 0 {
		l.send(b)
		return
	}
	l.pending = &b
	if l.timer == nil {
		l.timer = time.AfterFunc(wait, l.Flush)
		unfinished.add(l)
	}
}

// Flush shows an update that is being held back, now.
func (l *Live) Flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending != nil {
		l.send(*l.pending)
	}
}

// send must be called with the lock held, so that updates keep their order.
func (l *Live) send(b Bundle) {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
		unfinished.remove(l)
	}
	l.pending = nil
	b.ID, b.Update = l.id, l.shown
	l.shown, l.last = true, time.Now()
	Show(b)
}

// liveSet holds the displays with an update that has not been shown yet.
type liveSet struct {
	mu    sync.Mutex
	lives map[*Live]bool
}

var unfinished = liveSet{lives: map[*Live]bool{}}

func (s *liveSet) add(l *Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lives[l] = true
}

func (s *liveSet) remove(l *Live) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lives, l)
}

// Flush shows every update that is being held back. The session calls it before
// a cell is reported as done; a program without a session calls it at its end.
func Flush() {
	unfinished.mu.Lock()
	lives := make([]*Live, 0, len(unfinished.lives))
	for l := range unfinished.lives {
		lives = append(lives, l)
	}
	unfinished.mu.Unlock()
	for _, l := range lives {
		l.Flush()
	}
	flushLines()
}
