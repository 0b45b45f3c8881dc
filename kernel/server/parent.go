package server

import (
	"context"
	"log/slog"
	"os"
	"strconv"
	"time"
)

// parentVariable is the environment variable in which the Jupyter client passes its process: an id, on Windows a handle.
const parentVariable = "JPY_PARENT_PID"

// parentPoll is how often the parent is looked at.
const parentPoll = time.Second

// WatchParent calls gone once when the process that started the kernel has ended without stopping it, so that no orphan is left. It does nothing
// where JPY_PARENT_PID is not set: a kernel started by hand outlives its shell. It returns when ctx ends.
func WatchParent(ctx context.Context, log *slog.Logger, gone func()) {
	value := os.Getenv(parentVariable)
	if value == "" {
		return
	}
	id, err := strconv.ParseUint(value, 10, 64)
	if err != nil || id == 0 {
		log.Warn("the parent process is not watched", parentVariable, value)
		return
	}
	alive, ok := parentProbe(id)
	if !ok {
		log.Warn("the parent process is not watched: it cannot be seen from here", parentVariable, value)
		return
	}
	ticker := time.NewTicker(parentPoll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if !alive() {
				log.Warn("the parent process has ended; stopping", parentVariable, value)
				gone()
				return
			}
		}
	}
}
