//go:build unix

package server

import (
	"errors"
	"os"
	"syscall"
)

// parentProbe returns what tells whether the process with that id is alive, and false where it cannot be told.
func parentProbe(id uint64) (alive func() bool, ok bool) {
	if id == uint64(os.Getppid()) {
		// A child whose parent has ended gets another one, whatever becomes of the id.
		return func() bool { return uint64(os.Getppid()) == id }, true
	}
	// Started through something in between, such as a shell.
	exists := func() bool { return !errors.Is(syscall.Kill(int(id), 0), syscall.ESRCH) }
	return exists, exists()
}
