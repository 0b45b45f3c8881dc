// Package goroutine holds what both engines need of goroutines that belong to cells: a number for each, and a sleep that a cell's end cuts short.
package goroutine

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// ID reads the number of the calling goroutine from its stack trace, the only place where Go tells it; 0 where it cannot be read.
func ID() uint64 {
	var buf [64]byte
	text := string(buf[:runtime.Stack(buf[:], false)])
	number, _, _ := strings.Cut(strings.TrimPrefix(text, "goroutine "), " ")
	id, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return 0
	}
	return id
}

// Done tells whether a channel is closed.
func Done(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Sleep sleeps for a goroutine of a cell. It reports whether the sleep was whole: ctx or a failure cuts it short, unless the cell has ended, whose goroutines are
// on their own.
func Sleep(ctx context.Context, d time.Duration, failed, ended <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-failed:
	}
	if Done(ended) {
		<-timer.C
		return true
	}
	return false
}
