//go:build unix

package main

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// usage is what the process has used so far.
type usage struct {
	cpu  float64 // seconds, user and system, of all threads
	peak int64   // resident memory, in bytes
}

func processUsage() (usage, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return usage{}, fmt.Errorf("processor time: %w", err)
	}
	peak := int64(r.Maxrss)
	if runtime.GOOS != "darwin" { // others count in KiB
		peak <<= 10
	}
	return usage{float64(r.Utime.Nano()+r.Stime.Nano()) / 1e9, peak}, nil
}
