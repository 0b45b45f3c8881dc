//go:build !linux

package main

import (
	"fmt"
	"runtime"
)

// limitThreads refuses to run on fewer processors than there are, which only Linux can do.
func limitThreads(n int) error {
	if n != runtime.NumCPU() {
		return fmt.Errorf("%d threads asked for, but XLA takes all %d processors on %s", n, runtime.NumCPU(), runtime.GOOS)
	}
	return nil
}
