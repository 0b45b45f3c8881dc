// Package patience says how long a cell that was told to stop is waited for. Loops stop by themselves, and what waits for a channel, a lock or a
// stranger's code is left behind soon; a call of this module's own is waited for, since it looks at its context: training ends with the device call at hand
// and keeps its state, which another cell must not touch before.
package patience

import (
	"bytes"
	"fmt"
	"runtime"
	"time"
)

// Times that a cell is given by default.
const (
	// Grace is for any code.
	Grace = 150 * time.Millisecond
	// Own is for calls into the packages of this module. A program that is being compiled for the device cannot be broken off, and takes minutes.
	Own = 10 * time.Minute
)

// look is how often it is looked whether a call of this module's own has ended.
const look = 20 * time.Millisecond

// Await waits for done, and reports whether it came: within the grace, or, where one of the goroutines is inside a package of this module, within the
// own time. goroutines gives the numbers of the cell's.
func Await(done <-chan struct{}, grace, own time.Duration, goroutines func() map[uint64]bool) bool {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	waited := false // for a call of this module's
	for end := time.Now().Add(max(grace, own)); ; {
		select {
		case <-done:
			return true
		case <-timer.C:
		}
		switch {
		case time.Now().After(end):
			return false
		case inside(goroutines()):
			waited = true
			timer.Reset(look)
		case waited: // the call has ended, and the cell has its grace again
			waited = false
			timer.Reset(grace)
		default:
			return false
		}
	}
}

// packages begin the names of functions whose end is waited for.
var packages = [][]byte{
	[]byte("\ngithub.com/dcpo-go/godcpo/backend"),
	[]byte("\ngithub.com/dcpo-go/godcpo/datasets"),
	[]byte("\ngithub.com/dcpo-go/godcpo/dcpo"),
}

// inside tells whether one of the goroutines is in a call of this module's.
func inside(goroutines map[uint64]bool) bool {
	for stack := range bytes.SplitSeq(stacks(), []byte("\n\n")) {
		var id uint64
		if _, err := fmt.Sscanf(string(stack[:min(len(stack), 40)]), "goroutine %d ", &id); err != nil || !goroutines[id] {
			continue
		}
		for _, name := range packages {
			if bytes.Contains(stack, name) {
				return true
			}
		}
	}
	return false
}

// most bounds the text of all stacks.
const most = 64 << 20

// stacks is the text of all goroutines' stacks, as Go prints them.
func stacks() []byte {
	for size := 1 << 20; ; size *= 4 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size || size >= most {
			return buf[:n]
		}
	}
}
