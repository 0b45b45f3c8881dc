package main

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressEvery is how often a line of progress is written.
const progressEvery = 5 * time.Second

// progress tells on standard error how far a command is with its lines. It is safe for concurrent use.
type progress struct {
	w io.Writer

	mu            sync.Mutex
	began, said   time.Time
	lines, tokens int
	told          int // lines when it was last told of
}

func newProgress(w io.Writer, quiet bool) *progress {
	if quiet {
		w = io.Discard
	}
	return &progress{w: w, began: time.Now(), said: time.Now()}
}

// say writes a line, and starts the clock anew: what came before is no part of the pace.
func (p *progress) say(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.w, format+"\n", args...)
	p.began, p.said = time.Now(), time.Now()
}

// add counts tokens that were worked on.
func (p *progress) add(tokens int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.tokens += tokens
}

// line counts an answer, and tells of it now and then.
func (p *progress) line() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lines++
	if time.Since(p.said) >= progressEvery {
		p.said = time.Now()
		p.report()
	}
}

// end tells the sum.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lines == 0 || p.told < p.lines {
		p.report()
	}
}

func (p *progress) report() {
	p.told = p.lines
	spent := time.Since(p.began).Seconds()
	fmt.Fprintf(p.w, "%d lines, %d tokens in %.1f s (%.0f tokens/s)\n", p.lines, p.tokens, spent, float64(p.tokens)/max(spent, 1e-3))
}
