package alarm

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// watchdogAfter is the time that 0 stands for; tellRequests is how many requests a message names.
const (
	watchdogAfter = 10 * time.Minute
	tellRequests  = 3
)

// Watchdog logs a warning when a phase makes no progress for a set time: which one, and which of its requests wait longest. While the
// stall lasts it says so again after twice the time, four times, and so on, and once when it is over. It stops nothing. All methods
// but Run may be called from any goroutine.
type Watchdog struct {
	after time.Duration
	log   *slog.Logger

	mu       sync.Mutex
	phase    string // "": nothing is expected to go on
	since    time.Time
	progress time.Time             // the last one
	limit    time.Duration         // without progress for so long, the next warning is due
	requests map[*request]struct{} // under way
}

type request struct {
	name  string
	since time.Time
}

// NewWatchdog makes a watchdog that warns after so long without progress: 0 stands for 10 minutes, a negative time for never. A nil
// logger stands for slog's default.
func NewWatchdog(after time.Duration, log *slog.Logger) *Watchdog {
	if after == 0 {
		after = watchdogAfter
	}
	if log == nil {
		log = slog.Default()
	}
	return &Watchdog{after: after, limit: after, log: log, requests: map[*request]struct{}{}}
}

// Phase tells that another phase begins; "" that nothing is under way, so that nothing can stall.
func (w *Watchdog) Phase(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved()
	w.phase, w.since = name, w.progress
}

// Progress tells that the phase goes on: a response, a graded rollout, a mini-batch is done.
func (w *Watchdog) Progress() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved()
}

// Request tells that something begins which may hang, such as a call to a server; the result tells that it has ended, in whatever way.
// Both are progress.
func (w *Watchdog) Request(name string) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.moved()
	r := &request{name, w.progress}
	w.requests[r] = struct{}{}
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, ok := w.requests[r]; ok {
			delete(w.requests, r)
			w.moved()
		}
	}
}

// moved notes progress.
func (w *Watchdog) moved() {
	now := time.Now()
	if w.limit > w.after {
		w.log.Info("training goes on", "phase", w.phase, "after", now.Sub(w.progress).Round(time.Second))
	}
	w.progress, w.limit = now, w.after
}

// Run watches until ctx ends. It waits for the time at which a warning would be due, and looks then whether it is.
func (w *Watchdog) Run(ctx context.Context) {
	if w.after < 0 {
		return
	}
	wait := w.after
	for {
		due := time.Now().Add(wait)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			wait = w.look(due, time.Now())
		}
	}
}

// look warns if there was no progress for too long, and returns how long it is until the next warning could be due. A look that comes
// much later than it was due tells that the whole process was held, by a debugger or a full machine: then the time starts anew.
func (w *Watchdog) look(due, now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.phase == "" {
		return w.after
	}
	if now.Sub(due) > w.after/2 {
		w.progress = now
	}
	if still := now.Sub(w.progress); still >= w.limit {
		w.log.Warn("training stalls: no progress", "phase", w.phase, "for", still.Round(time.Second), "phase began", now.Sub(w.since).Round(time.Second).String()+" ago",
			"requests under way", len(w.requests), "longest", w.longest(now))
		for w.limit <= still {
			w.limit *= 2
		}
	}
	return min(w.progress.Add(w.limit).Sub(now), w.after) // progress meanwhile makes the next one due no sooner
}

// longest names the requests that wait longest.
func (w *Watchdog) longest(now time.Time) string {
	var all []*request
	for r := range w.requests {
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b *request) int {
		if c := a.since.Compare(b.since); c != 0 {
			return c
		}
		return strings.Compare(a.name, b.name)
	})
	var text []string
	for _, r := range all[:min(len(all), tellRequests)] {
		text = append(text, fmt.Sprintf("%s (%v)", r.name, now.Sub(r.since).Round(time.Second)))
	}
	return strings.Join(text, ", ")
}
