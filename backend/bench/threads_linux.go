package main

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// limitThreads binds the calling goroutine, and the processes it starts, to the first n processors that it may use: XLA takes as many threads as
// there are, whatever it is told.
func limitThreads(n int) error {
	runtime.LockOSThread()
	var have, want unix.CPUSet
	if err := unix.SchedGetaffinity(0, &have); err != nil {
		return fmt.Errorf("processors: %w", err)
	}
	if n > have.Count() {
		return fmt.Errorf("%d threads asked for, there are %d processors", n, have.Count())
	}
	for cpu := 0; want.Count() < n; cpu++ {
		if have.IsSet(cpu) {
			want.Set(cpu)
		}
	}
	if err := unix.SchedSetaffinity(0, &want); err != nil {
		return fmt.Errorf("processors: %w", err)
	}
	return nil
}
