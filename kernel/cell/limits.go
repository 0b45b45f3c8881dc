package cell

import (
	"context"
	"fmt"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/dcpo-go/godcpo/kernel/cell/capture"
	"github.com/dcpo-go/godcpo/kernel/display"
)

// Limits bound what one cell puts out: a front end that is sent everything that a loop can print stops answering. Zero fields take their default, negative
// ones set no bound. What is left out is counted, and the cell's output says so.
type Limits struct {
	// Text is how many bytes of stdout and stderr are shown. Default 8 MiB.
	Text int
	// TextRate is how many bytes of them are passed on each second after the first ones; what the cell writes faster waits. Default 800,000, below the
	// 1,000,000 from which Jupyter's server drops messages.
	TextRate int
	// Displays is how many displays are shown. Default 5,000. Updates of a display do not count.
	Displays int
	// DisplayRate is how many displays and updates are passed on each second after the first ones. Default 300; Jupyter's server drops messages from 1,000
	// on. Package display itself spaces the updates of live plots.
	DisplayRate int
}

func (l Limits) withDefaults() Limits {
	for _, one := range []struct {
		value *int
		usual int
	}{{&l.Text, 8 << 20}, {&l.TextRate, 800_000}, {&l.Displays, 5000}, {&l.DisplayRate, 300}} {
		if *one.value == 0 {
			*one.value = one.usual
		}
	}
	return l
}

// limited is the Output of one cell within its limits.
type limited struct {
	Output
	ctx    context.Context // of the cell: nothing waits once it has ended
	limits Limits

	mu                 sync.Mutex
	text, displays     int // shown
	textLost, lost     int // not shown
	textRate, showRate bucket
}

func newLimited(ctx context.Context, out Output, l Limits) *limited {
	l = l.withDefaults()
	return &limited{Output: out, ctx: ctx, limits: l,
		textRate: bucket{rate: float64(l.TextRate), burst: float64(l.TextRate)}, showRate: bucket{rate: float64(l.DisplayRate), burst: float64(l.DisplayRate)}}
}

// Stream implements Output.
func (l *limited) Stream(name, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	cut := len(text)
	if room := l.limits.Text - l.text; l.limits.Text > 0 && cut > room {
		cut = max(0, room)
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
	}
	first := cut < len(text) && l.textLost == 0
	l.textLost += len(text) - cut
	if cut > 0 {
		l.text += cut
		l.textRate.take(l.ctx, cut)
		l.Output.Stream(name, text[:cut])
	}
	if first {
		l.text = l.limits.Text
		l.Output.Stream(capture.Stderr, fmt.Sprintf("\n[This cell has printed %s; what follows is not shown. Print less, or write it to a file.]\n", size(l.limits.Text)))
	}
}

// Display implements Output.
func (l *limited) Display(b display.Bundle) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !b.Update {
		if l.limits.Displays > 0 && l.displays == l.limits.Displays {
			if l.lost == 0 {
				l.Output.Stream(capture.Stderr, fmt.Sprintf("\n[This cell has shown %d displays; what follows is not shown. Update one display, or show fewer.]\n", l.displays))
			}
			l.lost++
			return
		}
		l.displays++
	}
	l.showRate.take(l.ctx, 1)
	l.Output.Display(b)
}

// sumUp says at the cell's end how much was left out.
func (l *limited) sumUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.textLost > 0 {
		l.Output.Stream(capture.Stderr, fmt.Sprintf("[%s of text not shown]\n", size(l.textLost)))
	}
	if l.lost > 0 {
		l.Output.Stream(capture.Stderr, fmt.Sprintf("[%d displays not shown]\n", l.lost))
	}
}

// bucket spaces what passes: so much each second, after a burst.
type bucket struct {
	rate, burst float64 // a second; a rate below 0 sets no bound
	left        float64 // of what may pass at once, when last looked at
	last        time.Time
}

// take lets n pass, after a wait if it must be. It waits no longer than ctx lasts.
func (b *bucket) take(ctx context.Context, n int) {
	if b.rate < 0 {
		return
	}
	now := time.Now()
	if b.last.IsZero() {
		b.left = b.burst
	} else {
		b.left = min(b.burst, b.left+now.Sub(b.last).Seconds()*b.rate)
	}
	b.last = now
	if b.left -= float64(n); b.left >= 0 {
		return
	}
	timer := time.NewTimer(time.Duration(-b.left / b.rate * float64(time.Second)))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// size is a number of bytes for people.
func size(n int) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d bytes", n)
}
